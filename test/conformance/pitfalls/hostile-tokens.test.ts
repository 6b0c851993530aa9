/**
 * Tokens that look right and are not, at the token endpoint: each as the person's, as the agent's and as an assertion.
 * Policy says yes to everything and the rest of the request is good, so the one forgery is the only reason to refuse.
 */
import { createHmac, createPublicKey } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, onTestFinished, test } from "vitest";
import type { Json } from "../../../src/domain/json.ts";
import { tokenErrors } from "../../../src/doors/token-errors.ts";
import { type ExchangeHouse, openExchangeHouse, tokenOf } from "../../fakes/exchange-house.ts";
import {
  actorToken,
  agentName,
  agents,
  createFakeIssuer,
  type FakeIssuer,
  here,
  people,
  roleToken,
  subjectToken,
} from "../../fakes/issuers.ts";
import { ownIssuer, testTime } from "../../fakes/path-ports.ts";
import { bearerForm, tokenType } from "../../fakes/token-client.ts";
import { expectRefused } from "./refusal.ts";

type Changes = { readonly [member: string]: Json | undefined };
/** One forgery, by whoever is impersonated with it. */
type Forge = (issuer: FakeIssuer, issue: (claims?: Changes, header?: Changes) => string) => string;

const base64url = (value: string | Buffer): string => Buffer.from(value).toString("base64url");

/** A header of any kind with a signature that needs no key of the issuer. */
function assemble(issuer: FakeIssuer, header: Changes, seal: (signed: string) => Buffer): string {
  const claims = { iss: issuer.name, sub: "alice", aud: here, iat: testTime, exp: testTime + 60, may_act: agentName };
  const top = { typ: "at+jwt", kid: issuer.jwk.kid, ...header };
  const signed = `${base64url(JSON.stringify(top))}.${base64url(JSON.stringify(claims))}`;
  return `${signed}.${base64url(seal(signed))}`;
}

const withHmac =
  (alg: string, keyOf: (issuer: FakeIssuer) => string): Forge =>
  (issuer) =>
    assemble(issuer, { alg }, (signed) => createHmac("sha256", keyOf(issuer)).update(signed).digest());
const pemOf = ({ jwk }: FakeIssuer): string =>
  createPublicKey({ key: { ...jwk }, format: "jwk" }).export({ format: "pem", type: "spki" });

/** Everything good but this claim, or this member of the header. */
const claiming =
  (claims: Changes): Forge =>
  (_issuer, issue) =>
    issue(claims);
const heading =
  (header: Changes): Forge =>
  (_issuer, issue) =>
    issue({}, header);
/** The text of a good token, changed after it was signed. */
const spelling =
  (change: (token: string) => string): Forge =>
  (_issuer, issue) =>
    change(issue());
/** The payload as raw text, with `rest` behind the members that every token has. */
const writing =
  (rest: string): Forge =>
  (issuer) =>
    issuer.issue(
      `{"iss":"${issuer.name}","aud":"${here}","sub":"alice","iat":${testTime},"may_act":${JSON.stringify(agentName)},${rest}}`,
    );

const exp = `"exp":${testTime + 60}`;
const nested = (depth: number): string => `${'{"sub":"a","act":'.repeat(depth)}{"sub":"a"}${"}".repeat(depth)}`;
const siblingOf = (token: string): string => {
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  return token.slice(0, -1) + (alphabet[alphabet.indexOf(token.at(-1) ?? "") ^ 1] ?? "");
};
const parts = (token: string): readonly [string, string, string] => {
  const [head = "", payload = "", tail = ""] = token.split(".");
  return [head, payload, tail];
};

