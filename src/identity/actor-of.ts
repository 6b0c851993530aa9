import type { Actor } from "../domain/delegation-chain.ts";
import { ExactSet } from "../domain/exact-set.ts";
import type { AuthenticatedClient } from "../domain/evidence.ts";
import { emptyObject } from "../domain/json.ts";

/** An actor that is known by its name alone has no claims: what it is able to do is what configuration says of it. */
export function actorOf({
  id,
  issuer,
  capabilities = ExactSet.of([]),
}: Pick<AuthenticatedClient, "id" | "issuer" | "capabilities">): Actor {
  return {
    id,
    issuer,
    claims: emptyObject,
    expiresAt: undefined,
    scopes: undefined,
    capabilities,
    type: "ai_agent",
  };
}
