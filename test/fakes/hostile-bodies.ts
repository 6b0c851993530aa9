/**
 * Bodies that must never be allowed: the founding request bent in every way that someone might hope goes unnoticed.
 * Seeded, so that a body that fails can be asked for again by its seed. Each is wrong for the shipped policy too: none
 * of them says what the founding request says in other words.
 */
import { isJsonObject } from "../../src/domain/json.ts";
import { forbiddenNames, ownMembers, ownValues, poisonedClaims, wrongOptional, wrongValues } from "./hostile-values.ts";

export interface HostileBody {
  readonly seed: number;
  readonly kind: string;
  readonly bytes: Buffer;
}

const founding =
  '{"input":{"actor":{"claims":{"Capabilities":"book_flight"}},"subject":{"claims":{"Department":"Operations","Role":"Director"}}}}';

/** `count` bodies of the seeds from `firstSeed` on. */
export function* hostileBodies(count: number, firstSeed = 1): Generator<HostileBody> {
  for (let seed = firstSeed; seed < firstSeed + count; seed += 1) yield hostileBody(seed);
}

export function hostileBody(seed: number): HostileBody {
  const dice = new Dice(seed);
  const [kind, make] = dice.pick(kinds);
  const made = make(dice);
  return { seed, kind, bytes: typeof made === "string" ? Buffer.from(made) : made };
}

/** mulberry32: small, seeded, and good enough to be nasty. */
class Dice {
  #state: number;
  constructor(seed: number) {
    this.#state = seed >>> 0;
  }
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let t = this.#state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  }
  below(limit: number): number {
    return Math.floor(this.next() * limit);
  }
  pick<T>(from: readonly T[]): T {
    const chosen = from[this.below(from.length)];
    if (chosen === undefined) throw new TypeError("nothing to pick from");
    return chosen;
  }
}

type Make = (dice: Dice) => string | Buffer;

