/** What the bench and its load generator, a process of its own, say to each other. */
import { type ChildProcess, fork } from "node:child_process";
import { join } from "node:path";
import { z } from "zod";

const targetSchema = z.object({
  address: z.union([
    z.object({ socketPath: z.string() }).readonly(),
    z.object({ host: z.string(), port: z.number() }).readonly(),
  ]),
  path: z.string(),
  headers: z.record(z.string(), z.string()).readonly(),
  body: z.string(),
  bodiesFile: z.string().optional(),
  headersFile: z.string().optional(),
  marks: z.array(z.string()).min(1).readonly(),
});

export const loadSchema = z.object({
  target: targetSchema,
  connections: z.number(),
  requests: z.number(),
  /** Requests per second, sent whether or not earlier ones were answered. Absent: each connection as fast as it goes. */
  ratePerSecond: z.number().optional(),
});
export type Load = z.infer<typeof loadSchema>;

export const loadResultSchema = z.object({
  seconds: z.number(),
  /** Milliseconds from sending to the answer's last byte, sorted. */
  p50: z.number(),
  p99: z.number(),
  wrong: z.array(z.string()),
});
export type LoadResult = z.infer<typeof loadResultSchema>;

export interface LoadGenerator {
  /** Rejects when any answer was wrong. */
  run(load: Load): Promise<LoadResult>;
  stop(): void;
}

export function startLoadGenerator(): LoadGenerator {
  const child = fork(join(import.meta.dirname, "load-generator.ts"), {
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });
  return {
    run: async (load) => {
      const message = receive(child);
      child.send(load);
      const result = loadResultSchema.parse(await message);
      if (result.wrong.length > 0) throw new Error(`wrong answers under load: ${result.wrong.join(" · ")}`);
      return result;
    },
    stop: () => {
      child.kill();
    },
  };
}

function receive(child: ChildProcess): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const ended = (): void => {
      reject(new Error("the load generator ended"));
    };
    child.once("exit", ended);
    child.once("message", (message: unknown) => {
      child.off("exit", ended);
      resolve(message);
    });
  });
}
