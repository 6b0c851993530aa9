/** A token as a resource server would judge it: by `chaperone/verify`, whose codes are told. */
import { isJsonArray, isJsonObject, type Json, type JsonObject, ownMember } from "../domain/json.ts";
import {
  RoleTokenError,
  type RoleTokenErrorCode,
  type RoleTokenExpectations,
  verifyRoleToken,
} from "../verify/index.ts";
import { InputError } from "./input-error.ts";
import type { GivenKeys, Judgement, Question, SignatureFinding } from "./judgement.ts";

/** Throws an {@link InputError} for keys or an issuer that are none. */
export async function judgeAtResource({ token, claims, resource, now }: Question, keys: GivenKeys): Promise<Judgement> {
  const { issuer, audience = audienceOf(claims) } = resource;
  try {
    const expected = { issuer, audience, now, ...requireAll(claims), ...keys };
    const { details } = await verifyRoleToken(token.compact, expected);
    const held = details.length === 0 ? "" : ", and each call is held to the strings attached";
    return { as: "resource", answer: "accepted", message: `when its own identifier is ${audience}${held}` };
  } catch (cause) {
    if (cause instanceof TypeError) throw new InputError(cause.message, { cause });
    if (!(cause instanceof RoleTokenError)) throw cause;
    const answer = cause.code === "keys_unavailable" ? "untold" : "refused";
    return { as: "resource", answer, code: cause.code, message: cause.message };
  }
}

/** What its answer says of the signature of a token of the expected issuer: good only where the verifier got past it. */
export function signatureSeenBy({ code, answer }: Judgement): SignatureFinding["state"] {
  if (answer === "accepted") return "good";
  return Object.entries(signatureAt).find(([known]) => known === code)?.[1] ?? "not_checked";
}

const signatureAt: Readonly<Record<RoleTokenErrorCode, SignatureFinding["state"]>> = {
  token_malformed: "not_checked",
  header_wrong: "not_checked",
  key_unknown: "not_checked",
  keys_unavailable: "not_checked",
  signature_wrong: "wrong",
  claims_malformed: "good",
  issuer_wrong: "not_checked",
  audience_wrong: "good",
  token_expired: "good",
  token_premature: "good",
  lifetime_excessive: "good",
  chain_malformed: "good",
  proof_unsupported: "good",
  permission_missing: "good",
  permission_limited: "good",
  use_refused: "good",
  use_failed: "good",
};

/** The token's own, or one that no token is for. */
function audienceOf(claims: JsonObject): string {
  const audience = ownMember(claims, "aud");
  return typeof audience === "string" && audience !== "" ? audience : "urn:chaperone:inspector";
}

/** The token is judged here and no call, so everything it holds is required and strings are taken as kept. */
function requireAll(claims: JsonObject): Pick<RoleTokenExpectations, "requirePermissions" | "use"> {
  const scope = ownMember(claims, "scope");
  const free = typeof scope === "string" && scope !== "" ? scope.split(" ") : [];
  const details = ownMember(claims, "authorization_details");
  const tied = isJsonArray(details) ? details.flatMap(actionsOf) : [];
  const held = [...free, ...tied].filter((name) => name !== "");
  return held.length === 0 ? {} : { requirePermissions: held, use: () => true };
}

function actionsOf(detail: Json): readonly string[] {
  const actions = isJsonObject(detail) ? ownMember(detail, "actions") : undefined;
  return isJsonArray(actions) ? actions.filter((action) => typeof action === "string") : [];
}
