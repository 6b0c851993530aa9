/** The promise of the EvidenceVerifier port, kept by every registered kind. */
import { describe, expect, test } from "vitest";
import type { AnyRequest } from "../../src/domain/decision-request.ts";
import { Refusal } from "../../src/domain/refusal.ts";
import { createEvidenceVerifier, type EvidenceOptions, evidenceVerifiers } from "../../src/identity/index.ts";
import type { EvidenceVerifier } from "../../src/ports/evidence-verifier.ts";
import { actorToken, agentName, createVerifier, exchangeOf, roleToken, subjectToken } from "../fakes/issuers.ts";
import { ownIssuer, testTime } from "../fakes/path-ports.ts";
import { foundingInput, namedInput, requestOf } from "../fakes/requests.ts";
import { createUseVerifier, useOf } from "../fakes/uses.ts";

interface Trial {
  readonly verifier: EvidenceVerifier;
  /** Alice, and the travel agent for her. */
  readonly named: AnyRequest;
  readonly nameless: AnyRequest;
  readonly hostile: readonly AnyRequest[];
}

const hostileClaims = [{ sub: 7 }, { exp: {} }, { act: [] }, { iss: [] }, { sub: "alice", exp: "soon" }];

/** Keyed by the table, so that a new kind does not compile without something to try it with. */
const trials: { readonly [Kind in EvidenceOptions["kind"]]: Trial } = {
  "gateway-claims": {
    verifier: evidenceVerifiers["gateway-claims"]({
      kind: "gateway-claims",
      capabilitySeparators: "space",
      vouchedIssuers: [],
      ownIssuer,
      leewaySeconds: 5,
    }),
    named: requestOf(namedInput),
    nameless: requestOf(foundingInput),
    hostile: hostileClaims.map((claims) => requestOf({ ...namedInput, subject: { claims } })),
  },
  tokens: {
    verifier: createVerifier(),
    named: exchangeOf(),
    nameless: exchangeOf({ subject: subjectToken({ sub: undefined }), actor: actorToken({ sub: undefined }) }),
    hostile: hostileClaims.map((claims) => exchangeOf({ subject: subjectToken(claims) })),
  },
  "role-token": {
    verifier: createUseVerifier(),
    named: useOf({ token: roleToken({ act: { ...agentName, sub_profile: "ai_agent" } }) }),
    nameless: useOf({ token: roleToken({ sub: undefined, sub_id: undefined }) }),
    hostile: hostileClaims.map((claims) => useOf({ token: roleToken(claims) })),
  },
};

test("every registered kind is tried", () => {
  expect(Object.keys(trials)).toEqual(Object.keys(evidenceVerifiers));
});

describe.each(Object.entries(trials))("an evidence verifier of kind %s", (_kind, trial) => {
  const { verifier, named, nameless, hostile } = trial;

  test("says who vouches, and for whom", async () => {
    const evidence = await verifier.verify(named, testTime);
    if (evidence instanceof Refusal) return expect.unreachable(evidence.code);
    expect(["gateway", "signature"]).toContain(evidence.vouchedBy);
    expect([evidence.subject.id, evidence.actor.id]).toEqual(["alice", "travel-agent"]);
  });

  test("gives the same answer to the same question, and keeps nothing of an earlier one", async () => {
    const first = await verifier.verify(named, testTime);
    await verifier.verify(nameless, testTime);
    expect(await verifier.verify(named, testTime)).toEqual(first);
  });

  test("names nobody whom the evidence does not name", async () => {
    const evidence = await verifier.verify(nameless, testTime);
    if (evidence instanceof Refusal) return expect(evidence.code).toBe("claim_malformed");
    expect(evidence).toMatchObject({
      subject: { id: undefined, scopes: undefined },
      actor: { id: undefined },
      inner: [],
    });
  });

  test("refuses as a value, never by throwing, whatever the claims hold", async () => {
    expect(hostile.length).toBeGreaterThan(0);
    for (const request of hostile) expect(await verifier.verify(request, testTime)).toBeInstanceOf(Refusal);
  });

  test("leaves evidence of another kind to others", async () => {
    for (const other of Object.values(trials).filter((one) => one !== trial)) {
      expect(await verifier.verify(other.named, testTime)).toMatchObject({ code: "evidence_not_accepted" });
    }
  });
});

test("a kind of evidence that is not configured is refused", async () => {
  const verifier = createEvidenceVerifier({});
  for (const { named } of Object.values(trials)) {
    expect(await verifier.verify(named, testTime)).toMatchObject({ code: "evidence_not_accepted" });
  }
});
