/** A local gateway: asks the authorize door over a unix socket. */
import { type Agent, request } from "node:http";
import { isJsonObject, type JsonObject } from "../../src/domain/json.ts";

export interface Answer {
  readonly status: number;
  readonly body: JsonObject;
}

export function post(
  target: { readonly socketPath: string; readonly agent: Agent },
  body: string | Uint8Array,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const headers = { "content-type": "application/json", "content-length": Buffer.byteLength(body) };
    const outgoing = request({ ...target, path: "/v1/authorize", method: "POST", headers }, (incoming) => {
      const chunks: Buffer[] = [];
      incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
      incoming.on("error", reject);
      incoming.on("end", () => {
        const value: unknown = JSON.parse(Buffer.concat(chunks).toString("utf8"));
        resolve({ status: incoming.statusCode ?? 0, body: isJsonObject(value) ? value : {} });
      });
    });
    outgoing.on("error", reject);
    outgoing.end(body);
  });
}

/** A member that must be there and be text. */
export function textOf(object: JsonObject, name: string): string {
  const value = object[name];
  if (typeof value !== "string") throw new TypeError(`${name} is no text`);
  return value;
}
