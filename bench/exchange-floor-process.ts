/**
 * The floor for an exchange: node:http and node:crypto, two ES256 verifications and one signature per request. It looks
 * at no claim, knows no client, asks no policy and records nothing. Run as JavaScript, like what ships.
 */
import { createPublicKey, generateKeyPairSync, type KeyObject, sign, verify } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";

const [, , port = "", peoplePem = "", agentsPem = "", issuer = "", audience = ""] = process.argv;
const people = createPublicKey(peoplePem);
const agents = createPublicKey(agentsPem);
const own = generateKeyPairSync("ec", { namedCurve: "P-256" });
const published = JSON.stringify({
  keys: [{ ...own.publicKey.export({ format: "jwk" }), kid: "floor", alg: "ES256", use: "sig" }],
});
const header = Buffer.from(JSON.stringify({ alg: "ES256", typ: "at+jwt", kid: "floor" })).toString("base64url");

function isSignedWith(key: KeyObject, token: string): boolean {
  const end = token.lastIndexOf(".");
  const signature = Buffer.from(token.slice(end + 1), "base64url");
  return verify("sha256", Buffer.from(token.slice(0, end)), { key, dsaEncoding: "ieee-p1363" }, signature);
}

function readNames(token: string): object {
  const claims: unknown = JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString("utf8"));
  if (typeof claims !== "object" || claims === null || !("iss" in claims) || !("sub" in claims)) return {};
  return { iss: claims.iss, sub: claims.sub };
}

function exchange(form: URLSearchParams): object | undefined {
  const subject = form.get("subject_token") ?? "";
  const actor = form.get("actor_token") ?? "";
  if (!isSignedWith(people, subject) || !isSignedWith(agents, actor)) return undefined;
  const now = Math.floor(Date.now() / 1000);
  const times = { iat: now, exp: now + 60, jti: crypto.randomUUID() };
  const claims = { ...readNames(subject), act: readNames(actor), iss: issuer, aud: audience, ...times };
  const signed = `${header}.${Buffer.from(JSON.stringify(claims)).toString("base64url")}`;
  const signature = sign("sha256", Buffer.from(signed), { key: own.privateKey, dsaEncoding: "ieee-p1363" });
  return {
    access_token: `${signed}.${signature.toString("base64url")}`,
    issued_token_type: form.get("subject_token_type"),
    token_type: "Bearer",
    expires_in: 60,
  };
}

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of request) if (chunk instanceof Uint8Array) chunks.push(chunk);
  const answered = exchange(new URLSearchParams(Buffer.concat(chunks).toString("latin1")));
  write(response, answered === undefined ? 400 : 200, JSON.stringify(answered ?? { error: "invalid_request" }));
}

function write(response: ServerResponse, status: number, text: string): void {
  const headers = { "content-type": "application/json", "content-length": Buffer.byteLength(text) };
  response.writeHead(status, headers).end(text);
}

createServer((request, response) => {
  if (request.method === "GET") write(response, 200, published);
  else void answer(request, response);
}).listen(Number(port), "127.0.0.1");
