/** The promise of the Ledger port, kept by every registered kind. */
import { describe, expect, test } from "vitest";
import { DelegationChain } from "../../src/domain/delegation-chain.ts";
import { ExactSet } from "../../src/domain/exact-set.ts";
import { parseChainId, parseIssuer, parsePartyId } from "../../src/domain/identifiers.ts";
import { emptyObject } from "../../src/domain/json.ts";
import { ledgers } from "../../src/ledger/index.ts";
import { known } from "../fakes/path-ports.ts";

const [a, b] = [known(parseIssuer("https://a.example")), known(parseIssuer("https://b.example"))];
const id = (name: string) => known(parsePartyId(name));
const chainId = known(parseChainId("chain-1"));

function chainOf(subject: string, actor: string, inner: readonly string[] = []): DelegationChain {
  const party = (name: string) => ({
    id: id(name),
    issuer: a,
    claims: emptyObject,
    expiresAt: undefined,
    scopes: undefined,
  });
  const chain = DelegationChain.of(
    {
      vouchedBy: "gateway",
      subject: { ...party(subject), departments: [], roles: [] },
      actor: { ...party(actor), capabilities: ExactSet.of([]), type: "ai_agent" },
      inner: inner.map((name) => ({ id: id(name), issuer: a })),
      origin: { issuer: a, source: "txn", value: "t" },
      parent: undefined,
    },
    { unnamedParties: "allow", depthMax: 8 },
    "issue",
  );
  if (!(chain instanceof DelegationChain)) throw new TypeError(chain.code);
  return chain;
}

describe.each(Object.entries(ledgers))("a ledger of kind %s", (_kind, create) => {
  const chain = chainOf("alice", "agent", ["planner"]);

  test("knows no revocation at first", async () => {
    expect(await create({ kind: "memory" }).isRevoked(chain, chainId)).toBe(false);
  });

  test.each(["alice", "agent", "planner"])("revoking %s kills the chain it stands in", async (name) => {
    const ledger = create({ kind: "memory" });
    ledger.revokeParty(a, id(name));
    expect(await ledger.isRevoked(chain, chainId)).toBe(true);
    expect(await ledger.isRevoked(chainOf("bob", "other"), chainId)).toBe(false);
  });

  test("a party of another issuer with the same id is another party", async () => {
    const ledger = create({ kind: "memory" });
    ledger.revokeParty(b, id("alice"));
    expect(await ledger.isRevoked(chain, chainId)).toBe(false);
  });

  test("revoking a chain kills every decision in it and no other", async () => {
    const ledger = create({ kind: "memory" });
    ledger.revokeChain(chainId);
    expect(await ledger.isRevoked(chain, chainId)).toBe(true);
    expect(await ledger.isRevoked(chain, known(parseChainId("chain-2")))).toBe(false);
  });
});
