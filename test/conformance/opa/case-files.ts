/** OPA's own evaluation cases, from the Go module of the very version that is pinned. */
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { basename, join } from "node:path";
import { parse } from "yaml";
import { isRegoObject, type RegoValue } from "../../../src/policy/builtins/rego-value.ts";
import { versions } from "../../../src/toolchain/versions.ts";

/** The pinned version, as Go names it. */
export const opaVersion = `v${versions.opa}`;
const opaModule = "github.com/open-policy-agent/opa";

export interface OpaCase {
  /** Unique and stable within one OPA version: `v1/time/test-time-0942.yaml#0 time/now`. */
  readonly name: string;
  readonly family: string;
  readonly version: "v0" | "v1";
  readonly query: string;
  readonly modules: readonly string[];
  readonly data: RegoValue;
  /** Undefined when the case has no input. */
  readonly input: RegoValue | undefined;
  /** Input as a Rego term, where JSON cannot say it. */
  readonly inputTerm: string | undefined;
  readonly wantResult: readonly RegoValue[] | undefined;
  readonly wantsError: boolean;
  readonly strictError: boolean;
  readonly sortBindings: boolean;
  readonly ignoreGeneratedVars: boolean;
}

/** The module's case folder; fetches it with Go when it is missing and says what to do when that cannot be. */
export function findCaseFolder(): string {
  const moduleCache = go(["env", "GOMODCACHE"]).trim();
  const folder = join(moduleCache, `${opaModule}@${opaVersion}`, "v1", "test", "cases", "testdata");
  if (!existsSync(folder)) {
    go(["mod", "download", `${opaModule}@${opaVersion}`]);
  }
  if (!existsSync(folder)) {
    throw new Error(`OPA's test cases are not at ${folder}, although Go says that it fetched ${opaModule}`);
  }
  return folder;
}

function go(command: readonly string[]): string {
  try {
    return execFileSync("go", command, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"], cwd: "/" });
  } catch (error) {
    throw new Error(
      `The conformance test takes OPA's own cases from its Go module and needs Go for it: ` +
        `'go ${command.join(" ")}' failed. Install Go (https://go.dev/dl) and run it again.`,
      { cause: error },
    );
  }
}

/** Every case of Rego v1, and those of v0 whose note no v1 case has: the others are the same case in older syntax. */
export function loadCases(folder: string): readonly OpaCase[] {
  const modern = loadVersion(folder, "v1");
  const notes = new Set(modern.map(({ note }) => note));
  const older = loadVersion(folder, "v0").filter(({ note }) => !notes.has(note));
  return [...modern, ...older].map(({ found }) => found);
}

interface NotedCase {
  readonly note: string;
  readonly found: OpaCase;
}

function loadVersion(folder: string, version: "v0" | "v1"): readonly NotedCase[] {
  const root = join(folder, version);
  return readdirSync(root)
    .toSorted()
    .flatMap((family) =>
      readdirSync(join(root, family))
        .filter((file) => file.endsWith(".yaml"))
        .toSorted()
        .flatMap((file) => loadFile(join(root, family, file), version, family)),
    );
}

function loadFile(file: string, version: "v0" | "v1", family: string): readonly NotedCase[] {
  const document = exactYaml(readFileSync(file, "utf8"));
  const cases = member(document, "cases");
  if (!Array.isArray(cases)) {
    throw new Error(`${file} holds no cases`);
  }
  return cases.map((entry: RegoValue, index) => {
    const note = text(member(entry, "note")) ?? "";
    const wantResult = member(entry, "want_result");
    const modules = member(entry, "modules");
    return {
      note,
      found: {
        name: `${version}/${family}/${basename(file)}#${index} ${note}`,
        family: `${version}-${family}`,
        version,
        query: text(member(entry, "query")) ?? "",
        modules: Array.isArray(modules) ? modules.map((source: RegoValue) => text(source) ?? "") : [],
        data: member(entry, "data") ?? {},
        input: member(entry, "input"),
        inputTerm: text(member(entry, "input_term")),
        wantResult: Array.isArray(wantResult) ? wantResult : undefined,
        wantsError: member(entry, "want_error") !== undefined || member(entry, "want_error_code") !== undefined,
        strictError: member(entry, "strict_error") === true,
        sortBindings: member(entry, "sort_bindings") === true,
        ignoreGeneratedVars: member(entry, "ignore_generated_vars") === true,
      },
    };
  });
}

function exactYaml(source: string): RegoValue {
  const parseExact: (source: string, options: object) => RegoValue = parse;
  return narrowIntegers(parseExact(source, { intAsBigInt: true, logLevel: "silent" }));
}

function narrowIntegers(value: RegoValue): RegoValue {
  if (typeof value === "bigint") {
    const narrow = Number(value);
    return Number.isSafeInteger(narrow) ? narrow : value;
  }
  if (Array.isArray(value)) {
    return value.map(narrowIntegers);
  }
  if (!isRegoObject(value)) {
    return value;
  }
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, narrowIntegers(inner)]));
}

function member(value: RegoValue, name: string): RegoValue | undefined {
  return isRegoObject(value) && Object.hasOwn(value, name) ? value[name] : undefined;
}

function text(value: RegoValue | undefined): string | undefined {
  return typeof value === "string" ? value : undefined;
}
