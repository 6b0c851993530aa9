/**
 * Two sidecars as operators set them up, with one issuer and one key set: one beside the agent (position issue), one
 * beside the resource (position use), each with a listener for every way in which a gateway may ask.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createRemoteJWKSet, exportJWK, generateKeyPair, type JWTPayload, jwtVerify } from "jose";
import { makeFolder, type ServedHouse, serve } from "../acceptance/served-house.ts";
import type { EnvoyParts } from "../fakes/envoy.ts";
import { nextSecond } from "../fakes/served-identities.ts";
import { root } from "../house/source-tree.ts";
import { type IdentityProviders, personHeader, startIdentityProviders } from "./identity-providers.ts";

/** Of loopback, because the served house publishes keys beside its other doors. */
export const issuer = "http://localhost:8181";
export const flights = "https://flights.example/api";
export const host = "flights.example";
/** The founding call. */
export const booking = "/flights/LH400/bookings";

/** In which way Envoy asks on the agent's side, and with what evidence. */
export type Way = "grpc" | "http" | "http-tokens";
export const ways: readonly Way[] = ["grpc", "http", "http-tokens"];

export interface TravelMesh {
  readonly providers: IdentityProviders;
  readonly agentSide: ServedHouse;
  readonly resourceSide: ServedHouse;
  /** What Envoy on the agent's side needs to be told. */
  asks(way: Way): EnvoyParts;
  /** What the resource itself does with the token that arrives: jose, with the published keys. */
  verify(authorization: string | undefined, audience?: string): Promise<JWTPayload>;
  close(): Promise<void>;
}

const book = { method: "POST", host, path: "/flights/{id}/bookings" };
/** The same, of a resource that speaks gRPC. */
export const grpcBooking = "/flights.Bookings/Book";
/** Where an MCP server takes calls of all its tools. */
export const toolCall = "/mcp";
const cancel = { method: "DELETE", host, path: "/flights/{id}" };
const issueBase = {
  position: "issue",
  audiences: [flights],
  operations: [
    { ...book, action: "book_flight", resource: { type: "flight", id: "id" } },
    { ...cancel, action: "cancel_flight" },
    { method: "POST", host, path: grpcBooking, action: "book_flight" },
    {
      method: "POST",
      host,
      path: toolCall,
      action: "book_flight",
      body: [
        { path: ["method"], value: "tools/call" },
        { path: ["params", "name"], value: "book_flight" },
      ],
    },
  ],
};
const use = {
  position: "use",
  audiences: [flights],
  operations: [
    { ...book, permission: "flights:book" },
    { ...cancel, permission: "flights:cancel" },
  ],
};
const payloads = { from: "payload_headers", subject: "x-person", actor: "x-agent" };
const evidence: Readonly<Record<Way, object>> = {
  grpc: { from: "metadata", subject: "person", actor: "agent" },
  http: payloads,
  "http-tokens": { from: "tokens", subject: personHeader, actor: "authorization" },
};

/** A line of the list `listeners`. */
export function listener(name: string, door: string, address: string, extAuthz: object): string {
  const callers = address.startsWith("unix:") ? "socket" : "credential";
  return `  - { name: ${name}, address: "${address}", doors: [${door}], callers: ${callers}, ext_authz: ${JSON.stringify(extAuthz)} }\n`;
}

function agentSettings(folder: string, { settings }: IdentityProviders, keys: string): string {
  const socket = (name: string): string => `unix:${folder}/run/${name}.sock`;
  const listeners = [
    ...ways.map((way) => {
      const door = way === "grpc" ? "ext_authz_grpc" : "ext_authz_http";
      return listener(way, door, socket(way), { ...issueBase, evidence: evidence[way] });
    }),
    listener("http-credential", "ext_authz_http", "127.0.0.1:0", { ...issueBase, evidence: payloads }),
    listener("nginx", "auth_request", "127.0.0.1:0", { ...issueBase, evidence: evidence["http-tokens"] }),
    listener("caddy", "forward_auth", socket("caddy"), { ...issueBase, evidence: evidence["http-tokens"] }),
    listener("caddy-credential", "forward_auth", "127.0.0.1:0", { ...issueBase, evidence: evidence["http-tokens"] }),
  ];
  return listeners.join("") + common(keys) + settings;
}

