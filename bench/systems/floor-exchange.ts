/** The floor for an exchange: what the three signatures and HTTP cost in a bare process. */
import { createRemoteJWKSet, jwtVerify } from "jose";
import { join } from "node:path";
import { z } from "zod";
import type { Identities } from "../identities.ts";
import { findFreePort } from "../server-process.ts";
import { answerMarks, exchanged, formHeaders } from "./exchange.ts";
import type { System } from "./system.ts";

const answerSchema = z.looseObject({ access_token: z.string() });
const claimsSchema = z.looseObject({
  sub: z.literal("alice"),
  act: z.object({ iss: z.literal("https://idp.example"), sub: z.literal("travel-planner") }),
});

export async function createFloorExchange(root: string, identities: Identities): Promise<System> {
  const { issuer, audience } = exchanged;
  const port = await findFreePort();
  // Built like what ships, and beside it.
  const script = join(root, "dist", "bench", "exchange-floor-process.js");
  const { people, agents } = identities;
  return {
    name: "floor",
    target: {
      address: { host: "127.0.0.1", port },
      path: "/",
      headers: formHeaders,
      body: identities.form(),
      marks: answerMarks,
    },
    command: async () => ({
      file: process.execPath,
      args: ["--max-semi-space-size=4", script, String(port), people.pem, agents.pem, issuer, audience],
    }),
    assertRight: async (answer) => {
      const { access_token: token } = answerSchema.parse(JSON.parse(answer));
      const keys = createRemoteJWKSet(new URL(`http://127.0.0.1:${port}/jwks`));
      const { payload } = await jwtVerify(token, keys, { issuer, audience, typ: "at+jwt", algorithms: ["ES256"] });
      claimsSchema.parse(payload);
    },
  };
}
