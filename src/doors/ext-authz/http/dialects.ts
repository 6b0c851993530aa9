/**
 * The HTTP dialects there are, one line for each. None reads another's headers, because a client could have sent those.
 */
import type { Dialect } from "./dialect.ts";
import { envoyHttp } from "./envoy-http.ts";
import { forwardAuth } from "./forward-auth.ts";
import { nginxAuthRequest } from "./nginx-auth-request.ts";

export type DialectName = "ext_authz_http" | "auth_request" | "forward_auth";

export const dialects: { readonly [Name in DialectName]: Dialect } = {
  ext_authz_http: envoyHttp,
  auth_request: nginxAuthRequest,
  forward_auth: forwardAuth,
};
