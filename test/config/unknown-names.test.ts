/** Issue 3.9: an unknown key stops the start with its place and the nearest known key. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { stringify } from "yaml";
import { isServiceLink } from "../../src/config/environment.ts";
import { listSettings, namesAt } from "../../src/config/reference.ts";
import { load, isErrors, refused } from "./sources.ts";

/** Every section filled in, so that an unknown key can be put anywhere. */
const whole = {
  defaults: "forbidden",
  state: "/state",
  issuer: "https://chaperone.example",
  policy: {
    bundle: "/policy/bundle.tar.gz",
    signature: "required",
    signature_keys: [{ id: "author", algorithm: "ES256", public_key_file: "/author.pem" }],
  },
  keys: { kind: "jwks", path: "/keys/set.json" },
  tokens: { depth_max: 2 },
  identity: {
    unnamed_parties: "deny",
    issuers: [
      {
        issuer: "https://people.example",
        jwks_file: "/people.json",
        algorithms: ["ES256"],
        typ: { id_token: ["jwt"] },
        audiences: ["https://chaperone.example"],
        vouches_for: "subjects",
        capabilities: { path: ["capabilities"] },
        departments: { path: ["departments"] },
        roles: { path: ["realm_access", "roles"] },
        scopes: { path: ["scope"], separator: "space" },
        allowed_actors: [{ issuer: "https://agents.example", id: "agent-1" }],
      },
    ],
  },
  clients: [{ id: "agent-1", authentication: "jwks_file", jwks_file: "/agent.json" }],
  listeners: [
    {
      name: "gateway",
      address: "unix:/run/gateway.sock",
      doors: ["authorize"],
      callers: "socket",
      socket: { mode: "0660" },
    },
    {
      name: "mesh",
      address: "10.0.0.1:8181",
      doors: ["authorize"],
      callers: "mtls",
      tls: { cert_file: "/c", key_file: "/k", ca_file: "/a", allowed_names: ["URI:spiffe://mesh.example/gateway"] },
    },
  ],
  audit: { durability: "disk" },
  ledger: { kind: "memory" },
  clock: { step_back_tolerated_seconds: 5 },
  log: { level: "warn" },
};

const files = { "/author.pem": "a public key" };

interface Spot {
  readonly path: readonly (string | number)[];
  readonly setting: string;
}

function spotsOf(value: unknown, path: readonly (string | number)[] = []): Spot[] {
  if (typeof value !== "object" || value === null) return [];
  const inner = Object.entries(value).flatMap(([name, member]) =>
    spotsOf(member, [...path, Array.isArray(value) ? Number(name) : name]),
  );
  return Array.isArray(value) ? inner : [{ path, setting: path.map(String).join(".") }, ...inner];
}

function withKey({ path }: Spot, key: string): string {
  const copy: unknown = structuredClone(whole);
  let at: unknown = copy;
  for (const step of path) at = Reflect.get(Object(at), step);
  Object.defineProperty(at, key, { value: 1, enumerable: true, configurable: true, writable: true });
  return stringify(copy);
}

const lineOf = (yaml: string, key: string): number =>
  yaml.split("\n").findIndex((line) => line.replace(/^[\s-]*/, "").startsWith(`${key}:`)) + 1;

