/** The one load generator, the same for every system: keep-alive connections of node:http, every answer looked at. */
import { readFile } from "node:fs/promises";
import { Agent, request } from "node:http";
import { performance } from "node:perf_hooks";
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { type Load, type LoadResult, loadSchema } from "./load.ts";

const wrongKept = 5;

process.on("message", (message) => {
  void run(loadSchema.parse(message)).then((result) => process.send?.(result));
});

async function run(load: Load): Promise<LoadResult> {
  const agent = new Agent({ keepAlive: true, maxSockets: load.connections });
  const latencies = new Float64Array(load.requests);
  const wrong: string[] = [];
  const nextBody = await openBodies(load.target);
  const nextHeaders = await openHeaders(load.target);
  const startedAt = performance.now();
  let sent = 0;
  const sendOne = async (): Promise<void> => {
    const index = sent++;
    const sentAt = performance.now();
    const trouble = await exchange(load, agent, { body: nextBody(), headers: nextHeaders() });
    latencies[index] = performance.now() - sentAt;
    if (trouble !== undefined && wrong.length < wrongKept) wrong.push(trouble);
  };
  if (load.ratePerSecond === undefined) {
    const workers = Array.from({ length: load.connections }, async () => {
      while (sent < load.requests) await sendOne();
    });
    await Promise.all(workers);
  } else {
    await sendAtRate(load.requests, load.ratePerSecond, sendOne);
  }
  const seconds = (performance.now() - startedAt) / 1000;
  agent.destroy();
  latencies.sort();
  const at = (share: number): number => latencies[Math.min(load.requests - 1, Math.floor(load.requests * share))] ?? 0;
  return { seconds, p50: at(0.5), p99: at(0.99), wrong };
}

interface Pool {
  readonly bodies: readonly Buffer[];
  next: number;
}

/** By file; they outlast a load, so that the next one continues where this one stopped. */
const pools = new Map<string, Pool>();

/** Answers the body of each request in turn, and begins anew when all were sent. */
async function openBodies({ body, bodiesFile }: Load["target"]): Promise<() => Buffer> {
  const always = Buffer.from(body);
  if (bodiesFile === undefined) return () => always;
  const pool = pools.get(bodiesFile) ?? { bodies: await readLines(bodiesFile), next: 0 };
  pools.set(bodiesFile, pool);
  return () => pool.bodies[pool.next++ % pool.bodies.length] ?? always;
}

async function readLines(file: string): Promise<readonly Buffer[]> {
  const lines = (await readFile(file, "latin1")).split("\n").filter((line) => line !== "");
  return lines.map((line) => Buffer.from(line, "latin1"));
}

const headersSchema = z.record(z.string(), z.string());

/** Read anew for every load: what is sent in headers is made for it. */
async function openHeaders({ headers, headersFile }: Load["target"]): Promise<() => Load["target"]["headers"]> {
  if (headersFile === undefined) return () => headers;
  const lines = await readLines(headersFile);
  const each = lines.map((line) => ({ ...headers, ...headersSchema.parse(JSON.parse(line.toString("latin1"))) }));
  let next = 0;
  return () => each[next++ % each.length] ?? headers;
}

interface Sent {
  readonly body: Buffer;
  readonly headers: Load["target"]["headers"];
}

/** Open loop: a slow answer delays no later request, so it cannot hide. */
async function sendAtRate(requests: number, ratePerSecond: number, sendOne: () => Promise<void>): Promise<void> {
  const startedAt = performance.now();
  const pending: Promise<void>[] = [];
  while (pending.length < requests) {
    const due = Math.min(requests, Math.floor(((performance.now() - startedAt) / 1000) * ratePerSecond) + 1);
    while (pending.length < due) pending.push(sendOne());
    await sleep(1);
  }
  await Promise.all(pending);
}

/** Undefined when the answer is right. */
function exchange({ target }: Load, agent: Agent, { body, headers }: Sent): Promise<string | undefined> {
  return new Promise((resolve) => {
    const asked = request({
      ...target.address,
      method: "POST",
      path: target.path,
      agent,
      headers: { "content-type": "application/json", ...headers, "content-length": body.length },
    });
    asked.on("error", (error) => {
      resolve(error.message);
    });
    asked.on("response", (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (chunk: string) => (text += chunk));
      response.on("end", () => {
        const isRight = response.statusCode === 200 && target.marks.every((mark) => text.includes(mark));
        resolve(isRight ? undefined : `status ${response.statusCode ?? 0}: ${text.slice(0, 200)}`);
      });
    });
    asked.end(body);
  });
}
