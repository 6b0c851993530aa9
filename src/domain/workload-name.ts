/**
 * A workload by the name in its certificate: a SPIFFE ID, or another URI. Nothing else is one, so a gateway that falls
 * back to a DNS name or to the certificate's subject names nobody here.
 */
import { ownPrefix, type PartyId, parsePartyId } from "./identifiers.ts";

declare const brand: unique symbol;
/** Compared byte for byte, like every party's name; made by {@link parseWorkloadName} alone. */
export type WorkloadName = PartyId & { readonly [brand]: "WorkloadName" };

/** RFC 3986: a scheme, and then nothing that stands in no URI. */
const uri = /^[a-z][a-z0-9+.-]*:[a-z0-9._~:/?#[\]@!$&'()*+,;=%-]+$/i;

/**
 * SPIFFE-ID §2 (SP-4), to the letter: what a URI library would make equal by folding, decoding or removing dots is not
 * repaired here. A trust domain alone is no workload.
 */
const spiffeId = /^spiffe:\/\/[a-z0-9._-]+(?:\/(?!\.{1,2}(?:\/|$))[a-zA-Z0-9._-]+)+$/;

/** Undefined too when it is longer than names here may be, which a SPIFFE ID may. */
export function parseWorkloadName(value: unknown): WorkloadName | undefined {
  const id = parsePartyId(value);
  return id !== undefined && isWorkloadName(id) ? id : undefined;
}

function isWorkloadName(id: PartyId): id is WorkloadName {
  if (!uri.test(id)) return false;
  const folded = id.toLowerCase();
  if (folded.startsWith(ownPrefix)) return false;
  return !folded.startsWith("spiffe:") || spiffeId.test(id);
}
