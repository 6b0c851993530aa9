/** The pinned OPA's own answers to calls of its built-ins, with operands that come as input. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  isRegoObject,
  parseRegoValue,
  printRegoValue,
  type RegoValue,
} from "../../../src/policy/builtins/rego-value.ts";
import { findOpa } from "../../../src/toolchain/index.ts";

export interface BuiltinCall {
  readonly name: string;
  readonly operands: readonly RegoValue[];
}

/** In the order of the calls; undefined where OPA says so. */
export async function askOpa(calls: readonly BuiltinCall[]): Promise<readonly (RegoValue | undefined)[]> {
  const folder = mkdtempSync(join(tmpdir(), "chaperone-differential-"));
  try {
    // One rule per call, so that an error of one leaves the others alone. As literals OPA's compiler would refuse
    // operands of a wrong type.
    const rules = calls.map(({ name, operands }, index) => {
      const references = operands.map((_, position) => `input[${index}][${position}]`);
      return `answer_${index} := ${name}(${references.join(", ")})`;
    });
    const [source, input] = [join(folder, "calls.rego"), join(folder, "input.json")];
    writeFileSync(source, `package calls\n\n${rules.join("\n")}\n`);
    writeFileSync(input, printRegoValue(calls.map(({ operands }) => operands)));
    const command = ["eval", "-f", "raw", "-i", input, "-d", source, "data.calls"];
    const output = execFileSync(await findOpa(), command, { encoding: "utf8", maxBuffer: 64_000_000 });
    const answers = parseRegoValue(output.trim());
    return calls.map((_, index) => {
      const rule = `answer_${index}`;
      return isRegoObject(answers) && Object.hasOwn(answers, rule) ? answers[rule] : undefined;
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
