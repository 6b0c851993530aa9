/**
 * In a container the entry point is process 1, which the kernel lets nobody inside the container kill. So the watchdog
 * must not have that process to kill: tried in a process namespace of its own.
 */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { afterAll, beforeAll, beforeEach, expect, onTestFinished, test } from "vitest";

const root = join(import.meta.dirname, "..", "..");
const namespaced = ["--user", "--map-root-user", "--pid", "--fork", "--kill-child", "--mount-proc"];

/** Stands for the built program: says what reaches it, and stands still when told to. */
const program = `
import { startWatchdog } from ${JSON.stringify(join(root, "src/policy/watchdog.ts"))};
startWatchdog({ patienceMilliseconds: 400 });
process.on("SIGHUP", () => console.log("HUP"));
process.on("SIGTERM", () => { console.log("TERM"); setTimeout(() => process.exit(9), 200); });
process.stdin.on("data", (text) => {
  console.log("read " + String(text).trim());
  if (String(text).includes("stand still")) for (;;);
});
setInterval(() => {}, 1000);
console.log("up " + process.argv.slice(2).join(" "));
`;

let home = "";

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), "chaperone-first-"));
  await mkdir(join(home, "bin"));
  await mkdir(join(home, "dist"));
  await cp(join(root, "bin/chaperone"), join(home, "bin/chaperone"));
  await writeFile(join(home, "package.json"), '{"type":"module"}');
  await writeFile(join(home, "dist/main.js"), program);
});

afterAll(() => rm(home, { recursive: true, force: true }));

beforeEach((context) => {
  try {
    execFileSync("unshare", [...namespaced, "true"], { stdio: "ignore" });
  } catch {
    context.skip("needs unshare with a user and a process namespace, which this machine does not allow");
  }
});

/** The entry point as process 1; `first` is its id seen from here. */
async function start(): Promise<{ child: ChildProcess; first: number; hear: () => Promise<string> }> {
  const child = spawn("unshare", [...namespaced, join(home, "bin/chaperone"), "serve", "a b"], {
    stdio: ["pipe", "pipe", "ignore"],
    env: { PATH: `${dirname(process.execPath)}:${process.env["PATH"]}` },
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const hear = async (): Promise<string> => String((await lines.next()).value);
  expect(await hear()).toBe("up serve a b");
  const children = await readFile(`/proc/${child.pid}/task/${child.pid}/children`, "utf8");
  return { child, first: Number(children.trim()), hear };
}

async function endOf(child: ChildProcess): Promise<number | null> {
  if (child.exitCode === null) await once(child, "exit");
  return child.exitCode;
}

test("a program that stands still in a container is ended by its watchdog, and the container with it", async () => {
  const { child, hear } = await start();
  child.stdin?.write("stand still\n");
  expect(await hear()).toBe("read stand still");
  expect(await endOf(child)).toBe(128 + 9);
});

test("the container's signals reach the program, which ends in its own time with its own code", async () => {
  const { child, first, hear } = await start();
  process.kill(first, "SIGHUP");
  expect(await hear()).toBe("HUP");
  process.kill(first, "SIGTERM");
  expect(await hear()).toBe("TERM");
  process.kill(first, "SIGHUP");
  expect(await hear()).toBe("HUP");
  expect(await endOf(child)).toBe(9);
});
