/** A child process as lines in and lines out, ended by the test at the latest. */
import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { onTestFinished } from "vitest";

export class ChildLines {
  readonly #child: ChildProcessByStdio<Writable, Readable, null>;
  readonly #lines: AsyncIterator<string, undefined>;

  constructor(command: string, args: readonly string[]) {
    this.#child = spawn(command, args, { stdio: ["pipe", "pipe", "inherit"] });
    this.#lines = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();
    // Writing to a process that was killed meanwhile is what these tests do.
    this.#child.stdin.on("error", () => undefined);
    onTestFinished(() => void this.#child.kill("SIGKILL"));
  }

  get pid(): number {
    if (this.#child.pid === undefined) throw new TypeError("the process did not start");
    return this.#child.pid;
  }

  say(line: string): void {
    this.#child.stdin.write(`${line}\n`);
  }

  /** Undefined after the last line. */
  async hear(): Promise<string | undefined> {
    const next: IteratorResult<string, undefined> = await this.#lines.next();
    return next.value;
  }

  /** Everything that is still to come. */
  async hearRest(): Promise<readonly string[]> {
    const rest: string[] = [];
    for (let line = await this.hear(); line !== undefined; line = await this.hear()) rest.push(line);
    return rest;
  }

  kill(): void {
    this.#child.kill("SIGKILL");
  }

  async ended(): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) await once(this.#child, "exit");
  }
}

/** Hears lines until `count` came, kills the process at that very moment, and gives all that it said. */
export async function killAfterLines(child: ChildLines, count: number): Promise<readonly string[]> {
  const said: string[] = [];
  while (said.length < count) {
    const line = await child.hear();
    if (line === undefined) throw new Error(`the process ended by itself after ${said.length} lines`);
    said.push(line);
  }
  child.kill();
  said.push(...(await child.hearRest()));
  await child.ended();
  return said;
}
