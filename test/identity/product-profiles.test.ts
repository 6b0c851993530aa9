/** What holds for the table of every product: the page's settings, the fixture's tokens, and who is never whom. */
import { describe, expect, test } from "vitest";
import type { DeclaredProfileOptions } from "../../src/identity/index.ts";
import { products } from "../../src/identity/profiles/index.ts";
import { createVerifier } from "../fakes/issuers.ts";
import { openProduct, productNames } from "../fakes/products.ts";

test("every product but the generic one is seen here", () => {
  expect(Object.keys(products)).toEqual(["oidc", ...productNames]);
});

describe.each(productNames)("%s", (name) => {
  const product = openProduct(name);
  const party = name === "vault" ? /does not vouch for this party/ : /is of another kind of party/;

  test("the page's settings take a person's and an agent's token for what they are", async () => {
    expect(await product.judge()).toMatchObject({ vouchedBy: "signature", inner: [], parent: undefined });
  });

  test("an agent's token is no person's, and a person's no agent's", async () => {
    expect(await product.judge({ subject: product.issue("agent") })).toMatch(party);
    expect(await product.judge({ actor: product.issue("person") })).toMatch(party);
  });

  test("no single claim, taken away or of another shape, makes an agent a person or a person an agent", async () => {
    const changes = [undefined, null, 7, "", "x", [], {}];
    for (const [token, other] of [
      ["agent", "subject"],
      ["person", "actor"],
    ] as const) {
      const claims = product.claimsOf(token);
      expect(claims.length).toBeGreaterThanOrEqual(6);
      for (const claim of claims) {
        for (const value of changes) {
          const answer = await product.judge({ [other]: product.issue(token, { [claim]: value }) });
          expect(answer, `${token} with ${claim} ${JSON.stringify(value)}`).toBeTypeOf("string");
        }
      }
    }
  });

  test("a token for somebody else is refused", async () => {
    const aud = { aud: "https://elsewhere.example" };
    expect(await product.judge({ person: aud })).toMatch(/is not for an audience/);
    expect(await product.judge({ agent: aud })).toMatch(/is not for an audience/);
  });

  test.each(["at+jwt", "JWT", undefined, "logout+jwt"])("header typ %s, where it is not the product's", async (typ) => {
    const has: Readonly<Record<typeof name, readonly (string | undefined)[]>> = {
      keycloak: ["JWT", "at+jwt"],
      vault: [undefined],
      entra: ["JWT"],
      auth0: ["JWT", "at+jwt"],
      cognito: [undefined],
    };
    const answer = await product.judge({ subject: product.issue("person", {}, { typ }), subjectType: product.type });
    if (has[name].includes(typ)) expect(answer).toHaveProperty("subject");
    else expect(answer).toMatch(/is not of a kind/);
  });

  test("a claim that names the party and is no text refuses the token", async () => {
    for (const sub of [undefined, 7, null, ["alice"]]) {
      expect(await product.judge({ person: { sub } })).toMatch(/^claim_malformed|another kind of party/);
      expect(await product.judge({ agent: { sub } })).toMatch(/^claim_malformed|another kind of party/);
    }
  });

  test("an agent's token that carries `act` is refused", async () => {
    expect(await product.judge({ agent: { act: { sub: "somebody" } } })).toMatch(/already carries `act`/);
  });

  test("its own name for an issuer is wanted, and no kind that it does not have", () => {
    const [options] = product.profiles;
    if (options === undefined) return expect.unreachable();
    const refuse = (changes: Partial<DeclaredProfileOptions>, code: string): void =>
      expect(() => createVerifier([{ ...options, ...changes }])).toThrow(expect.objectContaining({ code }));
    const [other] = openProduct(name === "auth0" ? "entra" : "auth0").profiles;
    if (other === undefined) return expect.unreachable();
    refuse({ issuer: other.issuer }, "issuer_not_of_profile");
    refuse({ kinds: { id_token: ["at+jwt"] } }, "kind_not_of_profile");
    refuse({ audiences: [] }, "audience_missing");
    if (name !== "vault") refuse({ clients: [] }, "client_pin_missing");
    if (name === "vault") refuse({ vouchesFor: "both" }, "use_not_of_profile");
  });
});

describe.each(productNames.filter((name) => name !== "vault"))("%s, whose clients are pinned", (name) => {
  const product = openProduct(name);

  test("a token of another client, of none, or of two", async () => {
    const client = /was not issued to a client/;
    for (const claim of ["azp", "client_id"]) {
      expect(await product.judge({ person: { azp: undefined, client_id: undefined, [claim]: "stranger" } })).toMatch(
        client,
      );
    }
    expect(await product.judge({ person: { azp: undefined, client_id: undefined } })).toMatch(client);
    expect(await product.judge({ person: { azp: "one", client_id: "two" } })).toMatch(/^claims_conflict/);
  });

  test("an ID token is no access token", async () => {
    const idToken = product.issue("id_token");
    for (const subjectType of ["access_token", "jwt", "id_token"] as const) {
      expect(await product.judge({ subject: idToken, subjectType })).toMatch(/^evidence_untrusted/);
    }
  });
});
