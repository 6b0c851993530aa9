/** What the verifier of tokens knows of one issuer: which of its tokens to believe, and what they say. */
import type { Actor, ChainOrigin, Hop, Subject } from "../../domain/delegation-chain.ts";
import type { Issuer } from "../../domain/identifiers.ts";
import type { Json, JsonObject } from "../../domain/json.ts";
import type { ParentGrant } from "../../domain/parent-grant.ts";
import type { Refusal } from "../../domain/refusal.ts";
import type { IssuerKeys } from "../keys/issuer-keys.ts";
import type { SignatureAlgorithm } from "../keys/signature-algorithm.ts";
import type { NamedActor } from "../options.ts";
import type { Kinds, TokenShape } from "./profile-table.ts";

export interface IssuerProfile {
  readonly rules: TokenRules;
  /** `claims` are of a token that kept every rule; `expiresAt` is its `exp`, epoch seconds. */
  readSubject(claims: JsonObject, expiresAt: number): ProvedSubject | Refusal;
  readActor(claims: JsonObject, expiresAt: number): Actor | Refusal;
}

/** What a token must keep before anything in it is believed. */
export interface TokenRules {
  readonly issuer: Issuer;
  readonly keys: IssuerKeys;
  readonly algorithms: readonly SignatureAlgorithm[];
  readonly kinds: Kinds;
  readonly shape: TokenShape;
  readonly vouchesFor: "subjects" | "actors" | "both";
  /** Undefined: any one audience; the profile reads what it means. */
  readonly audiences: readonly string[] | undefined;
  readonly multipleAudiences: "refuse" | "accept";
  /** Empty: any. */
  readonly clients: readonly string[];
  readonly leewaySeconds: number;
  readonly lifetimeSecondsMax: number;
}

export interface ProvedSubject {
  readonly subject: Subject;
  /** Root first. */
  readonly inner: readonly Hop[];
  readonly origin: ChainOrigin;
  readonly parent: ParentGrant | undefined;
  readonly nextActors: NextActors;
}

/** Whom a subject's token and its profile let act next. */
export interface NextActors {
  /** `may_act` as it stands; when it is there, it alone counts. */
  readonly claim: Json | undefined;
  /** What its `sub` is compared with: the same claim of the actor's token (TX-18), or in our own tokens our name for it. */
  readonly names: "tokens" | "parties";
  readonly allowed: readonly NamedActor[];
  /** Whose actors an entry without `iss` may mean. */
  readonly issuers: readonly Issuer[];
}
