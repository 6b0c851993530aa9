/** Ends a run with real counts on one plain line, and fails it when nothing ran or something was skipped in silence. */
import type { Reporter, TestModule } from "vitest/node";

export class ReportCounts implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const tests = modules.flatMap((module) => [...module.children.allTests()]);
    const count = (state: string) => tests.filter((test) => test.result().state === state).length;
    const [passed, skipped] = [count("passed"), count("skipped")];
    const brokenModules = modules.filter((module) => module.errors().length > 0).length;
    const failed = count("failed") + brokenModules;
    for (const test of tests.filter((one) => one.result().state === "skipped")) {
      const result = test.result();
      const note = result.state === "skipped" ? result.note : undefined;
      console.log(`skipped: ${test.fullName}${note === undefined ? "" : ` (${note})`}`);
      if (note === undefined) process.exitCode = 1;
    }
    if (passed === 0) process.exitCode = 1;
    console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`);
  }
}
