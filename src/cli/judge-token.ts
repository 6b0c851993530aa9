/**
 * Why a token would be refused now, asked of the code that refuses: the identity room as the token door asks it, and
 * `chaperone/verify` as a resource server does. Nothing is judged here a second time.
 */
import type { Config } from "../config/index.ts";
import { DelegationChain } from "../domain/delegation-chain.ts";
import { ownMember } from "../domain/json.ts";
import { Fault, Refusal } from "../domain/refusal.ts";
import { createTokenInspector, type TokenInspector } from "../identity/index.ts";
import type { PublishedKeys } from "../ports/published-keys.ts";
import { readPublishedKeys, TokenRoomError } from "../tokens/index.ts";
import { judgeAtResource, signatureSeenBy } from "./judge-at-resource.ts";
import type { Judgement, Question, SignatureFinding, TokenUse } from "./judgement.ts";

export interface Judged {
  readonly signature: SignatureFinding;
  readonly judgements: readonly Judgement[];
}

export async function judgeToken(question: Question, config: Config): Promise<Judged> {
  const own = await readOwnKeys(config, question.now);
  await using inspector = openInspector(config, own, question.now);
  const bench = { question, config, own, inspector };
  const judgements: Judgement[] = [];
  for (const use of question.uses) judgements.push(await judgeAs(use, bench));
  return { signature: await findSignature(bench, judgements), judgements };
}

interface Bench {
  readonly question: Question;
  readonly config: Config;
  readonly own: PublishedKeys | TokenRoomError;
  readonly inspector: TokenInspector;
}

/** The key files may not be there: this is not the sidecar's machine, or it never ran. */
async function readOwnKeys({ tokens }: Config, now: number): Promise<Bench["own"]> {
  try {
    return await readPublishedKeys(tokens, now);
  } catch (cause) {
    if (cause instanceof TokenRoomError) return cause;
    throw cause;
  }
}

/** Also where no token is evidence: whether the signature of ours is good can still be told. */
function openInspector({ issuers, evidence, tokens }: Config, own: Bench["own"], now: number): TokenInspector {
  const keys = own instanceof TokenRoomError ? { publicKeys: () => [] } : own;
  return createTokenInspector(
    {
      kind: "tokens",
      issuers: issuers.length > 0 ? issuers : [{ kind: "chaperone", leewaySeconds: tokens.clockLeewaySeconds }],
      own: { issuer: evidence.ownIssuer, keys },
    },
    { clock: { read: () => ({ epochSeconds: now, isReliable: true }) }, announcer: { announce: () => {} } },
  );
}

async function judgeAs(use: TokenUse, bench: Bench): Promise<Judgement> {
  const { question, own } = bench;
  if (use !== "resource") return judgeAtDoor(use, bench);
  const { keys } = question.resource;
  if (keys !== undefined) return judgeAtResource(question, keys);
  if (own instanceof TokenRoomError) return untoldBy(use, own);
  return judgeAtResource(question, { keys: { keys: [...own.publicKeys(question.now)] } });
}

async function judgeAtDoor(use: "subject" | "actor", { question, config, own, inspector }: Bench): Promise<Judgement> {
  const { token, claims, now } = question;
  if (config.issuers.length === 0) return refusedBy(use, Refusal.because("evidence_not_accepted"));
  if (own instanceof TokenRoomError && ownMember(claims, "iss") === config.evidence.ownIssuer) {
    return untoldBy(use, own);
  }
  try {
    const proved = await inspector[use](token, now);
    const chain = proved instanceof Refusal ? proved : DelegationChain.of(proved, config.rules, "issue");
    if (chain instanceof Refusal) return refusedBy(use, chain);
    // A leeway lets a token in for a moment longer; what would be made from it lives in whole seconds, and not past it.
    if (Math.floor(chain.expiresAt) <= now) return refusedBy(use, Refusal.because("lifetime_exhausted"));
    return { as: use, answer: "accepted", message: "beside the other party's token, by an authenticated client" };
  } catch (cause) {
    if (!(cause instanceof Fault)) throw cause;
    return { as: use, answer: "untold", code: cause.code, message: cause.detail };
  }
}

/** The message begins with the code. */
function untoldBy(as: TokenUse, { code, message }: TokenRoomError): Judgement {
  return { as, answer: "untold", code, message: message.replace(`${code}: `, "") };
}

function refusedBy(as: TokenUse, { code, reasons }: Refusal): Judgement {
  return { as, answer: "refused", code, message: reasons.map(({ message }) => message).join(" ") };
}

const signatureMessages: Readonly<Record<SignatureFinding["state"], string>> = {
  good: "made with a key of its issuer",
  wrong: "NOT made with the key that it names; nothing below is its issuer's word",
  not_checked: "no key of its issuer that fits is known here; nothing below is proved",
};

async function findSignature(bench: Bench, judgements: readonly Judgement[]): Promise<SignatureFinding> {
  const found = await askInspector(bench);
  const { claims, resource } = bench.question;
  const atResource = judgements.find(({ as }) => as === "resource");
  // The keys are those of the issuer that the resource server expects, and of no other.
  const isTold = atResource !== undefined && ownMember(claims, "iss") === resource.issuer;
  const state = found === "not_checked" && isTold ? signatureSeenBy(atResource) : found;
  return { state, message: signatureMessages[state] };
}

async function askInspector({ question, inspector }: Bench): Promise<SignatureFinding["state"]> {
  try {
    const found = await inspector.signature(question.token.compact, question.now);
    return found === "untold" ? "not_checked" : found;
  } catch (cause) {
    if (cause instanceof Fault) return "not_checked";
    throw cause;
  }
}
