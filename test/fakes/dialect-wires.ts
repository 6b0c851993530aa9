/** How each gateway asks about a call over HTTP. */
import type { DialectName } from "../../src/doors/ext-authz/http/dialects.ts";
import type { Call } from "./open-house.ts";

export interface Held {
  readonly method: string;
  readonly host: string;
  readonly target: string;
  readonly headers: Record<string, string | string[]>;
  readonly body?: string;
}

export type Wire = Required<Pick<Call, "method" | "path" | "headers">> & { readonly body?: string };

export const askedBy: { readonly [Name in DialectName]: (held: Held) => Wire } = {
  ext_authz_http: ({ method, host, target, headers, body }) => ({
    method,
    path: target,
    headers: { host, ...headers },
    ...(body === undefined ? {} : { body }),
  }),
  auth_request: ({ method, host, target, headers }) => ({
    method: "GET",
    path: "/_chaperone",
    headers: { host, "x-original-method": method, "x-original-uri": target, ...headers },
  }),
  forward_auth: ({ method, host, target, headers }) => ({
    method: "GET",
    path: "/",
    headers: {
      host: "chaperone.internal",
      "x-forwarded-method": method,
      "x-forwarded-host": host,
      "x-forwarded-uri": target,
      ...headers,
    },
  }),
};

export const dialectNames: readonly DialectName[] = ["ext_authz_http", "auth_request", "forward_auth"];
