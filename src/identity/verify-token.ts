/** One shown token, from text to claims that its issuer vouches for; in this order, and no claim is believed before. */
import type { KeyObject } from "node:crypto";
import type { ShownToken, ShownTokenType } from "../domain/evidence.ts";
import type { Issuer } from "../domain/identifiers.ts";
import { type JsonObject, ownMember } from "../domain/json.ts";
import { Refusal } from "../domain/refusal.ts";
import { checkToken, type Showing } from "./check-token.ts";
import { isSignatureAlgorithm, isSignedWith } from "./keys/signature-algorithm.ts";
import { identityLimits } from "./limits.ts";
import { onceKnown } from "./once-known.ts";
import type { IssuerProfile, TokenRules } from "./profiles/issuer-profile.ts";
import { type ReadToken, readToken } from "./read-token.ts";
import { type TokenProblem, type TokenUse, untrusted } from "./token-problem.ts";
import { hashToken, VerifiedTokens } from "./verified-tokens.ts";

export interface VerifiedToken {
  readonly profile: IssuerProfile;
  readonly claims: JsonObject;
  /** Epoch seconds. */
  readonly expiresAt: number;
}

export type SignatureJudgement = "good" | "wrong" | "untold";

export class TokenVerifier {
  readonly #profiles: ReadonlyMap<string, IssuerProfile>;
  readonly #verified = new VerifiedTokens();

  constructor(profiles: ReadonlyMap<Issuer, IssuerProfile>) {
    this.#profiles = profiles;
  }

  /** A promise, which may reject with a Fault, only when the issuer has to be asked for its keys. */
  verify(
    { compact, type }: ShownToken,
    use: TokenUse,
    now: number,
  ): VerifiedToken | Refusal | Promise<VerifiedToken | Refusal> {
    // Before its hash too: hashing a megabyte is work.
    if (compact.length > identityLimits.tokenBytesMax) return untrusted(use, "malformed");
    const hash = hashToken(compact);
    const known = this.#verified.find(hash, now);
    const token = known?.token ?? readToken(compact);
    if (token === undefined) return untrusted(use, "malformed");
    const profile = this.#findProfile(token);
    if (profile === undefined) return untrusted(use, "issuer");
    const showing = { type, use, now };
    return onceKnown(proveSignature(token, profile.rules, showing, known?.key), (key) => {
      if (typeof key === "string") return untrusted(use, key);
      const expiresAt = checkToken(token.claims, profile.rules, showing);
      if (expiresAt instanceof Refusal) return expiresAt;
      if (known?.key !== key) this.#verified.keep(hash, { token, key, expiresAt });
      return { profile, claims: token.claims, expiresAt };
    });
  }

  /**
   * Whether its issuer signed it, whatever else is wrong with it; "untold" where no key is there to tell with. Throws a
   * Fault, or rejects with it, when the issuer could not be asked.
   */
  judgeSignature(compact: string, now: number): SignatureJudgement | Promise<SignatureJudgement> {
    const token = compact.length > identityLimits.tokenBytesMax ? undefined : readToken(compact);
    const rules = token && this.#findProfile(token)?.rules;
    if (token === undefined || rules === undefined) return "untold";
    const { algorithm, keyId } = token;
    if (!isSignatureAlgorithm(algorithm) || !rules.algorithms.includes(algorithm)) return "untold";
    return onceKnown(rules.keys.find(keyId, algorithm, now), (key) => {
      if (key === undefined) return "untold";
      return isSignedWith(key, algorithm, token) ? "good" : "wrong";
    });
  }

  /** By configuration alone: nothing in a token is ever followed to find keys (P17). */
  #findProfile({ claims }: ReadToken): IssuerProfile | undefined {
    const issuer = ownMember(claims, "iss");
    return typeof issuer === "string" ? this.#profiles.get(issuer) : undefined;
  }
}

/** The key that signed; `provedBy` signed this very token before, and counts only while it is still the key to use. */
function proveSignature(
  token: ReadToken,
  rules: TokenRules,
  { type, use, now }: Showing,
  provedBy: KeyObject | undefined,
): KeyObject | TokenProblem | Promise<KeyObject | TokenProblem> {
  if (rules.vouchesFor !== "both" && rules.vouchesFor !== `${use}s`) return "use";
  if (!isAcceptedKind(token, rules, type)) return "kind";
  const { algorithm } = token;
  if (!isSignatureAlgorithm(algorithm) || !rules.algorithms.includes(algorithm)) return "algorithm";
  return onceKnown(rules.keys.find(token.keyId, algorithm, now), (key) => {
    if (key === undefined) return "signature";
    return key === provedBy || isSignedWith(key, algorithm, token) ? key : "signature";
  });
}

function isAcceptedKind({ kind }: ReadToken, { kinds }: TokenRules, type: ShownTokenType): boolean {
  return kinds[type].some((accepted) => accepted === kind);
}
