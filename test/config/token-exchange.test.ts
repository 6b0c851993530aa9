/** Issuers and clients as an operator writes them, and what stops the start. */
import { describe, expect, test } from "vitest";
import { withoutSecrets } from "../../src/config/index.ts";
import { credential, loaded, refused } from "./sources.ts";

const tokenListener = `listeners: [{ name: exchange, address: "127.0.0.1:8184", doors: [token], callers: open }]\n`;
const vouchingListener = `listeners: [{ name: local, address: "unix:/run/s", doors: [token], callers: socket, client_field: X-Client }]
`;
const vouchedClient = "clients: [{ id: agent-1, authentication: vouched }]\n";
const people = `identity:
  issuers:
    - { issuer: "https://people.example", jwks_file: /people.json, algorithms: [ES256], audiences: [us], vouches_for: subjects }
`;

describe("whose tokens are evidence", () => {
  test("nobody's, while no issuer is listed and no token door is served", () => {
    expect(loaded({ yaml: "log: { level: info }" }).issuers).toEqual([]);
  });

  test("our own beside every listed issuer, and with a token door alone", () => {
    const kindsOf = (yaml: string) => loaded({ yaml }).issuers.map(({ kind }) => kind);
    expect(kindsOf(people)).toEqual(["oidc", "chaperone"]);
    expect(kindsOf(vouchingListener + vouchedClient)).toEqual(["chaperone"]);
  });

  test("an issuer says nothing, lets nobody act and has the kinds of its profile, unless it is told", () => {
    expect(loaded({ yaml: people }).issuers[0]).toMatchObject({
      keys: { kind: "static", jwks: "/people.json" },
      kinds: {},
      multipleAudiences: "refuse",
      capabilities: undefined,
      roles: undefined,
      permissions: {},
      allowedActors: [],
      actorIssuers: [],
    });
  });

  test("an issuer without audience or algorithms stops the start", () => {
    const yaml = "identity: { issuers: [{ issuer: 'https://people.example', vouches_for: subjects }] }";
    expect(refused({ yaml }).map(({ setting }) => setting)).toEqual(
      ["algorithms", "audiences"].map((name) => `identity.issuers[0].${name}`),
    );
  });

  const withKeys = (keys: string): string => people.replace("jwks_file: /people.json", keys);

  test("its keys come from a file, a URL or its discovery document", () => {
    const keysOf = (yaml: string) => loaded({ yaml }).issuers[0];
    expect(keysOf(people)).toHaveProperty("keys", { kind: "static", jwks: "/people.json" });
    const times = { refreshSeconds: 300, staleSeconds: 3600 };
    const url = "https://people.example/keys";
    expect(keysOf(withKeys(`jwks_url: "${url}"`))).toHaveProperty("keys", { kind: "remote", url, ...times });
    const changed = "discovery: true, jwks_refresh_seconds: 60, jwks_stale_seconds: 60";
    expect(keysOf(withKeys(changed))).toHaveProperty("keys", {
      kind: "discovery",
      refreshSeconds: 60,
      staleSeconds: 60,
    });
  });

  test.each([
    ["from nowhere", "leeway_seconds: 1", "jwks_file"],
    ["from two places", "jwks_file: /people.json, discovery: true", "jwks_file"],
    ["from two others", 'jwks_url: "https://people.example/keys", discovery: true', "jwks_file"],
    ["by a discovery that is switched off", "discovery: false", "discovery"],
    ["asked for all the time", "discovery: true, jwks_refresh_seconds: 1", "jwks_refresh_seconds"],
    [
      "hardly ever asked for",
      "discovery: true, jwks_stale_seconds: 7200, jwks_refresh_seconds: 3601",
      "jwks_refresh_seconds",
    ],
    ["kept for ever", "discovery: true, jwks_stale_seconds: 86401", "jwks_stale_seconds"],
    ["too old before they are asked for", "discovery: true, jwks_stale_seconds: 299", "jwks_stale_seconds"],
  ])("keys %s stop the start", (_name, keys, setting) => {
    const errors = refused({ yaml: withKeys(keys) });
    expect(errors.map(({ code, setting: at }) => [code, at])).toEqual([
      ["value_invalid", `identity.issuers[0].${setting}`],
    ]);
    expect(errors[0]?.place).toMatch(/^c\.yaml:3:/);
  });
});

