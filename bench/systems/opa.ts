/** OPA's server on the very policy folder, asked with the full policy input that Chaperone makes of the same request. */
import { generateKeyPair, exportJWK, importJWK, jwtVerify, type JWK } from "jose";
import { cp, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import type { PolicyInput } from "../../src/domain/policy-input.ts";
import { findFreePort } from "../server-process.ts";
import { founding, type System } from "./system.ts";

export interface OpaWorld {
  readonly opa: string;
  readonly root: string;
  /** A folder of the bench's own. */
  readonly folder: string;
}

const gateway = "urn:chaperone:gateway";
export const foundingInput = {
  phase: "issue",
  subject: {
    id: founding.subject.sub,
    issuer: gateway,
    claims: founding.subject,
    departments: ["Operations"],
    roles: ["Director"],
  },
  actor: {
    id: founding.actor.sub,
    issuer: gateway,
    claims: founding.actor,
    capabilities: ["book_flight"],
    type: "ai_agent",
  },
  chain: [],
  asked: { capabilities: ["book_flight"], permissions: [] },
  context: {},
  time: 1_781_000_000,
} as const satisfies PolicyInput;

const verdictSchema = z.looseObject({
  outcome: z.literal("allow"),
  role: z.literal("flight-booker"),
  permissions: z.tuple([z.literal("flights:book")]),
});
const answerSchema = z.object({ result: verdictSchema });
const signedSchema = z.object({ result: verdictSchema.extend({ token: z.string() }) });

export async function createOpa({ opa, root }: OpaWorld): Promise<System> {
  const port = await findFreePort();
  return {
    name: "OPA",
    target: {
      address: { host: "127.0.0.1", port },
      path: "/v1/data/chaperone/decision",
      headers: {},
      body: JSON.stringify({ input: foundingInput }),
      marks: ['"outcome":"allow"'],
    },
    command: async () => ({ file: opa, args: serve(port, join(root, "policies")) }),
    assertRight: async (answer) => {
      answerSchema.parse(JSON.parse(answer));
    },
  };
}

export async function createSigningOpa({ opa, root, folder }: OpaWorld): Promise<System> {
  const port = await findFreePort();
  const policies = join(folder, "opa-signed");
  const key = await makeKey();
  await cp(join(root, "policies"), policies, { recursive: true });
  await mkdir(join(policies, "bench"));
  await cp(join(root, "bench", "opa", "signed.rego"), join(policies, "bench", "signed.rego"));
  await writeFile(join(policies, "bench", "data.json"), JSON.stringify({ key: key.secret }));
  return {
    name: "OPA + token",
    target: {
      address: { host: "127.0.0.1", port },
      path: "/v1/data/bench/signed",
      headers: {},
      body: JSON.stringify({ input: foundingInput }),
      marks: ['"outcome":"allow"', '"token":"eyJ'],
    },
    command: async () => ({ file: opa, args: serve(port, policies) }),
    assertRight: async (answer) => {
      const { result } = signedSchema.parse(JSON.parse(answer));
      await jwtVerify(result.token, await importJWK(key.published, "ES256"), {
        issuer: "http://localhost:8181",
        audience: "https://flights.example/api",
        typ: "at+jwt",
      });
    },
  };
}

const serve = (port: number, policies: string): string[] => [
  "run",
  "--server",
  "--addr",
  `127.0.0.1:${port}`,
  "--log-level",
  "error",
  "--disable-telemetry",
  "-b",
  policies,
];

async function makeKey(): Promise<{ secret: JWK; published: JWK }> {
  const pair = await generateKeyPair("ES256", { extractable: true });
  return {
    secret: { ...(await exportJWK(pair.privateKey)), kid: "bench", alg: "ES256" },
    published: await exportJWK(pair.publicKey),
  };
}
