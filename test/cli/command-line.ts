/** The command line in a test: in this process with captured output, or as the real program. */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable, Writable } from "node:stream";
import { onTestFinished } from "vitest";
import type { CliIo } from "../../src/cli/command.ts";
import { run } from "../../src/cli/index.ts";

export const root = join(import.meta.dirname, "../..");

export interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** A folder for one test. */
export function createFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "chaperone-cli-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export function writeText(folder: string, name: string, content: string): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

function collect(): { readonly stream: Writable; readonly text: () => string } {
  const chunks: string[] = [];
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      chunks.push(chunk.toString("utf8"));
      done();
    },
  });
  return { stream, text: () => chunks.join("") };
}

export interface Surroundings {
  readonly stdin?: string;
  readonly environment?: Readonly<Record<string, string>>;
}

/** Runs a command that ends by itself. */
export async function cli(
  argv: readonly string[],
  { stdin = "", environment = {} }: Surroundings = {},
): Promise<Ended> {
  const [out, err] = [collect(), collect()];
  const io: CliIo = {
    stdin: Readable.from([Buffer.from(stdin)]),
    stdout: out.stream,
    stderr: err.stream,
    environment,
    version: "0.0.0-test",
    onSignal: () => () => {},
    onCrash: () => () => {},
  };
  return { code: await run(argv, io), out: out.text(), err: err.text() };
}

export interface Program {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  /** Resolves with everything on standard output once it holds the text, rejects when the program ends before. */
  readonly said: (text: string) => Promise<string>;
  /** The same for standard error. */
  readonly logged: (text: string) => Promise<string>;
}

/** The real program, from bin/. */
export function start(
  argv: readonly string[],
  cwd: string,
  environment: Readonly<Record<string, string>> = {},
): Program {
  const child = spawn(join(root, "bin/chaperone"), argv, {
    cwd,
    env: { PATH: process.env["PATH"], ...environment },
    stdio: ["pipe", "pipe", "pipe"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  const out = watch(child.stdout, child);
  const err = watch(child.stderr, child);
  const ended = new Promise<Ended>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => resolve({ code, out: out.text(), err: err.text() }));
  });
  return { child, ended, said: out.until, logged: err.until };
}

function watch(
  stream: Readable,
  child: ChildProcess,
): { text: () => string; until: (text: string) => Promise<string> } {
  let all = "";
  stream.setEncoding("utf8");
  stream.on("data", (chunk: string) => {
    all += chunk;
  });
  const until = (text: string): Promise<string> =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        if (all.includes(text)) resolve(all);
      };
      stream.on("data", look);
      child.once("close", () => reject(new Error(`it ended before saying ${text}: ${all}`)));
      look();
    });
  return { text: () => all, until };
}
