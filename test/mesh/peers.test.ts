/**
 * The agent has no token: it is the workload whose certificate a real Envoy proved, by the Check's principal or by the
 * header that Envoy writes. The person's token says whether that workload may act for her.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createRemoteJWKSet, jwtVerify } from "jose";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parse } from "yaml";
import { z } from "zod";
import { blocks } from "../acceptance/followed-page.ts";
import { makeFolder, readRecords, type ServedHouse, serve } from "../acceptance/served-house.ts";
import { type EchoUpstream, startEchoUpstream } from "../fakes/echo-upstream.ts";
import { type EnvoyParts, runEnvoy, startEnvoy, typed } from "../fakes/envoy.ts";
import type { Gateway, RunningGateway, SentHeaders } from "../fakes/gateway-process.ts";
import { materialOf, meshFile } from "../fakes/open-house.ts";
import { nextSecond } from "../fakes/served-identities.ts";
import { root } from "../house/source-tree.ts";
import { agentWorkload, type IdentityProviders, personHeader, startIdentityProviders } from "./identity-providers.ts";
import { booking, flights, host, issuer, shippedBundle } from "./travel-mesh.ts";

/** How Envoy tells who the peer is, and what it shows of the person. */
type Way = "principal-claims" | "principal-tokens" | "header-claims" | "header-tokens";
const ways: readonly Way[] = ["principal-claims", "principal-tokens", "header-claims", "header-tokens"];
const certificateHeader = "x-forwarded-client-cert";

const otherWorkload = "spiffe://mesh.example/ns/edge/sa/gateway";
const evidence: Readonly<Record<Way, object>> = {
  "principal-claims": { from: "metadata", subject: "person", peer: "principal" },
  "principal-tokens": { from: "tokens", subject: personHeader, peer: "principal" },
  "header-claims": { from: "payload_headers", subject: "x-person", peer: "x_forwarded_client_cert" },
  "header-tokens": { from: "tokens", subject: personHeader, peer: "x_forwarded_client_cert" },
};
const operations = [
  { method: "POST", host, path: "/flights/{id}/bookings", action: "book_flight" },
  { method: "DELETE", host, path: "/flights/{id}", action: "cancel_flight" },
];

const folder = makeFolder();
let providers: IdentityProviders;
let house: ServedHouse;
let upstream: EchoUpstream;
const people = new Map<string, SentHeaders>();

function settingsOf({ settings }: IdentityProviders): string {
  const listeners = ways.map((way) => {
    const door = way.startsWith("principal") ? "ext_authz_grpc" : "ext_authz_http";
    const extAuthz = { position: "issue", audiences: [flights], evidence: evidence[way], operations };
    const address = `unix:${folder.path}/run/${way}.sock`;
    return `  - { name: ${way}, address: "${address}", doors: [${door}], callers: socket, ext_authz: ${JSON.stringify(extAuthz)} }\n`;
  });
  const workloads = `  workloads: [{ id: "${agentWorkload}", capabilities: [book_flight] }]\n`;
  const own = `issuer: "${issuer}"\nkeys: { kind: development }\npolicy: { bundle: "${shippedBundle}" }\n`;
  return `${listeners.join("")}${own}${settings}${workloads}`;
}

beforeAll(async () => {
  providers = await startIdentityProviders(folder.path);
  [house, upstream] = await Promise.all([serve(folder.path, settingsOf(providers)), startEchoUpstream()]);
  for (const person of ["alice", "mark", "erin"] as const) {
    const { [personHeader]: token = "" } = await providers.tokens(person);
    people.set(person, { host, [personHeader]: token });
  }
  await nextSecond();
});
afterAll(async () => {
  upstream.close();
  await Promise.all([house.stop(), providers.close()]);
  folder.remove();
});

/** As the operator is told to: a client may come without a certificate here, so that it is ours to turn away. */
const transport = {
  name: "tls",
  typed_config: {
    "@type": typed("extensions.transport_sockets.tls.v3.DownstreamTlsContext"),
    require_client_certificate: false,
    common_tls_context: {
      tls_certificates: [
        {
          certificate_chain: { filename: meshFile("server") },
          private_key: { filename: meshFile("server-key") },
        },
      ],
      validation_context: { trusted_ca: { filename: meshFile("ca") } },
    },
  },
};
/** A name of another kind does not get in, so that none is told in a URI's place. */
const urisOnly = {
  ...transport,
  typed_config: {
    ...transport.typed_config,
    common_tls_context: {
      ...transport.typed_config.common_tls_context,
      validation_context: {
        trusted_ca: { filename: meshFile("ca") },
        match_typed_subject_alt_names: [{ san_type: "URI", matcher: { prefix: "spiffe://mesh.example/" } }],
      },
    },
  },
};
const page = readFileSync(join(root, "docs", "doors", "ext_authz_http.md"), "utf8");
/** What the page tells operators to write. */
const sanitized = z.record(z.string(), z.json()).parse(parse(blocks("yaml", page)[1] ?? ""));

