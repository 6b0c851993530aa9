/** `chaperone token inspect`: what a token says, and why it would be refused now. */
import type { Config } from "../config/index.ts";
import type { ShownTokenType } from "../domain/evidence.ts";
import { emptyObject, isJsonArray, isJsonObject, ownMember } from "../domain/json.ts";
import { parseStrictJson } from "../domain/strict-json.ts";
import { escapeHidden } from "../domain/hidden-text.ts";
import type { Given, Run } from "./command.ts";
import { type DecodedToken, decodeToken, isUnreadable } from "./decode-token.ts";
import { describeToken, type Inspection, kindOf } from "./describe-token.ts";
import { type ExitCode, exitCodes } from "./exit-codes.ts";
import { InputError } from "./input-error.ts";
import { judgeToken } from "./judge-token.ts";
import { type GivenKeys, type Judgement, type ResourceQuestion, type TokenUse, tokenUses } from "./judgement.ts";
import { limits } from "./limits.ts";
import { requireConfig } from "./read-config.ts";
import { readTime } from "./read-now.ts";
import { readFileStart } from "./read-start.ts";
import { renderInspection } from "./render-inspection.ts";
import { readShownToken } from "./shown-token.ts";
import { renderJson } from "./terminal.ts";

export const tokenInspect: Run = async (given, io) => {
  const config = requireConfig(given, io);
  if (config === undefined) return exitCodes.wrong;
  try {
    const wanted = await readWanted(given, config);
    const token = await readShownToken(given.operands[0] ?? "-", io);
    const inspection = await inspect(token, wanted, config);
    io.stdout.write(given.has("json") ? renderJson(inspection) : renderInspection(inspection));
    return exitOf(inspection.judgements);
  } catch (cause) {
    if (!(cause instanceof InputError)) throw cause;
    io.stderr.write(`chaperone: ${escapeHidden(cause.message)}\n`);
    return exitCodes.wrong;
  }
};

async function inspect(compact: string, wanted: Wanted, config: Config): Promise<Inspection> {
  const { type, resource, now } = wanted;
  const decoded = decodeToken(compact);
  const told = isUnreadable(decoded) ? undefined : decoded;
  const uses = wanted.use === undefined ? usesOf(told, wanted) : [wanted.use];
  const question = { token: { compact, type }, claims: told?.claims ?? emptyObject, uses, resource, now };
  return describeToken({ decoded, ...(await judgeToken(question, config)), time: now });
}

/** Where it may be shown at all, by its form; and where somebody asks about. */
function usesOf(decoded: DecodedToken | undefined, { isResourceMeant }: Wanted): readonly TokenUse[] {
  const isRoleToken = decoded !== undefined && kindOf(decoded) === "role_token";
  return isRoleToken || isResourceMeant ? tokenUses : ["subject", "actor"];
}

/** Good for something is yes; good for nothing is no, unless something could not be told. */
function exitOf(judgements: readonly Judgement[]): ExitCode {
  if (judgements.some(({ answer }) => answer === "accepted")) return exitCodes.yes;
  return judgements.some(({ answer }) => answer === "untold") ? exitCodes.unavailable : exitCodes.no;
}

interface Wanted {
  readonly use: TokenUse | undefined;
  readonly type: ShownTokenType;
  readonly resource: ResourceQuestion;
  readonly isResourceMeant: boolean;
  readonly now: number;
}

const types: readonly ShownTokenType[] = ["access_token", "jwt", "id_token"];

/** Throws an {@link InputError}. */
async function readWanted(given: Given, config: Config): Promise<Wanted> {
  const [as, typeName = "access_token"] = [given.text("as"), given.text("type")];
  const use = tokenUses.find((name) => name === as);
  const type = types.find((name) => name === typeName);
  const now = readTime(given);
  if (as !== undefined && use === undefined) throw new InputError(`--as is one of ${tokenUses.join(", ")}`);
  if (type === undefined) throw new InputError(`--type is one of ${types.join(", ")}`);
  if (now === undefined) throw new InputError("--time is epoch seconds");
  const isResourceMeant = ["audience", "issuer", "jwks"].some((option) => given.text(option) !== undefined);
  if (isResourceMeant && use !== undefined && use !== "resource") {
    throw new InputError("--audience, --issuer and --jwks are for --as resource");
  }
  const jwks = given.text("jwks");
  const resource = {
    issuer: given.text("issuer") ?? config.tokens.issuer,
    audience: given.text("audience"),
    keys: jwks === undefined ? undefined : await readGivenKeys(jwks),
  };
  return { use, type, resource, isResourceMeant, now };
}

/** An address is left to the verifier; what is fetched from it is bounded there. */
async function readGivenKeys(jwks: string): Promise<GivenKeys> {
  if (/^https?:/.test(jwks)) return { jwks };
  const bytes = await readFileStart(jwks, limits.keySetBytesMax);
  const set: unknown = bytes && parseStrictJson(bytes);
  if (!isKeySet(set)) throw new InputError("--jwks names no file with a JWK set, and no address");
  return { keys: set };
}

function isKeySet(set: unknown): set is Extract<GivenKeys, { keys: unknown }>["keys"] {
  return isJsonObject(set) && isJsonArray(ownMember(set, "keys"));
}
