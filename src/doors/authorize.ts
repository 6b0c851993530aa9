/**
 * The authorize door, `POST /v1/authorize`: a local gateway shows decoded claims and gets the decision.
 * The hot path: one body, one parse, one answer, written at once.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Decision } from "../domain/decision.ts";
import { DecisionRequest } from "../domain/decision-request.ts";
import type { GatewayName } from "../domain/identifiers.ts";
import { RequestError } from "../domain/request-error.ts";
import { writeJson } from "./answers.ts";
import { checkMediaType, readBody } from "./body.ts";
import type { Door, DoorSite } from "./door.ts";

export const authorizeDoor: Door = {
  admits: "gateway",
  routes: (site) => [
    {
      admits: "gateway",
      path: "/v1/authorize",
      methods: ["POST"],
      answer: (request, response, gateway) => authorize(site, request, response, gateway),
    },
  ],
};

async function authorize(
  site: DoorSite,
  request: IncomingMessage,
  response: ServerResponse,
  gateway: GatewayName,
): Promise<void> {
  const body = checkMediaType(request) ?? (await readBody(request, response, site.limits.discardBytesMax));
  if (body === undefined) return;
  const origin = { door: "authorize", listener: site.listener, gateway } as const;
  const parsed = body instanceof RequestError ? body : DecisionRequest.parseBody(origin, body);
  if (parsed instanceof RequestError) return site.answers.turnAway(response, parsed);
  writeJson(response, 200, renderAuthorize(await site.house.decide(parsed)));
}

/** The answer as it stands on the wire; members of a grant only where there is one. */
export function renderAuthorize(decision: Decision): object {
  const { decisionId, outcome, policy, reasons } = decision;
  switch (decision.outcome) {
    case "allow": {
      const { grant, token } = decision;
      return {
        decision_id: decisionId,
        allow: true,
        outcome,
        role: grant.role,
        permissions: grant.permissions.toArray(),
        audience: grant.audience,
        expires_in: grant.expiresAt - grant.issuedAt,
        token,
        policy,
        reasons,
      };
    }
    case "deny":
      return { decision_id: decisionId, allow: false, outcome, code: decision.code, policy, reasons };
    case "approval_required":
      return { decision_id: decisionId, allow: false, outcome, policy, reasons };
  }
}
