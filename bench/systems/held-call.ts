/**
 * The one call that every Envoy under measurement holds. It shows all that any of them looks at (a role token of another
 * Chaperone, and what `jwt_authn` would forward of person and agent), so that Envoy has the same to read and to send.
 */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createIssuer, type TokenIssuer } from "../identities.ts";
import type { Target } from "../target.ts";
import { exchanged } from "./exchange.ts";
import { founding } from "./system.ts";

export const { audience } = exchanged;
export const evidenceHeaders = { subject: "x-person", actor: "x-agent" } as const;
export const operation = { method: "POST", host: "flights.example", path: "/flights/{id}/bookings" } as const;

export type CallHeaders = Target["headers"];

export interface HeldCalls {
  /** The Chaperone of the agent's side, whose role tokens the resource's side takes. */
  readonly issuer: TokenIssuer;
  /** A call with a role token that nobody has seen before. */
  headers(): CallHeaders;
  /** As many calls, one a line: each with a role token of its own, or all with one. */
  writeHeaders(file: string, requests: number, tokens: "fresh" | "repeated"): Promise<void>;
}

/** The longest that a role token is taken. */
const lifetimeSeconds = 300;

export async function createHeldCalls(folder: string): Promise<HeldCalls> {
  const issuer = await createIssuer(folder, "agents-side", "https://chaperone.agents.example");
  const headers = (): CallHeaders => ({
    host: operation.host,
    authorization: `Bearer ${issueRoleToken(issuer)}`,
    [evidenceHeaders.subject]: renderPayload(founding.subject),
    [evidenceHeaders.actor]: renderPayload(founding.actor),
  });
  return {
    issuer,
    headers,
    writeHeaders: async (file, requests, tokens) => {
      const lines = Array.from({ length: tokens === "fresh" ? requests : 1 }, () => JSON.stringify(headers()));
      await writeFile(file, lines.join("\n"));
    },
  };
}

/** As `jwt_authn` forwards the claims that it verified. */
export const renderPayload = (claims: object): string => Buffer.from(JSON.stringify(claims)).toString("base64url");

export const headersFileIn = (folder: string): string => join(folder, "calls.jsonl");

function issueRoleToken(issuer: TokenIssuer): string {
  const now = Math.floor(Date.now() / 1000);
  const person = { iss: "https://people.example", sub: founding.subject.sub };
  const id = crypto.randomUUID();
  return issuer.issue({
    aud: audience,
    sub: person.sub,
    sub_id: { format: "iss_sub", ...person },
    client_id: founding.actor.sub,
    act: { iss: "https://idp.example", sub: founding.actor.sub, sub_profile: "ai_agent" },
    nbf: now,
    exp: now + lifetimeSeconds,
    txn: id,
    scope: "flights:book",
    roles: ["flight-booker"],
    delegation: { v: 1, grant_id: id, lineage: [], depth: 1, max_depth: 1 },
    policy: { id: "chaperone", revision: "a".repeat(64) },
    decision_id: id,
  });
}
