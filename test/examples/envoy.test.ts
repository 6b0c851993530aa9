/** Issue 5.8: the example runs by one command, and its README tells what is seen. */
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { once } from "node:events";
import { connect } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { findFreePort } from "../fakes/free-port.ts";

const root = join(import.meta.dirname, "../..");

async function start(...flags: string[]) {
  const ports = [await findFreePort(), await findFreePort(), await findFreePort()];
  const args = ["examples/envoy/run.ts", "--ports", ports.join(), ...flags];
  const child = spawn(process.execPath, args, { cwd: root, stdio: ["ignore", "pipe", "pipe"] });
  const ended = once(child, "close");
  onTestFinished(async () => {
    if (child.exitCode === null && child.kill("SIGTERM")) await ended;
  });
  const said: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on("line", (line) => said.push(line));
  }
  return { child, ended, ports, said };
}

const isOpen = (port: number | undefined): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port ?? 0, "127.0.0.1");
    socket.on("connect", () => resolve(true)).on("error", () => resolve(false));
    socket.on("connect", () => socket.destroy());
  });

test("it shows an allow with a role token, and denials, and leaves nothing behind", async () => {
  const { child, ended, ports, said } = await start();
  await ended;
  expect([child.exitCode, said.filter((line) => line.startsWith("That is not"))], said.join("\n")).toEqual([0, []]);
  const answers = said.filter((line) => /^\d{3} /.test(line));
  expect(answers.map((line) => line.slice(0, 3))).toEqual(["200", "403", "403", "401", "401"]);
  expect(answers[0]).toContain('"authorization":"Bearer <role token>","tokens":[]');
  const told = said.find((line) => line.startsWith("the role token says: ")) ?? "";
  expect(JSON.parse(told.slice("the role token says: ".length))).toMatchObject({
    sub: "alice",
    act: { sub: "travel-agent" },
    aud: "https://flights.example/api",
    scope: "flights:book",
  });
  expect(said.join("\n")).not.toMatch(/eyJ/);
  expect(await Promise.all(ports.map(isOpen))).toEqual([false, false, false]);
  const page = readFileSync(join(root, "examples/envoy/README.md"), "utf8");
  const statuses = [...page.matchAll(/^\| [^|]+ \| (\d{3})/gm)].map(([, status]) => status);
  expect(statuses).toEqual(answers.map((line) => line.slice(0, 3)));
}, 120_000);

test("it stays up when it is told to, and stops when it is interrupted", async () => {
  const { child, ended, ports, said } = await start("--stay");
  await expect.poll(() => said.includes("Ctrl-C stops everything."), { timeout: 90_000 }).toBe(true);
  expect(await Promise.all(ports.map(isOpen))).toEqual([true, true, true]);
  child.kill("SIGINT");
  await ended;
  expect(child.exitCode).toBe(0);
  expect(await Promise.all(ports.map(isOpen))).toEqual([false, false, false]);
}, 120_000);
