/** People and agents at Keycloak by the grants that they would use, through an unmodified OpenID Connect client. */
import {
  allowInsecureRequests,
  authorizationCodeGrant,
  buildAuthorizationUrl,
  calculatePKCECodeChallenge,
  clientCredentialsGrant,
  discovery,
  None,
  randomNonce,
  randomPKCECodeVerifier,
  randomState,
  type TokenEndpointResponse,
} from "openid-client";

export interface Person {
  readonly username: string;
  readonly password: string;
}

const signedIn = "http://127.0.0.1/signed-in";

/** Authorization code with PKCE, through Keycloak's own page. */
export async function signIn(issuer: string, clientId: string, person: Person): Promise<TokenEndpointResponse> {
  const execute = [allowInsecureRequests];
  const client = await discovery(new URL(issuer), clientId, undefined, None(), { execute });
  const pkceCodeVerifier = randomPKCECodeVerifier();
  const [expectedState, expectedNonce] = [randomState(), randomNonce()];
  const page = buildAuthorizationUrl(client, {
    redirect_uri: signedIn,
    scope: "openid",
    state: expectedState,
    nonce: expectedNonce,
    code_challenge: await calculatePKCECodeChallenge(pkceCodeVerifier),
    code_challenge_method: "S256",
  });
  const back = await fillIn(page, person);
  return authorizationCodeGrant(client, back, { pkceCodeVerifier, expectedState, expectedNonce });
}

/** Client credentials: an agent's token for itself. */
export async function authenticate(issuer: string, clientId: string, secret: string): Promise<string> {
  const execute = [allowInsecureRequests];
  const client = await discovery(new URL(issuer), clientId, secret, undefined, { execute });
  return (await clientCredentialsGrant(client)).access_token;
}

/** As a browser does: one page with its cookies, one form, and the redirect back to the application. */
async function fillIn(page: URL, { username, password }: Person): Promise<URL> {
  const shown = await fetch(page, { redirect: "manual" });
  const action = /<form[^>]*\baction="([^"]+)"/.exec(await shown.text())?.[1];
  if (action === undefined) throw new Error(`Keycloak showed no form, but answered ${shown.status}`);
  const cookies = shown.headers.getSetCookie().map((cookie) => cookie.split(";")[0]);
  const sent = await fetch(action.replaceAll("&amp;", "&"), {
    method: "POST",
    headers: { cookie: cookies.join("; ") },
    body: new URLSearchParams({ username, password }),
    redirect: "manual",
  });
  const back = sent.headers.get("location");
  if (back?.startsWith(signedIn) !== true) throw new Error(`Keycloak did not sign ${username} in: ${sent.status}`);
  return new URL(back);
}
