/** Envoy as it is, Envoy that asks the echo, and Envoy that asks what ships: on the resource's side and on the agent's. */
import { createRemoteJWKSet, jwtVerify } from "jose";
import { createPublicKey } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { findFreePort, type ServerCommand } from "../server-process.ts";
import { send, type Target } from "../target.ts";
import { type Chaperone, createChaperoneProcess } from "./chaperone-process.ts";
import { prepareEnvoy } from "./envoy.ts";
import { exchanged } from "./exchange.ts";
import {
  audience,
  type CallHeaders,
  evidenceHeaders,
  headersFileIn,
  type HeldCalls,
  operation,
  renderPayload,
} from "./held-call.ts";
import { founding, type System } from "./system.ts";

export interface MeshWorld {
  readonly root: string;
  /** A folder of the bench's own. */
  readonly folder: string;
  readonly upstreamPort: number;
  readonly calls: HeldCalls;
}

type Tokens = "fresh" | "repeated";

interface Gateway {
  readonly name: string;
  readonly folder: string;
  readonly tokens: Tokens;
  /** The socket that it asks. */
  readonly asked?: string;
  /** What arrives of the evidence in the headers of the call. */
  readonly evidenceLeft: readonly string[];
  readonly assertRight: System["assertRight"];
}

const evidence = Object.values(evidenceHeaders);
const answerSchema = z.object({ evidence: z.array(z.string()), authorization: z.string() });

/** What the upstream received. */
const readToken = (answer: string): string => answerSchema.parse(JSON.parse(answer)).authorization.slice(7);

export async function createPlainEnvoy(world: MeshWorld): Promise<System> {
  const folder = await mkdtemp(join(world.folder, "plain-"));
  const assertRight = assertArrived(world);
  return createGateway(world, { name: "no filter", folder, tokens: "fresh", evidenceLeft: evidence, assertRight });
}

export async function createCheckEcho(world: MeshWorld): Promise<System> {
  const folder = await mkdtemp(join(world.folder, "echo-"));
  const asked = join(folder, "check.sock");
  // Built like what ships, and beside it.
  const script = join(world.root, "dist", "bench", "check-echo-process.js");
  const assertRight = assertArrived(world);
  const gateway = await createGateway(world, {
    name: "echo",
    folder,
    tokens: "fresh",
    asked,
    evidenceLeft: evidence,
    assertRight,
  });
  const companion = async (): Promise<ServerCommand> => {
    await rm(asked, { force: true });
    return { file: process.execPath, args: ["--max-semi-space-size=4", script, asked] };
  };
  return Object.assign(gateway, { companion });
}

/** The position `use`: the role token of another Chaperone is verified, and nothing is minted. */
export async function createDeciding(world: MeshWorld, tokens: Tokens): Promise<Chaperone> {
  const folder = await mkdtemp(join(world.folder, "deciding-"));
  const asked = join(folder, "run", "check.sock");
  const { issuer } = world.calls;
  const extAuthz = { position: "use", operations: [{ ...operation, permission: "flights:book" }] };
  const served = await createChaperoneProcess(world.root, folder, {
    identity: { role_token_issuers: [{ issuer: issuer.name, jwks_file: issuer.keys }] },
    listeners: [renderListener(asked, extAuthz)],
  });
  const assertRight = assertArrived(world);
  const gateway = await createGateway(world, {
    name: tokens === "fresh" ? "Chaperone, deciding" : "Chaperone, deciding, one token",
    folder,
    tokens,
    asked,
    evidenceLeft: evidence,
    assertRight: async (answer) => {
      await assertRight(answer);
      await assertTurnedAway(gateway.target, { authorization: "Bearer none" }, 401);
    },
  });
  return Object.assign(gateway, { companion: served.command, assertRecorded: served.assertRecorded });
}

/** The position `issue`, on the payloads that `jwt_authn` forwards: the call goes on with a role token of its own. */
export async function createMinting(world: MeshWorld): Promise<Chaperone> {
  const folder = await mkdtemp(join(world.folder, "minting-"));
  const asked = join(folder, "run", "check.sock");
  const port = await findFreePort();
  const extAuthz = {
    position: "issue",
    evidence: { from: "payload_headers", ...evidenceHeaders },
    operations: [{ ...operation, action: "book_flight" }],
  };
  const keys = { name: "keys", address: `127.0.0.1:${port}`, doors: ["public"], callers: "open" };
  const served = await createChaperoneProcess(world.root, folder, {
    listeners: [renderListener(asked, extAuthz), keys],
  });
  const gateway = await createGateway(world, {
    name: "Chaperone, minting",
    folder,
    tokens: "fresh",
    asked,
    evidenceLeft: [],
    assertRight: async (answer) => {
      const published = createRemoteJWKSet(new URL(`http://127.0.0.1:${port}/.well-known/jwks.json`));
      const { issuer } = exchanged;
      const { payload } = await jwtVerify(readToken(answer), published, { issuer, audience, typ: "at+jwt" });
      z.looseObject({ sub: z.literal(founding.subject.sub), scope: z.literal("flights:book") }).parse(payload);
      const elsewhere = renderPayload({ ...founding.subject, Department: "Marketing" });
      await assertTurnedAway(gateway.target, { [evidenceHeaders.subject]: elsewhere }, 403);
    },
  });
  return Object.assign(gateway, { companion: served.command, assertRecorded: served.assertRecorded });
}

async function createGateway(world: MeshWorld, gateway: Gateway): Promise<System> {
  const { calls, upstreamPort } = world;
  const { name, folder, tokens, asked, evidenceLeft, assertRight } = gateway;
  const port = await findFreePort();
  const headersFile = headersFileIn(folder);
  const target = {
    address: { host: "127.0.0.1", port },
    path: "/flights/LH400/bookings",
    body: "{}",
    headersFile,
    marks: [`"evidence":${JSON.stringify(evidenceLeft)}`, '"authorization":"Bearer eyJ'],
  };
  return {
    name,
    assertRight,
    // Role tokens do not live as long as a bench.
    get target() {
      return { ...target, headers: calls.headers() };
    },
    prepareLoad: (requests) => calls.writeHeaders(headersFile, requests, tokens),
    command: () => prepareEnvoy({ folder, port, upstreamPort, ...(asked === undefined ? {} : { asked }) }),
  };
}

/** For what a gateway asks: one socket, which the gateway alone may open. */
function renderListener(socketPath: string, extAuthz: object): object {
  return {
    name: "gateway",
    address: `unix:${socketPath}`,
    doors: ["ext_authz_grpc"],
    callers: "socket",
    concurrency_max: 1024,
    ext_authz: { audiences: [audience], ...extAuthz },
  };
}

/** With the role token that it came with. */
function assertArrived({ calls: { issuer } }: MeshWorld): System["assertRight"] {
  return async (answer) => {
    const key = createPublicKey(issuer.pem);
    await jwtVerify(readToken(answer), key, { issuer: issuer.name, audience, typ: "at+jwt" });
  };
}

async function assertTurnedAway(target: Target, headers: CallHeaders, expected: number): Promise<void> {
  const { status, text } = await send({ ...target, headers: { ...target.headers, ...headers } });
  if (status !== expected) throw new Error(`to be turned away by ${expected}, and was answered ${status}: ${text}`);
}
