/** What a request asks for: an action's capability, permissions by name, or every capability of the actor (DESIGN §4). */
import { type AuthorizationDetail, isTied } from "./authorization-detail.ts";
import type { AskedByName, AnyRequest } from "./decision-request.ts";
import type { DelegationChain } from "./delegation-chain.ts";
import { type CapabilitySet, ExactSet, type PermissionSet } from "./exact-set.ts";
import { type Capability, parseCapability } from "./identifiers.ts";
import { Refusal } from "./refusal.ts";

export interface Asked {
  readonly capabilities: CapabilitySet;
  /** Asked without strings attached. */
  readonly permissions: PermissionSet;
  /** Each with strings attached. */
  readonly details: readonly AuthorizationDetail[];
}

/** Every permission that is asked, with or without strings. */
export function permissionsAsked({ permissions, details }: Asked): PermissionSet {
  return details.length === 0 ? permissions : gather([permissions, ...details.map((detail) => detail.permissions)]);
}

/** What is asked in several ways is asked; only an ask may be gathered like this, never a grant. */
function gather(sets: readonly PermissionSet[]): PermissionSet {
  return ExactSet.of(sets.flatMap((set) => set.toArray()));
}

/** Without an action, and with a new chain, *every* capability is asked, and the policy must permit every one. */
export function parseAsked(request: AnyRequest, chain: DelegationChain): Asked | Refusal {
  const capabilities = parseCapabilities(request, chain);
  if (capabilities instanceof Refusal) return capabilities;
  const asked = { capabilities, ...untie(request.asked) };
  return capabilities.size === 0 && permissionsAsked(asked).size === 0 ? Refusal.because("nothing_asked") : asked;
}

/** A detail without strings asks for as much as a scope does. */
function untie({ permissions, details }: AskedByName): AskedByName {
  const free = details.filter((detail) => !isTied(detail));
  if (free.length === 0) return { permissions, details };
  return {
    permissions: gather([permissions, ...free.map((detail) => detail.permissions)]),
    details: details.filter(isTied),
  };
}

function parseCapabilities({ action }: AnyRequest, { actor, phase }: DelegationChain): CapabilitySet | Refusal {
  // Our own token says what may be done; the person's attributes and the agent's abilities were judged when it was issued.
  if (phase !== "issue") return ExactSet.of<Capability>([]);
  if (action === undefined) return actor.capabilities;
  const capability = parseCapability(action.name);
  return capability === undefined || !actor.capabilities.has(capability)
    ? Refusal.because("capability_missing")
    : ExactSet.of([capability]);
}
