/**
 * A decision without a server: the same path, policy and claims reading, with a log that is thrown away and a minter
 * that cannot sign. It opens no state folder and writes nothing, so it may run beside a serving sidecar.
 */
import type { Config } from "../config/index.ts";
import type { Decision } from "../domain/decision.ts";
import type { DecisionRequest } from "../domain/decision-request.ts";
import { parseKeyId, parseTokenId } from "../domain/identifiers.ts";
import type { PolicyInput } from "../domain/policy-input.ts";
import type { Fault } from "../domain/refusal.ts";
import type { RoleCatalogue } from "../domain/role-catalogue.ts";
import type { Verdict } from "../domain/verdict.ts";
import { createEvidenceVerifier } from "../identity/index.ts";
import { ledgers } from "../ledger/index.ts";
import { decide } from "../pdp/decide.ts";
import { createPolicyRoom } from "../policy/index.ts";
import type { Observer } from "../ports/observer.ts";
import type { PolicyEngine } from "../ports/policy-engine.ts";
import type { PolicyRejection } from "../ports/policy-status.ts";
import type { TokenMinter } from "../ports/token-minter.ts";
import { createIdentifierSource } from "../tokens/index.ts";

export interface Rehearsal {
  readonly decision: Decision;
  /** Epoch seconds that the decision was made for. */
  readonly time: number;
  /** What the policy was asked and said; undefined when it was not asked. */
  readonly asked:
    | { readonly input: PolicyInput; readonly verdict: Verdict | undefined; readonly catalogue: RoleCatalogue }
    | undefined;
  readonly faults: readonly Fault[];
  /** Why no bundle is active. */
  readonly rejection: PolicyRejection | undefined;
}

export async function rehearse(config: Config, request: DecisionRequest, time: number): Promise<Rehearsal> {
  const clock = { read: () => ({ epochSeconds: time, isReliable: true }) };
  const policy = await createPolicyRoom(
    { ...config.policy, watch: false },
    { clock, announcer: { announce: () => {} } },
  );
  try {
    const witness = new Witness(policy);
    const faults: Fault[] = [];
    const decision = await decide(request, {
      clock,
      identifiers: createIdentifierSource(),
      evidence: createEvidenceVerifier({ claims: config.evidence }),
      ledger: ledgers[config.ledger.kind](config.ledger),
      policy: witness,
      minter: unsigning,
      log: { record: () => {} },
      observer: observeFaults(faults),
      rules: config.rules,
    });
    return { decision, time, asked: witness.asked, faults, rejection: policy.state().rejection };
  } finally {
    await policy.close();
  }
}

/** Passes every question on and remembers the first: the whole chain's, before inner actors are taken away. */
class Witness implements PolicyEngine {
  readonly #policy: PolicyEngine;
  asked: Rehearsal["asked"];

  constructor(policy: PolicyEngine) {
    this.#policy = policy;
  }

  snapshot(now: number): ReturnType<PolicyEngine["snapshot"]> {
    const snapshot = this.#policy.snapshot(now);
    const { reference, catalogue } = snapshot;
    return {
      reference,
      catalogue,
      evaluate: (input) => {
        const isFirst = this.asked === undefined;
        if (isFirst) this.asked = { input, verdict: undefined, catalogue };
        const verdict = snapshot.evaluate(input);
        if (isFirst) this.asked = { input, verdict, catalogue };
        return verdict;
      },
    };
  }
}

/** There is no key here: what `decide` explains can never be used as a token. */
const unsigning: TokenMinter = {
  prepare: () => {
    const jti = parseTokenId("not-minted");
    const kid = parseKeyId("not-minted");
    if (jti === undefined || kid === undefined) throw new TypeError("a constant identifier does not parse");
    return { jti, kid, sign: () => "" };
  },
};

function observeFaults(faults: Fault[]): Observer {
  return {
    now: () => 0,
    tookStep: () => {},
    decided: () => {},
    faulted: (fault) => void faults.push(fault),
    turnedAway: () => {},
  };
}
