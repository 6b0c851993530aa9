import type { ChainOrigin } from "../domain/delegation-chain.ts";
import type { ChainId, DecisionId, GrantId } from "../domain/identifiers.ts";

/** Fresh identifiers: at least 128 random bits each, never the same twice. */
export interface IdentifierSource {
  decisionId(): DecisionId;
  grantId(): GrantId;
  /** The same for the same origin, always; an origin without a value begins with this decision. */
  chainId(origin: ChainOrigin, decision: DecisionId): ChainId;
}
