/** Everything that a policy folder must pass before it ships, as one report: nothing here prints. */
import { stat } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { isJsonArray, isJsonObject, type Json } from "../domain/json.ts";
import { parseCases, parseOutput, type PolicyCase } from "./policy-cases.ts";
import { type CommandResult, runCommand } from "./run-command.ts";
import { type LoadBundle, testInWasm } from "./wasm-cases.ts";

export interface TestPoliciesOptions {
  /** The policy folder, e.g. `policies`. */
  readonly source: string;
  /** As found by `findOpa`. */
  readonly opa: string;
  /** Loads a bundle's WebAssembly; the policy room has it, and this room may not. */
  readonly load: LoadBundle;
}

export interface PolicyReport {
  readonly isPassed: boolean;
  readonly steps: readonly StepReport[];
}

export interface StepReport {
  readonly name: "check" | "format" | "test" | "coverage" | "wasm";
  readonly isPassed: boolean;
  /** One line with the real counts. */
  readonly summary: string;
  /** What is wrong, one line each. */
  readonly details: readonly string[];
}

/** OPA gives a case 5 seconds of the clock, and a starved machine takes that for a wrong policy. */
const opaTest = ["test", "--timeout", "60s", "--bundle"];

/** Never throws for what is wrong with the policy; a step that saw nothing has not passed. */
export async function testPolicies(options: TestPoliciesOptions): Promise<PolicyReport> {
  const folder = { parent: dirname(resolve(options.source)), name: basename(resolve(options.source)) };
  const run = (args: readonly string[]) => runCommand(options.opa, args, { cwd: folder.parent });
  const isWithSchemas = await isFolder(join(folder.parent, folder.name, "schemas"));
  const schemas = isWithSchemas ? ["--schema", `${folder.name}/schemas`] : [];
  const check = await run(["check", "--strict", ...schemas, "--bundle", folder.name]);
  const steps = [reportCheck(check, isWithSchemas), reportFormat(await run(["fmt", "--list", folder.name]))];
  if (check.exitCode === 0) {
    const tested = await run([...opaTest, folder.name, "--format", "json"]);
    const cases = parseCases(tested.stdout);
    steps.push(reportTest(cases, tested));
    steps.push(
      reportCoverage(await run([...opaTest, folder.name, "--coverage", "--coverage-runs", "", "--format", "json"])),
    );
    steps.push(await reportWasm(cases, options));
  }
  return { isPassed: steps.length === 5 && steps.every((step) => step.isPassed), steps };
}

function reportCheck(result: CommandResult, isWithSchemas: boolean): StepReport {
  const isPassed = result.exitCode === 0;
  const against = isWithSchemas ? "with schemas" : "without schemas";
  const summary = isPassed ? `opa check --strict ${against}: clean` : `opa check --strict ${against}: errors`;
  return { name: "check", isPassed, summary, details: isPassed ? [] : lines(result.stderr || result.stdout) };
}

function reportFormat(result: CommandResult): StepReport {
  const unformatted = lines(result.exitCode === 0 ? result.stdout : result.stderr || result.stdout);
  const isPassed = result.exitCode === 0 && unformatted.length === 0;
  const summary = isPassed ? "opa fmt: every file is formatted" : "opa fmt: files to format";
  return { name: "format", isPassed, summary, details: unformatted };
}

function reportTest(cases: readonly PolicyCase[], result: CommandResult): StepReport {
  const wrong = cases.filter((one) => one.outcome !== "passed");
  return {
    name: "test",
    isPassed: result.exitCode === 0 && cases.length > 0 && wrong.length === 0,
    summary: `opa test: ${cases.length - wrong.length} of ${cases.length} cases passed`,
    details: cases.length === 0 ? ["no test was found", ...lines(result.stderr)] : wrong.map(renderCase),
  };
}

function reportCoverage({ stdout, stderr }: CommandResult): StepReport {
  const parsed = parseOutput(stdout);
  if (!isJsonObject(parsed))
    return { name: "coverage", isPassed: false, summary: "coverage: not measured", details: lines(stderr) };
  const { coverage, covered_lines: covered, files } = parsed;
  return {
    name: "coverage",
    isPassed: coverage === 100 && typeof covered === "number" && covered > 0,
    summary: `coverage: ${JSON.stringify(coverage)} %, ${JSON.stringify(covered)} lines covered`,
    details: isJsonObject(files) ? Object.entries(files).flatMap(([file, report]) => uncovered(file, report)) : [],
  };
}

function uncovered(file: string, report: Json): string[] {
  const ranges = isJsonObject(report) ? report["not_covered"] : undefined;
  if (!isJsonArray(ranges)) return [];
  const rows = ranges.flatMap((range) => {
    const start = isJsonObject(range) ? range["start"] : undefined;
    return isJsonObject(start) ? [JSON.stringify(start["row"])] : [];
  });
  // OPA puts the folder's name before a path that has it already.
  const path = file.replace(/^([^/]+\/)\1/, "$1");
  return [...new Set(rows)].map((row) => `${path}:${row} is not covered`);
}

async function reportWasm(cases: readonly PolicyCase[], options: TestPoliciesOptions): Promise<StepReport> {
  const results = await testInWasm(cases, options);
  const count = (outcome: string) => results.filter((one) => one.outcome === outcome).length;
  const wrong = results.filter((one) => one.outcome !== "passed");
  return {
    name: "wasm",
    isPassed: results.length > 0 && wrong.length === 0,
    summary:
      `the same cases in WebAssembly: ${count("passed")} of ${results.length} passed, ` +
      `${count("failed")} failed, ${count("unable")} cannot run`,
    details: wrong.map(renderCase),
  };
}

function renderCase(one: { name: string; outcome: string; detail?: string }): string {
  return `${one.name}: ${one.outcome}${one.detail === undefined ? "" : ` (${one.detail})`}`;
}

function lines(text: string): string[] {
  return text.split("\n").filter((line) => line.trim() !== "");
}

async function isFolder(path: string): Promise<boolean> {
  const found = await stat(path).catch(() => undefined);
  return found?.isDirectory() === true;
}
