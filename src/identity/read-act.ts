/** The nested `act` of a subject's evidence as root-first hops, walked without recursion (P21). Evidence only. */
import { bounds } from "../domain/bounds.ts";
import type { Hop } from "../domain/delegation-chain.ts";
import { isJsonObject, type JsonObject, ownMember } from "../domain/json.ts";
import { Refusal } from "../domain/refusal.ts";

export function readHops(claims: JsonObject, readHop: (act: JsonObject) => Hop | Refusal): readonly Hop[] | Refusal {
  const hops: Hop[] = [];
  for (let act = ownMember(claims, "act"); act !== undefined; ) {
    if (!isJsonObject(act)) return Refusal.because("claim_malformed");
    if (hops.length >= bounds.chainDepthMax) return Refusal.because("chain_too_deep");
    const hop = readHop(act);
    if (hop instanceof Refusal) return hop;
    hops.unshift(hop);
    act = ownMember(act, "act");
  }
  return hops;
}