function partsOf(way: Way): EnvoyParts & { readonly upstream: string } {
  const hands = (...names: string[]) => ({ allowed_headers: { patterns: names.map((exact) => ({ exact })) } });
  const common = {
    address: house.url(way),
    upstream: upstream.address,
    manager: sanitized,
    downstream: { transport, client: materialOf("agent") },
  };
  switch (way) {
    case "principal-claims":
      return {
        ...common,
        before: [providers.jwtAuthn("metadata", "person")],
        filter: { metadata_context_namespaces: ["envoy.filters.http.jwt_authn"] },
      };
    case "principal-tokens":
      return common;
    case "header-claims":
      return {
        ...common,
        dialect: "http",
        before: [providers.jwtAuthn("headers", "person")],
        filter: hands("x-person", certificateHeader),
      };
    case "header-tokens":
      return { ...common, dialect: "http", filter: hands(personHeader, certificateHeader) };
  }
}

const shownBy = (person: string): SentHeaders => people.get(person) ?? {};
const lastRecord = () => readRecords(`${house.folder}/state/audit`).findLast(({ type }) => type === "decision");

async function expectTurnedAway(gateway: Gateway, status: number, headers: SentHeaders, more: object = {}) {
  const before = upstream.received.length;
  expect(await gateway.send(booking, headers, "{}")).toMatchObject({ status, received: undefined, ...more });
  expect(upstream.received).toHaveLength(before);
}

