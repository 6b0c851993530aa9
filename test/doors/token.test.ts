/** The token endpoint: what it takes of a form, whom it believes, and what it says when it issues nothing. */
import { describe, expect, test } from "vitest";
import { parseAuthorizationDetails } from "../../src/domain/authorization-detail.ts";
import { bounds } from "../../src/domain/bounds.ts";
import type { Decision, Deny } from "../../src/domain/decision.ts";
import { ExactSet } from "../../src/domain/exact-set.ts";
import { sealGrant } from "../../src/domain/grant.ts";
import { parseIssuer } from "../../src/domain/identifiers.ts";
import type { JsonObject } from "../../src/domain/json.ts";
import { aboutOf, aboutOfPolicyReason, tokenErrors } from "../../src/doors/token-errors.ts";
import { allow, approvalRequired, deny, gatewayCredential } from "../fakes/doors-house.ts";
import { call, tcpListener } from "../fakes/open-house.ts";
import { flights, known, ownIssuer } from "../fakes/path-ports.ts";
import {
  basicHeader,
  bearerForm,
  exchangeForm,
  formType,
  openTokenHouse,
  renderForm,
  tokenType,
} from "../fakes/token-client.ts";

const unrecorded = (code: keyof typeof tokenErrors) => ({ error: code, error_description: tokenErrors[code] });

