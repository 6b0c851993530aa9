/** Runs one external command to its end, without a shell and with a limit on time and output. */
import { spawn } from "node:child_process";
import { limits } from "./limits.ts";

export interface CommandOptions {
  readonly cwd?: string;
  readonly environment?: Environment;
  readonly timeoutSeconds?: number;
}

export type Environment = Readonly<Record<string, string | undefined>>;

export interface CommandResult {
  /** `undefined` when the command could not be started, ran out of time or was killed. */
  readonly exitCode: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

/** Never rejects: a command that does not exist has no exit code, and `stderr` says why. */
export function runCommand(
  file: string,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<CommandResult> {
  return new Promise((resolve) => {
    const child = spawn(file, args, {
      cwd: options.cwd,
      env: { ...(options.environment ?? process.env) },
      stdio: ["ignore", "pipe", "pipe"],
      timeout: (options.timeoutSeconds ?? limits.commandSecondsMax) * 1000,
    });
    const stdout = collect(child.stdout, () => child.kill());
    const stderr = collect(child.stderr, () => child.kill());
    child.once("error", (error) => {
      resolve({ exitCode: undefined, stdout: stdout(), stderr: error.message });
    });
    child.once("close", (exitCode) => {
      resolve({ exitCode: exitCode ?? undefined, stdout: stdout(), stderr: stderr() });
    });
  });
}

function collect(stream: NodeJS.ReadableStream, overflowed: () => void): () => string {
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  stream.on("data", (chunk: Buffer) => {
    sizeBytes += chunk.length;
    if (sizeBytes > limits.outputBytesMax) overflowed();
    else chunks.push(chunk);
  });
  return () => Buffer.concat(chunks).toString("utf8");
}
