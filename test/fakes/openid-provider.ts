/**
 * A real OpenID provider (oidc-provider) on loopback, and its two kinds of users: people, who sign in by the code flow,
 * and agents, who get tokens by client credentials. `openid-client` does both; nobody types anything.
 */
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { writeFileSync } from "node:fs";
import { exportJWK, generateKeyPair } from "jose";
import { Provider } from "oidc-provider";
import * as openid from "openid-client";
import type { JsonObject } from "../../src/domain/json.ts";

/** Names and what their access tokens say of them. */
type Users = Readonly<Record<string, JsonObject>>;

export interface OpenidProviderOptions {
  readonly people?: Users;
  readonly agents?: Users;
  /** What its tokens are signed with. */
  readonly algorithm: "ES256" | "RS256";
}

export interface OpenidProvider {
  readonly issuer: string;
  /** Access token for one resource (RFC 8707) and ID token of a person who signed in and consented. */
  signIn(person: string, resource: string): Promise<{ readonly accessToken: string; readonly idToken: string }>;
  /** An agent's access token for one resource; `dpop` binds it to a key (RFC 9449). */
  logIn(agent: string, resource: string, binding?: "dpop"): Promise<string>;
  /** Writes what its `jwks_uri` shows. */
  saveKeys(path: string): Promise<void>;
  close(): Promise<void>;
}

/** The client through which people sign in; the audience of their ID tokens. */
export const travelApp = "travel-app";
const redirectUri = "http://127.0.0.1/signed-in";
const secretOf = (client: string): string => `the-secret-of-${client}-that-nobody-needs-to-guess`;

export async function startOpenidProvider(options: OpenidProviderOptions): Promise<OpenidProvider> {
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const issuer = `http://127.0.0.1:${portOf(server)}`;
  const provider = await createProvider(issuer, options);
  const answer = provider.callback();
  server.on("request", (request, response) => {
    if (request.url?.startsWith("/interaction/") === true) void signInAtOnce(provider, request, response);
    else void answer(request, response);
  });
  const configure = (client: string) =>
    openid.discovery(new URL(issuer), client, secretOf(client), openid.ClientSecretPost(), {
      execute: [openid.allowInsecureRequests],
    });
  return {
    issuer,
    signIn: async (person, resource) => signIn(await configure(travelApp), person, resource),
    logIn: async (agent, resource, binding) => {
      const config = await configure(agent);
      const proof = async () => ({ DPoP: openid.getDPoPHandle(config, await openid.randomDPoPKeyPair("ES256")) });
      const granted = await openid.clientCredentialsGrant(config, { resource }, binding && (await proof()));
      return granted.access_token;
    },
    saveKeys: async (path) => {
      const { jwks_uri: uri = "" } = (await configure(travelApp)).serverMetadata();
      writeFileSync(path, await (await fetch(uri)).text());
    },
    close: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
  };
}

function portOf(server: Server): number {
  const address = server.address();
  return typeof address === "object" && address !== null ? address.port : 0;
}

async function createProvider(
  issuer: string,
  { people = {}, agents = {}, algorithm }: OpenidProviderOptions,
): Promise<Provider> {
  const { privateKey } = await generateKeyPair(algorithm, { extractable: true });
  const idToken = { id_token_signed_response_alg: algorithm };
  const seconds = 300;
  const client = (id: string) => ({ client_id: id, client_secret: secretOf(id), ...authentication });
  return new Provider(issuer, {
    jwks: { keys: [{ ...(await exportJWK(privateKey)), alg: algorithm, use: "sig" }] },
    clients: [
      { ...client(travelApp), grant_types: ["authorization_code"], redirect_uris: [redirectUri], ...idToken },
      ...Object.keys(agents).map((id) => ({
        ...client(id),
        grant_types: ["client_credentials"],
        response_types: [],
        redirect_uris: [],
        ...idToken,
      })),
    ],
    cookies: { keys: ["only-for-this-test"] },
    claims: { openid: ["sub", ...new Set(Object.values(people).flatMap((claims) => Object.keys(claims)))] },
    conformIdTokenClaims: false,
    findAccount: (_context, id) => ({ accountId: id, claims: () => ({ sub: id, ...people[id] }) }),
    extraTokenClaims: (_context, token) =>
      token.kind === "AccessToken" ? people[token.accountId] : agents[token.clientId ?? ""],
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      resourceIndicators: {
        enabled: true,
        getResourceServerInfo: (_context, resource) => ({
          scope: "travel",
          audience: resource,
          accessTokenFormat: "jwt",
          jwt: { sign: { alg: algorithm } },
        }),
      },
    },
    ttl: {
      AccessToken: seconds,
      AuthorizationCode: seconds,
      ClientCredentials: seconds,
      Grant: seconds,
      IdToken: seconds,
      Interaction: seconds,
      Session: seconds,
    },
  });
}

const authentication = { token_endpoint_auth_method: "client_secret_post" } as const;

/** Whoever `login_hint` names signs in and consents to everything. */
async function signInAtOnce(provider: Provider, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { params } = await provider.interactionDetails(request, response);
  const accountId = String(params["login_hint"]);
  const grant = new provider.Grant({ accountId, clientId: String(params["client_id"]) });
  grant.addOIDCScope("openid");
  grant.addResourceScope(String(params["resource"]), "travel");
  await provider.interactionFinished(request, response, {
    login: { accountId },
    consent: { grantId: await grant.save() },
  });
}

async function signIn(
  config: openid.Configuration,
  person: string,
  resource: string,
): Promise<{ readonly accessToken: string; readonly idToken: string }> {
  const verifier = openid.randomPKCECodeVerifier();
  const nonce = openid.randomNonce();
  const start = openid.buildAuthorizationUrl(config, {
    redirect_uri: redirectUri,
    scope: "openid travel",
    login_hint: person,
    resource,
    nonce,
    code_challenge: await openid.calculatePKCECodeChallenge(verifier),
    code_challenge_method: "S256",
  });
  const arrived = await followRedirects(start);
  const checks = { pkceCodeVerifier: verifier, expectedNonce: nonce };
  const granted = await openid.authorizationCodeGrant(config, arrived, checks, { resource });
  return { accessToken: granted.access_token, idToken: granted.id_token ?? "" };
}

/** What is needed of a browser: cookies, and redirects until the one back to the app. */
async function followRedirects(start: URL): Promise<URL> {
  const cookies = new Map<string, string>();
  let at = start;
  for (let step = 0; step < 10; step += 1) {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    const response = await fetch(at, { redirect: "manual", headers: { cookie } });
    for (const set of response.headers.getSetCookie()) {
      const [pair = ""] = set.split(";");
      cookies.set(pair.slice(0, pair.indexOf("=")), pair.slice(pair.indexOf("=") + 1));
    }
    const location = response.headers.get("location");
    if (location === null) throw new Error(`${at.pathname} answered ${response.status}: ${await response.text()}`);
    at = new URL(location, at);
    if (at.href.startsWith(redirectUri)) return at;
  }
  throw new Error("the provider redirects for ever");
}