describe("a token exchange", () => {
  test("TX-11, TX-12: what is allowed comes back as RFC 8693 says, and is never cached", async () => {
    const { exchange } = await openTokenHouse();
    const answer = await exchange(exchangeForm);
    expect(answer.status).toBe(200);
    expect(answer.headers).toMatchObject({ "content-type": "application/json", "cache-control": "no-store" });
    expect(answer.json).toEqual({
      access_token: "fake.role.token",
      issued_token_type: tokenType("access_token"),
      token_type: "Bearer",
      expires_in: 60,
      scope: "flights:book flights:search",
    });
  });

  test("is asked of the same decide as every door, with the tokens, the client and what is asked", async () => {
    const { exchange, asked } = await openTokenHouse();
    await exchange({ ...exchangeForm, resource: flights, scope: "flights:book flights:search" });
    const [request] = asked;
    expect(request?.origin).toEqual({ door: "token", listener: "tcp", gateway: "with-secret" });
    expect(request?.evidence).toEqual({
      kind: "tokens",
      subject: { compact: "subject.token.text", type: "access_token" },
      actor: {
        kind: "token",
        token: { compact: "actor.token.text", type: "jwt" },
        client: { id: "with-secret", issuer: ownIssuer },
      },
      isOnwardAccepted: true,
    });
    expect(request?.audience).toBe(flights);
    expect(request?.asked.permissions.toArray()).toEqual(["flights:book", "flights:search"]);
    expect([request?.action, request?.resource, request?.context]).toEqual([undefined, undefined, {}]);
  });

  test.each(["access_token", "jwt", "id_token"])("TX-7: a subject token may be an %s", async (name) => {
    const { exchange, asked } = await openTokenHouse();
    expect((await exchange({ ...exchangeForm, subject_token_type: tokenType(name) })).status).toBe(200);
    expect(asked[0]?.evidence).toMatchObject({ subject: { type: name } });
  });

  test.each(["access_token", "jwt"])("TX-7: an %s may be asked for, and that is what is issued", async (name) => {
    const { exchange } = await openTokenHouse();
    const { json } = await exchange({ ...exchangeForm, requested_token_type: tokenType(name) });
    expect(json).toMatchObject({ issued_token_type: tokenType(name), token_type: "Bearer" });
  });

  const refused: [string, Record<string, string | string[] | undefined>][] = [
    ["TX-2: no grant type", { grant_type: undefined }],
    ["TX-2: an empty grant type", { grant_type: "" }],
    ["TX-3: no subject token", { subject_token: undefined }],
    ["TX-3: an empty subject token", { subject_token: "" }],
    ["TX-3: no subject token type", { subject_token_type: undefined }],
    ["TX-4: an actor token without a type", { actor_token_type: undefined }],
    ["TX-4: an actor token type without a token", { actor_token: undefined }],
    ["TX-10, P9: no actor, which would be impersonation", { actor_token: undefined, actor_token_type: undefined }],
    ["TX-7: a type that nobody knows", { subject_token_type: tokenType("opaque") }],
    ["TX-7: a refresh token", { subject_token_type: tokenType("refresh_token") }],
    ["TX-7: a SAML assertion", { actor_token_type: tokenType("saml2") }],
    ["TX-7: the short name of a type", { subject_token_type: "access_token" }],
    ["TX-7: an ID token asked for", { requested_token_type: tokenType("id_token") }],
    ["TX-7: a refresh token asked for", { requested_token_type: tokenType("refresh_token") }],
    ["TX-1: a parameter twice", { subject_token: ["a.b.c", "a.b.c"] }],
    ["TX-1: a grant type twice", { grant_type: [exchangeForm.grant_type, bearerForm.grant_type] }],
    ["TX-1: a scope twice", { scope: ["flights:book", "flights:search"] }],
    ["TX-1: a parameter twice, once without a value", { scope: ["flights:book", ""] }],
    ["TX-1: a parameter twice that nobody knows", { unknown: ["a", "b"] }],
  ];
  test.each(refused)("%s is an invalid_request and nothing is decided", async (_name, changes) => {
    const { exchange, asked } = await openTokenHouse();
    const answer = await exchange({ ...exchangeForm, ...changes });
    expect(answer.status).toBe(400);
    expect(answer.json).toEqual(unrecorded("invalid_request"));
    expect(asked).toEqual([]);
  });

  test.each(["password", "client_credentials", "refresh_token", "authorization_code", "__proto__"])(
    "TX-2: the grant type %s is not served",
    async (grantType) => {
      const { exchange, asked } = await openTokenHouse();
      const answer = await exchange({ ...exchangeForm, grant_type: grantType });
      expect([answer.status, answer.json]).toEqual([400, unrecorded("unsupported_grant_type")]);
      expect(asked).toEqual([]);
    },
  );

  test("what it does not know is ignored and never acted on", async () => {
    const { exchange, asked } = await openTokenHouse();
    const extras = {
      assertion: "x.y.z",
      may_act: "{}",
      act: "root",
      context: "{}",
      action: "book_flight",
      sub: "root",
    };
    expect((await exchange({ ...exchangeForm, ...extras })).status).toBe(200);
    expect(asked[0]).toMatchObject({ action: undefined, context: {}, resource: undefined });
    expect(asked[0]?.evidence).toMatchObject({ subject: { compact: "subject.token.text" } });
  });

  test("a parameter without a value counts as left out", async () => {
    const { exchange, asked } = await openTokenHouse();
    expect((await exchange({ ...exchangeForm, scope: "", resource: "", authorization_details: "" })).status).toBe(200);
    expect([asked[0]?.asked.permissions.size, asked[0]?.asked.details, asked[0]?.audience]).toEqual([0, [], undefined]);
  });
});

describe("the target", () => {
  const one: [string, Record<string, string | string[]>][] = [
    ["a resource", { resource: flights }],
    ["an audience", { audience: flights }],
    ["both, when they are one", { resource: [flights, flights], audience: flights }],
    ["the details' location", { authorization_details: details([flights]) }],
  ];
  test.each(one)("TX-5: %s names it", async (_name, changes) => {
    const { exchange, asked } = await openTokenHouse();
    expect((await exchange({ ...exchangeForm, ...changes })).status).toBe(200);
    expect(asked[0]?.audience).toBe(flights);
  });

  test("TX-5: it may have a query, and an audience may be a plain name", async () => {
    const { exchange, asked } = await openTokenHouse();
    await exchange({ ...exchangeForm, resource: `${flights}?tenant=1` });
    await exchange({ ...exchangeForm, audience: "flights" });
    expect(asked.map(({ audience }) => audience)).toEqual([`${flights}?tenant=1`, "flights"]);
  });

  const none: [string, Record<string, string | string[]>][] = [
    ["two resources", { resource: [flights, "https://hotels.example"] }],
    ["two audiences", { audience: ["a", "b"] }],
    ["a resource and another audience", { resource: flights, audience: "hotels" }],
    [
      "a resource and a detail for elsewhere (RAR-7)",
      { resource: flights, authorization_details: details(["https://x"]) },
    ],
    ["details for two places", { authorization_details: details([flights, "https://hotels.example"]) }],
    ["a fragment", { resource: `${flights}#part` }],
    ["a relative reference", { resource: "/api" }],
    ["a bare name as resource", { resource: "flights" }],
    ["a space", { audience: "my flights" }],
    ["a target beyond its bound", { resource: `https://x/${"a".repeat(bounds.uriLengthMax)}` }],
  ];
  test.each(none)("TX-5: %s is an invalid_target", async (_name, changes) => {
    const { exchange, asked } = await openTokenHouse();
    const answer = await exchange({ ...exchangeForm, ...changes });
    expect([answer.status, answer.json]).toEqual([400, unrecorded("invalid_target")]);
    expect(asked).toEqual([]);
  });
});

