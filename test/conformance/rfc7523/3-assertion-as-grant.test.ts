/** RFC 7523 §3 at the token endpoint: an assertion as a grant, JB-2…JB-8, JB-10, JB-11. The authenticated client acts. */
import { describe, expect, test } from "vitest";
import type { Json } from "../../../src/domain/json.ts";
import { claimsOf, type ExchangeHouse, openExchangeHouse } from "../../fakes/exchange-house.ts";
import { agents, here, people, roleToken, subjectToken } from "../../fakes/issuers.ts";
import { ownIssuer, testTime } from "../../fakes/path-ports.ts";
import { bearerForm, type FormChanges } from "../../fakes/token-client.ts";
import { expectRefused } from "../pitfalls/refusal.ts";

type Changes = { readonly [member: string]: Json | undefined };

/** A person's token that lets the client act. */
const assertion = (changes: Changes = {}): string =>
  subjectToken({ may_act: { iss: ownIssuer, sub: "with-secret" }, ...changes });

const show = (house: ExchangeHouse, token: string, more: FormChanges = {}) =>
  house.ask({
    ...bearerForm,
    assertion: token,
    subject_token: undefined,
    subject_token_type: undefined,
    actor_token: undefined,
    actor_token_type: undefined,
    ...more,
  });

test("JB-11: the client that showed it is act, and nobody gets a token without one", async () => {
  const house = await openExchangeHouse();
  // As Entra's look: who acts stands in azp, and nowhere else.
  const answer = await show(house, assertion({ oid: "0-1", azp: "with-secret", ver: "2.0" }));
  expect(claimsOf(answer)).toMatchObject({
    sub: "alice",
    sub_id: { iss: people.name },
    act: { iss: ownIssuer, sub: "with-secret" },
    client_id: "with-secret",
  });
  expect(answer.json).not.toHaveProperty("issued_token_type");
});

describe("whatever is wrong with it is an invalid_grant (JB-8)", () => {
  test.each<[string, Changes, string]>([
    ["JB-2: no iss", { iss: undefined }, "evidence_untrusted"],
    ["JB-2: no sub", { sub: undefined }, "claim_malformed"],
    ["JB-2: no aud", { aud: undefined }, "evidence_untrusted"],
    ["JB-2: no exp", { exp: undefined }, "claim_malformed"],
    ["JB-3: for another server", { aud: "https://as.example" }, "evidence_untrusted"],
    ["JB-3: for us and another server", { aud: [here, "https://as.example"] }, "evidence_untrusted"],
    ["JB-4: for us with a slash more", { aud: `${here}/` }, "evidence_untrusted"],
    ["JB-4: for us in capitals", { aud: here.toUpperCase() }, "evidence_untrusted"],
    ["JB-4: by its issuer with a port more", { iss: `${people.name}:443` }, "evidence_untrusted"],
    ["JB-5: expired", { exp: testTime - 30 }, "claims_expired"],
    ["JB-5: far from expiring", { exp: testTime + 100_000 }, "evidence_untrusted"],
    ["JB-6: not valid yet", { nbf: testTime + 31 }, "claims_not_yet_valid"],
    ["JB-6: issued long ago", { iat: testTime - 3600, exp: testTime + 60 }, "evidence_untrusted"],
    ["JB-10: for nobody to act", { may_act: undefined }, "actor_not_named"],
    ["JB-10: for another client", { may_act: { iss: ownIssuer, sub: "with-keys" } }, "actor_not_named"],
    ["JB-10: of an agent and no person", { iss: agents.name }, "evidence_untrusted"],
  ])("%s", async (_name, changes, code) => {
    const house = await openExchangeHouse();
    expectRefused(await show(house, assertion(changes)), house, "invalid_grant", code);
  });

  test("JB-10: ours, by the client that is its target", async () => {
    const house = await openExchangeHouse();
    expectRefused(await show(house, roleToken({ aud: "with-secret" })), house, "invalid_grant", "actor_not_named");
  });
});

test("JB-7: a person's token is not used up, unlike a client's assertion", async () => {
  const house = await openExchangeHouse();
  const token = assertion({ jti: "once" });
  for (const _time of [1, 2]) expect((await show(house, token)).status).toBe(200);
});

test("a scope beyond the role is an invalid_scope here too", async () => {
  const house = await openExchangeHouse();
  expectRefused(
    await show(house, assertion(), { scope: "flights:fly" }),
    house,
    "invalid_scope",
    "permission_not_covered",
  );
});
