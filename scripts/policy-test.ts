/** `npm run policy:test`: everything that policies/ must pass, in OPA and in WebAssembly. */
import { join } from "node:path";
import { createBundleLoader, findOpa, testPolicies, ToolchainError } from "../src/toolchain/index.ts";

try {
  const opa = await findOpa({ tell: (line) => console.error(line) });
  const report = await testPolicies({
    source: join(import.meta.dirname, "..", "policies"),
    opa,
    load: createBundleLoader(),
  });
  for (const step of report.steps) {
    console.log(`${step.isPassed ? "ok  " : "FAIL"} ${step.summary}`);
    for (const detail of step.details) console.log(`       ${detail}`);
  }
  process.exitCode = report.isPassed ? 0 : 1;
} catch (error) {
  if (!(error instanceof ToolchainError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
