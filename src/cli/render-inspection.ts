/** What `token inspect` shows a person. Claims are anybody's text: each is cut, and kept to its own line. */
import { type Json, isJsonArray, isJsonObject, type JsonObject, ownMember } from "../domain/json.ts";
import { describeDetails } from "./describe-detail.ts";
import type { Chain, Inspection, NamedParty, Times } from "./describe-token.ts";
import type { Judgement } from "./judgement.ts";
import { limits } from "./limits.ts";
import { renderRows, renderTime } from "./terminal.ts";

type Row = readonly [string, string];

export function renderInspection(inspection: Inspection): string {
  const { signature, judgements, header, claims, chain, times, time } = inspection;
  return renderRows([
    ["token", kinds[inspection.kind]],
    ...(inspection.unreadable === undefined ? [] : [row("unreadable", inspection.unreadable.message)]),
    ["signature", `${signatureWords[signature.state]}: ${signature.message}`],
    ...judgements.map((judgement): Row => [judgementLabels[judgement.as], renderJudgement(judgement)]),
    ...(header === undefined ? [] : [row("header", header)]),
    ...(chain === undefined ? [] : [["acts for", renderChain(chain)] as const]),
    ...(times === undefined ? [] : rowsOfTimes(times, time)),
    ...(claims === undefined ? [] : rowsOfClaims(claims, inspection.kind)),
    ["cannot see", blindSpots],
  ]);
}

const kinds: Readonly<Record<Inspection["kind"], string>> = {
  role_token: "a role token, by its form",
  issuer_token: "no role token: some other issuer's, by its form",
  unreadable: "cannot be read",
};

const signatureWords = { good: "good", wrong: "WRONG", not_checked: "NOT checked" } as const;

const judgementLabels: Readonly<Record<Judgement["as"], string>> = {
  subject: "as subject",
  actor: "as actor",
  resource: "at a resource",
};

const answers: Readonly<Record<Judgement["answer"], string>> = {
  accepted: "accepted",
  refused: "REFUSED",
  untold: "cannot tell",
};

const blindSpots =
  "revocations, and what the policy says of a whole request: those a running sidecar knows (docs/audit.md)";

function renderJudgement({ answer, code, message }: Judgement): string {
  return clip(`${answers[answer]}${code === undefined ? " " : `, ${code}: `}${message}`);
}

/** Root first, each one acting for those above. */
function renderChain({ subject, actors, actors_left_out }: Chain): string {
  const left = actors_left_out === 0 ? [] : [`(${actors_left_out} more actors)`];
  const links = [
    ...left,
    ...actors.map((actor, at) => `${renderParty(actor)}${at === actors.length - 1 ? "  acts now" : ""}`),
  ];
  return [renderParty(subject), ...links.map((link, at) => `${"   ".repeat(at)}└─ ${link}`)].join("\n");
}

function renderParty({ iss, sub }: NamedParty): string {
  return clip(`${sub ?? "(nobody named)"}${iss === undefined ? "" : ` of ${iss}`}`);
}

function rowsOfTimes({ issued_at: issued, not_before: notBefore, expires_at: expires }: Times, now: number): Row[] {
  return [
    ["issued", renderInstant(issued, now)],
    ...(notBefore === undefined || notBefore === issued
      ? []
      : [["not before", renderInstant(notBefore, now)] as const]),
    ["expires", renderInstant(expires, now)],
  ];
}

/** The last second that a date of this language can say. */
const lastInstant = 8_640_000_000_000;

function renderInstant(value: Json | undefined, now: number): string {
  if (value === undefined) return "not said";
  if (typeof value !== "number" || value < 0 || value > lastInstant) return clip(JSON.stringify(value));
  const seconds = Math.floor(value - now);
  const distance = seconds > 0 ? `in ${renderDuration(seconds)}` : `${renderDuration(-seconds)} ago`;
  return `${renderTime(value)}  (${value}, ${distance})`;
}

const units = [
  ["d", 86_400],
  ["h", 3600],
  ["min", 60],
  ["s", 1],
] as const;

