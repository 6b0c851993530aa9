/**
 * Evidence that an authenticated local gateway decoded and vouches for (MISSION, invariant 7). Nothing here is
 * cryptography: the gateway is the trust root, which is why the door proved it first and the record says so.
 */
import type { AnyRequest } from "../domain/decision-request.ts";
import type { ClaimsActor, ClaimsEvidence } from "../domain/evidence.ts";
import type { Actor, Hop, Subject, VerifiedEvidence } from "../domain/delegation-chain.ts";
import { ExactSet } from "../domain/exact-set.ts";
import { type Capability, type Issuer, type PartyId, parseCapability, parsePartyId } from "../domain/identifiers.ts";
import { type JsonObject, ownMember } from "../domain/json.ts";
import { Refusal } from "../domain/refusal.ts";
import type { EvidenceVerifier } from "../ports/evidence-verifier.ts";
import { gatewayIssuer } from "./gateway-issuer.ts";
import { isNextActor } from "./match-next-actor.ts";
import { mayAct } from "./may-act.ts";
import type { GatewayClaimsOptions } from "./options.ts";
import { readHops } from "./read-act.ts";
import { readNumericDate, readProfile, readString, readStrings, separators } from "./read-claims.ts";
import { createWorkloads, type FindWorkload, hasSecondIssuer } from "./workloads.ts";

const spellings = {
  capabilities: ["Capabilities", "capabilities"],
  departments: ["Department", "department", "departments", "Departments"],
  roles: ["Role", "role", "roles", "Roles"],
} as const;

/** `findWorkload` is made of `workloads`, once. */
interface Rules extends GatewayClaimsOptions {
  readonly findWorkload: FindWorkload;
}

export function createGatewayClaimsVerifier(options: GatewayClaimsOptions): EvidenceVerifier {
  const rules = { ...options, findWorkload: createWorkloads(options.workloads) };
  return {
    verify: ({ evidence }: AnyRequest, now: number) =>
      evidence.kind === "claims" ? verifyClaims(evidence, now, rules) : Refusal.because("evidence_not_accepted"),
  };
}

function verifyClaims(evidence: ClaimsEvidence, now: number, options: Rules): VerifiedEvidence | Refusal {
  if (needsToken(evidence, options)) return Refusal.because("token_evidence_required");
  const { subject, actor } = evidence;
  const verifiedSubject = verifySubject(subject, now, options);
  if (verifiedSubject instanceof Refusal) return verifiedSubject;
  const verifiedActor = findActor(actor, now, options);
  if (verifiedActor instanceof Refusal) return verifiedActor;
  const mismatch =
    actor.kind === "peer" ? checkPeer(verifiedActor, verifiedSubject, subject) : checkNamed(actor, subject);
  if (mismatch !== undefined) return mismatch;
  const inner = readInnerActors(subject, verifiedSubject.issuer, options);
  if (inner instanceof Refusal) return inner;
  if (actor.kind === "peer" && hasSecondIssuer(verifiedActor, [verifiedSubject, ...inner])) {
    return Refusal.because("chain_cycle");
  }
  const transaction = readString(subject, "txn");
  if (transaction instanceof Refusal) return transaction;
  return {
    vouchedBy: "gateway",
    subject: verifiedSubject,
    actor: verifiedActor,
    inner,
    parent: undefined,
    origin: {
      issuer: verifiedSubject.issuer,
      source: transaction === undefined ? "decision" : "txn",
      value: transaction,
    },
  };
}

function findActor(actor: ClaimsEvidence["actor"], now: number, options: Rules): Actor | Refusal {
  switch (actor.kind) {
    case "claims":
      return verifyActor(actor.claims, now, options);
    case "peer":
      return options.findWorkload(actor.name);
  }
}

/** What the subject's issuer said binds here too: a token for one agent is no token for another (P6). */
function checkNamed({ claims }: ClaimsActor, subject: JsonObject): Refusal | undefined {
  if (!Object.hasOwn(subject, "may_act") || mayAct(ownMember(subject, "may_act"), claims)) return undefined;
  return Refusal.because("actor_not_named");
}

/** The same of a peer; it has no claims to match, so an entry without issuer means the party of that name at the subject's own. */
function checkPeer(actor: Actor, { issuer }: Subject, subject: JsonObject): Refusal | undefined {
  if (!Object.hasOwn(subject, "may_act")) return undefined;
  const next = { claim: ownMember(subject, "may_act"), names: "parties", allowed: [], issuers: [issuer] } as const;
  const isNamed = isNextActor(next, { actor, client: undefined, isClient: false });
  return isNamed ? undefined : Refusal.because("actor_not_named");
}

