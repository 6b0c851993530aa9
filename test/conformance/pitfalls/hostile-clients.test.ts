/** Clients that are not who they say, at the token endpoint: what one of them shows is nobody else's, and good once. */
import { createHmac, generateKeyPairSync, sign } from "node:crypto";
import { describe, expect, test } from "vitest";
import { tokenErrors } from "../../../src/doors/token-errors.ts";
import { certificateName, clientSecret, signAssertion } from "../../fakes/clients.ts";
import { type ExchangeHouse, openExchangeHouse } from "../../fakes/exchange-house.ts";
import { actorToken, subjectToken } from "../../fakes/issuers.ts";
import type { Answer } from "../../fakes/open-house.ts";
import { flights, ownIssuer, testTime } from "../../fakes/path-ports.ts";
import { basicHeader, exchangeForm, type FormChanges, renderForm, tokenType } from "../../fakes/token-client.ts";
import { expectRefused } from "./refusal.ts";

const type = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
const base64url = (value: string | Buffer): string => Buffer.from(value).toString("base64url");

function show(house: ExchangeHouse, assertion: string, more: FormChanges = {}): Promise<Answer> {
  const form = {
    ...exchangeForm,
    subject_token: subjectToken(),
    actor_token: actorToken(),
    actor_token_type: tokenType("access_token"),
    scope: "flights:book",
    resource: flights,
    client_assertion: assertion,
    client_assertion_type: type,
    ...more,
  };
  return house.send(renderForm(form));
}

function expectNobody(answer: Answer, house: ExchangeHouse): void {
  expect([answer.status, answer.json]).toEqual([
    401,
    { error: "invalid_client", error_description: tokenErrors.invalid_client },
  ]);
  expect(house.world.records).toEqual([]);
}

/** The order of P-256's group. */
const order = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;

/** The other signature of the same bytes by the same key that anybody can make of one: (r, n - s) for (r, s). */
function twinOf(token: string): string {
  const at = token.lastIndexOf(".") + 1;
  const signature = Buffer.from(token.slice(at), "base64url");
  const twin = (order - BigInt(`0x${signature.subarray(32).toString("hex")}`)).toString(16).padStart(64, "0");
  return token.slice(0, at) + base64url(Buffer.concat([signature.subarray(0, 32), Buffer.from(twin, "hex")]));
}

describe("P10: an assertion counts once, whatever its text", () => {
  test("as it is", async () => {
    const house = await openExchangeHouse();
    const assertion = await signAssertion();
    expect((await show(house, assertion)).status).toBe(200);
    const { status, json } = await show(house, assertion);
    expect([status, json["error"]]).toEqual([401, "invalid_client"]);
  });

  test("with the twin of its signature, which verifies just as well", async () => {
    const house = await openExchangeHouse();
    expect((await show(house, twinOf(await signAssertion()))).status).toBe(200);
    const assertion = await signAssertion();
    expect((await show(house, assertion)).status).toBe(200);
    expect((await show(house, twinOf(assertion))).status).toBe(401);
  });

  test("also when many come at once", async () => {
    const house = await openExchangeHouse();
    const assertion = await signAssertion();
    const answers = await Promise.all(Array.from({ length: 20 }, () => show(house, assertion)));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(answers.filter(({ status }) => status === 401)).toHaveLength(19);
  });
});

