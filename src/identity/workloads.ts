/**
 * Workloads that are known by the name in their certificate alone: whose parties they are, and what they are able to do,
 * is what configuration says of them.
 */
import type { Actor, Hop, Subject } from "../domain/delegation-chain.ts";
import { ExactSet } from "../domain/exact-set.ts";
import type { Capability, Issuer } from "../domain/identifiers.ts";
import type { WorkloadName } from "../domain/workload-name.ts";
import { actorOf } from "./actor-of.ts";
import { gatewayIssuer } from "./gateway-issuer.ts";

export interface WorkloadOptions {
  readonly id: WorkloadName;
  /** Absent: the gateway's, which proved it. */
  readonly issuer?: Issuer;
  /** Absent: nothing by capability. */
  readonly capabilities?: readonly Capability[];
}

/** One that is not listed is the gateway's, and able to do nothing by capability. */
export type FindWorkload = (name: WorkloadName) => Actor;

/** Throws for two of one name: the one that counts would be a matter of their order. */
export function createWorkloads(listed: readonly WorkloadOptions[] = []): FindWorkload {
  const known = new Map<string, Actor>();
  for (const { id, issuer = gatewayIssuer, capabilities = [] } of listed) {
    if (known.has(id)) throw new TypeError("two workloads have one name");
    known.set(id, actorOf({ id, issuer, capabilities: ExactSet.of(capabilities) }));
  }
  return (name) => known.get(name) ?? actorOf({ id: name, issuer: gatewayIssuer });
}

/**
 * A workload has one name in the world, whoever issued what says it: as parties of two issuers it would look like
 * somebody who acts for, or after, somebody else. Twice under one issuer is the chain's own rule.
 */
export function hasSecondIssuer(workload: Actor, others: readonly (Subject | Hop)[]): boolean {
  return others.some(({ id, issuer }) => id === workload.id && issuer !== workload.issuer);
}