const untrusted = "evidence_untrusted";
const forgeries: readonly (readonly [string, Forge, string])[] = [
  ["P1: HS256 with the PEM of the public key", withHmac("HS256", pemOf), untrusted],
  ["P1: HS256 with the JWK of the public key", withHmac("HS256", ({ jwk }) => JSON.stringify(jwk)), untrusted],
  ["P1: HS256 with nothing", withHmac("HS256", () => ""), untrusted],
  ["P1: alg none without a signature", (issuer) => assemble(issuer, { alg: "none" }, () => Buffer.alloc(0)), untrusted],
  ["P1: alg none with some signature", heading({ alg: "none" }), untrusted],
  ["P1: alg noNE", heading({ alg: "noNE" }), untrusted],
  ["P1: RS256 from an issuer of ES256", heading({ alg: "RS256" }), untrusted],
  ["P1: es256 in small letters", heading({ alg: "es256" }), untrusted],
  ["P1: an algorithm with a name that every object has", heading({ alg: "constructor" }), untrusted],
  [
    "P1: ES256 with a signature of zeros",
    (issuer) => assemble(issuer, { alg: "ES256" }, () => Buffer.alloc(64)),
    untrusted,
  ],
  ["P1: ES256 with half a signature", spelling((token) => token.slice(0, -43)), untrusted],
  [
    "P1: a key of somebody else under the issuer's name",
    ({ name, jwk }) => createFakeIssuer(name, jwk.kid).issue({ sub: "alice", may_act: agentName }),
    untrusted,
  ],
  ["P3: typ JWT, where the profile makes no exception", heading({ typ: "JWT" }), untrusted],
  ["P3: no typ, where the profile makes no exception", heading({ typ: undefined }), untrusted],
  ["P3: typ JWT from an issuer that nobody knows", claiming({ iss: "https://stranger.example" }), untrusted],
  ["P28: the issuer with a slash more", (issuer, issue) => issue({ iss: `${issuer.name}/` }), untrusted],
  ["P28: the issuer in capitals", (issuer, issue) => issue({ iss: issuer.name.toUpperCase() }), untrusted],
  ["P28: the issuer in a list", (issuer, issue) => issue({ iss: [issuer.name] }), untrusted],
  ["P4: ours among two audiences", claiming({ aud: [here, "https://flights.example"] }), untrusted],
  ["P4: ours twice", claiming({ aud: [here, here] }), untrusted],
  ["P4: another audience", claiming({ aud: "https://flights.example" }), untrusted],
  ["P4: an audience in a list in a list", claiming({ aud: [[here]] }), untrusted],
  ["P4: no audience", claiming({ aud: undefined }), untrusted],
  ["P4: the audience with a slash more", claiming({ aud: `${here}/` }), untrusted],
  ["P11: another spelling of the last character", spelling(siblingOf), untrusted],
  ["P11: padding", spelling((token) => `${token}=`), untrusted],
  ["P11: a space behind", spelling((token) => `${token} `), untrusted],
  ["P11: a line break behind", spelling((token) => `${token}\n`), untrusted],
  ["P11: a byte order mark before it", spelling((token) => `\ufeff${token}`), untrusted],
  ["P11: a space between the parts", spelling((token) => token.replace(".", ". ")), untrusted],
  ["P11: an empty part", spelling((token) => token.replace(".", "..")), untrusted],
  ["P11: a member of the payload twice", writing(`${exp},"sub":"bob"`), untrusted],
  ["P11: a member twice, once by an escape", writing(String.raw`${exp},"su\u0062":"bob"`), untrusted],
  [
    "P11: a member of the header twice",
    (issuer) => issuer.issue({ sub: "alice" }, `{"alg":"ES256","kid":"${issuer.jwk.kid}","alg":"none"}`),
    untrusted,
  ],
  ["P12: __proto__ among the claims", writing(`${exp},"__proto__":{"admin":true}`), untrusted],
  [
    "P12: __proto__ in the header",
    (issuer) => issuer.issue({ sub: "alice" }, `{"alg":"ES256","__proto__":{}}`),
    untrusted,
  ],
  ["P13: no exp", claiming({ exp: undefined }), "claim_malformed"],
  ["P13: exp 1e400", writing(`"exp":1e400`), untrusted],
  ["P13: exp in a hundred years", claiming({ exp: testTime + 3_155_760_000 }), untrusted],
  ["P13: exp as text", claiming({ exp: String(testTime + 60) }), "claim_malformed"],
  ["P13: iat to come", claiming({ iat: testTime + 31 }), "claims_not_yet_valid"],
  ["P13: no iat", claiming({ iat: undefined }), "claim_malformed"],
  ["P14: exp passed by the whole leeway", claiming({ exp: testTime - 30 }), "claims_expired"],
  ["P14: exp at this second", claiming({ exp: testTime }), "lifetime_exhausted"],
  ["P14: exp passed, within the leeway", claiming({ exp: testTime - 29 }), "lifetime_exhausted"],
  ["P14: a fraction of a second left", claiming({ exp: testTime + 0.5 }), "lifetime_exhausted"],
  ["P16: a kid that is a path", heading({ kid: "../../etc/passwd" }), untrusted],
  ["P16: a kid that every object has", heading({ kid: "__proto__" }), untrusted],
  ["P16: a kid of 10 KiB", heading({ kid: "k".repeat(10_240) }), untrusted],
  ["P16: a kid that is empty", heading({ kid: "" }), untrusted],
  ["P16: a kid that is a number", heading({ kid: 0 }), untrusted],
  ["P17: jku", heading({ jku: "http://169.254.169.254/latest" }), untrusted],
  ["P17: x5u", heading({ x5u: "https://evil.example/cert" }), untrusted],
  ["P17: jwk", (issuer, issue) => issue({}, { jwk: { ...issuer.jwk } }), untrusted],
  ["P17: x5c", heading({ x5c: ["MIIB"] }), untrusted],
  ["P21: as many levels of act as a token can hold", writing(`${exp},"act":${nested(500)}`), untrusted],
  ["P22: a JWE of five parts", spelling((token) => `${token}.${parts(token)[2]}.${parts(token)[2]}`), untrusted],
  ["P22: a payload that says it is compressed", heading({ zip: "DEF" }), untrusted],
  ["P22: a header that says it is encrypted", heading({ enc: "A256GCM" }), untrusted],
  ["P22: a token of 17 KiB", claiming({ fill: "x".repeat(12_500) }), untrusted],
  ["a critical extension", heading({ crit: ["exp"] }), untrusted],
  ["a payload that is signed unencoded", heading({ b64: false, crit: ["b64"] }), untrusted],
  ["P24: a name that is a number", claiming({ sub: 7 }), "claim_malformed"],
  ["a name with a line break", claiming({ sub: "travel-agent\nadmin" }), "claim_malformed"],
  ["a name with a zero byte", claiming({ sub: "travel-agent\u0000" }), "claim_malformed"],
  ["no name", claiming({ sub: undefined }), "claim_malformed"],
  [
    "MK-7: bound to a key that nobody proves",
    claiming({ cnf: { jkt: "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I" } }),
    untrusted,
  ],
];

