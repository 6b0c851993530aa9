/**
 * The floor for cold start and memory: a process that loads the packages and the bundle that Chaperone loads, evaluates
 * and signs, and does nothing else. No checks, no records, no metrics. Run as JavaScript, like what ships.
 */
import { readFileSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { gunzipSync } from "node:zlib";
import { loadPolicy } from "@open-policy-agent/opa-wasm";
import { generateKeyPair, SignJWT } from "jose";
import { extract } from "tar-stream";

const [, , socketPath = "", bundlePath = "", packages = "", input = ""] = process.argv;
for (const name of packages.split(",")) await import(name);
const entries = new Map<string, Buffer>();
const archive = extract();
archive.end(gunzipSync(readFileSync(bundlePath)));
for await (const entry of archive) {
  const chunks: Uint8Array[] = [];
  for await (const chunk of entry) if (chunk instanceof Uint8Array) chunks.push(chunk);
  entries.set(entry.header.name.replace(/^\//, ""), Buffer.concat(chunks));
}

const policy = await loadPolicy(entries.get("policy.wasm") ?? Buffer.alloc(0));
const data: unknown = JSON.parse(entries.get("data.json")?.toString("utf8") ?? "{}");
if (typeof data === "object" && data !== null) policy.setData(data);
const policyInput: unknown = JSON.parse(input);
const { privateKey } = await generateKeyPair("ES256");

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of request) if (chunk instanceof Uint8Array) chunks.push(chunk);
  JSON.parse(Buffer.concat(chunks).toString("utf8"));
  const verdict: unknown = policy.evaluate(policyInput, "chaperone/decision");
  const claims = { iss: "http://localhost:8181", aud: "https://flights.example/api", jti: crypto.randomUUID() };
  const token = await new SignJWT(claims).setProtectedHeader({ alg: "ES256", typ: "at+jwt" }).sign(privateKey);
  const body = Buffer.from(JSON.stringify({ verdict, token }));
  response.writeHead(200, { "content-type": "application/json", "content-length": body.length }).end(body);
}

createServer((request, response) => void answer(request, response)).listen(socketPath);
