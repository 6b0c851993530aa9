/** DESIGN §6: what is built in applies only when nothing was configured, says so, and can be forbidden. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { credential, loaded, operatorCredential, refused } from "./sources.ts";

const founded = "issuer: https://chaperone.example\npolicy: {bundle: /p}\nkeys: {kind: jwks, path: /k}\n";

describe("without any configuration", () => {
  const config = loaded({});

  test("the built-in issuer, policy and key are used and named", () => {
    expect(config.tokens.issuer).toBe("http://localhost:8181");
    expect(config.tokens.keySet).toEqual({ kind: "development", folder: ".chaperone/keys" });
    expect(config.developmentDefaults).toHaveLength(3);
    expect(config.developmentDefaults.join()).toMatch(/issuer.*sample policy.*generated signing key/);
  });

  test("it listens where DESIGN says, and nowhere else", () => {
    expect(config.listeners.map(({ name, doors, callers }) => [name, doors, callers.kind])).toEqual([
      ["gateway", ["authorize"], "socket"],
      ["gateway-tcp", ["authorize", "public"], "credential"],
      ["admin", ["admin"], "open"],
      ["probe", ["probe"], "open"],
    ]);
    expect(config.listeners.map(({ address }) => address)).toEqual([
      { kind: "unix", path: ".chaperone/run/gateway.sock", socketMode: 0o600, folderMode: 0o700 },
      { kind: "tcp", host: "127.0.0.1", port: 8181 },
      { kind: "tcp", host: "127.0.0.1", port: 8282 },
      { kind: "tcp", host: "127.0.0.1", port: 8283 },
    ]);
  });

  test("nobody has a credential", () => {
    expect(config.credentials).toEqual({ gateways: [], operator: undefined });
  });

  test("socket, key and audit move with the state folder", () => {
    const { listeners, audit, tokens } = loaded({ flags: { state: "/elsewhere" } });
    expect(listeners[0]?.address).toMatchObject({ path: "/elsewhere/run/gateway.sock" });
    expect(audit.folder).toBe("/elsewhere/audit");
    expect(tokens.keySet).toEqual({ kind: "development", folder: "/elsewhere/keys" });
  });
});

describe("as soon as one of issuer, policy and keys is configured, the others are not made up", () => {
  const parts = {
    issuer: "issuer: https://c.example",
    policy: "policy: {bundle: /p}",
    keys: "keys: {kind: jwks, path: /k}",
  };
  test.each([
    ["issuer", ["policy", "keys"]],
    ["policy", ["issuer", "keys"]],
    ["keys", ["issuer", "policy"]],
  ] as const)("%s alone is refused, naming what is missing", (part, missing) => {
    const errors = refused({ yaml: parts[part] });
    expect(errors.map(({ code, setting }) => [code, setting])).toEqual(
      missing.map((name) => ["defaults_incomplete", name]),
    );
  });

  test("all three start without any development default", () => {
    const config = loaded({ yaml: founded });
    expect(config.developmentDefaults).toEqual([]);
    expect(config.policy.path).toBe("/p");
    expect(config.tokens.keySet).toEqual({ kind: "jwks", path: "/k" });
  });

  test("a policy author asks for the development key by name, which brings its issuer along and is said", () => {
    const config = loaded({ yaml: "policy: {bundle: /p}\nkeys: {kind: development}" });
    expect(config.tokens.issuer).toBe("http://localhost:8181");
    expect(config.developmentDefaults).toHaveLength(2);
  });

  test("PEM files are a folder", () => {
    const config = loaded({ yaml: founded.replace("kind: jwks", "kind: pem") });
    expect(config.tokens.keySet).toEqual({ kind: "pem", folder: "/k" });
  });

  test("a key set without a path, and a path without a kind, are refused", () => {
    expect(refused({ yaml: founded.replace(", path: /k", "") })[0]?.code).toBe("settings_conflict");
    expect(refused({ yaml: "keys: {path: /k}" })[0]?.code).toBe("settings_conflict");
  });
});

describe("`defaults: forbidden`", () => {
  test.each([
    ["", 3],
    ["policy: {bundle: /p}\nkeys: {kind: development}", 2],
    ["issuer: http://localhost:8181\npolicy: {bundle: /p}\nkeys: {kind: development}", 1],
  ])("refuses %j for each development default", (yaml, count) => {
    const errors = refused({ yaml: `defaults: forbidden\n${yaml}` });
    expect(errors.map(({ code }) => code)).toEqual(Array.from({ length: count }, () => "defaults_forbidden"));
  });

  test("starts on a complete configuration", () => {
    expect(loaded({ yaml: `defaults: forbidden\n${founded}` }).developmentDefaults).toEqual([]);
  });
});

describe("the issuer", () => {
  test.each([
    "http://chaperone.example",
    "https://chaperone.example?x=1",
    "https://chaperone.example#x",
    "https://a@chaperone.example",
    "ftp://chaperone.example",
    "urn:chaperone",
    "chaperone",
    "http://127.0.0.1.example",
  ])("%s is refused", (issuer) => {
    expect(
      refused({ yaml: founded.replace("https://chaperone.example", issuer) }).map(({ setting }) => setting),
    ).toEqual(["issuer"]);
  });

  test("a development key does not sign for an issuer that others can reach", () => {
    const yaml = "issuer: https://chaperone.example\npolicy: {bundle: /p}\nkeys: {kind: development}";
    expect(refused({ yaml }).map(({ setting, detail }) => [setting, detail])).toEqual([
      ["issuer", "this issuer needs a key set (keys.kind jwks or pem)"],
    ]);
  });

  test("public reads of a reachable issuer are not mixed into another listener", () => {
    expect(loaded({ yaml: founded }).listeners.flatMap(({ doors }) => doors)).not.toContain("public");
    const yaml = `${founded}listeners:\n  - {name: a, address: "10.0.0.1:80", doors: [public, probe], callers: open}`;
    expect(refused({ yaml })[0]?.detail).toContain("a listener of their own");
  });
});

describe("a bundle's signature", () => {
  const files = { "/author.pem": "a public key" };
  const key = "{id: author, algorithm: ES256, public_key_file: /author.pem}";

  test("is verified with keys that are read at the start", () => {
    const yaml = founded.replace("/p", `/p, signature: required, signature_keys: [${key}], signature_key_id: author`);
    expect(loaded({ yaml, files }).policy.signature).toEqual({
      mode: "required",
      keys: [{ id: "author", algorithm: "ES256", publicKey: "a public key" }],
      keyId: "author",
    });
  });

  test.each([
    ["required without keys", "signature: required"],
    ["keys without required", `signature_keys: [${key}]`],
    ["a key id that no key has", `signature: required, signature_keys: [${key}], signature_key_id: other`],
    ["a key file that is not there", `signature: required, signature_keys: [${key.replace("author.pem", "none")}]`],
  ])("%s stops the start", (_what, policy) => {
    const yaml = founded.replace("/p", `/p, ${policy}`);
    expect(refused({ yaml, files }).map(({ code, place }) => [code, place?.startsWith("c.yaml:2:")])).toEqual([
      ["settings_conflict", true],
    ]);
  });
});

describe("credentials", () => {
  const name = "CHAPERONE_GATEWAY_CREDENTIAL";
  const operator = "CHAPERONE_OPERATOR_CREDENTIAL";

  test("come as a value or as a file", () => {
    const config = loaded({
      environment: { [name]: credential, [`${operator}_FILE`]: "/secret" },
      files: { "/secret": `${operatorCredential}\n` },
    });
    expect(config.credentials.gateways.map(({ secret }) => secret)).toEqual([credential]);
    expect(config.credentials.operator).toBe(operatorCredential);
  });

  test.each([
    ["short", { [name]: "x".repeat(31) }, "credential_invalid"],
    ["empty", { [name]: "" }, "credential_invalid"],
    ["with a space", { [name]: `${credential} x` }, "credential_invalid"],
    ["with a line break", { [name]: `${credential}\n` }, "credential_invalid"],
    ["with a control character", { [name]: `${credential}\u0000` }, "credential_invalid"],
    ["twice", { [name]: credential, [`${name}_FILE`]: "/secret" }, "credential_conflict"],
    ["the operator's own", { [name]: credential, [operator]: credential }, "credential_conflict"],
    ["in a file that is not there", { [`${name}_FILE`]: "/none" }, "credential_unreadable"],
    ["in an unnamed file", { [`${name}_FILE`]: "" }, "credential_unreadable"],
  ])("one that is %s stops the start and is not quoted", (_what, environment, code) => {
    const errors = refused({ environment, files: { "/secret": credential } });
    expect(errors.map((error) => error.code)).toEqual([code]);
    expect(errors.join()).not.toContain(credential);
  });

  test("a listener or door that is configured to need one is refused without it", () => {
    const listener = (rest: string): string => `listeners:\n  - {name: a, address: "127.0.0.1:80", ${rest}}`;
    expect(refused({ yaml: listener("doors: [authorize], callers: credential") })[0]?.code).toBe("settings_conflict");
    expect(refused({ yaml: listener("doors: [admin], callers: open") })[0]?.code).toBe("settings_conflict");
  });
});

test("the pod's configuration is accepted as it ships, without any development default", () => {
  const yaml = readFileSync(join(import.meta.dirname, "../../k8s/base/chaperone.yaml"), "utf8");
  const config = loaded({ yaml, environment: { CHAPERONE_AUDIT_DURABILITY: "disk" } });
  expect(config.developmentDefaults).toEqual([]);
  expect(config.rules.unnamedParties).toBe("deny");
});

describe("listeners that cannot be", () => {
  test.each([
    ['address: "127.0.0.1:80", doors: [authorize], callers: open', "callers"],
    ['address: "127.0.0.1:80", doors: [authorize], callers: socket', "callers"],
    ['address: "127.0.0.1:80", doors: [authorize], callers: mtls', "callers"],
    ['address: "10.0.0.1:80", doors: [authorize], callers: credential', "address"],
    ['address: "[::]:80", doors: [admin], callers: open', "address"],
    ['address: "127.0.0.1:80", doors: [probe, probe], callers: open', "doors"],
    [
      'address: "unix:/s", doors: [authorize], callers: socket, tls: {cert_file: c, key_file: k, ca_file: a, allowed_names: [x]}',
      "tls",
    ],
  ])("%s", (rest, member) => {
    const environment = {
      CHAPERONE_GATEWAY_CREDENTIAL: credential,
      CHAPERONE_OPERATOR_CREDENTIAL: operatorCredential,
    };
    const [error, ...others] = refused({ yaml: `listeners:\n  - {name: a, ${rest}}`, environment });
    expect(others).toEqual([]);
    expect([error?.code, error?.place, error?.detail.split(":")[0]]).toEqual([
      "settings_conflict",
      "c.yaml:2:5",
      member,
    ]);
  });

  test("two of one name or on one address", () => {
    const one = '  - {name: a, address: "127.0.0.1:80", doors: [probe], callers: open}\n';
    expect(refused({ yaml: `listeners:\n${one}${one}` }).map(({ detail }) => detail.split(":")[0])).toEqual([
      "name",
      "address",
    ]);
  });
});