/** `rest` is what the other sections are. */
export function resourceSettings(folder: string, rest: string): string {
  const socket = (name: string): string => `unix:${folder}/run/${name}.sock`;
  const listeners = [
    listener("grpc", "ext_authz_grpc", socket("grpc"), use),
    listener("http", "ext_authz_http", socket("http"), use),
    listener("nginx", "auth_request", "127.0.0.1:0", use),
    listener("caddy", "forward_auth", socket("caddy"), use),
  ];
  return listeners.join("") + rest;
}

export const shippedBundle = join(root, "bundle", "default.tar.gz");

/** The sections that every sidecar has. */
export function common(keys: string, bundle = shippedBundle): string {
  return `issuer: "${issuer}"\nkeys: { kind: jwks, path: "${keys}" }\npolicy: { bundle: "${bundle}" }\n`;
}

/** One key set for every sidecar of the issuer. */
export async function makeSharedKeys(folder: string): Promise<string> {
  const { privateKey } = await generateKeyPair("ES256", { extractable: true });
  const path = join(folder, "keys", "jwks.json");
  mkdirSync(join(folder, "keys"));
  writeFileSync(path, JSON.stringify({ keys: [await exportJWK(privateKey)] }), { mode: 0o600 });
  return path;
}

/** Without it Envoy sends none of what `jwt_authn` verified. */
const jwtAuthnNamespace = "envoy.filters.http.jwt_authn";

/** Envoy's part of the agent's side, where a sidecar listens on `address`. */
function envoyOf(way: Way, address: string, providers: IdentityProviders): EnvoyParts {
  const hands = (...names: string[]) => ({ allowed_headers: { patterns: names.map((exact) => ({ exact })) } });
  switch (way) {
    case "grpc":
      return {
        address,
        before: [providers.jwtAuthn("metadata")],
        filter: { metadata_context_namespaces: [jwtAuthnNamespace] },
      };
    case "http":
      return {
        address,
        dialect: "http",
        before: [providers.jwtAuthn("headers")],
        filter: hands("x-person", "x-agent", "content-type", "content-encoding", "x-envoy-auth-partial-body"),
      };
    case "http-tokens":
      return { address, dialect: "http", filter: hands(personHeader, "authorization") };
  }
}

export async function startTravelMesh(): Promise<TravelMesh> {
  const folder = makeFolder();
  const [agentFolder, resourceFolder] = ["agent", "resource"].map((name) => join(folder.path, name));
  if (agentFolder === undefined || resourceFolder === undefined) throw new Error("no folders");
  for (const path of [agentFolder, resourceFolder]) mkdirSync(path);
  const providers = await startIdentityProviders(folder.path);
  const keys = await makeSharedKeys(folder.path);
  const [agentSide, resourceSide] = await Promise.all([
    serve(agentFolder, agentSettings(agentFolder, providers, keys)),
    serve(resourceFolder, resourceSettings(resourceFolder, common(keys))),
  ]);
  await nextSecond();
  const published = createRemoteJWKSet(new URL(`${agentSide.url("gateway-tcp")}/.well-known/jwks.json`));
  return {
    providers,
    agentSide,
    resourceSide,
    asks: (way) => envoyOf(way, agentSide.url(way), providers),
    verify: async (authorization, audience = flights) => {
      const [scheme, token = ""] = (authorization ?? "").split(" ");
      if (scheme !== "Bearer") throw new TypeError("no bearer token arrived");
      const expected = { issuer, audience, typ: "at+jwt", algorithms: ["ES256"] };
      return (await jwtVerify(token, published, expected)).payload;
    },
    close: async () => {
      await Promise.all([agentSide.stop(), resourceSide.stop(), providers.close()]);
      folder.remove();
    },
  };
}
