/**
 * The HTTP dialects of ext_authz: where each gateway writes the call that it holds, and which answers it understands. No
 * dialect reads another's headers, because a client could have sent those.
 */
import type { IncomingMessage } from "node:http";
import type { HeldBody, HeldCall, HeldCallAnswer } from "../held-call.ts";
import { envoyHttp } from "./envoy-http.ts";
import { forwardAuth } from "./forward-auth.ts";
import { nginxAuthRequest } from "./nginx-auth-request.ts";

export interface Dialect {
  /** Whether the gateway sends the held call's body along. */
  readonly sendsBody: boolean;
  /** Undefined: the gateway did not say which call it holds, or said it twice. */
  read(request: IncomingMessage, body: HeldBody): HeldCall | undefined;
  render(answer: HeldCallAnswer): RenderedAnswer;
}

export interface RenderedAnswer {
  readonly status: number;
  /** Name, value, name, value. */
  readonly headers: readonly string[];
  readonly body: string;
}

export type DialectName = "ext_authz_http" | "auth_request" | "forward_auth";

export const dialects: { readonly [Name in DialectName]: Dialect } = {
  ext_authz_http: envoyHttp,
  auth_request: nginxAuthRequest,
  forward_auth: forwardAuth,
};
