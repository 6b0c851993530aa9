/** What `token inspect` asks about a token, and what it is answered. */
import type { ShownToken } from "../domain/evidence.ts";
import type { JsonObject } from "../domain/json.ts";
import type { RoleTokenExpectations } from "../verify/index.ts";

export const tokenUses = ["subject", "actor", "resource"] as const;
export type TokenUse = (typeof tokenUses)[number];

export interface Judgement {
  readonly as: TokenUse;
  /** `untold`: what would have to be known is not here. */
  readonly answer: "accepted" | "refused" | "untold";
  /** A code of docs/errors.md; at a resource, of docs/verify.md. */
  readonly code?: string;
  readonly message: string;
}

export interface SignatureFinding {
  readonly state: "good" | "wrong" | "not_checked";
  readonly message: string;
}

export interface Question {
  readonly token: ShownToken;
  /** Unproven; empty when they cannot be read. */
  readonly claims: JsonObject;
  readonly uses: readonly TokenUse[];
  readonly resource: ResourceQuestion;
  /** Epoch seconds. */
  readonly now: number;
}

/** The resource server that the token is shown to. */
export interface ResourceQuestion {
  readonly issuer: string;
  /** Undefined: the one that the token is for. */
  readonly audience: string | undefined;
  /** Undefined: this configuration's. */
  readonly keys: GivenKeys | undefined;
}

export type GivenKeys = { readonly jwks: string } | { readonly keys: NonNullable<RoleTokenExpectations["keys"]> };