/** Where a member can be put into the founding text: after each `{`. */
const openings = [...founding.matchAll(/\{/g)].map((match) => match.index + 1);
const insertAt = (at: number, text: string): string => founding.slice(0, at) + text + founding.slice(at);

/** Every value of the founding text, as [from, to]. */
const values = [...founding.matchAll(/(?<=:)"[^"]*"/g)].map(
  (match) => [match.index, match.index + match[0].length] as const,
);
const objects: (readonly [number, number])[] = openings.map((from) => [from - 1, matchingBrace(from - 1)]);

function matchingBrace(from: number): number {
  let depth = 0;
  for (let at = from; at < founding.length; at += 1) {
    if (founding[at] === "{") depth += 1;
    if (founding[at] === "}") depth -= 1;
    if (depth === 0) return at + 1;
  }
  throw new TypeError("the founding text is balanced");
}

const kinds: readonly (readonly [string, Make])[] = [
  ["random bytes", (dice) => Buffer.from(Array.from({ length: dice.below(300) }, () => dice.below(256)))],
  [
    "random JSON characters",
    (dice) =>
      Array.from({ length: dice.below(200) }, () => dice.pick('{}[]":,0123456789.eE+-\\ntrufals '.split(""))).join(""),
  ],
  ["cut short", (dice) => founding.slice(0, dice.below(founding.length))],
  ["cut at the front", (dice) => founding.slice(1 + dice.below(founding.length - 1))],
  [
    "trailing text",
    (dice) => founding + dice.pick(["{}", ",", "]", "null", founding, "\u0000", "//", "/**/", "\ufeff", "x"]),
  ],
  [
    "leading text",
    (dice) => dice.pick(["\ufeff", "{}", ",", "[", ")]}',\n", "//x\n", "\u0000", "\u00a0", "\u000b"]) + founding,
  ],
  ["a byte changed", (dice) => unlike(() => changeBytes(dice, 1))],
  ["several bytes changed", (dice) => unlike(() => changeBytes(dice, 2 + dice.below(6)))],
  ["a few bytes left out", (dice) => unlike(() => leaveOut(dice))],
  ["a wrong value", (dice) => replaceSpan(dice.pick([...values, ...objects]), dice.pick(wrongValues))],
  ["two wrong values", (dice) => twoWrong(dice)],
  ["a member twice", (dice) => memberTwice(dice)],
  ["a member of the sidecar", (dice) => ownMember(dice)],
  [
    "a prototype's name",
    (dice) => insertAt(dice.pick(openings), `"${dice.pick(forbiddenNames)}":${dice.pick(ownValues)},`),
  ],
  ["deep nesting", (dice) => deep(dice)],
  [
    "a huge string",
    (dice) =>
      replaceSpan(
        dice.pick(values),
        `"${dice.pick(["a", "book_flights ", "\\u0000", "ü", '\\"']).repeat(1 + dice.below(6_000))}"`,
      ),
  ],
  [
    "a huge number",
    (dice) =>
      replaceSpan(
        dice.pick(values),
        `${dice.pick(["", "-"])}${"9".repeat(1 + dice.below(5_000))}${dice.pick(["", "e999", "E+400", ".9"])}`,
      ),
  ],
  ["many members", (dice) => many(dice)],
  ["broken UTF-8", (dice) => brokenUtf8(dice)],
  [
    "another encoding",
    (dice) =>
      dice.pick([
        Buffer.from(founding, "utf16le"),
        Buffer.from(`\ufeff${founding}`, "utf16le"),
        Buffer.from(founding).swap16(),
      ]),
  ],
  [
    "no object at all",
    (dice) =>
      dice.pick([
        "null",
        "true",
        "0",
        '""',
        "[]",
        `[${founding}]`,
        "",
        " ",
        JSON.stringify(founding),
        `{"input":${JSON.stringify(founding)}}`,
        `{"input":[${founding}]}`,
      ]),
  ],
  [
    "a level too many",
    (dice) =>
      dice.pick([
        `{"input":${founding}}`,
        `{"input":{"input":${founding.slice(9, -1)}}}`,
        founding.slice(9, -1),
        `{"data":${founding.slice(9)}`,
      ]),
  ],
  [
    "claims of another kind",
    (dice) => insertAt(dice.pick([openings[3] ?? 0, openings[5] ?? 0]), dice.pick(poisonedClaims)),
  ],
  ["wrong optional members", (dice) => insertAt(openings[1] ?? 0, dice.pick(wrongOptional))],
];

function changeBytes(dice: Dice, times: number): Buffer {
  const bytes = Buffer.from(founding);
  for (let time = 0; time < times; time += 1) bytes[dice.below(bytes.length)] = dice.below(256);
  return bytes;
}

function leaveOut(dice: Dice): Buffer {
  const at = dice.below(founding.length);
  return Buffer.from(founding.slice(0, at) + founding.slice(at + 1 + dice.below(3)));
}

/** Blind changes may spell the founding request in another accepted way, which would be no attack. */
function unlike(make: () => Buffer): Buffer {
  for (;;) {
    const bytes = make();
    if (!saysTheSame(bytes)) return bytes;
  }
}

function replaceSpan([from, to]: readonly [number, number], text: string): string {
  return founding.slice(0, from) + text + founding.slice(to);
}

function twoWrong(dice: Dice): string {
  const [first, second] = [dice.pick(values.slice(0, 1)), dice.pick(values.slice(1))];
  const later = replaceSpan(second, dice.pick(wrongValues));
  return later.slice(0, first[0]) + dice.pick(wrongValues) + later.slice(first[1]);
}

/** The same member again, before or after, with the same value or another: some readers keep the first, some the last. */
function memberTwice(dice: Dice): string {
  const names = ["input", "actor", "subject", "claims", "Capabilities", "Department", "Role"];
  const name = dice.pick(names);
  const spelled = dice.pick([name, `\\u00${name.charCodeAt(0).toString(16)}${name.slice(1)}`]);
  const at = founding.indexOf(`"${name}"`);
  return insertAt(
    at,
    `"${spelled}":${dice.pick([...ownValues, '"Operations"', '"Director"', '"book_flight"', "null"])},`,
  );
}

function ownMember(dice: Dice): string {
  // Inside `claims` any name is a claim, and no claim is the sidecar's; everywhere else only the contract's names are.
  const outside = openings.filter((at) => !founding.slice(0, at).endsWith('"claims":{'));
  return insertAt(dice.pick(outside), `"${dice.pick(ownMembers)}":${dice.pick(ownValues)},`);
}

function deep(dice: Dice): string {
  const depth = 33 + dice.below(3_000);
  const [open, close] = dice.pick([
    ["[", "]"],
    ['{"a":', "}"],
    ['[{"a":', "}]"],
  ] as const);
  const nested = `${open.repeat(depth)}1${dice.below(4) === 0 ? "" : close.repeat(depth)}`;
  return dice.pick([nested, `{"input":${nested}}`, insertAt(dice.pick(openings), `"context":${nested},`)]);
}

function many(dice: Dice): string {
  const count = 10_001 + dice.below(2_000);
  return insertAt(dice.pick(openings), `"x":[${"1,".repeat(count)}1],`);
}

function brokenUtf8(dice: Dice): Buffer {
  const at = dice.below(founding.length);
  const broken = dice.pick([
    [0xff],
    [0xc0, 0xaf],
    [0xc0, 0x80],
    [0xed, 0xa0, 0x80],
    [0xf4, 0x90, 0x80, 0x80],
    [0xe2, 0x82],
    [0x80],
    [0xf0, 0x80, 0x80, 0x80],
  ]);
  return Buffer.concat([Buffer.from(founding.slice(0, at)), Buffer.from(broken), Buffer.from(founding.slice(at))]);
}

/** True for other white space, escapes, separators and accepted spellings of names. */
function saysTheSame(bytes: Buffer): boolean {
  try {
    return JSON.stringify(normalise(JSON.parse(bytes.toString()))) === JSON.stringify(normalise(JSON.parse(founding)));
  } catch {
    return false;
  }
}

function normalise(value: unknown): unknown {
  if (!isJsonObject(value)) return typeof value === "string" ? value.replaceAll(/[ ,]+/g, "") : value;
  const members = Object.entries(value).map(([name, member]) => [name.toLowerCase(), normalise(member)] as const);
  return Object.fromEntries(members.toSorted(([left], [right]) => (left < right ? -1 : 1)));
}
