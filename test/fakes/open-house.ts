/** Opens listeners in a folder of their own, and leaves nothing behind. */
import { readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { type IncomingHttpHeaders, type IncomingMessage, request } from "node:http";
import { request as requestByTls } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { isJsonObject, type JsonObject } from "../../src/domain/json.ts";
import { type DoorsHouse, type ListenerOptions, openListeners, type OpenListeners } from "../../src/doors/index.ts";
import { type DoorLimits, doorLimits } from "../../src/doors/limits.ts";

export async function createFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "doors-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

export function socketListener(folder: string, parts: Partial<ListenerOptions> = {}): ListenerOptions {
  return {
    name: "socket",
    address: { kind: "unix", path: join(folder, "run", "gateway.sock"), folderMode: 0o700, socketMode: 0o600 },
    doors: ["authorize"],
    callers: { kind: "socket", gateway: "local" },
    concurrencyMax: 64,
    ...parts,
  };
}

export function tcpListener(parts: Partial<ListenerOptions> = {}): ListenerOptions {
  return {
    name: "tcp",
    address: { kind: "tcp", host: "127.0.0.1", port: 0 },
    doors: ["authorize", "public"],
    callers: { kind: "credential" },
    concurrencyMax: 64,
    ...parts,
  };
}

/** Closed when the test ends. */
export async function open(
  house: DoorsHouse,
  listeners: readonly ListenerOptions[],
  limits: Partial<DoorLimits> = {},
): Promise<OpenListeners> {
  const opened = await openListeners(listeners, house, { ...doorLimits, ...limits });
  onTestFinished(() => opened.drain(0));
  return opened;
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  /** Empty when the body is no JSON object. */
  readonly json: JsonObject;
}

export interface Call {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Record<string, string | string[]>;
  readonly body?: string | Uint8Array;
  /** Whose certificate of the test mesh is shown; needed where the listener has TLS. */
  readonly party?: string;
}

/** A file of the test mesh, made by test/fixtures/mtls/make.sh. */
export const meshFile = (name: string): string => join(import.meta.dirname, "..", "fixtures", "mtls", `${name}.pem`);

/** What a party of the test mesh has for mutual TLS. */
export function materialOf(party: string): { readonly cert: Buffer; readonly key: Buffer; readonly ca: Buffer } {
  const read = (name: string): Buffer => readFileSync(meshFile(name));
  return { cert: read(party), key: read(`${party}-key`), ca: read("ca") };
}

/** One request to an address as `openListeners` prints it. */
export function call(
  address: string | undefined,
  { method, path = "/v1/authorize", headers, body, party }: Call,
): Promise<Answer> {
  const place = address?.startsWith("unix:") === true ? { socketPath: address.slice(5) } : hostAndPort(address);
  return new Promise((resolve, reject) => {
    const options = {
      ...place,
      agent: false,
      method: method ?? (body === undefined ? "GET" : "POST"),
      path,
      headers: { ...(body === undefined ? {} : { "content-type": "application/json" }), ...headers },
    } as const;
    const sent = party === undefined ? request(options) : requestByTls({ ...options, ...materialOf(party) });
    sent.on("error", reject);
    sent.on("response", (response: IncomingMessage) => {
      const chunks: Buffer[] = [];
      response.on("error", reject);
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("end", () => {
        const text = Buffer.concat(chunks).toString();
        const isJson = response.headers["content-type"]?.startsWith("application/json") === true && text !== "";
        const parsed: unknown = isJson ? JSON.parse(text) : undefined;
        const json = isJsonObject(parsed) ? parsed : {};
        resolve({ status: response.statusCode ?? 0, headers: response.headers, text, json });
      });
    });
    sent.end(body);
  });
}

export function hostAndPort(address: string | undefined): { host: string; port: number } {
  const { hostname, port } = new URL(address ?? "");
  return { host: hostname, port: Number(port) };
}
