/** A record says that signatures vouch for a chain only when nobody in it rests on the gateway's word. */
import { expect, test } from "vitest";
import { DecisionRequest } from "../../src/domain/decision-request.ts";
import type { AuthenticatedClient, TokensEvidence } from "../../src/domain/evidence.ts";
import { ExactSet } from "../../src/domain/exact-set.ts";
import { parsePartyId } from "../../src/domain/identifiers.ts";
import { Refusal } from "../../src/domain/refusal.ts";
import { parseWorkloadName } from "../../src/domain/workload-name.ts";
import { actorToken, createVerifier, subjectToken } from "../fakes/issuers.ts";
import { known, ownIssuer, testTime } from "../fakes/path-ports.ts";
import { testOrigin } from "../fakes/requests.ts";

const spiffe = "spiffe://mesh.example/agent";
const proved: AuthenticatedClient = { id: known(parsePartyId("agent-1")), issuer: ownIssuer };
const vouchedFor: AuthenticatedClient = { ...proved, isVouchedFor: true };
const token = { compact: actorToken(), type: "access_token" } as const;

test.each<[string, TokensEvidence["actor"], "gateway" | "signature"]>([
  ["an agent's token", { kind: "token", token, client: undefined }, "signature"],
  [
    "an agent's token, shown by a client of its gateway's word",
    { kind: "token", token, client: vouchedFor },
    "signature",
  ],
  ["a client that proved itself", { kind: "client", client: proved }, "signature"],
  ["a client of its gateway's word", { kind: "client", client: vouchedFor }, "gateway"],
  ["a peer of the gateway", { kind: "peer", name: known(parseWorkloadName(spiffe)) }, "gateway"],
])("%s", async (_who, actor, expected) => {
  const may_act = [
    { iss: ownIssuer, sub: "agent-1" },
    { iss: "urn:chaperone:gateway", sub: spiffe },
    { iss: "https://agents.example", sub: "travel-agent" },
  ];
  const subject = { compact: subjectToken({ may_act }), type: "access_token" } as const;
  const evidence: TokensEvidence = { kind: "tokens", subject, actor, isOnwardAccepted: false };
  const asked = { permissions: ExactSet.of([]), details: [], audience: undefined } as const;
  const answer = await createVerifier().verify(DecisionRequest.exchange(testOrigin, evidence, asked), testTime);
  if (answer instanceof Refusal) return expect.unreachable(answer.code);
  expect(answer.vouchedBy).toBe(expected);
});
