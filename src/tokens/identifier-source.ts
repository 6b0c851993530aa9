/** Fresh identifiers: 128 bits each from the operating system's generator, drawn through a pool. */
import { hash, randomFillSync } from "node:crypto";
import type { ChainOrigin } from "../domain/delegation-chain.ts";
import {
  type ChainId,
  type DecisionId,
  parseChainId,
  parseDecisionId,
  parseGrantId,
  parseTokenId,
  type TokenId,
} from "../domain/identifiers.ts";
import type { IdentifierSource } from "../ports/identifier-source.ts";

const identifierBytes = 16;
const pool = Buffer.alloc(identifierBytes * 256);
let used = pool.length;

/** One letter says what an identifier names, and keeps a leading `-` out of command lines. */
function drawReference(kind: "d" | "g" | "t"): string {
  if (used >= pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  const end = used + identifierBytes;
  const reference = `${kind}-${pool.toString("base64url", used, end)}`;
  // A drawn identifier is not kept where a later reading of memory would find it.
  pool.fill(0, used, end);
  used = end;
  return reference;
}

export function createIdentifierSource(): IdentifierSource {
  return {
    decisionId: () => proven(parseDecisionId(drawReference("d"))),
    grantId: () => proven(parseGrantId(drawReference("g"))),
    chainId: hashOrigin,
  };
}

export function drawTokenId(): TokenId {
  return proven(parseTokenId(drawReference("t")));
}

/**
 * A JSON list is an unambiguous encoding, and the tag keeps an origin that *names* a decision's id apart
 * from the chain that began with that decision.
 */
function hashOrigin(origin: ChainOrigin, decision: DecisionId): ChainId {
  const { issuer, source, value } = origin;
  const encoded = JSON.stringify([
    issuer,
    source,
    ...(value === undefined ? ["decision", decision] : ["value", value]),
  ]);
  return proven(parseChainId(`c-${hash("sha256", encoded, "base64url")}`));
}

function proven<T>(identifier: T | undefined): T {
  if (identifier === undefined) throw new TypeError("an identifier of our own does not parse");
  return identifier;
}
