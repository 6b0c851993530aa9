/** The promise of the EvidenceVerifier port, kept by every registered kind. */
import { describe, expect, test } from "vitest";
import { Refusal } from "../../src/domain/refusal.ts";
import { type EvidenceOptions, evidenceVerifiers } from "../../src/identity/index.ts";
import { ownIssuer, testTime } from "../fakes/path-ports.ts";
import { foundingInput, namedInput, requestOf } from "../fakes/requests.ts";

/** Keyed by the table, so that a new kind does not compile without options to try it with. */
const optionsOf: { [Kind in EvidenceOptions["kind"]]: Extract<EvidenceOptions, { kind: Kind }> } = {
  "gateway-claims": {
    kind: "gateway-claims",
    capabilitySeparators: "space",
    vouchedIssuers: [],
    ownIssuer,
    leewaySeconds: 5,
  },
};

describe.each(Object.entries(evidenceVerifiers))("an evidence verifier of kind %s", (_kind, create) => {
  const verifier = create(optionsOf["gateway-claims"]);

  test("says who vouches, and for whom", async () => {
    const evidence = await verifier.verify(requestOf(namedInput), testTime);
    if (evidence instanceof Refusal) return expect.unreachable();
    expect(["gateway", "signature"]).toContain(evidence.vouchedBy);
    expect([evidence.subject.id, evidence.actor.id]).toEqual(["alice", "travel-agent"]);
  });

  test("gives the same answer to the same question, and keeps nothing of an earlier one", async () => {
    const first = await verifier.verify(requestOf(namedInput), testTime);
    await verifier.verify(requestOf(foundingInput), testTime);
    expect(await verifier.verify(requestOf(namedInput), testTime)).toEqual(first);
  });

  test("names nobody whom the evidence does not name", async () => {
    expect(await verifier.verify(requestOf(foundingInput), testTime)).toMatchObject({
      subject: { id: undefined, scopes: undefined },
      actor: { id: undefined },
      inner: [],
    });
  });

  test("refuses as a value, never by throwing, whatever the claims hold", async () => {
    for (const claims of [{ sub: 7 }, { exp: {} }, { Role: [null] }, { act: [] }, { iss: [] }]) {
      const input = { ...namedInput, subject: { claims } };
      expect(await verifier.verify(requestOf(input), testTime)).toBeInstanceOf(Refusal);
    }
  });
});
