/** What ships: `node dist/main.js serve` with the shipped bundle, every decision recorded and signed. */
import { createRemoteJWKSet, jwtVerify } from "jose";
import { mkdtemp } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { findFreePort } from "../server-process.ts";
import { type Chaperone, type ChaperoneWorld, createChaperoneProcess } from "./chaperone-process.ts";
import { founding } from "./system.ts";

const credential = "bench-gateway-credential-of-32-characters-or-more";
const answerSchema = z.looseObject({
  allow: z.literal(true),
  outcome: z.literal("allow"),
  role: z.literal("flight-booker"),
  permissions: z.tuple([z.literal("flights:book")]),
  expires_in: z.number().max(60),
  token: z.string(),
});

/** `socket` is how a gateway in the pod asks; `tcp`, with a credential, how the peers are asked. */
export async function createChaperone(
  { root, folder: parent }: ChaperoneWorld,
  transport: "socket" | "tcp",
): Promise<Chaperone> {
  const folder = await mkdtemp(join(parent, "chaperone-"));
  const port = await findFreePort();
  const socketPath = join(folder, "run", "gateway.sock");
  const listeners = [
    { name: "gateway", address: `unix:${socketPath}`, doors: ["authorize"], callers: "socket" },
    { name: "local", address: `127.0.0.1:${port}`, doors: ["authorize", "public"], callers: "credential" },
  ];
  const environment = { CHAPERONE_GATEWAY_CREDENTIAL: credential };
  return {
    ...(await createChaperoneProcess(root, folder, { listeners }, environment)),
    name: transport === "socket" ? "Chaperone" : "Chaperone, TCP",
    target: {
      path: "/v1/authorize",
      body: JSON.stringify({ input: { subject: { claims: founding.subject }, actor: { claims: founding.actor } } }),
      marks: ['"allow":true', '"token":"eyJ'],
      ...(transport === "socket"
        ? { address: { socketPath }, headers: {} }
        : { address: { host: "127.0.0.1", port }, headers: { authorization: `Bearer ${credential}` } }),
    },
    assertRight: async (answer) => {
      const { token } = answerSchema.parse(JSON.parse(answer));
      const keys = createRemoteJWKSet(new URL(`http://127.0.0.1:${port}/.well-known/jwks.json`));
      const { payload } = await jwtVerify(token, keys, {
        issuer: "http://localhost:8181",
        audience: "https://flights.example/api",
        typ: "at+jwt",
      });
      z.looseObject({ sub: z.literal(founding.subject.sub) }).parse(payload);
    },
  };
}
