/** A real gateway in a process of its own, and calls that go through it. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { request } from "node:http";
import { request as requestByTls } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { SecureContextOptions } from "node:tls";
import type { JsonObject } from "../../src/domain/json.ts";
import { type Received, readReceived } from "./echo-upstream.ts";
import { findFreePort } from "./free-port.ts";

export interface GatewayAnswer {
  readonly status: number;
  readonly headers: JsonObject;
  readonly text: string;
  /** What the upstream received; undefined when the call did not get there. */
  readonly received: Received | undefined;
}

export type SentHeaders = Readonly<Record<string, string | string[]>>;

export interface Gateway {
  readonly port: number;
  /** The target goes out as it is written. Without a method: POST with a body, GET without one. */
  send(target: string, headers?: SentHeaders, body?: string, method?: string): Promise<GatewayAnswer>;
  /** The same gateway, and another client: what that one has for mutual TLS. */
  as(client: SecureContextOptions): Gateway;
}

export interface RunningGateway extends Gateway {
  stop(): Promise<void>;
}

export interface GatewayPlace {
  /** Empty, and gone when the gateway stops. */
  readonly folder: string;
  readonly port: number;
}

export interface GatewayCommand {
  readonly file: string;
  readonly args: readonly string[];
  /** Beside the test's own. */
  readonly environment?: Readonly<Record<string, string>>;
}

/** What the gateway's certificate is for, whichever host a call names. */
const servername = "localhost";

/** Resolves when the gateway answers. `client`: whoever asks it by TLS, unless it speaks plain HTTP. */
export async function runGateway(
  prepare: (place: GatewayPlace) => Promise<GatewayCommand>,
  client?: SecureContextOptions,
): Promise<RunningGateway> {
  const folder = await mkdtemp(join(tmpdir(), "gateway-"));
  const port = await findFreePort();
  const { file, args, environment } = await prepare({ folder, port });
  const env = { ...process.env, ...environment };
  const child = spawn(file, args, { env, stdio: ["ignore", "ignore", "pipe"] });
  let said = "";
  child.stderr.on("data", (chunk: Buffer) => {
    said = (said + chunk.toString()).slice(-4_000);
  });
  const exited = once(child, "exit");
  const gateway: RunningGateway = {
    ...describeGateway(port, client),
    stop: async () => {
      child.kill("SIGKILL");
      await exited;
      await rm(folder, { recursive: true, force: true });
    },
  };
  for (const end = Date.now() + 20_000; ; ) {
    try {
      await gateway.send("/");
      return gateway;
    } catch (cause) {
      if (Date.now() > end || child.exitCode !== null) {
        await gateway.stop();
        throw new Error(`the gateway did not start: ${said}`, { cause });
      }
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

function describeGateway(port: number, client?: SecureContextOptions): Gateway {
  return { port, send: createSender(port, client), as: (other) => describeGateway(port, other) };
}

function createSender(port: number, client?: SecureContextOptions): Gateway["send"] {
  return (path, headers = {}, body, method = body === undefined ? "GET" : "POST") =>
    new Promise((resolve, reject) => {
      const options = { host: "127.0.0.1", port, path, method, headers, agent: false };
      const sent = client === undefined ? request(options) : requestByTls({ ...options, servername, ...client });
      sent.on("error", reject);
      sent.on("response", (response) => {
        const chunks: Buffer[] = [];
        response.on("error", reject);
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("end", () => {
          const text = Buffer.concat(chunks).toString();
          resolve({
            status: response.statusCode ?? 0,
            headers: Object.fromEntries(Object.entries(response.headers).map(([name, value]) => [name, String(value)])),
            text,
            received: response.headers["x-from"] === "upstream" ? readReceived(text) : undefined,
          });
        });
      });
      sent.end(body);
    });
}
