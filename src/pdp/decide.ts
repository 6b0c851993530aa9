/**
 * The path: everything a caller can do goes through {@link decide}, in one order and one direction.
 * Read `walk` to learn the product. Deny is where it starts; `allow` is built in one place, last;
 * the one `catch` turns "could not tell" into a deny that is on record too. Somebody else's policy about a held call
 * takes the short path, `decide-call.ts`, which ends here and can mint nothing.
 */
import { parseAsked } from "../domain/asked.ts";
import type { Allow, AllowedUse, AnyDecision, Decision, Deny, UseDecision } from "../domain/decision.ts";
import type { AnyRequest, DecisionRequest } from "../domain/decision-request.ts";
import { DelegationChain } from "../domain/delegation-chain.ts";
import type { ChainId } from "../domain/identifiers.ts";
import { Fault, Refusal } from "../domain/refusal.ts";
import type { Step } from "../ports/observer.ts";
import { type Allowed, attenuate } from "./attenuate.ts";
import { checkParent } from "./check-parent.ts";
import { checkStanding } from "./check-standing.ts";
import { checkUse } from "./check-use.ts";
import { evaluate } from "./evaluate.ts";
import type { PathPorts } from "./path-ports.ts";
import { Draft, type EndableDraft } from "./draft.ts";

/** Never rejects. What it answers is on record, except a deny because the record cannot be written. */
export function decide(request: DecisionRequest, ports: PathPorts): Promise<Decision>;
export function decide(request: DecisionRequest<"use">, ports: PathPorts): Promise<UseDecision>;
export async function decide(request: AnyRequest, ports: PathPorts): Promise<Decision | UseDecision> {
  const draft = new Draft(request, ports.identifiers.decisionId(), ports.clock.read());
  return conclude(draft, ports, () => walk(draft, ports));
}

/** What every decision ends as, whichever way it walked: an answer, or a deny that is on record. Never rejects. */
export async function conclude<Answer extends AnyDecision>(
  draft: EndableDraft,
  ports: Pick<PathPorts, "log" | "observer">,
  walked: () => Promise<Answer>,
): Promise<Answer | Deny> {
  const startedAt = ports.observer.now();
  let decision: Answer | Deny;
  try {
    decision = await walked();
  } catch (cause) {
    const fault = cause instanceof Fault ? cause : new Fault("internal_fault", "an unknown error", { cause });
    ports.observer.faulted(fault);
    decision = await denyAfterFault(draft, fault, ports);
  }
  ports.observer.decided(draft.request, decision, ports.observer.now() - startedAt);
  return decision;
}

async function walk(draft: Draft, ports: PathPorts): Promise<Decision | UseDecision> {
  const { request, decisionId, reading } = draft;
  const took = stopwatch(ports);
  if (!reading.isReliable) throw new Fault("clock_unreliable", "wall time stepped back");
  const policy = ports.policy.snapshot(reading.epochSeconds);
  draft.policy = policy.reference;

  const evidence = await ports.evidence.verify(request, reading.epochSeconds);
  const chain = evidence instanceof Refusal ? evidence : DelegationChain.of(evidence, ports.rules, request.position);
  took("verify");
  if (chain instanceof Refusal) return refuse(draft, chain, ports);
  draft.chain = chain;

  const standing = await checkStanding(chain, chainIdOf(chain, draft, ports), ports.ledger);
  if (standing instanceof Refusal) return refuse(draft, standing, ports);
  const asked = parseAsked(request, chain);
  const beyond = asked instanceof Refusal ? undefined : checkParent(request, chain, asked);
  took("check");
  if (asked instanceof Refusal) return refuse(draft, asked, ports);
  draft.asked = asked;
  if (beyond !== undefined) return refuse(draft, beyond, ports);

  const verdict = evaluate({ policy, request, standing, asked, time: reading.epochSeconds });
  took("evaluate");
  if (verdict instanceof Refusal) return refuse(draft, verdict, ports);
  if (verdict.outcome === "approval_required") {
    await ports.log.record(draft.renderUngranted("approval_required", verdict.reasons));
    return { outcome: "approval_required", decisionId, policy: policy.reference, reasons: verdict.reasons };
  }

  const finish = chain.phase === "use" ? allowUse : issue;
  return finish({ verdict, policy, request, standing, asked }, draft, { ports, took });
}

interface Going {
  readonly ports: PathPorts;
  readonly took: (step: Step) => void;
}

/** The one place where a token comes from. */
async function issue(allowed: Allowed, draft: Draft, { ports, took }: Going): Promise<Allow | Deny> {
  const { policy, verdict } = allowed;
  const grant = attenuate(allowed, draft, ports);
  took("attenuate");
  if (grant instanceof Refusal) return refuse(draft, grant, ports);

  const prepared = ports.minter.prepare(grant);
  await ports.log.record(draft.renderAllow(grant, prepared, verdict.reasons));
  draft.isAllowRecorded = true;
  took("record");

  const token = await prepared.sign();
  took("mint");
  const { decisionId } = draft;
  const allow: Allow = {
    outcome: "allow",
    decisionId,
    policy: policy.reference,
    reasons: verdict.reasons,
    grant,
    token,
  };
  return allow;
}

/** Nothing is minted: what is answered is that the shown token will do for this call. */
async function allowUse(allowed: Allowed, draft: Draft, { ports, took }: Going): Promise<AllowedUse | Deny> {
  const { policy, verdict } = allowed;
  const used = checkUse(allowed, ports);
  took("attenuate");
  if (used instanceof Refusal) return refuse(draft, used, ports);
  await ports.log.record(draft.renderUse(used, verdict.reasons));
  took("record");
  const { decisionId } = draft;
  const use: AllowedUse = { outcome: "allow", decisionId, policy: policy.reference, reasons: verdict.reasons, used };
  return use;
}

async function refuse(draft: Draft, refusal: Refusal, ports: PathPorts): Promise<Deny> {
  await ports.log.record(draft.renderUngranted("deny", refusal.reasons, refusal.code));
  return draft.deny(refusal.code, refusal.reasons);
}

/** A failed log must not turn the deny into an error: what could not be recorded is denied as `audit_unavailable`. */
async function denyAfterFault(draft: EndableDraft, fault: Fault, { log }: Pick<PathPorts, "log">): Promise<Deny> {
  const entry = draft.renderFault(fault.code);
  const [recorded] = await Promise.allSettled([Promise.try(() => log.record(entry))]);
  return draft.denyFault(recorded.status === "fulfilled" ? fault.code : "audit_unavailable");
}

/** Made at the first hop, copied verbatim afterwards (DESIGN §5). */
function chainIdOf(chain: DelegationChain, { decisionId }: Draft, { identifiers }: PathPorts): ChainId {
  return chain.parent?.chainId ?? identifiers.chainId(chain.origin, decisionId);
}

export function stopwatch({ observer }: Pick<PathPorts, "observer">): (step: Step) => void {
  let last = observer.now();
  return (step) => {
    const now = observer.now();
    observer.tookStep(step, now - last);
    last = now;
  };
}