/** Its two largest units. */
function renderDuration(seconds: number): string {
  const at = Math.max(
    0,
    units.findIndex(([, size]) => seconds >= size),
  );
  let rest = seconds;
  const parts: string[] = [];
  for (const [name, size] of units.slice(seconds === 0 ? -1 : at).slice(0, 2)) {
    const count = Math.floor(rest / size);
    rest -= count * size;
    if (count > 0 || parts.length === 0) parts.push(`${count} ${name}`);
  }
  return parts.join(" ");
}

const claimLabels: ReadonlyMap<string, string> = new Map([
  ["iss", "issuer"],
  ["aud", "audience"],
  ["client_id", "client"],
  ["txn", "chain id"],
  ["scope", "permissions"],
  ["roles", "roles"],
  ["may_act", "may act next"],
  ["policy", "policy"],
  ["decision_id", "decision"],
]);

/** What the rows beside these say; of another type than it should have, it is told like any claim. */
function isToldElsewhere(name: string, value: Json, kind: Inspection["kind"]): boolean {
  switch (name) {
    case "sub":
    case "iat":
    case "nbf":
    case "exp":
    case "authorization_details":
      return true;
    case "act":
    case "delegation":
      return isJsonObject(value);
    case "sub_id":
      return kind === "role_token";
    default:
      return claimLabels.has(name);
  }
}

function rowsOfClaims(claims: JsonObject, kind: Inspection["kind"]): Row[] {
  const delegation = ownMember(claims, "delegation");
  const named = [...claimLabels].flatMap(([name, label]): Row[] => {
    const value = ownMember(claims, name);
    return value === undefined ? [] : [row(label, value)];
  });
  const details = describeDetails(ownMember(claims, "authorization_details")).map((text) => row("with strings", text));
  const others = Object.entries(claims).filter(([name, value]) => !isToldElsewhere(name, value, kind));
  return [
    ...named,
    ...(isJsonObject(delegation) ? rowsOfDelegation(delegation) : []),
    ...shorten(details),
    ...shorten(others.map(([name, value]) => row("also says", `${name} ${textOf(value)}`))),
  ];
}

function shorten(rows: readonly Row[]): readonly Row[] {
  const beyond = rows.length - limits.claimsShownMax;
  return beyond <= 0
    ? rows
    : [...rows.slice(0, limits.claimsShownMax), ["also says", `${beyond} more (--json has all)`]];
}

function rowsOfDelegation(delegation: JsonObject): Row[] {
  const {
    grant_id: grant = "",
    lineage = [],
    depth = "",
    max_depth: depthMax = "",
    audiences,
    may_act: next,
  } = delegation;
  const ancestors =
    isJsonArray(lineage) && lineage.length > 0 ? ` derived from ${lineage.map(textOf).join(" → ")}` : "";
  return [
    row("grant", `${textOf(grant)}${ancestors}`),
    row("depth", `${textOf(depth)} of at most ${textOf(depthMax)}`),
    ...(next === undefined ? [] : [row("may act next", next)]),
    ...(audiences === undefined ? [] : [row("onward to", audiences)]),
  ];
}

function row(label: string, value: Json): Row {
  return [label, clip(textOf(value))];
}

function textOf(value: Json): string {
  if (typeof value === "string") return value;
  if (isJsonArray(value) && value.every((element) => typeof element === "string")) return value.join(" ");
  if (isJsonArray(value) && value.every(isParty)) return value.map(textOf).join(" or ");
  return isParty(value) ? renderParty({ iss: value["iss"], sub: value["sub"] }) : JSON.stringify(value);
}

/** Just a name and whose it is, as in `may_act`. */
function isParty(value: Json): value is JsonObject & { readonly iss: string; readonly sub: string } {
  if (!isJsonObject(value) || Object.keys(value).length !== 2) return false;
  return typeof ownMember(value, "iss") === "string" && typeof ownMember(value, "sub") === "string";
}

/** On one line, and not endless. */
function clip(text: string): string {
  const line = text.replaceAll(/[\n\r\t]/g, (character) => JSON.stringify(character).slice(1, -1));
  const beyond = line.length - limits.claimTextLengthMax;
  return beyond <= 0 ? line : `${line.slice(0, limits.claimTextLengthMax)}… (${beyond} more characters)`;
}
