/** Listeners of held calls for the founding case, as configuration would give them. */
import type { IssueOptions, OperationOptions, UseOptions } from "../../src/doors/ext-authz/options.ts";
import { parseAudience, parsePermission } from "../../src/domain/identifiers.ts";
import { flights, known } from "./path-ports.ts";

export const flightsAudience = known(parseAudience(flights));

export const bookOperation: OperationOptions = {
  method: "POST",
  host: "flights.example",
  path: "/flights/{id}",
  conditions: [],
  asks: { kind: "action", name: "book_flight" },
  resource: { type: "flight", id: "id" },
  audience: flightsAudience,
};

export const byPayload: IssueOptions = {
  position: "issue",
  audiences: [flightsAudience],
  operations: [bookOperation],
  evidence: { kind: "payload_headers", subject: "x-person", actor: { kind: "shown", at: "x-agent" } },
  tokenHeader: "authorization",
};

export const jwtAuthn = "envoy.filters.http.jwt_authn";

export const byMetadata: IssueOptions = {
  ...byPayload,
  evidence: {
    kind: "metadata",
    namespace: jwtAuthn,
    subject: "person",
    actor: { kind: "shown", at: "agent" },
  },
};

export const inUse: UseOptions = {
  position: "use",
  audiences: [flightsAudience],
  operations: [{ ...bookOperation, asks: { kind: "permission", permission: known(parsePermission("flights:book")) } }],
  tokenHeader: "authorization",
};

export const person = { Department: "Operations", Role: "Director" };
export const agent = { Capabilities: "book_flight" };
export const payloadOf = (claims: object): string => Buffer.from(JSON.stringify(claims)).toString("base64url");