function needsToken({ subject, actor }: ClaimsEvidence, options: Rules): boolean {
  if (comesFromRoleToken(subject, options)) return true;
  return actor.kind === "claims" && (comesFromRoleToken(actor.claims, options) || Object.hasOwn(actor.claims, "act"));
}

/** Anything of our own is proved by its token, never by somebody's word (DESIGN §5 "Onward"). */
function comesFromRoleToken(claims: JsonObject, { ownIssuer }: GatewayClaimsOptions): boolean {
  return Object.hasOwn(claims, "delegation") || ownMember(claims, "iss") === ownIssuer;
}

interface PartyFacts {
  readonly id: PartyId | undefined;
  readonly issuer: Issuer;
  readonly claims: JsonObject;
  readonly expiresAt: number | undefined;
  readonly scopes: undefined;
}

function verifyParty(claims: JsonObject, now: number, options: GatewayClaimsOptions): PartyFacts | Refusal {
  const expiresAt = readNumericDate(claims, "exp");
  if (expiresAt instanceof Refusal) return expiresAt;
  const notBefore = readNumericDate(claims, "nbf");
  if (notBefore instanceof Refusal) return notBefore;
  if (expiresAt !== undefined && now >= expiresAt + options.leewaySeconds) return Refusal.because("claims_expired");
  if (notBefore !== undefined && now < notBefore - options.leewaySeconds)
    return Refusal.because("claims_not_yet_valid");
  const id = parsePartyId(ownMember(claims, "sub"));
  if (id === undefined && Object.hasOwn(claims, "sub")) return Refusal.because("claim_malformed");
  const issuer = readIssuer(claims, options);
  return issuer instanceof Refusal ? issuer : { id, issuer, claims, expiresAt, scopes: undefined };
}

/**
 * An issuer that the gateway may not vouch for does not become one by being named: the claims are then the gateway's.
 * So one party has one name, whatever is said of it: a revocation and the search for cycles find it.
 */
function readIssuer(claims: JsonObject, { vouchedIssuers }: GatewayClaimsOptions): Issuer | Refusal {
  const named = readString(claims, "iss");
  if (named instanceof Refusal) return named;
  const vouched = vouchedIssuers.find((issuer) => issuer === named);
  // Beside issuers that are told apart, one that is not would fold the parties of all others into one name.
  if (vouched === undefined && named !== undefined && vouchedIssuers.length > 0) {
    return Refusal.because("issuer_not_vouched");
  }
  return vouched ?? gatewayIssuer;
}

function verifySubject(claims: JsonObject, now: number, options: GatewayClaimsOptions): Subject | Refusal {
  const party = verifyParty(claims, now, options);
  if (party instanceof Refusal) return party;
  const departments = readStrings(claims, spellings.departments);
  if (departments instanceof Refusal) return departments;
  const roles = readStrings(claims, spellings.roles);
  if (roles instanceof Refusal) return roles;
  // The chain is told apart from the claims: a rule that read `act` here would let an inner actor decide (P7).
  const { act: _chain, ...own } = claims;
  return { ...party, claims: own, departments, roles };
}

function verifyActor(claims: JsonObject, now: number, options: GatewayClaimsOptions): Actor | Refusal {
  const party = verifyParty(claims, now, options);
  if (party instanceof Refusal) return party;
  const names = readStrings(claims, spellings.capabilities, separators[options.capabilitySeparators]);
  if (names instanceof Refusal) return names;
  const capabilities = names.map(parseCapability).filter((name): name is Capability => name !== undefined);
  if (capabilities.length < names.length) return Refusal.because("claim_malformed");
  const profile = readProfile(claims);
  if (profile instanceof Refusal) return profile;
  return { ...party, capabilities: ExactSet.of(capabilities), type: profile ?? "ai_agent" };
}

/** Evidence only: an inner actor of ours is proved by its token as well. */
function readInnerActors(
  claims: JsonObject,
  subjectIssuer: Issuer,
  options: GatewayClaimsOptions,
): readonly Hop[] | Refusal {
  return readHops(claims, (act) => {
    if (comesFromRoleToken(act, options)) return Refusal.because("token_evidence_required");
    const id = parsePartyId(ownMember(act, "sub"));
    if (id === undefined) return Refusal.because("claim_malformed");
    const issuer = Object.hasOwn(act, "iss") ? readIssuer(act, options) : subjectIssuer;
    return issuer instanceof Refusal ? issuer : { id, issuer };
  });
}