describe("P1, P11, P13, P16, P17, P21, P22: an assertion is read as strictly as any token", () => {
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const claims = (more = "") =>
    `{"iss":"with-keys","sub":"with-keys","aud":"${ownIssuer}","jti":"j-1","iat":${testTime},"exp":${testTime + 60}${more}}`;
  const withHmac = (secret: string): string => {
    const signed = `${base64url(`{"alg":"HS256","kid":"c1"}`)}.${base64url(claims())}`;
    return `${signed}.${createHmac("sha256", secret).update(signed).digest("base64url")}`;
  };
  const byStranger = (header: string, payload = claims()): string => {
    const signed = `${base64url(header)}.${base64url(payload)}`;
    return `${signed}.${base64url(sign("sha256", Buffer.from(signed), { key: privateKey, dsaEncoding: "ieee-p1363" }))}`;
  };

  const forged: readonly (readonly [string, () => string | Promise<string>])[] = [
    ["with a client's secret as its key", () => withHmac(clientSecret)],
    ["with nothing as its key", () => withHmac("")],
    [
      "of a key that it brings along",
      () => byStranger(`{"alg":"ES256","jwk":${JSON.stringify(privateKey.export({ format: "jwk" }))}}`),
    ],
    ["of a stranger's key", () => byStranger(`{"alg":"ES256","kid":"c1"}`)],
    ["unsigned", () => `${base64url('{"alg":"none"}')}.${base64url(claims())}.`],
    ["that names where its key is", () => signAssertion({ header: { jku: "http://169.254.169.254/" } })],
    ["with a critical extension", () => byStranger(`{"alg":"ES256","kid":"c1","crit":["exp"],"exp":1}`)],
    ["with a kid that is a path", () => signAssertion({ header: { kid: "../c1" } })],
    ["with a member twice", () => byStranger(`{"alg":"ES256","kid":"c1"}`, claims(',"sub":"with-secret"'))],
    ["with exp 1e400", () => byStranger(`{"alg":"ES256","kid":"c1"}`, claims().replace(/"exp":\d+/, '"exp":1e400'))],
    ["for two audiences", () => signAssertion({ claims: { aud: [ownIssuer, "https://as.example"] } })],
    ["for an audience in a list in a list", () => signAssertion({ claims: { aud: [[ownIssuer]] } })],
    ["that ends at this second", () => signAssertion({ claims: { exp: testTime } })],
    ["that ends in an hour", () => signAssertion({ claims: { exp: testTime + 3600 } })],
    ["with a jti of 300 characters", () => signAssertion({ claims: { jti: "j".repeat(300) } })],
    ["with a jti that is a list", () => signAssertion({ claims: { jti: ["j-1"] } })],
    ["that is an access token", () => signAssertion({ header: { typ: "at+jwt" } })],
    [
      "with 400 levels in it",
      () => byStranger(`{"alg":"ES256"}`, claims(`,"act":${"[".repeat(400)}${"]".repeat(400)}`)),
    ],
    ["of 17 KiB, good but for that", () => signAssertion({ claims: { fill: "x".repeat(12_500) } })],
    ["of 40 KiB that is none", () => "a".repeat(40_000)],
    ["of 40 KiB of dots", () => ".".repeat(40_000)],
  ];
  test.each(forged)("%s", async (_name, make) => {
    const house = await openExchangeHouse();
    const assertion = await make();
    const startedAt = performance.now();
    expectNobody(await show(house, assertion), house);
    expect(performance.now() - startedAt).toBeLessThan(1000);
  });
});

test("P11: one credential has one spelling, and an assertion is shown as what it is", async () => {
  const house = await openExchangeHouse();
  const good = basicHeader()["authorization"] ?? "";
  const padding = good.indexOf("=");
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  const last = alphabet.indexOf(good.charAt(padding - 1));
  const other = `${good.slice(0, padding - 1)}${alphabet.charAt(last ^ 1)}${good.slice(padding)}`;
  expect(padding).toBeGreaterThan(0);
  expect(Buffer.from(other.slice(6), "base64")).toEqual(Buffer.from(good.slice(6), "base64"));
  expect((await house.ask({}, { authorization: good })).status).toBe(200);
  for (const authorization of [other, good.slice(0, padding)]) {
    const { status, json } = await house.ask({}, { authorization });
    expect([status, json["error"]]).toEqual([401, "invalid_client"]);
  }
  for (const kind of ["saml2-bearer", "JWT-bearer", "jwt-bearer "]) {
    const another = { client_assertion_type: `urn:ietf:params:oauth:client-assertion-type:${kind}` };
    expect((await show(house, await signAssertion(), another)).status).toBe(401);
  }
});

