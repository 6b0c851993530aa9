/** What a request asks for: an action's capability, or every capability of the actor (DESIGN §4). */
import type { DecisionRequest } from "./decision-request.ts";
import type { DelegationChain } from "./delegation-chain.ts";
import { type CapabilitySet, ExactSet, type PermissionSet } from "./exact-set.ts";
import { parseCapability, type Permission } from "./identifiers.ts";
import { Refusal } from "./refusal.ts";

export interface Asked {
  readonly capabilities: CapabilitySet;
  readonly permissions: PermissionSet;
}

/** Without an action *every* capability is asked, and the policy must permit every one. */
export function parseAsked(request: DecisionRequest, chain: DelegationChain): Asked | Refusal {
  const permissions = ExactSet.of<Permission>([]);
  if (request.action === undefined) {
    const capabilities = chain.actor.capabilities;
    return capabilities.size === 0 ? Refusal.because("nothing_asked") : { capabilities, permissions };
  }
  const capability = parseCapability(request.action.name);
  if (capability === undefined || !chain.actor.capabilities.has(capability)) {
    return Refusal.because("capability_missing");
  }
  return { capabilities: ExactSet.of([capability]), permissions };
}