function detail(locations: readonly string[], more: JsonObject = {}): JsonObject {
  return { type: "chaperone_action", locations, actions: ["flights:book"], ...more };
}

function details(locations: readonly string[], more?: JsonObject): string {
  return JSON.stringify([detail(locations, more)]);
}

describe("what is asked by name", () => {
  test.each([" flights:book", "flights:book ", "a  b", "a\tb", "flüge", 'a"b', "a\\b", "a\u0000"])(
    "P29: the scope %j is an invalid_scope",
    async (scope) => {
      const { exchange, asked } = await openTokenHouse();
      expect((await exchange({ ...exchangeForm, scope })).json).toEqual(unrecorded("invalid_scope"));
      expect(asked).toEqual([]);
    },
  );

  test("P29: a scope twice is asked once, and too many are none", async () => {
    const { exchange, asked } = await openTokenHouse();
    await exchange({ ...exchangeForm, scope: "a a" });
    expect(asked[0]?.asked.permissions.toArray()).toEqual(["a"]);
    const many = Array.from({ length: bounds.setSizeMax + 1 }, (_each, at) => `s${at}`).join(" ");
    expect((await exchange({ ...exchangeForm, scope: many })).json).toEqual(unrecorded("invalid_scope"));
  });

  test("RAR-4: authorization details are asked beside the scope", async () => {
    const { exchange, asked } = await openTokenHouse();
    const tied = details([flights], { constraints: { max_amount: { amount: "600.00", currency: "EUR" } } });
    await exchange({ ...exchangeForm, scope: "flights:search", authorization_details: tied });
    expect(asked[0]?.asked.permissions.toArray()).toEqual(["flights:search"]);
    expect(asked[0]?.asked.details[0]?.permissions.toArray()).toEqual(["flights:book"]);
    expect(asked[0]?.asked.details[0]?.constraints.size).toBe(1);
  });

  const wrong = [
    "[]",
    "{}",
    "[",
    "null",
    "[1]",
    '[{"actions":["a"]}]',
    '[{"type":"other","actions":["a"]}]',
    '[{"type":"chaperone_action"}]',
    '[{"type":"chaperone_action","actions":"a"}]',
    '[{"type":"chaperone_action","actions":["a"],"privileges":["root"]}]',
    '[{"type":"chaperone_action","actions":["a"],"constraints":{"max_speed":{}}}]',
    '[{"type":"chaperone_action","type":"chaperone_action","actions":["a"]}]',
    '[{"type":"chaperone_action","actions":["a"],"__proto__":{}}]',
    "[".repeat(200),
  ];
  test.each(wrong)("RAR-1, RAR-2: %s are no authorization details", async (text) => {
    const { exchange, asked } = await openTokenHouse();
    const answer = await exchange({ ...exchangeForm, authorization_details: text });
    expect([answer.status, answer.json]).toEqual([400, unrecorded("invalid_authorization_details")]);
    expect(asked).toEqual([]);
  });

  test("RAR-5: the answer says which details were granted, and no scope where all have strings attached", async () => {
    const tied = detail([flights], { identifier: "LH400" });
    if (allow.outcome !== "allow") return expect.unreachable();
    const grant = sealGrant({
      ...allow.grant,
      permissions: ExactSet.of([]),
      details: known(parseAuthorizationDetails([tied])),
    });
    const { exchange } = await openTokenHouse({ ...allow, grant });
    const { json } = await exchange(exchangeForm);
    expect(json["authorization_details"]).toEqual([tied]);
    expect(json).not.toHaveProperty("scope");
  });
});