describe("P5: what is one client's is no other's", () => {
  test("an assertion beside another client_id, or about another client", async () => {
    const house = await openExchangeHouse();
    expectNobody(await show(house, await signAssertion(), { client_id: "with-secret" }), house);
    expectNobody(await show(house, await signAssertion({ claims: { sub: "with-secret" } })), house);
    expectNobody(await show(house, await signAssertion({ claims: { iss: "with-secret", sub: "with-secret" } })), house);
  });

  test("two proofs at once are one too many, though each alone is good", async () => {
    const house = await openExchangeHouse();
    const both = await house.ask(
      { client_assertion: await signAssertion(), client_assertion_type: type },
      basicHeader(),
    );
    expect([both.status, both.json["error"]]).toEqual([400, "invalid_request"]);
    const posted = await show(house, await signAssertion(), { client_id: "with-keys", client_secret: clientSecret });
    expect([posted.status, posted.json["error"]]).toEqual([400, "invalid_request"]);
    const contradicted = await house.ask({ client_id: "with-keys" });
    expect([contradicted.status, contradicted.json["error"]]).toEqual([400, "invalid_request"]);
    expect(house.world.records).toEqual([]);
  });

  test("P2: a person's or an agent's token is no client's assertion, and an assertion is nobody's token", async () => {
    const house = await openExchangeHouse();
    for (const token of [
      subjectToken(),
      actorToken({ sub: "with-keys" }),
      actorToken({ iss: "with-keys", sub: "with-keys", aud: ownIssuer, jti: "j-1" }, { typ: "JWT", kid: "c1" }),
    ]) {
      expectNobody(await show(house, token), house);
    }
    const assertion = await signAssertion();
    for (const place of ["subject_token", "actor_token"]) {
      expectRefused(await house.ask({ [place]: assertion }), house, "invalid_request", "evidence_untrusted");
    }
  });
});

test("P32: who is unknown and who is wrong are told the same, byte for byte", async () => {
  const house = await openExchangeHouse();
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const stranger = await crypto.subtle.importKey(
    "jwk",
    privateKey.export({ format: "jwk" }),
    { name: "ECDSA", namedCurve: "P-256" },
    false,
    ["sign"],
  );
  const used = await signAssertion();
  await show(house, used);
  const answers = [
    await show(house, await signAssertion({ claims: { iss: "nobody", sub: "nobody" } })),
    await show(house, await signAssertion({ key: stranger })),
    await show(house, await signAssertion({ claims: { exp: testTime } })),
    await show(house, used),
    await show(house, "a.b.c"),
  ];
  expect(new Set(answers.map(({ status, text }) => `${status} ${text}`)).size).toBe(1);
});

test("P30: no header of a proxy's names a client, whatever it holds", async () => {
  const house = await openExchangeHouse();
  const form = renderForm({
    ...exchangeForm,
    subject_token: subjectToken(),
    actor_token: actorToken(),
    client_id: "with-certificate",
  });
  const names = [
    ["x-forwarded-client-cert", `By=x;Hash=y;${certificateName.replace("URI:", "URI=")}`],
    ["x-client-cert", "MIIB"],
    ["ssl-client-verify", "SUCCESS"],
    ["ssl-client-s-dn", "CN=with-certificate"],
    ["x-forwarded-user", "with-certificate"],
    ["x-chaperone-client", "vouched-for"],
    ["x-oauth-client", "vouched-for"],
    ["client-id", "with-secret"],
    ["txn-token", subjectToken()],
  ] as const;
  for (const [name, value] of names) expectNobody(await house.send(form, { [name]: value }), house);
});

test("P29: a scope that only looks like one is none", async () => {
  const house = await openExchangeHouse();
  for (const scope of [
    "flights:b\u043eok",
    "flights:book\u00a0",
    "\ufeffflights:book",
    "flights:book\u200b",
    "flights:book ",
    "*\u0000",
  ]) {
    const { status, json } = await house.ask({ scope });
    expect([status, json["error"]]).toEqual([400, "invalid_scope"]);
  }
  expect(house.world.records).toEqual([]);
  for (const scope of ["Flights:book", "flights:*", "flights", "*"]) {
    expectRefused(await house.ask({ scope }), house, "invalid_scope", "permission_not_covered");
  }
});
