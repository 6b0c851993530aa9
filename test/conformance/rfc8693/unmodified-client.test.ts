/** A standard client, used as its manual says, gets a token from our endpoint and understands our refusals. */
import {
  allowInsecureRequests,
  type AuthorizationServer,
  type Client,
  type ClientAuth,
  ClientSecretBasic,
  ClientSecretPost,
  discoveryRequest,
  genericTokenEndpointRequest,
  modifyAssertion,
  PrivateKeyJwt,
  processDiscoveryResponse,
  processGenericTokenEndpointResponse,
  ResponseBodyError,
  type TokenEndpointResponse,
  WWWAuthenticateChallengeError,
} from "oauth4webapi";
import { describe, expect, test } from "vitest";
import type { Decision } from "../../../src/domain/decision.ts";
import { clientOf } from "../../../src/domain/evidence.ts";
import { parseIssuer } from "../../../src/domain/identifiers.ts";
import { createClientAuthenticator } from "../../../src/identity/index.ts";
import { clientKey, clientSecret, createTestGuard, testClients } from "../../fakes/clients.ts";
import { allow, deny } from "../../fakes/doors-house.ts";
import { findFreePort } from "../../fakes/free-port.ts";
import { tcpListener } from "../../fakes/open-house.ts";
import { flights, known, testTime } from "../../fakes/path-ports.ts";
import { bearerForm, exchangeForm, openTokenHouse, tokenType } from "../../fakes/token-client.ts";

async function discover(decision: Decision = allow) {
  const port = await findFreePort();
  const issuer = known(parseIssuer(`http://127.0.0.1:${port}`));
  const listener = tcpListener({ doors: ["token", "public"], address: { kind: "tcp", host: "127.0.0.1", port } });
  const clients = createClientAuthenticator({ clients: testClients, audiences: [issuer] }, createTestGuard());
  const { asked } = await openTokenHouse(decision, { issuer, clients }, listener);
  const response = await discoveryRequest(new URL(issuer), { algorithm: "oauth2", [allowInsecureRequests]: true });
  return { asked, server: await processDiscoveryResponse(new URL(issuer), response) };
}

interface Asking {
  readonly id: string;
  readonly auth: ClientAuth;
  readonly form: Record<string, string>;
}

async function ask(server: AuthorizationServer, { id, auth, form }: Asking): Promise<TokenEndpointResponse> {
  const client: Client = { client_id: id };
  const { grant_type: grantType = "", ...parameters } = form;
  const response = await genericTokenEndpointRequest(server, client, auth, grantType, parameters, {
    [allowInsecureRequests]: true,
  });
  return processGenericTokenEndpointResponse(server, client, response);
}

/** The house's clock stands still; the client's assertions are made for it. */
const auth = {
  keys: PrivateKeyJwt(
    { key: clientKey, kid: "c1" },
    {
      [modifyAssertion]: (_header, payload) => {
        Object.assign(payload, { iat: testTime, nbf: testTime, exp: testTime + 60 });
      },
    },
  ),
  basic: ClientSecretBasic(clientSecret),
  post: ClientSecretPost(clientSecret),
};

const ways = [
  ["private_key_jwt", "with-keys", auth.keys],
  ["client_secret_basic", "with-secret", auth.basic],
  ["client_secret_post", "with-secret", auth.post],
] as const;

describe.each(ways)("oauth4webapi with %s", (_method, id, auth) => {
  test("exchanges tokens, as often as it likes", async () => {
    const { server, asked } = await discover();
    const form = { ...exchangeForm, resource: flights, scope: "flights:book" };
    for (let time = 1; time <= 2; time += 1) {
      expect(await ask(server, { id, auth, form })).toMatchObject({
        access_token: "fake.role.token",
        issued_token_type: tokenType("access_token"),
        token_type: "bearer",
        expires_in: 60,
        scope: "flights:book flights:search",
      });
    }
    expect(asked.map(({ evidence }) => clientOf(evidence)?.id)).toEqual([id, id]);
  });

  test("asks on behalf of a person by jwt-bearer", async () => {
    const { server } = await discover();
    const form = { ...bearerForm, requested_token_use: "on_behalf_of", scope: "flights:book" };
    expect(await ask(server, { id, auth, form })).toMatchObject({ access_token: "fake.role.token" });
  });

  test("understands a refusal", async () => {
    const { server } = await discover(deny);
    const refused = ask(server, { id, auth, form: exchangeForm });
    await expect(refused).rejects.toBeInstanceOf(ResponseBodyError);
    await expect(refused).rejects.toMatchObject({ status: 400, error: "invalid_request" });
    await expect(ask(server, { id, auth, form: bearerForm })).rejects.toMatchObject({ error: "invalid_grant" });
  });
});

describe("oauth4webapi with a wrong proof", () => {
  test("learns invalid_client, and is challenged where it used the header", async () => {
    const { server, asked } = await discover();
    const wrong = "wrong-secret-of-the-test-0123456789-0123456789";
    const posted = ask(server, { id: "with-secret", auth: ClientSecretPost(wrong), form: exchangeForm });
    await expect(posted).rejects.toMatchObject({ status: 401, error: "invalid_client" });
    const basic = ask(server, { id: "with-secret", auth: ClientSecretBasic(wrong), form: exchangeForm });
    await expect(basic).rejects.toBeInstanceOf(WWWAuthenticateChallengeError);
    expect(asked).toEqual([]);
  });
});
