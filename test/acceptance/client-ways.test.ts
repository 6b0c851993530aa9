/**
 * Each way for a client to prove itself, by a standard client through a served sidecar; and the same sidecar after a
 * restart, when nothing is known any more of what was used before.
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  allowInsecureRequests,
  type AuthorizationServer,
  type ClientAuth,
  ClientSecretBasic,
  ClientSecretPost,
  clockSkew,
  customFetch,
  genericTokenEndpointRequest,
  None,
  PrivateKeyJwt,
  TlsClientAuth,
} from "oauth4webapi";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { isJsonObject, type JsonObject } from "../../src/domain/json.ts";
import { textOf } from "../fakes/gateway.ts";
import { fetchThrough, type Way } from "../fakes/listener-fetch.ts";
import { call, meshFile } from "../fakes/open-house.ts";
import {
  agentsIssuer,
  clientKeyId,
  here,
  issuerSettings,
  makeIdentities,
  nextSecond,
  type ServedIdentities,
} from "../fakes/served-identities.ts";
import { assertionAlgorithms, servedMetadata } from "../fakes/served-metadata.ts";
import { formType } from "../fakes/token-client.ts";
import { gatewayCredential, makeFolder, readRecords, serve, type ServedHouse } from "./served-house.ts";

const flights = "https://flights.example/api";
const exchange = "urn:ietf:params:oauth:grant-type:token-exchange";
const accessToken = "urn:ietf:params:oauth:token-type:access_token";
const as: AuthorizationServer = { issuer: here, token_endpoint: `${here}/oauth2/token` };
const secret = "a+secret/of-the.test~and_of-32-characters";
const field = "x-oauth-client";
const agentCertificate = "URI:spiffe://mesh.example/ns/edge/sa/agent";
const gatewayCertificate = "URI:spiffe://mesh.example/ns/edge/sa/gateway";

const folder = makeFolder();
let house: ServedHouse;
let identities: ServedIdentities;

function settings(): string {
  const socket = (name: string): string => `unix:${folder.path}/${name}/token.sock`;
  const tls = (names: string): string =>
    `tls: { cert_file: "${meshFile("server")}", key_file: "${meshFile("server-key")}", ca_file: "${meshFile("ca")}", allowed_names: ["${names}"] }`;
  return `  - { name: exchange, address: "127.0.0.1:0", doors: [token], callers: open }
  - { name: credential, address: "127.0.0.1:0", doors: [token], callers: credential }
  - { name: local, address: "${socket("local")}", doors: [token], callers: socket, gateway: edge, client_field: ${field} }
  - { name: plain, address: "${socket("plain")}", doors: [token], callers: socket }
  - { name: mesh, address: "127.0.0.1:0", doors: [token], callers: open, ${tls(gatewayCertificate)} }
  - { name: mesh-gateway, address: "127.0.0.1:0", doors: [token], callers: mtls, client_field: ${field}, ${tls(gatewayCertificate)} }
${issuerSettings(folder.path)}
clients:
  - { id: with-secret, authentication: secret_file, secret_file: "${folder.path}/client.secret" }
  - { id: with-keys, authentication: jwks_file, jwks_file: "${folder.path}/gateway.jwks.json" }
  - { id: with-certificate, authentication: certificate, certificate: "${agentCertificate}" }
  - { id: vouched-for, authentication: vouched }
`;
}

beforeAll(async () => {
  identities = await makeIdentities(folder.path);
  writeFileSync(join(folder.path, "client.secret"), secret);
  house = await serve(folder.path, settings());
  await nextSecond();
});

afterAll(async () => {
  await house.kill();
  folder.remove();
});

interface Shown extends Way {
  readonly id: string;
  readonly by: ClientAuth;
  readonly listener: string;
}

type Changes = Readonly<Record<string, string>>;

/** `actor` and whatever else is not as it usually is. */
async function parameters({ actor = "travel-planner", ...changes }: Changes = {}): Promise<Record<string, string>> {
  const mayAct = { iss: agentsIssuer, sub: "travel-planner" };
  const staff = { departments: ["Operations"], realm: { roles: ["Director"] } };
  return {
    subject_token: await identities.person({ sub: "alice", ...staff, may_act: mayAct }),
    subject_token_type: accessToken,
    actor_token: await identities.agent({ sub: actor, capabilities: "book_flight search_flights" }),
    actor_token_type: accessToken,
    resource: flights,
    ...changes,
  };
}

async function ask({ id, by, listener, ...way }: Shown): Promise<Response> {
  return genericTokenEndpointRequest(as, { client_id: id, [clockSkew]: 5 }, by, exchange, await parameters(), {
    [allowInsecureRequests]: true,
    [customFetch]: fetchThrough(house.url(listener), way),
  });
}