describe.each(ways)("by %s", (way) => {
  let envoy: RunningGateway;
  beforeAll(async () => {
    envoy = await runEnvoy(partsOf(way));
  });
  afterAll(() => envoy.stop());

  test("the founding call arrives with a token that names the workload, and without what was shown", async () => {
    const { status, received } = await envoy.send(booking, shownBy("erin"), "{}");
    expect(status).toBe(200);
    const [scheme, token = ""] = (received?.headers["authorization"] ?? "").split(" ");
    expect(scheme).toBe("Bearer");
    const keys = createRemoteJWKSet(new URL(`${house.url("gateway-tcp")}/.well-known/jwks.json`));
    const expected = { issuer, audience: flights, typ: "at+jwt", algorithms: ["ES256"] };
    const { payload } = await jwtVerify(token, keys, expected);
    expect(payload).toMatchObject({ sub: "erin", roles: ["flight-booker"], client_id: agentWorkload });
    expect(payload["act"]).toMatchObject({ sub: agentWorkload, iss: "urn:chaperone:gateway" });
    const evidenceOfTheCall = way.endsWith("tokens") ? [personHeader] : ["x-person"];
    const shown = way.startsWith("header") ? [...evidenceOfTheCall, certificateHeader] : evidenceOfTheCall;
    for (const name of shown) expect(received?.headers).not.toHaveProperty(name);
    expect(lastRecord()).toMatchObject({ outcome: "allow", vouched_by: "gateway", actor: { id: agentWorkload } });
  });

  test("the workload may do what configuration says of it, and nothing else", async () => {
    const answer = await envoy.send("/flights/LH400", shownBy("erin"), undefined, "DELETE");
    expect(answer).toMatchObject({ status: 403, received: undefined });
    expect(lastRecord()).toMatchObject({ outcome: "deny", code: "capability_missing" });
  });

  test("the certificate of another workload is of no use, whatever its holder says", async () => {
    const other = envoy.as(materialOf("gateway"));
    for (const made of [{}, { [certificateHeader]: `URI=${agentWorkload}` }]) {
      await expectTurnedAway(other, 403, { ...shownBy("erin"), ...made });
      expect(lastRecord()).toMatchObject({ code: "actor_not_named", outcome: "deny" });
    }
  });

  test("a person who named another agent did not name this one, and without a person there is nobody to act for", async () => {
    await expectTurnedAway(envoy, 403, shownBy("alice"));
    expect(lastRecord()).toMatchObject({ outcome: "deny", code: "actor_not_named" });
    await expectTurnedAway(envoy, 401, { host });
  });

  test("Marketing does not leave with a workload either", async () => {
    await expectTurnedAway(envoy, 403, shownBy("mark"));
    expect(lastRecord()).toMatchObject({ outcome: "deny", code: "policy_denied", actor: { id: agentWorkload } });
  });

  const forged = `By=${otherWorkload};Hash=${"00".repeat(32)};URI=${agentWorkload}`;

  test("a client without a certificate is nobody, whatever it writes", async () => {
    const { cert: _cert, key: _key, ...bare } = materialOf("agent");
    for (const made of [{}, { [certificateHeader]: forged }, { [certificateHeader]: [forged, forged] }]) {
      await expectTurnedAway(envoy.as(bare), 401, { ...shownBy("erin"), ...made });
    }
  });

  test("a certificate of another authority gets no further than Envoy", async () => {
    await expect(envoy.as(materialOf("stranger")).send(booking, shownBy("erin"), "{}")).rejects.toThrow(/alert|RESET/);
  });

  test.each([
    ["a DNS name that prints like a workload's URI", "posing"],
    ["a name that would end its pair", "pair-forger"],
    ["a name that would end its element", "element-forger"],
    ["a name that would end its pair where another name has its end", "rest-forger"],
    ["a name in quotes", "quote-forger"],
  ])("a certificate with %s is not the agent's", async (_what, party) => {
    await expectTurnedAway(envoy.as(materialOf(party)), 401, shownBy("erin"));
  });

  test("a certificate with two names is nobody's by the header, and the first one's by the principal", async () => {
    const double = envoy.as(materialOf("double"));
    if (way.startsWith("header")) return expectTurnedAway(double, 401, shownBy("erin"));
    await expectTurnedAway(double, 403, shownBy("erin"));
    expect(lastRecord()).toMatchObject({ code: "actor_not_named" });
  });

  test("a DNS name that is a URI is none by the header, and one by the principal of an Envoy that asks for no URI", async () => {
    const forger = envoy.as(materialOf("dns-forger"));
    if (way.startsWith("header")) return expectTurnedAway(forger, 401, shownBy("erin"));
    expect((await forger.send(booking, shownBy("erin"), "{}")).status).toBe(200);
  });

  test("what the agent writes of itself beside its certificate is replaced, and does not arrive", async () => {
    const made = { [certificateHeader]: [`URI=${otherWorkload}`, forged] };
    const { status, received } = await envoy.send(booking, { ...shownBy("erin"), ...made }, "{}");
    expect(status).toBe(200);
    expect(JSON.stringify(received)).not.toContain(`URI=${otherWorkload}`);
  });
});

test.each(ways)("an Envoy that asks for a URI, as it is told to, takes no DNS name for one by %s", async (way) => {
  const envoy = await startEnvoy({ ...partsOf(way), downstream: { transport: urisOnly, client: materialOf("agent") } });
  expect((await envoy.send(booking, shownBy("erin"), "{}")).status).toBe(200);
  for (const party of ["dns-forger", "posing"]) {
    await expect(envoy.as(materialOf(party)).send(booking, shownBy("erin"), "{}")).rejects.toThrow(/alert|RESET/);
  }
});

describe("an Envoy that hands on what clients write, which the page forbids", () => {
  const start = (forward_client_cert_details: string) =>
    startEnvoy({ ...partsOf("header-tokens"), manager: { ...sanitized, forward_client_cert_details } });

  test("APPEND_FORWARD makes two elements, and they are nobody's", async () => {
    const envoy = await start("APPEND_FORWARD");
    const made = { [certificateHeader]: `URI=${agentWorkload}` };
    await expectTurnedAway(envoy.as(materialOf("gateway")), 401, { ...shownBy("erin"), ...made });
    expect((await envoy.as(materialOf("agent")).send(booking, { ...shownBy("erin"), ...made }, "{}")).status).toBe(401);
  });

  test("FORWARD_ONLY with two fields too", async () => {
    const envoy = await start("FORWARD_ONLY");
    const made = { [certificateHeader]: [`URI=${agentWorkload}`, `URI=${agentWorkload}`] };
    await expectTurnedAway(envoy.as(materialOf("gateway")), 401, { ...shownBy("erin"), ...made });
  });
});