describe("the jwt-bearer grant", () => {
  test("JB-1: one assertion, and the client acts", async () => {
    const { exchange, asked } = await openTokenHouse();
    const answer = await exchange({ ...bearerForm, scope: "flights:book" });
    expect(answer.status).toBe(200);
    expect(answer.json).toMatchObject({ access_token: "fake.role.token", token_type: "Bearer", expires_in: 60 });
    expect(answer.json).not.toHaveProperty("issued_token_type");
    expect(asked[0]?.evidence).toEqual({
      kind: "tokens",
      subject: { compact: "assertion.token.text", type: "jwt" },
      actor: { kind: "client", client: { id: "with-secret", issuer: ownIssuer } },
      isOnwardAccepted: true,
    });
  });

  test("JB-10: Entra's clients say that it is on behalf of somebody", async () => {
    const { exchange } = await openTokenHouse();
    expect((await exchange({ ...bearerForm, requested_token_use: "on_behalf_of" })).status).toBe(200);
    const other = await exchange({ ...bearerForm, requested_token_use: "as_myself" });
    expect(other.json).toEqual(unrecorded("invalid_request"));
  });

  test.each([{ assertion: undefined }, { assertion: "" }, { assertion: ["a.b.c", "d.e.f"] }])(
    "JB-1: not exactly one assertion, as in %o, is an invalid_request",
    async (changes) => {
      const { exchange, asked } = await openTokenHouse();
      expect((await exchange({ ...bearerForm, ...changes })).json).toEqual(unrecorded("invalid_request"));
      expect(asked).toEqual([]);
    },
  );

  test("an actor token beside it makes nobody else the actor", async () => {
    const { exchange, asked } = await openTokenHouse();
    await exchange({ ...bearerForm, actor_token: "a.b.c", actor_token_type: tokenType("jwt") });
    expect(asked[0]?.evidence).toMatchObject({ actor: { kind: "client" } });
  });
});

describe("what is not allowed", () => {
  const denyAs = (code: Deny["code"], reasons: Deny["reasons"] = []): Decision => ({ ...deny, code, reasons });
  const errorFor = { scope: "invalid_scope", target: "invalid_target" } as const;

  test.each(Object.entries(aboutOf))("TX-9, JB-8: %s is about %s, and says no more than that", async (code, about) => {
    const decision = denyAs(known(Object.keys(aboutOf).find((each): each is Deny["code"] => each === code)));
    const { exchange } = await openTokenHouse(decision);
    const [exchanged, asserted] = [await exchange(exchangeForm), await exchange(bearerForm)];
    const expected = (fallback: "invalid_request" | "invalid_grant") =>
      about === "refused" ? fallback : errorFor[about];
    expect([exchanged.status, asserted.status]).toEqual([400, 400]);
    expect(exchanged.json).toEqual({ ...unrecorded(expected("invalid_request")), decision_id: "decision-1" });
    expect(asserted.json).toEqual({ ...unrecorded(expected("invalid_grant")), decision_id: "decision-1" });
    expect(exchanged.headers["cache-control"]).toBe("no-store");
  });

  test("TX-9: an approval that is required is no token", async () => {
    const { exchange } = await openTokenHouse(approvalRequired);
    const answer = await exchange(exchangeForm);
    expect(answer.status).toBe(400);
    expect(answer.json).toEqual({ ...unrecorded("invalid_request"), decision_id: "decision-1" });
    expect((await exchange(bearerForm)).json).toMatchObject({ error: "invalid_grant" });
  });

  test.each([...aboutOfPolicyReason])("the shipped policy's %s is about %s, alone", async (code, about) => {
    const reason = { code, message: "secret words" };
    const alone = await openTokenHouse(denyAs("policy_denied", [reason, reason]));
    const { json } = await alone.exchange(exchangeForm);
    expect(json["error"]).toBe(about === "target" ? "invalid_target" : "invalid_scope");
    const beside = await openTokenHouse(denyAs("policy_denied", [reason, { code: "time_window", message: "x" }]));
    expect((await beside.exchange(exchangeForm)).json).toMatchObject({ error: "invalid_request" });
  });

  test("a policy's reason named like a member of every object is about nothing", async () => {
    for (const code of ["constructor", "to_string", "__proto__"]) {
      const { exchange } = await openTokenHouse(denyAs("policy_denied", [{ code, message: "x" }]));
      expect((await exchange(exchangeForm)).json).toMatchObject({ error: "invalid_request" });
    }
  });

  test("P33: neither the policy's words nor a token stand in the answer", async () => {
    const { exchange } = await openTokenHouse(denyAs("policy_denied", [{ code: "guard", message: "secret words" }]));
    const { text } = await exchange({ ...exchangeForm, subject_token: "very.secret.token" });
    expect(text).not.toMatch(/secret|guard|policy/);
  });
});