async function read(response: Response): Promise<JsonObject> {
  const json: unknown = await response.json();
  return isJsonObject(json) ? json : {};
}

/** What every client that did not prove itself gets. */
async function expectStranger(asked: Promise<Response>, challenge: string | null = null): Promise<void> {
  const response = await asked;
  expect([response.status, response.headers.get("www-authenticate")]).toEqual([401, challenge]);
  expect(await read(response)).toEqual({
    error: "invalid_client",
    error_description: "The client did not prove who it is.",
  });
}

const basic = 'Basic realm="token"';
const wrong = "a wrong secret of more than 32 characters";
const bySecret = { id: "with-secret", by: ClientSecretBasic(secret), listener: "exchange" };
const byKey = (): Shown => ({
  id: "with-keys",
  by: PrivateKeyJwt({ key: identities.clientKey, kid: clientKeyId }),
  listener: "exchange",
});
const byCertificate = { id: "with-certificate", by: TlsClientAuth(), listener: "mesh", party: "agent" };
const vouched = { id: "vouched-for", by: None(), listener: "local", headers: { [field]: "vouched-for" } };
const vouchedByMesh = { ...vouched, listener: "mesh-gateway", party: "gateway" };

test("the metadata names every way that a client has by itself, and the algorithms of keys", async () => {
  const path = "/.well-known/oauth-authorization-server";
  const { json } = await call(house.url("gateway-tcp"), { path });
  const methods = ["client_secret_basic", "client_secret_post", "private_key_jwt", "tls_client_auth"];
  expect(json).toEqual(servedMetadata(here, here, { methods, algorithms: assertionAlgorithms }));
});

describe("a client gets its token", () => {
  const ways: [string, () => Shown, string][] = [
    ["client_secret_basic", () => bySecret, "with-secret"],
    ["client_secret_post", () => ({ ...bySecret, by: ClientSecretPost(secret) }), "with-secret"],
    ["private_key_jwt", byKey, "with-keys"],
    ["tls_client_auth", () => byCertificate, "with-certificate"],
    ["the word of the gateway at the socket", () => vouched, "edge"],
    ["the word of the gateway with a named certificate", () => vouchedByMesh, gatewayCertificate],
  ];
  test.each(ways)("by %s, and is on record beside who called", async (_name, way, caller) => {
    const shown = way();
    const answer = await ask(shown);
    expect(answer.status).toBe(200);
    const payload = decode(textOf(await read(answer), "access_token"));
    expect(payload).toMatchObject({ client_id: shown.id, sub: "alice", act: { sub: "travel-planner" } });
    const records = readRecords(join(folder.path, "state", "audit"));
    expect(records.find(({ decision_id: id }) => id === payload["decision_id"])).toMatchObject({
      outcome: "allow",
      door: "token",
      listener: shown.listener,
      gateway: caller,
      client: { id: shown.id, issuer: here },
      grant: { client_id: shown.id },
    });
  });
});

function decode(token: string): JsonObject {
  const payload: unknown = JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString());
  return isJsonObject(payload) ? payload : {};
}