/** Parts of a form in which one token is shown, and who would have to have issued it. */
const places = {
  "the person's token": { name: "subject_token", issuer: people, issue: subjectToken, error: "invalid_request" },
  "the agent's token": { name: "actor_token", issuer: agents, issue: actorToken, error: "invalid_request" },
  "an assertion": { name: "assertion", issuer: people, issue: personFor, error: "invalid_grant" },
} as const;

/** By jwt-bearer the client acts, and the person's token has to name it. */
function personFor(claims: Changes = {}, header: Changes = {}): string {
  return subjectToken({ may_act: { iss: ownIssuer, sub: "with-secret" }, ...claims }, header);
}

type Place = keyof typeof places;
const placeNames: readonly Place[] = ["the person's token", "the agent's token", "an assertion"];

function show(house: ExchangeHouse, place: Place, token: string): ReturnType<ExchangeHouse["ask"]> {
  return place === "an assertion"
    ? house.ask({
        ...bearerForm,
        assertion: token,
        subject_token: undefined,
        subject_token_type: undefined,
        actor_token: undefined,
        actor_token_type: undefined,
      })
    : house.ask({ [places[place].name]: token });
}

describe.each(placeNames)("as %s", (place) => {
  const { issuer, issue, error } = places[place];

  test("what all of them imitate is believed", async () => {
    const house = await openExchangeHouse();
    expect(tokenOf(await show(house, place, issue()))).toMatch(/^eyJ/);
  });

  test.each(forgeries)("%s", async (_name, forge, code) => {
    const house = await openExchangeHouse();
    const token = forge(issuer, issue);
    const startedAt = performance.now();
    const answer = await show(house, place, token);
    expect(performance.now() - startedAt).toBeLessThan(1000);
    expectRefused(answer, house, error, code);
  });

  test.each([
    "txntoken+jwt",
    "secevent+jwt",
    "statuslist+jwt",
    "dpop+jwt",
    "wpt+jwt",
    "wit+jwt",
    "kb+jwt",
    "token-introspection+jwt",
    "logout+jwt",
    "client-authentication+jwt",
    "oauth-id-jag+jwt",
  ])("P2, MK-9: typ %s is never one", async (typ) => {
    const house = await openExchangeHouse();
    expectRefused(await show(house, place, issue({}, { typ })), house, error, untrusted);
  });

  test("P21, P22: a megabyte, or 10,000 levels of act, is not read to its end, and nothing is decided", async () => {
    const house = await openExchangeHouse();
    const large = [issue({ fill: "x".repeat(1_048_576) }), "a".repeat(1_048_576), ".".repeat(1_000_000)];
    const startedAt = performance.now();
    for (const token of [...large, writing(`${exp},"act":${nested(10_000)}`)(issuer, issue)]) {
      const answer = await show(house, place, token);
      expect([answer.status, answer.json["error"]]).toEqual([413, "invalid_request"]);
    }
    expect(performance.now() - startedAt).toBeLessThan(2000);
    expect(house.world.records).toEqual([]);
  });

  test("P17: nothing that a token names is ever fetched", async () => {
    let fetched = 0;
    const trap = createServer((_request, response) => {
      fetched += 1;
      response.end("{}");
    });
    await new Promise<void>((resolve) => trap.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => void trap.close());
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a TCP listener's address is an object.
    const url = `http://127.0.0.1:${(trap.address() as AddressInfo).port}`;
    const house = await openExchangeHouse();
    const pointing: readonly (readonly [Changes, Changes])[] = [
      [{ iss: url }, {}],
      [{}, { jku: `${url}/jwks` }],
      [{}, { x5u: `${url}/cert` }],
      [{}, { kid: `${url}/key` }],
      [{ jwks_uri: url, jku: url }, { kid: "unknown" }],
    ];
    for (const [claims, header] of pointing) expect((await show(house, place, issue(claims, header))).status).toBe(400);
    expect(fetched).toBe(0);
  });
});

