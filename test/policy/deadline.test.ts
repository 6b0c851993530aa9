/** An evaluation that comes late is not used; one that does not come ends the process. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFile, writeFile } from "node:fs/promises";
import { stripTypeScriptTypes } from "node:module";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { expect, test } from "vitest";
import { Fault } from "../../src/domain/refusal.ts";
import { createPolicyRoom } from "../../src/policy/index.ts";
import { testTime } from "../fakes/path-ports.ts";
import { createRecordingAnnouncer } from "../fakes/recording-announcer.ts";
import { bookFlight, buildTiny, deciding, optionsFor, temporaryFolder } from "./workshop.ts";

const deny = '{"outcome": "deny", "reasons": [{"code": "no", "message": "No."}]}';

test("a verdict after the deadline is a fault, one before it is not, and a late one harms no later one", async () => {
  const slow = deciding(`default decision := ${deny}
decision := ${deny} if {
	n := input.context.n
	some a in numbers.range(1, n)
	some b in numbers.range(1, n)
	a * b == -1
}`);
  const path = join(await temporaryFolder(), "bundle.tar.gz");
  await writeFile(path, await buildTiny(slow));
  const clock = { read: () => ({ epochSeconds: testTime, isReliable: true }) };
  const room = await createPolicyRoom(optionsFor(path, { deadlineMilliseconds: 2 }), {
    clock,
    announcer: createRecordingAnnouncer(),
  });
  const codeFor = (n: number): string => {
    try {
      return room.snapshot(bookFlight.time).evaluate({ ...bookFlight, context: { n } }).outcome;
    } catch (cause) {
      return cause instanceof Fault ? cause.code : String(cause);
    }
  };
  expect(codeFor(400)).toBe("policy_deadline");
  // On a busy machine any single one may be late.
  expect(Array.from({ length: 20 }, () => codeFor(1))).toContain("deny");
  expect(codeFor(400)).toBe("policy_deadline");
});

const source = join(import.meta.dirname, "../../src/policy");

/** Runs a program that starts the watchdog from the given folder and then does this. */
async function watched(folder: string, extension: string, body: string): Promise<ChildProcess> {
  const program = `import { startWatchdog } from ${JSON.stringify(join(folder, `watchdog.${extension}`))};
    const watchdog = startWatchdog({ patienceMilliseconds: 400 }); ${body}`;
  return spawn(process.execPath, ["--input-type=module", "-e", program], { stdio: ["ignore", "pipe", "pipe"] });
}

async function endOf(child: ChildProcess): Promise<{ signal: unknown; code: unknown; said: string }> {
  const said = child.stderr === null ? "" : text(child.stderr);
  await once(child, "exit");
  return { code: child.exitCode, signal: child.signalCode, said: await said };
}

const standStill = "setTimeout(() => { for (;;); }, 600);";

test("a main thread that stands still is killed, and the log says by whom", async () => {
  const { signal, said } = await endOf(await watched(source, "ts", standStill));
  expect(signal).toBe("SIGKILL");
  expect(JSON.parse(said)).toMatchObject({ level: "error", message: "watchdog ended the process" });
});

test("the same when built to JavaScript", async () => {
  const folder = await temporaryFolder();
  await writeFile(join(folder, "package.json"), '{"type":"module"}');
  for (const name of ["watchdog", "watchdog-worker"]) {
    const code = stripTypeScriptTypes(await readFile(join(source, `${name}.ts`), "utf8"));
    await writeFile(join(folder, `${name}.js`), code.replaceAll(/(from "\.\/[^"]+)\.ts"/g, '$1.js"'));
  }
  expect((await endOf(await watched(folder, "js", standStill))).signal).toBe("SIGKILL");
});

test("a main thread that is busy in pieces lives, and neither watchdog nor heartbeat keeps it from ending", async () => {
  const busy = `const until = Date.now() + 1200;
    const piece = () => { const end = Date.now() + 150; while (Date.now() < end); if (Date.now() < until) setImmediate(piece); };
    piece();`;
  expect(await endOf(await watched(source, "ts", busy))).toEqual({ code: 0, signal: null, said: "" });
});

test("a stopped watchdog kills nobody", async () => {
  const body = "await watchdog.stop(); const end = Date.now() + 900; while (Date.now() < end);";
  expect(await endOf(await watched(source, "ts", body))).toEqual({ code: 0, signal: null, said: "" });
});

test("a process that was stopped as a whole and goes on is not killed", async () => {
  const child = await watched(source, "ts", "setTimeout(() => {}, 2500); console.log('up');");
  await once(child.stdout!, "data");
  await new Promise((resolve) => setTimeout(resolve, 300));
  child.kill("SIGSTOP");
  await new Promise((resolve) => setTimeout(resolve, 1200));
  child.kill("SIGCONT");
  expect(await endOf(child)).toEqual({ code: 0, signal: null, said: "" });
});