describe("the form", () => {
  const types = [
    "application/json",
    "text/plain",
    "multipart/form-data; boundary=x",
    "",
    "application/x-www-form-urlencoded; charset=latin1",
  ];
  test.each(types)("TX-1: a body that says it is %j is refused", async (type) => {
    const { send, asked, house } = await openTokenHouse();
    const answer = await send(renderForm(exchangeForm), { ...basicHeader(), "content-type": type });
    expect([answer.status, answer.json]).toEqual([400, unrecorded("invalid_request")]);
    expect(house.turnedAway).toEqual(["media_type_unsupported"]);
    expect(asked).toEqual([]);
  });

  test("its type may name its charset", async () => {
    const { exchange } = await openTokenHouse();
    const answer = await exchange(exchangeForm, { "content-type": "application/x-www-form-urlencoded;charset=UTF-8" });
    expect(answer.status).toBe(200);
  });

  test("one that is too large is 413, and never read to its end", async () => {
    const { exchange, house } = await openTokenHouse();
    const answer = await exchange({ ...exchangeForm, subject_token: "a".repeat(bounds.bodyBytesMax) });
    expect([answer.status, answer.json]).toEqual([413, unrecorded("invalid_request")]);
    expect(answer.headers.connection).toBe("close");
    expect(house.turnedAway).toEqual(["body_too_large"]);
  });

  const good = renderForm(exchangeForm);
  const broken: [string, string | Uint8Array][] = [
    ["an escape that is cut", `${good}&scope=%4`],
    ["an escape that is none", `${good}&scope=%zz`],
    ["bytes that are no UTF-8", `${good}&scope=%ff%fe`],
    ["an overlong encoding", `${good}&scope=%c0%af`],
    ["half a surrogate pair", `${good}&scope=%ed%a0%80`],
    ["raw bytes beyond ASCII", Buffer.from(`${good}&scope=\u00fc`, "utf8")],
    ["a raw line break", `${good}\n`],
    ["a raw space", `${good}&scope=a b`],
    ["too many parameters", `${good}&${Array.from({ length: 64 }, (_each, at) => `p${at}=1`).join("&")}`],
    ["a scope that would stand behind the last one read", `${good}${"&".repeat(60)}&scope=flights:search`],
    ["a second subject token behind many empty ones", `${good}${"&".repeat(65)}subject_token=other`],
    ["a name that is spelled in two ways", `${good}&subject%5Ftoken=other`],
    ["nothing", ""],
    ["JSON", '{"grant_type":"x"}'],
  ];
  test.each(broken)("%s is an invalid_request", async (_name, body) => {
    const { send, asked } = await openTokenHouse();
    const answer = await send(body, basicHeader());
    expect([answer.status, answer.json]).toEqual([400, unrecorded("invalid_request")]);
    expect(asked).toEqual([]);
  });

  test("TX-1: only POST is taken, and only at the path itself", async () => {
    const { address } = await openTokenHouse();
    const got = await call(address, { path: "/oauth2/token" });
    expect([got.status, got.headers.allow]).toEqual([405, "POST"]);
    const query = await call(address, {
      path: "/oauth2/token?scope=a",
      body: good,
      headers: { ...formType, ...basicHeader() },
    });
    expect(query.status).toBe(404);
  });

  test("a web page may not send it", async () => {
    const { exchange, asked } = await openTokenHouse();
    expect((await exchange(exchangeForm, { origin: "https://evil.example" })).status).toBe(403);
    expect(asked).toEqual([]);
  });
});