describe("TX-8: nobody else gets one", () => {
  test("a wrong secret, a secret of nobody, a secret of a client that has none", async () => {
    await expectStranger(ask({ ...bySecret, by: ClientSecretBasic(wrong) }), basic);
    await expectStranger(ask({ ...bySecret, by: ClientSecretPost(wrong) }));
    await expectStranger(ask({ ...bySecret, id: "nobody" }), basic);
    await expectStranger(ask({ ...bySecret, id: "with-keys" }), basic);
    await expectStranger(ask({ ...bySecret, id: "vouched-for", by: ClientSecretPost(secret) }));
  });

  test("a key of somebody else, and its own for another client", async () => {
    const { privateKey } = await crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, false, ["sign"]);
    await expectStranger(ask({ ...byKey(), by: PrivateKeyJwt({ key: privateKey, kid: clientKeyId }) }));
    await expectStranger(ask({ ...byKey(), id: "with-secret" }));
  });

  test("a certificate of the same mesh with another name, one for another client, one where there is no TLS", async () => {
    await expectStranger(ask({ ...byCertificate, party: "gateway" }));
    await expectStranger(ask({ ...byCertificate, party: "posing" }));
    await expectStranger(ask({ ...byCertificate, id: "vouched-for" }));
    await expectStranger(ask({ id: "with-certificate", by: TlsClientAuth(), listener: "exchange" }));
  });

  test("a certificate of another authority gets no handshake", async () => {
    await expect(ask({ ...byCertificate, party: "stranger" })).rejects.toThrow(/ECONNRESET|alert|socket hang up/i);
  });

  test("P30: a name in the field counts from nobody but the gateway of the listener that declares it", async () => {
    for (const listener of ["exchange", "plain"]) await expectStranger(ask({ ...vouched, listener }));
    await expectStranger(ask({ ...vouched, listener: "mesh", party: "gateway" }));
    // The agent's certificate comes from the same mesh and is not on the list of gateways.
    await expectStranger(ask({ ...vouchedByMesh, party: "agent" }));
  });

  test("P30: nor from the gateway's bearer credential, which opens nothing here", async () => {
    const headers = { ...vouched.headers, authorization: `Bearer ${gatewayCredential}` };
    for (const listener of ["credential", "exchange", "local"]) {
      const answer = await ask({ ...vouched, listener, headers });
      expect([listener, answer.status]).toEqual([listener, listener === "local" ? 400 : 401]);
    }
  });

  test.each(["with-secret", "with-keys", "with-certificate", "nobody", "Vouched-For"])(
    "the gateway vouches for no client with a way of its own, and for no stranger: %s",
    async (id) => {
      await expectStranger(ask({ ...vouched, id, headers: { [field]: id } }));
    },
  );

  test("two ways at once are refused, though each alone were good", async () => {
    const answer = await ask({ ...bySecret, listener: "local", headers: vouched.headers });
    expect([answer.status, (await read(answer))["error"]]).toEqual([400, "invalid_request"]);
  });
});

test("those who guess are counted, and nobody who proved himself is", async () => {
  const counted = async (listener: string): Promise<number> => {
    const { text } = await call(house.url("probe"), { path: "/metrics" });
    const counter = `chaperone_requests_turned_away_total{listener="${listener}",code="credential_required"} `;
    const line = text.split("\n").find((each) => each.startsWith(counter));
    return Number(line?.split(" ").at(-1));
  };
  const before = await counted("exchange");
  await expectStranger(ask({ ...bySecret, by: ClientSecretBasic(wrong) }), basic);
  await ask(bySecret);
  expect(await counted("exchange")).toBe(before + 1);
});

test("P33: neither a secret nor a token that was shown stands in the log or on record", () => {
  const written = JSON.stringify([house.lines, readRecords(join(folder.path, "state", "audit"))]);
  expect(written).toContain('"id":"with-secret"');
  for (const shown of [secret, wrong, encodeURIComponent(secret), gatewayCredential, "eyJ"]) {
    expect(written).not.toContain(shown);
  }
});

describe("JB-7: an assertion counts once", () => {
  /** A good request that is not sent. */
  async function makeBody(changes: Changes = {}): Promise<string> {
    let body = "";
    const keep = async (_url: string, sent: { readonly body?: unknown }): Promise<Response> => {
      body = String(sent.body);
      return new Response();
    };
    const client = { client_id: "with-keys", [clockSkew]: 5 };
    const options = { [allowInsecureRequests]: true, [customFetch]: keep };
    await genericTokenEndpointRequest(as, client, byKey().by, exchange, await parameters(changes), options);
    return body;
  }

  const send = (body: string): ReturnType<typeof call> =>
    call(house.url("exchange"), { path: "/oauth2/token", body, headers: formType });

  test("of many at once, too", async () => {
    const body = await makeBody();
    const answers = await Promise.all(Array.from({ length: 20 }, () => send(body)));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(answers.filter(({ status }) => status === 401)).toHaveLength(19);
  });

  test("whatever stands beside it, and also when the sidecar starts anew in between", async () => {
    const [used, unused] = [await makeBody(), await makeBody()];
    const first = await send(used);
    expect(first.status).toBe(200);
    expect(await send(used)).toMatchObject({ status: 401, json: { error: "invalid_client" } });
    expect(await send(`${used}&scope=flights:book`)).toMatchObject({ status: 401 });

    await house.stop();
    house = await serve(folder.path, settings());
    await nextSecond();
    expect(await send(used)).toMatchObject({ status: 401, json: { error: "invalid_client" } });
    // It never arrived, but that is not known any more: it was made before the start.
    expect(await send(unused)).toMatchObject({ status: 401, json: { error: "invalid_client" } });
    expect((await send(await makeBody())).status).toBe(200);
    // What was granted before goes on: the key and the chain outlive the process.
    const onward = {
      subject_token: textOf(first.json, "access_token"),
      actor: "flight-search",
      scope: "flights:search",
    };
    expect(await send(await makeBody(onward))).toMatchObject({ status: 200, json: { scope: "flights:search" } });
  });
});
