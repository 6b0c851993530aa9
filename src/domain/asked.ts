/** What a request asks for: an action's capability, permissions by name, or every capability of the actor (DESIGN §4). */
import type { AuthorizationDetail } from "./authorization-detail.ts";
import type { DecisionRequest } from "./decision-request.ts";
import type { DelegationChain } from "./delegation-chain.ts";
import { type CapabilitySet, ExactSet, type PermissionSet } from "./exact-set.ts";
import { type Capability, parseCapability } from "./identifiers.ts";
import { Refusal } from "./refusal.ts";

export interface Asked {
  readonly capabilities: CapabilitySet;
  /** Asked without strings attached. */
  readonly permissions: PermissionSet;
  readonly details: readonly AuthorizationDetail[];
}

/** Every permission that is asked, with or without strings. */
export function permissionsAsked({ permissions, details }: Asked): PermissionSet {
  return details.length === 0
    ? permissions
    : ExactSet.of([permissions, ...details.map((detail) => detail.permissions)].flatMap((set) => set.toArray()));
}

/** Without an action, and with a new chain, *every* capability is asked, and the policy must permit every one. */
export function parseAsked(request: DecisionRequest, chain: DelegationChain): Asked | Refusal {
  const capabilities = parseCapabilities(request, chain);
  if (capabilities instanceof Refusal) return capabilities;
  const asked = { capabilities, ...request.asked };
  return capabilities.size === 0 && permissionsAsked(asked).size === 0 ? Refusal.because("nothing_asked") : asked;
}

function parseCapabilities({ action }: DecisionRequest, { actor, phase }: DelegationChain): CapabilitySet | Refusal {
  // Our own token says what may be done; the person's attributes and the agent's abilities were judged when it was issued.
  if (phase !== "issue") return ExactSet.of<Capability>([]);
  if (action === undefined) return actor.capabilities;
  const capability = parseCapability(action.name);
  return capability === undefined || !actor.capabilities.has(capability)
    ? Refusal.because("capability_missing")
    : ExactSet.of([capability]);
}
