/**
 * Who asks, for whom, and through whom: the subject, the current actor and the inner actors that came before.
 * A chain exists only after its evidence was verified; the rules on its shape hold from then on.
 */
import { bounds } from "./bounds.ts";
import { type Issuer, ownPrefix, type PartyId } from "./identifiers.ts";
import type { Phase, Position } from "./decision-request.ts";
import type { ParentGrant } from "./parent-grant.ts";
import type { CapabilitySet, PermissionSet } from "./exact-set.ts";
import type { JsonObject } from "./json.ts";
import { Refusal, type RefusalCode } from "./refusal.ts";

/**
 * Who vouches for the chain: a signature that was checked, or the authenticated gateway (P31). It is the gateway as soon
 * as one of the parties rests on its word.
 */
export type VouchedBy = "gateway" | "signature";

interface Party {
  /** Absent when the evidence names nobody. */
  readonly id: PartyId | undefined;
  readonly issuer: Issuer;
  /** As shown, for the policy; the normalised members beside it are what the sidecar itself relies on. */
  readonly claims: JsonObject;
  /** Epoch seconds after which nothing may live that derives from this party. */
  readonly expiresAt: number | undefined;
  /** What the party's own token allows; undefined means unknown, which is never "all" (TT-5). */
  readonly scopes: PermissionSet | undefined;
}

export interface Subject extends Party {
  readonly departments: readonly string[];
  readonly roles: readonly string[];
}

export interface Actor extends Party {
  readonly capabilities: CapabilitySet;
  /** `sub_profile` of the actor profile draft, e.g. `ai_agent`. */
  readonly type: string;
}

/** An inner actor: evidence only (RFC 8693 §4.1). */
export interface Hop {
  readonly id: PartyId;
  readonly issuer: Issuer;
}

/** Where the chain began; its hash is the chain id. `value` undefined: the chain begins with this decision. */
export interface ChainOrigin {
  readonly issuer: Issuer;
  readonly source: string;
  readonly value: string | undefined;
}

/** What an evidence verifier proves, before the rules on the chain's shape. */
export interface VerifiedEvidence {
  readonly vouchedBy: VouchedBy;
  readonly subject: Subject;
  readonly actor: Actor;
  /** Root first. */
  readonly inner: readonly Hop[];
  readonly origin: ChainOrigin;
  /** Set when the evidence is a token of ours: its grant. */
  readonly parent: ParentGrant | undefined;
}

export interface ChainRules {
  readonly unnamedParties: "allow" | "deny";
  readonly depthMax: number;
}

export class DelegationChain {
  /** Which rules of the policy apply: a new chain, a token of ours exchanged onward, or one shown for a call. */
  readonly phase: Phase;
  readonly vouchedBy: VouchedBy;
  readonly subject: Subject;
  readonly actor: Actor;
  readonly inner: readonly Hop[];
  readonly origin: ChainOrigin;
  readonly parent: ParentGrant | undefined;

  private constructor(evidence: VerifiedEvidence, phase: Phase) {
    this.phase = phase;
    this.vouchedBy = evidence.vouchedBy;
    this.subject = evidence.subject;
    this.actor = evidence.actor;
    this.inner = evidence.inner;
    this.origin = evidence.origin;
    this.parent = evidence.parent;
  }

  static of(evidence: VerifiedEvidence, rules: ChainRules, position: Position): DelegationChain | Refusal {
    const phase = phaseOf(evidence, position);
    if (phase === undefined) return Refusal.because("evidence_not_accepted");
    const refusal = checkNames(evidence, rules, phase) ?? checkDepth(evidence, rules, phase);
    if (refusal !== undefined) return Refusal.because(refusal);
    if (hasCycle(evidence)) return Refusal.because("chain_cycle");
    return new DelegationChain(evidence, phase);
  }

  /** False when either party is unnamed: the grant is then a leaf, used and never exchanged (DESIGN §5). */
  get isNamed(): boolean {
    return this.subject.id !== undefined && this.actor.id !== undefined;
  }

  /** The same chain without its inner actors, for the question whether they were decisive (DESIGN §4). */
  withoutInner(): DelegationChain {
    const { vouchedBy, subject, actor, origin, parent } = this;
    return new DelegationChain({ vouchedBy, subject, actor, inner: [], origin, parent }, this.phase);
  }

  /** The earliest moment at which one of the parties expires, epoch seconds. */
  get expiresAt(): number {
    return Math.min(
      this.subject.expiresAt ?? Infinity,
      this.actor.expiresAt ?? Infinity,
      this.parent?.expiresAt ?? Infinity,
    );
  }
}

/** Undefined: nothing of ours is shown where only a role token counts. */
function phaseOf({ parent }: VerifiedEvidence, position: Position): Phase | undefined {
  switch (position) {
    case "issue":
      return parent === undefined ? "issue" : "delegate";
    case "use":
      return parent === undefined ? undefined : "use";
  }
}

function checkNames(
  { subject, actor, inner }: VerifiedEvidence,
  rules: ChainRules,
  phase: Phase,
): RefusalCode | undefined {
  // Its names were checked when the token was minted, and those of unnamed parties are our own.
  if (phase === "use") return undefined;
  if (subject.id !== undefined && actor.id === undefined) return "actor_unnamed";
  if (rules.unnamedParties === "deny" && actor.id === undefined) return "unnamed_parties_denied";
  if (rules.unnamedParties === "deny" && subject.id === undefined) return "unnamed_parties_denied";
  const ids = [subject.id, actor.id, ...inner.map((hop) => hop.id)];
  return ids.some((id) => id?.toLowerCase().startsWith(ownPrefix) === true) ? "party_reserved" : undefined;
}

/** A hop onward stands one below its parent; a use stands where its token does. */
function checkDepth({ inner, parent }: VerifiedEvidence, rules: ChainRules, phase: Phase): RefusalCode | undefined {
  const depth = inner.length + 1;
  if (depth > Math.min(parent?.depthMax ?? rules.depthMax, rules.depthMax, bounds.chainDepthMax)) {
    return "chain_too_deep";
  }
  if (parent === undefined) return undefined;
  return depth === (phase === "use" ? parent.depth : parent.depth + 1) ? undefined : "parent_mismatch";
}

function sameParty(left: { id: PartyId | undefined; issuer: Issuer }, right: typeof left): boolean {
  return left.id !== undefined && left.id === right.id && left.issuer === right.issuer;
}

/** MK-6: no party twice; the one exception is an autonomous agent, alone in its chain. */
function hasCycle({ subject, actor, inner }: VerifiedEvidence): boolean {
  const links = [subject, ...inner, actor];
  if (links.length === 2) return false;
  return links.some((link, index) => links.some((other, at) => at < index && sameParty(link, other)));
}
