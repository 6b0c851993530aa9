/**
 * The metadata of a served sidecar (RFC 8414) says what its configuration has on: all of it and nothing else. A client
 * that reads it can do what it says.
 */
import { clockSkew } from "oauth4webapi";
import * as openid from "openid-client";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { findFreePort } from "../fakes/free-port.ts";
import { call, meshFile } from "../fakes/open-house.ts";
import {
  agentsIssuer,
  clientKeyId,
  issuerSettings,
  makeIdentities,
  nextSecond,
  type ServedIdentities,
} from "../fakes/served-identities.ts";
import { assertionAlgorithms, servedMetadata } from "../fakes/served-metadata.ts";
import { bearerForm, formType, renderForm } from "../fakes/token-client.ts";
import { root } from "../house/source-tree.ts";
import { makeFolder, serve, type ServedHouse } from "./served-house.ts";

interface Served {
  readonly folder: ReturnType<typeof makeFolder>;
  readonly issuer: string;
  readonly origin: string;
  readonly house: ServedHouse;
  readonly identities: ServedIdentities;
}

interface Setting {
  /** Of the issuer; empty: it has none. */
  readonly path?: string;
  readonly clients: readonly string[];
  readonly doors?: string;
  /** Beside the public listener. */
  readonly listeners?: readonly string[];
}

const byKeys = `{ id: travel-planner, issuer: "${agentsIssuer}", authentication: jwks_file, jwks_file: gateway.jwks.json, capabilities: [book_flight] }`;
const vouched = `{ id: vouched-for, authentication: vouched }`;
const tls = `tls: { cert_file: "${meshFile("server")}", key_file: "${meshFile("server-key")}", ca_file: "${meshFile("ca")}", allowed_names: ["URI:spiffe://mesh.example/gateway"] }`;
const mesh = `{ name: mesh, address: "127.0.0.1:0", doors: [token], callers: mtls, client_field: X-Client, ${tls} }`;

const settings = {
  closed: { clients: [], doors: "public" },
  words: { clients: [vouched], doors: "public", listeners: [mesh] },
  tenant: { clients: [byKeys], path: "/tenant" },
} satisfies Readonly<Record<string, Setting>>;

type Name = keyof typeof settings;
const served = new Map<string, Served>();

async function start({ path = "", clients, doors = "token, public", listeners = [] }: Setting): Promise<Served> {
  const folder = makeFolder();
  const port = await findFreePort();
  const origin = `http://127.0.0.1:${port}`;
  const issuer = `${origin}${path}`;
  const identities = await makeIdentities(folder.path, issuer);
  const own = `{ name: own, address: "127.0.0.1:${port}", doors: [${doors}], callers: open }`;
  const placed = clients.map((client) => client.replaceAll(/(_file: )(\w)/g, `$1${folder.path}/$2`));
  const yaml = `${[own, ...listeners].map((listener) => `  - ${listener}\n`).join("")}issuer: "${issuer}"
policy: { bundle: "${root}/bundle/default.tar.gz" }
keys: { kind: development }
${issuerSettings(folder.path, issuer)}
clients: [${placed.join(", ")}]
`;
  return { folder, issuer, origin, identities, house: await serve(folder.path, yaml) };
}

beforeAll(async () => {
  await Promise.all(Object.entries(settings).map(async ([name, setting]) => served.set(name, await start(setting))));
  await nextSecond();
});

afterAll(async () => {
  await Promise.all([...served.values()].map(({ house }) => house.kill()));
  for (const { folder } of served.values()) folder.remove();
});

function find(name: Name): Served {
  const found = served.get(name);
  if (found === undefined) throw new Error(`${name} is not served`);
  return found;
}

async function read(name: Name, path = "") {
  return call(find(name).origin, { path: `/.well-known/oauth-authorization-server${path}` });
}

describe("the metadata", () => {
  test("of a sidecar without a token door names keys and no endpoint, and there is none", async () => {
    const { issuer, origin } = find("closed");
    const { status, headers, json } = await read("closed");
    expect([status, headers["content-type"]]).toEqual([200, "application/json; charset=utf-8"]);
    expect(json).toEqual({
      issuer,
      jwks_uri: `${origin}/.well-known/jwks.json`,
      response_types_supported: [],
      grant_types_supported: [],
    });
    const body = renderForm(bearerForm);
    expect((await call(origin, { path: "/oauth2/token", body, headers: formType })).status).toBe(404);
  });

  test("says that there is no way for a client by itself where gateways vouch for all of them", async () => {
    // Left out, it would mean client_secret_basic (RFC 8414 §2).
    const { issuer, origin } = find("words");
    expect((await read("words")).json).toEqual(servedMetadata(issuer, origin, { methods: [] }));
  });

  test("MD-1: of an issuer with a path stands between host and path, and nowhere else", async () => {
    const { issuer, origin } = find("tenant");
    const { json } = await read("tenant", "/tenant");
    expect(json).toEqual({
      ...servedMetadata(issuer, origin, { methods: ["private_key_jwt"], algorithms: assertionAlgorithms }),
      jwks_uri: `${origin}/.well-known/jwks.json/tenant`,
    });
    expect((await read("tenant")).status).toBe(404);
    expect((await read("words", "/tenant")).status).toBe(404);
    const behind = await call(origin, { path: "/tenant/.well-known/oauth-authorization-server" });
    expect(behind.status).toBe(404);
  });
});

test("a client that reads nothing else gets its token, also from an issuer with a path", async () => {
  const { issuer, identities } = find("tenant");
  const proof = openid.PrivateKeyJwt({ key: identities.clientKey, kid: clientKeyId });
  const config = await openid.discovery(new URL(issuer), "travel-planner", { [clockSkew]: 5 }, proof, {
    algorithm: "oauth2",
    execute: [openid.allowInsecureRequests],
  });
  const staff = { departments: ["Operations"], realm: { roles: ["Director"] } };
  const mayAct = { iss: agentsIssuer, sub: "travel-planner" };
  const assertion = await identities.person({ sub: "alice", ...staff, may_act: mayAct });
  const grantType = "urn:ietf:params:oauth:grant-type:jwt-bearer";
  expect(await openid.genericGrantRequest(config, grantType, { assertion })).toMatchObject({ scope: "flights:book" });
});