test("P10, P42: the same token may be shown again, and a second spelling of it is not taken for it", async () => {
  const house = await openExchangeHouse();
  const subject = subjectToken();
  expect((await house.ask({ subject_token: subject })).status).toBe(200);
  expect((await house.ask({ subject_token: subject })).status).toBe(200);
  for (const other of [siblingOf(subject), `${subject}=`, ` ${subject}`, `${subject}\t`]) {
    expectRefused(await house.ask({ subject_token: other }), house, "invalid_request", untrusted);
  }
});

test("P2: a person's ID token is no access token, and no type makes it one", async () => {
  const house = await openExchangeHouse();
  for (const claims of [{ nonce: "n" }, { at_hash: "h" }, { typ: "ID" }, { typ: "Refresh" }, { events: {} }]) {
    for (const type of ["access_token", "jwt", "id_token"]) {
      const changes = { subject_token: subjectToken(claims), subject_token_type: tokenType(type) };
      expectRefused(await house.ask(changes), house, "invalid_request", untrusted);
    }
  }
});

test("a person under urn:chaperone: is nobody's to name", async () => {
  const house = await openExchangeHouse();
  for (const sub of ["urn:chaperone:unnamed:d-1:subject", "URN:Chaperone:x"]) {
    expectRefused(
      await house.ask({ subject_token: subjectToken({ sub }) }),
      house,
      "invalid_request",
      "party_reserved",
    );
  }
});

test("P2: ours as an actor token, an ID token or an assertion, with any typ, is refused", async () => {
  const house = await openExchangeHouse();
  for (const typ of ["at+jwt", "JWT", undefined, "application/at+jwt", "client-authentication+jwt"]) {
    const token = roleToken({}, {}, { typ });
    expectRefused(await house.ask({ actor_token: token }), house, "invalid_request", untrusted);
    const asId = { subject_token: token, subject_token_type: tokenType("id_token") };
    expectRefused(await house.ask(asId), house, "invalid_request", untrusted);
    const assertion = {
      client_assertion: token,
      client_assertion_type: "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
    };
    const { status, json } = await house.send(new URLSearchParams({ ...bearerForm, ...assertion }).toString());
    expect([status, json]).toEqual([401, { error: "invalid_client", error_description: tokenErrors.invalid_client }]);
  }
});
