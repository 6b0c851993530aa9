/** `io.jwt.decode_verify`: a token that a trusted key signed, meant for this time and this audience. */
import type { EvaluationInstant } from "./evaluation-instant.ts";
import type { BuiltinFamily } from "./family.ts";
import { isRegoArray, isRegoObject, RegoDecimal, type RegoObject, type RegoValue } from "./rego-value.ts";
import { readTokenKeys, type TokenKey } from "./token-keys.ts";
import { createSecretCheck } from "./token-signature.ts";
import { decodeText, memberOf, parseObject, parseToken, type Token } from "./token-text.ts";
import { isSignedByOne } from "./tokens.ts";
import { compareValues } from "./value-order.ts";

interface Constraints {
  readonly keys: readonly TokenKey[];
  /** Empty: any that fits the key. */
  readonly algorithm: string;
  /** Empty: any. */
  readonly issuer: string;
  /** Empty: the token may have no audience. */
  readonly audience: string;
  readonly epochSeconds: number;
}

type Verified = Readonly<Record<"header" | "payload", RegoObject>>;

const unverified: RegoValue = [false, {}, {}];
const nanosecondsPerSecond = 1e9;
const names: ReadonlySet<string> = new Set(["cert", "secret", "alg", "iss", "aud", "time"]);

/** Undefined for a constraint that OPA does not know or of a type that it cannot have. */
function parseConstraints(value: RegoValue | undefined, now: number): Constraints | undefined {
  if (!isRegoObject(value) || Object.keys(value).some((name) => !names.has(name))) return undefined;
  const [secret, algorithm, issuer, audience] = ["secret", "alg", "iss", "aud"].map((name) =>
    Object.hasOwn(value, name) ? value[name] : "",
  );
  if (typeof algorithm !== "string" || typeof issuer !== "string" || typeof audience !== "string") return undefined;
  const keys = trustedKeys(memberOf(value, "cert"), secret);
  const time = memberOf(value, "time");
  const epochSeconds = time === undefined ? now : secondsOf(time);
  return keys === undefined || epochSeconds === undefined
    ? undefined
    : { keys, algorithm, issuer, audience, epochSeconds };
}

/** Of one kind or the other, never both. An empty secret is none. */
function trustedKeys(
  certificate: RegoValue | undefined,
  secret: RegoValue | undefined,
): readonly TokenKey[] | undefined {
  if (typeof secret !== "string" || (certificate !== undefined && typeof certificate !== "string")) return undefined;
  if (certificate === undefined) {
    const isSignedBy = createSecretCheck(Buffer.from(secret, "utf8"));
    return secret === "" ? undefined : [{ id: "", algorithm: "", isSignedBy }];
  }
  return secret === "" ? readTokenKeys(certificate) : undefined;
}

function secondsOf(nanoseconds: RegoValue): number | undefined {
  const isNumber =
    typeof nanoseconds === "number" || typeof nanoseconds === "bigint" || nanoseconds instanceof RegoDecimal;
  const value = isNumber ? Number(nanoseconds instanceof RegoDecimal ? nanoseconds.text : nanoseconds) : Number.NaN;
  return Number.isFinite(value) && value >= 0 ? value / nanosecondsPerSecond : undefined;
}

/** Each token that a token holds must be signed by a trusted key too; the innermost is the answer. */
function verifyNested(text: RegoValue | undefined, constraints: Constraints): Verified | undefined | "unverified" {
  const token = parseToken(text);
  if (token === undefined) return undefined;
  const isSigned = isAskedAlgorithm(token, constraints) && isSignedByOne(constraints.keys, token);
  if (isSigned !== true) return isSigned === undefined ? undefined : "unverified";
  const said = decodeText(token.sections.payload);
  if (said === undefined) return undefined;
  if (token.contentType.toLowerCase() === "jwt") return verifyNested(said, constraints);
  const payload = parseObject(said);
  return payload === undefined ? undefined : { header: token.header, payload };
}

function isAskedAlgorithm({ algorithm }: Token, asked: Constraints): boolean {
  return algorithm !== "" && (asked.algorithm === "" || asked.algorithm === algorithm);
}

function decodeVerified(text: RegoValue | undefined, constraints: Constraints): RegoValue | undefined {
  const verified = verifyNested(text, constraints);
  if (verified === undefined) return undefined;
  if (verified === "unverified") return unverified;
  const { header, payload } = verified;
  const { issuer } = constraints;
  if (issuer !== "" && memberOf(payload, "iss") !== issuer) return unverified;
  if (!isMeantFor(memberOf(payload, "aud"), constraints.audience)) return unverified;
  const isTimely = isInTime(payload, constraints.epochSeconds);
  if (isTimely === undefined) return undefined;
  return isTimely ? [true, header, payload] : unverified;
}

/** RFC 7519 §4.1.3. Stricter than OPA, where an empty audience is meant for who names none. */
function isMeantFor(audience: RegoValue | undefined, asked: string): boolean {
  if (asked === "" || audience === undefined) return asked === "" && audience === undefined;
  return audience === asked || (isRegoArray(audience) && audience.includes(asked));
}

/** RFC 7519 §4.1.4 and §4.1.5; undefined when one of the two is no number. */
function isInTime(payload: RegoObject, epochSeconds: number): boolean | undefined {
  const [expiry, start] = [memberOf(payload, "exp"), memberOf(payload, "nbf")];
  if (expiry !== undefined && !isNumber(expiry)) return undefined;
  if (expiry !== undefined && compareValues(epochSeconds, expiry) >= 0) return false;
  if (start !== undefined && !isNumber(start)) return undefined;
  return start === undefined || compareValues(epochSeconds, start) >= 0;
}

function isNumber(value: RegoValue): boolean {
  return typeof value === "number" || typeof value === "bigint" || value instanceof RegoDecimal;
}

export function createConstraintBuiltins(instant: EvaluationInstant): BuiltinFamily {
  return {
    "io.jwt.decode_verify": (text, asked) => {
      const constraints = parseConstraints(asked, instant.epochSeconds);
      return constraints === undefined ? undefined : decodeVerified(text, constraints);
    },
  };
}