describe("a client", () => {
  const secret = "a-client-secret-for-tests-0123456789abc";
  const client = (settings: string): string => `clients: [{ id: agent-1, ${settings} }]`;

  test("has its secret from a file, and is ours unless its issuer is named", () => {
    const yaml = client("authentication: secret_file, secret_file: /secret");
    expect(loaded({ yaml, files: { "/secret": `${secret}\n` } }).clients).toEqual([
      { id: "agent-1", issuer: "http://localhost:8181", authentication: { kind: "secret", secret } },
    ]);
  });

  test("is able to do by itself what it is told to be, and nothing unless it is told", () => {
    const able = client("authentication: vouched, capabilities: [book_flight, search_flights]");
    expect(loaded({ yaml: able }).clients).toMatchObject([{ capabilities: ["book_flight", "search_flights"] }]);
    expect(loaded({ yaml: client("authentication: vouched") }).clients[0]).not.toHaveProperty("capabilities");
    const malformed = client('authentication: vouched, capabilities: ["book flight"]');
    expect(refused({ yaml: malformed }).map(({ code }) => code)).toEqual(["value_invalid"]);
  });

  test("is shown and put on record without its secret", () => {
    const yaml = client("authentication: secret_file, secret_file: /secret");
    const shown = JSON.stringify(withoutSecrets(loaded({ yaml, files: { "/secret": secret } })));
    expect(shown).toContain('"authentication":{"kind":"secret"}');
    expect(shown).not.toContain(secret);
  });

  test("is shown and put on record with what it is able to do: a start with more is another start", () => {
    const shown = (settings: string): string => JSON.stringify(withoutSecrets(loaded({ yaml: client(settings) })));
    const able = shown("authentication: vouched, capabilities: [book_flight]");
    expect(able).toContain('"capabilities":["book_flight"]');
    expect(able).not.toBe(shown("authentication: vouched"));
  });

  test.each([
    ["without what its way needs", client("authentication: jwks_file"), "settings_conflict"],
    ["with a second way beside its own", client("authentication: vouched, jwks_file: /keys"), "settings_conflict"],
    ["whose secret cannot be read", client("authentication: secret_file, secret_file: /none"), "credential_unreadable"],
    ["whose secret is a person's", client("authentication: secret_file, secret_file: /short"), "credential_invalid"],
    ["with the gateway's secret", client("authentication: secret_file, secret_file: /same"), "credential_conflict"],
    ["with a certificate name of no type", client("authentication: certificate, certificate: agent"), "value_invalid"],
    [
      "of the same name as another",
      "clients: [{ id: a, authentication: vouched }, { id: a, authentication: vouched }]",
      "settings_conflict",
    ],
  ])("%s stops the start, and no secret is quoted", (_name, yaml, code) => {
    const files = { "/short": "hunter2", "/same": credential, "/keys": "{}" };
    const errors = refused({ yaml, files, environment: { CHAPERONE_GATEWAY_CREDENTIAL: credential } });
    expect(errors.map((error) => error.code)).toEqual([code]);
    expect(errors.join("\n")).not.toMatch(/hunter2|gateway-credential/);
  });
});

describe("a client whose way no listener takes stops the start: it could never ask, and the metadata would name its way", () => {
  const byCertificate = "clients: [{ id: agent-1, authentication: certificate, certificate: 'URI:spiffe://a' }]\n";
  const tls = "tls: { cert_file: /c, key_file: /k, ca_file: /a, allowed_names: ['URI:spiffe://g'] }";
  const meshListener = `listeners: [{ name: mesh, address: "127.0.0.1:8184", doors: [token], callers: mtls, ${tls} }]\n`;
  const otherMesh = meshListener.replace("[token]", "[authorize]").replace("listeners: [", ", ").replace("]\n", "");

  test.each([
    [
      "a certificate without TLS",
      tokenListener + byCertificate,
      "authentication: no listener with the door token has tls",
    ],
    [
      "a certificate, with TLS where another door is",
      tokenListener.replace("]\n", `${otherMesh}]\n`).replace("8184", "8185") + byCertificate,
      "authentication: no listener with the door token has tls",
    ],
    [
      "a gateway's word without a field for it",
      meshListener + vouchedClient,
      "authentication: no listener with the door token declares a client_field",
    ],
  ])("%s", (_name, yaml, detail) => {
    expect(refused({ yaml }).map((error) => [error.code, error.detail])).toEqual([["settings_conflict", detail]]);
  });

  test("and one that a listener takes does not", () => {
    expect(loaded({ yaml: meshListener + byCertificate }).clients).toHaveLength(1);
  });
});

describe("a listener with the token door", () => {
  const listener = (settings: string): string => `listeners: [{ name: exchange, ${settings} }]\n`;

  test("needs clients", () => {
    expect(refused({ yaml: tokenListener }).map(({ detail }) => detail)).toEqual(["doors: token needs clients"]);
  });

  test("is not opened to a network in the clear", () => {
    const yaml = listener(`address: "0.0.0.0:8184", doors: [token], callers: open`) + vouchedClient;
    expect(refused({ yaml }).map(({ detail }) => detail)).toEqual([expect.stringMatching(/^address: /)]);
  });

  test.each([
    ["open to everybody", `address: "127.0.0.1:8184", doors: [token], callers: open, client_field: X-Client`],
    ["without the door", `address: "unix:/run/s", doors: [authorize], callers: socket, client_field: X-Client`],
    ["in a header of others", `address: "unix:/run/s", doors: [token], callers: socket, client_field: From`],
  ])("lets no header name a client: %s", (_name, settings) => {
    expect(refused({ yaml: listener(settings) + vouchedClient }).join("\n")).toMatch(/client_field/);
  });

  test("lets the gateway at its socket name one, in the declared field", () => {
    expect(loaded({ yaml: vouchingListener + vouchedClient }).listeners[0]).toMatchObject({ clientField: "X-Client" });
  });
});
