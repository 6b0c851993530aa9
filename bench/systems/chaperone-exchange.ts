/** The token door of what ships, over TCP like its peer: verifies client and tokens, decides, records, signs. */
import { createRemoteJWKSet, jwtVerify } from "jose";
import { mkdtemp, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import type { Identities } from "../identities.ts";
import { findFreePort } from "../server-process.ts";
import { type Chaperone, type ChaperoneWorld, createChaperoneProcess } from "./chaperone-process.ts";
import { answerMarks, client, exchanged, formHeaders } from "./exchange.ts";

export interface ChaperoneExchangeParts {
  readonly world: ChaperoneWorld;
  readonly identities: Identities;
  /** Forms with tokens of their own, in turn; absent: the same two tokens in every request. */
  readonly bodiesFile?: string;
}

const answerSchema = z.looseObject({
  access_token: z.string(),
  issued_token_type: z.literal(exchanged.tokenType),
  token_type: z.literal("Bearer"),
  expires_in: z.number().max(60),
  scope: z.literal("flights:book"),
});
const claimsSchema = z.looseObject({
  sub: z.literal("alice"),
  act: z.looseObject({ iss: z.literal("https://idp.example"), sub: z.literal("travel-planner") }),
  scope: z.literal("flights:book"),
});

export async function createChaperoneExchange(parts: ChaperoneExchangeParts): Promise<Chaperone> {
  const { world, identities, bodiesFile } = parts;
  const folder = await mkdtemp(join(world.folder, "chaperone-"));
  const port = await findFreePort();
  const secretFile = join(folder, "client-secret");
  await writeFile(secretFile, client.secret, { mode: 0o600 });
  const settings = {
    identity: { issuers: renderIssuers(identities) },
    clients: [{ id: client.id, authentication: "secret_file", secret_file: secretFile }],
    listeners: [{ name: "exchange", address: `127.0.0.1:${port}`, doors: ["token", "public"], callers: "open" }],
  };
  return {
    ...(await createChaperoneProcess(world.root, folder, settings)),
    name: bodiesFile === undefined ? "Chaperone, tokens repeated" : "Chaperone, fresh tokens",
    target: {
      address: { host: "127.0.0.1", port },
      path: "/oauth2/token",
      headers: formHeaders,
      body: identities.form(),
      marks: [...answerMarks, '"scope":"flights:book"'],
      ...(bodiesFile === undefined ? {} : { bodiesFile }),
    },
    assertRight: async (answer) => {
      const { access_token: token } = answerSchema.parse(JSON.parse(answer));
      const keys = createRemoteJWKSet(new URL(`http://127.0.0.1:${port}/.well-known/jwks.json`));
      const { issuer, audience } = exchanged;
      const { payload } = await jwtVerify(token, keys, { issuer, audience, typ: "at+jwt", algorithms: ["ES256"] });
      claimsSchema.parse(payload);
    },
  };
}

function renderIssuers({ people, agents }: Identities): readonly object[] {
  const signed = { algorithms: ["ES256"], audiences: [exchanged.issuer] };
  return [
    {
      ...signed,
      issuer: people.name,
      jwks_file: people.keys,
      vouches_for: "subjects",
      departments: { path: ["departments"] },
      roles: { path: ["roles"] },
    },
    {
      ...signed,
      issuer: agents.name,
      jwks_file: agents.keys,
      vouches_for: "actors",
      capabilities: { path: ["capabilities"], separator: "space" },
    },
  ];
}
