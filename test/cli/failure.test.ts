/** What is told when a command could not do its work, and what ends a serving process. */
import { expect, test } from "vitest";
import { describeFailure } from "../../src/cli/failure.ts";
import { Fault } from "../../src/domain/refusal.ts";
import { createFolder, root } from "./command-line.ts";
import { execFile } from "node:child_process";
import { join } from "node:path";
import { writeFileSync } from "node:fs";

test("what was thrown on purpose says its code, its words and the system's reason", () => {
  const full = Object.assign(new Error("ENOSPC: no space left on device"), { code: "ENOSPC" });
  expect(describeFailure(new Fault("audit_unavailable", "the log cannot be opened", { cause: full }))).toBe(
    "audit_unavailable: the log cannot be opened (ENOSPC)",
  );
  expect(describeFailure(full)).toBe("ENOSPC: no space left on device");
});

test("a bug says where it is, and quotes nothing", () => {
  for (const cause of [
    new SyntaxError('Unexpected token in "Operations"'),
    Object.assign(new TypeError("Operations"), { code: "ERR_INVALID_ARG_TYPE" }),
  ]) {
    const told = describeFailure(cause);
    expect(told).toMatch(/^unexpected (SyntaxError|TypeError)\n\s+at /);
    expect(told).not.toContain("Operations");
  }
  expect(describeFailure("Operations")).toBe("unexpected string");
});

test("a failure that nobody waits for ends the process with 3, after it was told", async () => {
  const program = join(createFolder(), "crash.mjs");
  const processIo = join(root, "src/cli/process-io.ts");
  writeFileSync(
    program,
    `import { processIo } from ${JSON.stringify(processIo)};
     processIo().onCrash((cause) => process.stderr.write("told " + cause.name));
     setInterval(() => {}, 1000);
     void Promise.reject(new RangeError("x"));`,
  );
  const ended = await new Promise<{ code: unknown; stderr: string }>((resolve) => {
    execFile(process.execPath, [program], (error, _stdout, stderr) => resolve({ code: error?.code, stderr }));
  });
  expect(ended).toEqual({ code: 3, stderr: "told RangeError" });
});
