/** What a token says can be read from the record that was written before it, so no two tokens that differ share one. */
import { generateKeyPairSync } from "node:crypto";
import { decodeJwt, decodeProtectedHeader } from "jose";
import { expect, test } from "vitest";
import type { JsonObject } from "../../src/domain/json.ts";
import type { DecisionRecord } from "../../src/domain/record.ts";
import { decide } from "../../src/pdp/decide.ts";
import { createRoleTokenMinter } from "../../src/tokens/role-token-minter.ts";
import { createSigningKey } from "../../src/tokens/signing-key.ts";
import { createFakePolicy, createFakeWorld, flights, foundingVerdict, known, ownIssuer } from "../fakes/path-ports.ts";
import { foundingInput, namedInput, requestOf } from "../fakes/requests.ts";

const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
const key = await createSigningKey({ privateKey, activateAt: 0, place: "test" }, "ES256");

const next = (sub: string): JsonObject => ({ iss: "https://idp.example", sub });
const onward = (...may_act: JsonObject[]): JsonObject => ({
  delegation: { may_act, audiences: [flights, "https://hotels.example"], max_depth: 3 },
});
const act = { sub: "planner", act: { sub: "origin" } };
const viaOthers = { ...namedInput, subject: { claims: { ...namedInput.subject.claims, act } } };

function claimsFrom(record: DecisionRecord): unknown {
  const grant = known(record.grant);
  const [subject, actor] = [known(record.subject), known(record.actor)];
  const inner = (record.chain ?? []).reduce<object | undefined>(
    (below, { issuer, id }) => ({ iss: issuer, sub: id, ...(below === undefined ? {} : { act: below }) }),
    undefined,
  );
  const many = (grant.may_act?.length ?? 0) > 1;
  return {
    iss: ownIssuer,
    aud: grant.audience,
    sub: grant.sub,
    sub_id: { format: "iss_sub", iss: subject.issuer, sub: grant.sub },
    client_id: grant.client_id,
    act: { iss: actor.issuer, sub: grant.act, sub_profile: actor.type, act: inner },
    iat: grant.iat,
    nbf: grant.iat,
    exp: grant.exp,
    jti: grant.jti,
    txn: grant.txn,
    scope: grant.permissions.join(" "),
    roles: grant.is_role_named ? [grant.role] : undefined,
    may_act: many ? undefined : grant.may_act?.[0],
    delegation: {
      v: 1,
      grant_id: grant.grant_id,
      lineage: grant.lineage,
      depth: grant.depth,
      max_depth: grant.max_depth,
      audiences: grant.audiences,
      may_act: many ? grant.may_act : undefined,
    },
    policy: record.policy,
    decision_id: record.decision_id,
  };
}

test.each<[string, JsonObject, JsonObject]>([
  ["for nobody by name", foundingInput, {}],
  ["for named parties", namedInput, {}],
  ["through other actors", viaOthers, {}],
  ["of single permissions", namedInput, { role: "flight-agent" }],
  ["that one party may hand on", namedInput, onward(next("helper"))],
  ["that two parties may hand on", namedInput, onward(next("helper"), next("other"))],
  ["through others, to be handed on", viaOthers, { ...onward(next("helper")), ttl_seconds: 7 }],
  ["for nobody by name, which ends here", foundingInput, onward(next("helper"))],
])("a token %s", async (_name, input, change) => {
  const world = createFakeWorld({
    policy: createFakePolicy(() => ({ ...foundingVerdict, ...change })),
    minter: createRoleTokenMinter(ownIssuer, () => key),
  });
  const decision = await decide(requestOf(input), world);
  const [record] = world.records;
  if (decision.outcome !== "allow" || record?.type !== "decision") return expect.unreachable();
  expect(decodeJwt(decision.token)).toEqual(claimsFrom(record));
  expect(decodeProtectedHeader(decision.token).kid).toBe(record.grant?.kid);
});
