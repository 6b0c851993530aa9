/** The rehearsed image, running: its entry point, as its user where the tests may change users, stopped in order. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { request } from "node:http";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseExecForm, type Stage } from "./dockerfile.ts";

/** Only root may start processes as somebody else; anybody else runs all of them as oneself. */
export const canChangeUsers = process.getuid?.() === 0;

export interface Identity {
  readonly uid: number;
  readonly gid: number;
}

export interface ServedImage {
  readonly child: ChildProcess;
  /** What it wrote to standard output and error. */
  said(): string;
  /** Its exit code after SIGTERM. */
  stop(): Promise<number | null>;
}

export interface ServedImageOptions {
  readonly image: string;
  readonly nodeFolder: string;
  readonly stage: Stage;
  readonly identity: Identity;
  /** Replaces what the image says of the same names. */
  readonly environment: Readonly<Record<string, string>>;
}

/** Nothing of the test's own environment gets in. Resolves when `isUp` does. */
export async function startImage(options: ServedImageOptions, isUp: () => Promise<unknown>): Promise<ServedImage> {
  const words = (keyword: string): string[] =>
    options.stage.instructions.filter((each) => each.keyword === keyword).map((each) => each.rest);
  const environment = Object.fromEntries(words("ENV").flatMap((rest) => rest.split(" ").map((pair) => readPair(pair))));
  const [entry = "", ...args] = [...words("ENTRYPOINT"), ...words("CMD")].flatMap(parseExecForm);
  const child = spawn(join(options.image, entry), args, {
    cwd: join(options.image, words("WORKDIR").at(-1) ?? "/"),
    env: { ...environment, ...options.environment, PATH: `${options.nodeFolder}:/usr/bin:/bin` },
    stdio: ["ignore", "pipe", "pipe"],
    ...(canChangeUsers ? options.identity : {}),
  });
  let said = "";
  const collect = (chunk: Buffer): void => void (said += chunk.toString("utf8"));
  child.stdout.on("data", collect);
  child.stderr.on("data", collect);
  await untilUp(child, isUp, () => said);
  return {
    child,
    said: () => said,
    stop: async () => {
      const exited = once(child, "exit");
      child.kill("SIGTERM");
      await exited;
      return child.exitCode;
    },
  };
}

function readPair(pair: string): readonly [string, string] {
  const [name = "", value = ""] = pair.split("=", 2);
  return [name, value];
}

async function untilUp(child: ChildProcess, isUp: () => Promise<unknown>, said: () => string): Promise<void> {
  const givenUpAt = Date.now() + 60_000;
  for (;;) {
    if (child.exitCode !== null) throw new Error(`it ended with ${child.exitCode}:\n${said()}`);
    const trouble = await isUp().then(
      () => undefined,
      (error: unknown) => (error instanceof Error ? error.message : "it did not answer"),
    );
    if (trouble === undefined) return;
    if (Date.now() > givenUpAt) throw new Error(`it did not come up: ${trouble}\n${said()}`);
    await sleep(20);
  }
}

export type Address = { readonly socketPath: string } | { readonly port: number };

/** The JSON of a 200; a body is posted. Rejects for anything else. */
export function askJson(address: Address, path: string, body?: unknown): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const asked = request({
      ...address,
      path,
      agent: false,
      method: body === undefined ? "GET" : "POST",
      headers: { "content-type": "application/json" },
    });
    asked.on("error", reject);
    asked.on("response", (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (chunk: string) => (text += chunk));
      response.on("end", () => {
        if (response.statusCode === 200) resolve(JSON.parse(text));
        else reject(new Error(`status ${response.statusCode ?? 0}: ${text}`));
      });
    });
    asked.end(body === undefined ? undefined : JSON.stringify(body));
  });
}
