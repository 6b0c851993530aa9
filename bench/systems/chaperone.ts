/** Chaperone as it ships: built JavaScript, every decision recorded and every allow signed. */
import { createRemoteJWKSet, jwtVerify } from "jose";
import { mkdtemp, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { findFreePort } from "../server-process.ts";
import { founding, type System } from "./system.ts";

export interface ChaperoneWorld {
  readonly root: string;
  /** A folder of the bench's own. */
  readonly folder: string;
}

export interface Chaperone extends System {
  /** Decisions on record since the last start. */
  countRecords(): Promise<number>;
}

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
export async function createChaperone(world: ChaperoneWorld, transport: "socket" | "tcp"): Promise<Chaperone> {
  const { root } = world;
  const folder = await mkdtemp(join(world.folder, "chaperone-"));
  const port = await findFreePort();
  const socketPath = join(folder, "run", "gateway.sock");
  const config = join(folder, "chaperone.yaml");
  const listeners = [
    { name: "gateway", address: `unix:${socketPath}`, doors: ["authorize"], callers: "socket" },
    { name: "local", address: `127.0.0.1:${port}`, doors: ["authorize", "public"], callers: "credential" },
  ];
  // A deny because a starved machine kept an evaluation waiting would be a right answer to another question.
  const settings = { listeners, log: { level: "error" }, policy: { deadline_milliseconds: 1000 } };
  // JSON is YAML.
  await writeFile(config, JSON.stringify(settings));
  let state = "";
  return {
    name: transport === "socket" ? "Chaperone" : "Chaperone, TCP",
    target: {
      path: "/v1/authorize",
      body: JSON.stringify({ input: { subject: { claims: founding.subject }, actor: { claims: founding.actor } } }),
      marks: ['"allow":true', '"token":"eyJ'],
      ...(transport === "socket"
        ? { address: { socketPath }, headers: {} }
        : { address: { host: "127.0.0.1", port }, headers: { authorization: `Bearer ${credential}` } }),
    },
    command: async () => {
      state = await mkdtemp(join(folder, "state-"));
      return {
        file: process.execPath,
        args: ["--max-semi-space-size=4", join(root, "dist", "main.js"), "serve", "--config", config, "--state", state],
        environment: { CHAPERONE_GATEWAY_CREDENTIAL: credential },
      };
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
    countRecords: () => countRecords(join(state, "audit")),
  };
}

async function countRecords(folder: string): Promise<number> {
  const names = await readdir(folder, { recursive: true });
  const logs = await Promise.all(
    names.filter((name) => name.endsWith(".jsonl")).map((name) => readFile(join(folder, name), "utf8")),
  );
  return logs
    .join("")
    .split("\n")
    .filter((line) => line.includes('"decision_id"')).length;
}
