/** Which built-ins OPA's compiler to WASM leaves to the host: asked of the compiler itself. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { isRegoArray, isRegoObject, parseRegoValue, type RegoValue } from "../../../src/policy/builtins/rego-value.ts";
import { loadCase } from "../../conformance/opa/wasm-host.ts";
import { policyOf } from "../../conformance/opa/compiled-cases.ts";

export interface OpaBuiltin {
  readonly name: string;
  readonly operandCount: number;
}

/** Words of the language that stand in OPA's list and that nobody can call. */
export const languageNames: readonly string[] = ["assign", "internal.print", "internal.test_case", "print"];

export function listBuiltins(opa: string): readonly OpaBuiltin[] {
  const capabilities = parseRegoValue(execFileSync(opa, ["capabilities", "--current"], { encoding: "utf8" }));
  const listed = member(capabilities, "builtins");
  return (isRegoArray(listed) ? listed : []).map((entry) => {
    const operands = member(member(entry, "decl"), "args");
    const name = member(entry, "name");
    if (typeof name !== "string") throw new Error("OPA lists a built-in without a name");
    return { name, operandCount: isRegoArray(operands) ? operands.length : 0 };
  });
}

/** Compiles one policy that calls every built-in, and reads what its module asks for. */
export async function namesAskedOfHost(opa: string, builtins: readonly OpaBuiltin[]): Promise<readonly string[]> {
  const folder = mkdtempSync(join(tmpdir(), "chaperone-needed-"));
  try {
    const rules = builtins
      .filter(({ name }) => !languageNames.includes(name))
      .map(({ name, operandCount }, rule) => {
        const operands = Array.from({ length: operandCount }, (_, index) => `input.rule${rule}_${index}`);
        return `rule_${rule} = true { ${name}(${operands.join(", ")}) }`;
      });
    const source = join(folder, "everything.rego");
    const bundle = join(folder, "bundle.tar.gz");
    writeFileSync(source, `package everything\n\n${rules.join("\n")}\n`);
    // Version 0, because version 1 refuses calls of the old ones that its list still has.
    execFileSync(opa, ["build", "--v0-compatible", "-t", "wasm", "-e", "everything", "-o", bundle, source]);
    return (await loadCase(policyOf(gunzipSync(readFileSync(bundle))), {})).needed;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function member(value: RegoValue | undefined, name: string): RegoValue | undefined {
  return isRegoObject(value) && Object.hasOwn(value, name) ? value[name] : undefined;
}