describe("an unknown key stops the start", () => {
  const spots = spotsOf(whole);

  test("the whole example itself is accepted, and has every section of the schema", () => {
    expect(isErrors(load({ yaml: stringify(whole), files }))).toBe(false);
    const sections = listSettings().filter(({ kind }) => kind === "section");
    expect(spots.length).toBeGreaterThan(sections.length);
  });

  test("wherever it stands, with its line and its path", () => {
    const key = fc
      .stringMatching(/^[a-z_][a-z0-9_-]{0,20}$/)
      .filter((name) => !listSettings().some(({ path }) => path.endsWith(`.${name}`) || path === name));
    fc.assert(
      fc.property(fc.constantFrom(...spots), key, (spot, name) => {
        const yaml = withKey(spot, name);
        const errors = refused({ yaml });
        expect(errors.map(({ code }) => code)).toEqual(["key_unknown"]);
        expect(errors[0]?.setting?.replace(/\[(\d+)\]/g, ".$1")).toBe([...spot.path, name].join("."));
        expect(errors[0]?.place).toMatch(new RegExp(`^c\\.yaml:${lineOf(yaml, name)}:\\d+$`));
      }),
    );
  });

  test.each(["__proto__", "constructor", "toString", "hasOwnProperty", "valueOf"])("%s is no way around it", (name) => {
    for (const spot of spots) {
      expect(
        refused({ yaml: withKey(spot, name) }).map(({ code, setting }) => [code, setting?.endsWith(name)]),
      ).toEqual([["key_unknown", true]]);
    }
  });

  test("__proto__ is none where names are free either", () => {
    const [issuer] = whole.identity.issuers;
    const yaml = (permissions: string): string =>
      `identity: { issuers: [${JSON.stringify(issuer).slice(0, -1)}, "permissions": ${permissions} }] }`;
    expect(isErrors(load({ yaml: yaml("{ book: ['flights:book'] }") }))).toBe(false);
    const errors = refused({ yaml: yaml("{ book: ['flights:book'], __proto__: ['flights:cancel'] }") });
    expect(errors.map(({ code, setting }) => [code, setting])).toEqual([
      ["key_unknown", "identity.issuers[0].permissions.__proto__"],
    ]);
    expect(errors[0]?.place).toMatch(/^c\.yaml:1:\d{3}$/);
  });

  test.each([
    ["polcy: {}", "did you mean policy?"],
    ["policy:\n  bundel: x", "did you mean bundle?"],
    ["listeners:\n  - adress: x", "did you mean address?"],
    ["durability: disk", "did you mean audit.durability?"],
    ["unnamed-parties: deny", "did you mean identity.unnamed_parties?"],
    ["zzzzzzzzzzzz: 1", "known here: defaults, state, issuer,"],
  ])("%j: %s", (yaml, hint) => {
    expect(refused({ yaml }).some(({ detail }) => detail.startsWith(hint))).toBe(true);
  });

  test("a credential in the file is told where it belongs, and is not quoted", () => {
    const [error] = refused({ yaml: "gateway_credential: hunter2hunter2hunter2hunter2hunter2" });
    expect(String(error)).toContain("CHAPERONE_GATEWAY_CREDENTIAL");
    expect(String(error)).not.toContain("hunter2");
  });

  test("a key that would act on a terminal is shown as an escape, and cut", () => {
    const text = String(refused({ yaml: `"\\e[2J\\u202e${"x".repeat(500)}": 1` })[0]);
    expect(text).toMatch(/^[\x20-\x7e…]+$/);
    expect(text.length).toBeLessThan(400);
  });
});

describe("an unknown CHAPERONE_ name stops the start", () => {
  test("with the nearest known name", () => {
    const errors = refused({ environment: { CHAPERONE_POLCY_BUNDLE: "x" } });
    expect(errors.map(String)).toEqual([
      '"CHAPERONE_POLCY_BUNDLE": environment_unknown: did you mean CHAPERONE_POLICY_BUNDLE?',
    ]);
  });

  test("also when its value only looks a little like a Service link", () => {
    for (const environment of [
      { CHAPERONE_PORT: "8181" },
      { CHAPERONE_ADMIN_PORT: "8282" },
      { CHAPERONE_SERVICE_HOST: "chaperone" },
      { CHAPERONE_SERVICE_PORT: "http" },
    ]) {
      expect(refused({ environment })[0]?.code).toBe("environment_unknown");
    }
  });

  test("but what Kubernetes injects for a Service is ignored", () => {
    const links = (prefix: string): Record<string, string> => ({
      [`${prefix}_SERVICE_HOST`]: "10.96.0.12",
      [`${prefix}_SERVICE_PORT`]: "8181",
      [`${prefix}_SERVICE_PORT_HTTP`]: "8181",
      [`${prefix}_PORT`]: "tcp://10.96.0.12:8181",
      [`${prefix}_PORT_8181_TCP`]: "tcp://10.96.0.12:8181",
      [`${prefix}_PORT_8181_TCP_PROTO`]: "tcp",
      [`${prefix}_PORT_8181_TCP_PORT`]: "8181",
      [`${prefix}_PORT_8181_TCP_ADDR`]: "10.96.0.12",
    });
    const environment = { ...links("CHAPERONE"), ...links("CHAPERONE_GATEWAY") };
    expect(isErrors(load({ environment }))).toBe(false);
  });

  test("and no setting has a name that a Service link could have", () => {
    const names = listSettings().flatMap(({ environment }) => environment ?? []);
    expect(names.length).toBeGreaterThan(15);
    expect(new Set(names).size).toBe(names.length);
    for (const name of names) {
      for (const value of ["10.0.0.1", "80", "tcp", "tcp://10.0.0.1:80"])
        expect(isServiceLink(name, value)).toBe(false);
    }
  });

  test("names of other programs are nobody's business here", () => {
    expect(isErrors(load({ environment: { PATH: "/bin", CHAPERONES: "x", chaperone_x: "y" } }))).toBe(false);
  });
});

test("names are known per place", () => {
  const settings = listSettings();
  expect(namesAt(settings, "audit")).toContain("durability");
  expect(namesAt(settings, "listeners[]")).toContain("address");
  expect(namesAt(settings, "listeners[].tls")).toContain("allowed_names");
  expect(namesAt(settings, "")).toContain("listeners");
});
