/** `chaperone policy test`: everything that a policy folder must pass before it ships, in OPA and in WebAssembly. */
import { loadEntrypoints } from "../policy/index.ts";
import { findOpa, type PolicyReport, testPolicies } from "../toolchain/index.ts";
import { escapeHidden } from "../domain/hidden-text.ts";
import type { Run } from "./command.ts";
import { exitCodes } from "./exit-codes.ts";
import { readNow } from "./read-now.ts";
import { renderJson } from "./terminal.ts";

export const policyTest: Run = async (given, io) => {
  const opa = await findOpa({ environment: io.environment, tell: (line) => void io.stderr.write(`${line}\n`) });
  const report = await testPolicies({
    source: given.operands[0] ?? "policies",
    opa,
    load: (path) => loadEntrypoints(path, readNow()),
  });
  io.stdout.write(given.has("json") ? renderJson(report) : renderReport(report));
  return report.isPassed ? exitCodes.yes : exitCodes.no;
};

function renderReport({ steps }: PolicyReport): string {
  return steps
    .flatMap(({ isPassed, summary, details }) => [
      `${isPassed ? "ok  " : "FAIL"} ${escapeHidden(summary)}\n`,
      ...details.map((detail) => `       ${escapeHidden(detail)}\n`),
    ])
    .join("");
}
