/** Decision requests as a door would hand them over. */
import { DecisionRequest, type RequestOrigin } from "../../src/domain/decision-request.ts";
import { parseGatewayName } from "../../src/domain/identifiers.ts";
import type { JsonObject } from "../../src/domain/json.ts";
import { RequestError } from "../../src/domain/request-error.ts";
import { known } from "./path-ports.ts";

export const testOrigin: RequestOrigin = {
  door: "authorize",
  listener: "gateway",
  gateway: known(parseGatewayName("test-gateway")),
};

/** The request that started it all, exactly as written (MISSION). */
export const foundingInput = {
  actor: { claims: { Capabilities: "book_flight" } },
  subject: { claims: { Department: "Operations", Role: "Director" } },
} satisfies JsonObject;

export const namedInput = {
  actor: { claims: { sub: "travel-agent", Capabilities: "book_flight" } },
  subject: { claims: { sub: "alice", Department: "Operations", Role: "Director" } },
} satisfies JsonObject;

export function requestOf(input: JsonObject): DecisionRequest {
  const request = DecisionRequest.parse(testOrigin, input);
  if (request instanceof RequestError) throw new TypeError(`${request.code} at ${request.at ?? "?"}`);
  return request;
}
