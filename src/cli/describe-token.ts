/** What a decoded token says, for programs: the same facts that a person is shown, none of them proved here. */
import { withholdTokens } from "../audit/index.ts";
import { emptyObject, isJsonObject, type Json, type JsonObject, ownMember } from "../domain/json.ts";
import { type DecodedToken, isUnreadable, type UnreadableToken } from "./decode-token.ts";
import type { Judgement, SignatureFinding } from "./judgement.ts";
import { limits } from "./limits.ts";

export interface Inspection {
  /** `role_token`: of the form that a sidecar mints. `issuer_token`: any other that can be read. */
  readonly kind: "role_token" | "issuer_token" | "unreadable";
  readonly unreadable: UnreadableToken | undefined;
  readonly signature: SignatureFinding;
  readonly judgements: readonly Judgement[];
  readonly header: JsonObject | undefined;
  readonly claims: JsonObject | undefined;
  readonly chain: Chain | undefined;
  readonly times: Times | undefined;
  /** Epoch seconds that all of this is told for. */
  readonly time: number;
}

export interface NamedParty {
  readonly iss: string | undefined;
  readonly sub: string | undefined;
}

export interface Chain {
  readonly subject: NamedParty;
  /** The first one first, the one that acts now last. */
  readonly actors: readonly NamedParty[];
  /** Actors beyond those that are listed, from the first on. */
  readonly actors_left_out: number;
}

export interface Times {
  readonly issued_at: Json | undefined;
  readonly not_before: Json | undefined;
  readonly expires_at: Json | undefined;
  /** Negative: for how long it has been over. Undefined when `exp` is no number. */
  readonly lives_still_seconds: number | undefined;
}

export interface Inspected {
  readonly decoded: DecodedToken | UnreadableToken;
  readonly signature: SignatureFinding;
  readonly judgements: readonly Judgement[];
  readonly time: number;
}

export function describeToken({ decoded, signature, judgements, time }: Inspected): Inspection {
  const told = isUnreadable(decoded) ? undefined : decoded;
  return {
    kind: told === undefined ? "unreadable" : kindOf(told),
    unreadable: isUnreadable(decoded) ? decoded : undefined,
    signature,
    judgements,
    header: told && withhold(told.header),
    claims: told && withhold(told.claims),
    chain: told && describeChain(told),
    times: told && describeTimes(told.claims, time),
    time,
  };
}

/** By its form alone: who made it is the signature's to tell. */
export function kindOf({ header, claims }: DecodedToken): "role_token" | "issuer_token" {
  return ownMember(header, "typ") === "at+jwt" && isJsonObject(ownMember(claims, "delegation"))
    ? "role_token"
    : "issuer_token";
}

function describeTimes(claims: JsonObject, time: number): Times {
  const expiresAt = ownMember(claims, "exp");
  return {
    issued_at: ownMember(claims, "iat"),
    not_before: ownMember(claims, "nbf"),
    expires_at: expiresAt,
    lives_still_seconds: typeof expiresAt === "number" ? Math.floor(expiresAt - time) : undefined,
  };
}

/** A role token names its person with the person's own issuer; any other issuer's `sub` is its own. */
function describeChain(decoded: DecodedToken): Chain {
  const { claims } = decoded;
  const identifier = kindOf(decoded) === "role_token" ? ownMember(claims, "sub_id") : undefined;
  const actors: NamedParty[] = [];
  let count = 0;
  for (let act = ownMember(claims, "act"); isJsonObject(act); act = ownMember(act, "act")) {
    count += 1;
    if (count <= limits.actorsDrawnMax) actors.push(nameOf(act));
  }
  return {
    subject: nameOf(isJsonObject(identifier) ? identifier : claims),
    actors: actors.toReversed(),
    actors_left_out: Math.max(0, count - limits.actorsDrawnMax),
  };
}

function nameOf(party: JsonObject): NamedParty {
  const [iss, sub] = [ownMember(party, "iss"), ownMember(party, "sub")];
  return { iss: typeof iss === "string" ? iss : undefined, sub: typeof sub === "string" ? sub : undefined };
}

/** A token within a token could be used like any other. */
function withhold(members: JsonObject): JsonObject {
  const shown: unknown = JSON.parse(withholdTokens(JSON.stringify(members)));
  return isJsonObject(shown) ? shown : emptyObject;
}