describe("where it is served", () => {
  test("nowhere, when no client is configured, and metadata does not say otherwise", async () => {
    const { address, exchange } = await openTokenHouse(allow, { clients: undefined });
    expect((await exchange(exchangeForm)).status).toBe(404);
    const { json } = await call(address, { path: "/.well-known/oauth-authorization-server" });
    expect(json).not.toHaveProperty("token_endpoint");
    expect(json["grant_types_supported"]).toEqual([]);
  });

  test("MD-8: metadata says what is on", async () => {
    const { address } = await openTokenHouse();
    const { json } = await call(address, { path: "/.well-known/oauth-authorization-server" });
    expect(json).toEqual({
      issuer: "http://localhost:8181",
      jwks_uri: "http://localhost:8181/.well-known/jwks.json",
      response_types_supported: [],
      token_endpoint: "http://localhost:8181/oauth2/token",
      grant_types_supported: [exchangeForm.grant_type, bearerForm.grant_type],
      token_endpoint_auth_methods_supported: [
        "client_secret_basic",
        "client_secret_post",
        "private_key_jwt",
        "tls_client_auth",
      ],
      token_endpoint_auth_signing_alg_values_supported: ["ES256", "EdDSA", "Ed25519", "PS256", "RS256"],
      authorization_details_types_supported: ["chaperone_action"],
    });
  });

  test("MD-8: metadata is silent where no listener serves it, though clients are configured", async () => {
    const { address } = await openTokenHouse(allow, {}, tcpListener({ doors: ["public"] }));
    const { json } = await call(address, { path: "/.well-known/oauth-authorization-server" });
    expect(json).not.toHaveProperty("token_endpoint");
    expect(json).not.toHaveProperty("token_endpoint_auth_methods_supported");
  });

  test("MD-1: below an issuer's path, and where metadata says", async () => {
    const issuer = known(parseIssuer("https://chaperone.example/tenant/"));
    const { address } = await openTokenHouse(allow, { issuer });
    const { json } = await call(address, { path: "/.well-known/oauth-authorization-server/tenant" });
    expect(json["token_endpoint"]).toBe("https://chaperone.example/tenant/oauth2/token");
    const form = { body: renderForm(exchangeForm), headers: { ...formType, ...basicHeader() } };
    expect((await call(address, { path: "/tenant/oauth2/token", ...form })).status).toBe(200);
    expect((await call(address, { path: "/oauth2/token", ...form })).status).toBe(404);
  });

  test("a gateway's credential is no client's", async () => {
    const { send, asked } = await openTokenHouse();
    const answer = await send(renderForm(exchangeForm), { authorization: `Bearer ${gatewayCredential}` });
    expect(answer.status).toBe(401);
    expect(asked).toEqual([]);
  });

  test("no more is in flight at once than the listener takes", async () => {
    let release = (): void => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    const decide = async (): Promise<Decision> => (await held, allow);
    const listener = tcpListener({ doors: ["token"], concurrencyMax: 1 });
    const { exchange, house } = await openTokenHouse(allow, { decide }, listener);
    const both = [exchange(exchangeForm), exchange(exchangeForm)];
    const first = await Promise.race(both);
    expect([first.status, house.turnedAway]).toEqual([429, ["busy"]]);
    release();
    expect((await Promise.all(both)).filter(({ status }) => status === 200)).toHaveLength(1);
    expect((await exchange(exchangeForm)).status).toBe(200);
  });
});
