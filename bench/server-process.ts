/** A server under measurement: started, timed until its first right answer, stopped. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { performance } from "node:perf_hooks";
import { setTimeout as sleep } from "node:timers/promises";
import { ask, type Target } from "./target.ts";

export interface ServerCommand {
  readonly file: string;
  readonly args: readonly string[];
  readonly cwd?: string;
  readonly environment?: Readonly<Record<string, string>>;
  /** 60 unless it says otherwise. */
  readonly startSecondsMax?: number;
}

export interface RunningServer {
  readonly pid: number;
  /** From starting the process to the first answer that is right. */
  readonly coldStartMilliseconds: number;
  readonly firstAnswer: string;
  stop(): Promise<void>;
}

const usualStartSecondsMax = 60;
const stopMillisecondsMax = 10_000;

/** A process that is running or has failed. */
export interface ServerProcess {
  readonly pid: number;
  /** Rejects when it ends. */
  readonly failed: Promise<never>;
  stop(): Promise<void>;
}

export function startProcess(command: ServerCommand): ServerProcess {
  const child = spawn(command.file, command.args, {
    cwd: command.cwd,
    env: { ...process.env, ...command.environment },
    stdio: ["ignore", "ignore", "pipe"],
  });
  const said = collectTail(child);
  const failed = once(child, "exit").then(([code]) => {
    throw new Error(`${command.file} ended with ${String(code)} before it answered:\n${said()}`);
  });
  failed.catch(() => {
    // It ends when it is stopped, too; only who waits for an answer wants to know.
  });
  if (child.pid === undefined) throw new Error(`${command.file} did not start`);
  return { pid: child.pid, failed, stop: () => stop(child) };
}

/** `companion`: what it asks itself, without which it will not answer. */
export async function startServer(
  command: ServerCommand,
  target: Target,
  companion?: ServerProcess,
): Promise<RunningServer> {
  const startedAt = performance.now();
  const started = startProcess(command);
  try {
    const secondsMax = command.startSecondsMax ?? usualStartSecondsMax;
    const answered = untilRight(target, startedAt, secondsMax);
    const firstAnswer = await Promise.race([started.failed, answered, ...(companion ? [companion.failed] : [])]);
    const coldStartMilliseconds = performance.now() - startedAt;
    return { pid: started.pid, coldStartMilliseconds, firstAnswer, stop: () => started.stop() };
  } catch (error) {
    await started.stop();
    throw error;
  }
}

async function untilRight(target: Target, startedAt: number, secondsMax: number): Promise<string> {
  let last: unknown;
  while (performance.now() - startedAt < secondsMax * 1000) {
    try {
      const text = await ask(target);
      if (target.marks.every((mark) => text.includes(mark))) return text;
      last = text;
    } catch (error) {
      last = error;
    }
    // A start that takes this long is slowed down by somebody who asks all the time.
    await sleep(performance.now() - startedAt < 5000 ? 2 : 200);
  }
  throw new Error(`no right answer within ${secondsMax} s; the last was: ${String(last)}`);
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, "exit");
  child.kill("SIGTERM");
  const late = setTimeout(() => child.kill("SIGKILL"), stopMillisecondsMax);
  await exited;
  clearTimeout(late);
}

function collectTail(child: ChildProcess): () => string {
  let text = "";
  child.stderr?.on("data", (chunk: Buffer) => (text = (text + chunk.toString("utf8")).slice(-4000)));
  child.on("error", (error) => (text += error.message));
  return () => text;
}

export async function findFreePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (address === null || typeof address === "string") throw new Error("no free port");
  return address.port;
}
