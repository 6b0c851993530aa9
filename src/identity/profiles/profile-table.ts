/** What one product's tokens are, as a table. The mechanism that reads them is `oidc.ts`, and one for all. */
import type { ShownTokenType } from "../../domain/evidence.ts";
import type { Issuer } from "../../domain/identifiers.ts";
import type { JsonObject } from "../../domain/json.ts";
import type { ClaimPlace } from "../options.ts";
import type { TokenKind } from "../read-token.ts";

export type Kinds = Readonly<Record<ShownTokenType, readonly TokenKind[]>>;

/** A claim that must stand there with one of these texts where the token is shown as one of `types`. */
export interface ClaimPin {
  readonly claim: string;
  readonly values: readonly string[];
  readonly types: readonly ShownTokenType[];
}

/** What a token's claims must be, whatever they say of the party. */
export interface TokenShape {
  readonly pins: readonly ClaimPin[];
  /** Claims by which an ID token and an access token are told apart where `typ` says only JWT. */
  readonly marks: { readonly idToken: readonly string[]; readonly accessToken: readonly string[] };
  /** Claims that say that others are to be fetched. Nothing is fetched, so what they would say is unknown: refused. */
  readonly fetched: readonly string[];
  /** `aud_or_scopes`: a token without `aud` is for those whose names stand before the last `/` of its scopes. */
  readonly addressedBy: "aud" | "aud_or_scopes";
}

export type PartyKind = "person" | "agent";

export interface ProfileTable {
  /** Whether an issuer of this product can have this name. */
  isIssuer(issuer: Issuer): boolean;
  shapeOf(issuer: Issuer): TokenShape;
  /** Accepted unless configuration says otherwise, and what it may say at all. */
  readonly kinds: Kinds;
  readonly kindsPossible: Kinds;
  /** Whom an issuer of this name can vouch for; configuration may take less. */
  vouchesFor(issuer: Issuer): "subjects" | "actors" | "both";
  /** `audience`: the audience is the client, so that pinning it pins both. */
  readonly client: "claim" | "audience";
  /** Undefined where the claims do not tell: such a token is nobody's. A profile without it cannot tell at all. */
  readonly partyOf: ((claims: JsonObject) => PartyKind | undefined) | undefined;
  /** The claim that names each; an inner actor of this issuer is named as its agents are. */
  readonly ids: { readonly subject: string; readonly actor: string };
  /** Where names stand unless configuration says otherwise. */
  placesFor(audiences: readonly string[]): Places;
  readonly chainSource: string | undefined;
  /** Whose agents its `may_act` may mean without `iss`, beside its own and those of configuration. */
  actorIssuers(issuer: Issuer): readonly Issuer[];
}

export interface Places {
  readonly capabilities?: ClaimPlace;
  readonly departments?: ClaimPlace;
  readonly roles?: ClaimPlace;
  /** Of a person's token, and of an agent's. */
  readonly scopes?: ClaimPlace;
  readonly agentScopes?: ClaimPlace;
}

export const usualMarks: TokenShape["marks"] = {
  idToken: ["nonce", "at_hash", "c_hash", "s_hash"],
  accessToken: ["scope", "scp", "client_id"],
};

export const usualShape: TokenShape = { pins: [], marks: usualMarks, fetched: [], addressedBy: "aud" };

/** A list, or one text that is one name. */
export const listAt = (...path: readonly string[]): ClaimPlace => ({ path, separator: "none" });

/** A list, or names with a space between. */
export const wordsAt = (...path: readonly string[]): ClaimPlace => ({ path, separator: "space" });

/** What every product has that says nothing else. */
export const usualTable = {
  vouchesFor: () => "both",
  client: "claim",
  ids: { subject: "sub", actor: "sub" },
  chainSource: undefined,
  actorIssuers: () => [],
} as const satisfies Partial<ProfileTable>;
