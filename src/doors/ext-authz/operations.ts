/**
 * The table of operations: what a held call asks for, by method, host, path and, where one endpoint serves many things,
 * a header or a member of the body. A call that no line fits, or that two fit alike, asks for nothing and is turned away.
 */
import { bounds } from "../../domain/bounds.ts";
import type { JsonObject } from "../../domain/json.ts";
import type { CallBody } from "../../domain/observed-call.ts";
import { readProperties } from "./call-properties.ts";
import { type CallTarget, readHost, readSegments } from "./call-target.ts";
import { type Condition, createFoldOnce, fitOf, prepareCondition } from "./conditions.ts";
import { foldSegment } from "./fold.ts";
import type { HeldCall } from "./held-call.ts";
import type { OperationOptions } from "./options.ts";

export interface MatchedOperation {
  readonly operation: OperationOptions;
  readonly parameters: Readonly<Record<string, string>>;
  /** Undefined: the operation declares none. */
  readonly properties: JsonObject | undefined;
}

export interface OperationTable {
  /** Undefined: the call is none of the declared operations, or cannot be told from one. */
  find(call: HeldCall, target: CallTarget, body: CallBody): MatchedOperation | undefined;
}

interface Line {
  readonly operation: OperationOptions;
  readonly conditions: readonly Condition[];
  readonly template: readonly Segment[];
  /** Orders lines that fit one call: literal segments before parameters, from the left; then conditions. */
  readonly rank: string;
}

type Segment = { readonly literal: string; readonly folded: string } | { readonly parameter: string };

/** Throws a RangeError naming the first line that is malformed or that no call could tell from another. */
export function createOperationTable(operations: readonly OperationOptions[]): OperationTable {
  const byMethod = new Map<string, Line[]>();
  const known = new Set<string>();
  operations.forEach((operation, at) => {
    const template = parseTemplate(operation.path);
    if (template === undefined) throw new RangeError(`operations[${at}].path is no template of whole segments`);
    checkReached(operation, at);
    const conditions = operation.conditions.map(prepareCondition);
    const key = keyOf(operation, conditions, template);
    if (known.has(key)) throw new RangeError(`operations[${at}] fits the same calls as an earlier one`);
    known.add(key);
    const lines = byMethod.get(operation.method) ?? [];
    lines.push({ operation, conditions, template, rank: rankOf(template) });
    byMethod.set(operation.method, lines);
  });
  return { find: (call, target, body) => findIn(byMethod.get(call.method) ?? [], { call, target, body }) };
}

/** A line that no call is ever at would leave its calls to a line that asks for less. */
function checkReached({ host, conditions }: OperationOptions, at: number): void {
  if (host !== "*" && readHost(host) !== host) throw new RangeError(`operations[${at}].host is no host of a call`);
  if (conditions.some((condition) => condition.on === "header" && condition.name === "host")) {
    throw new RangeError(`operations[${at}]: what host a call is for is said by host`);
  }
}

/** Segments are compared as decoded text; a parameter is a whole segment and never an empty one. */
function parseTemplate(path: string): readonly Segment[] | undefined {
  if (path === "/") return [];
  if (!path.startsWith("/")) return undefined;
  const names = new Set<string>();
  const template: Segment[] = [];
  for (const text of path.slice(1).split("/")) {
    const name = /^\{([a-z][a-z0-9_]{0,63})\}$/.exec(text)?.[1];
    if (name === undefined ? !isReached(text) : names.has(name)) return undefined;
    if (name !== undefined) names.add(name);
    template.push(name === undefined ? { literal: text, folded: foldSegment(text) } : { parameter: name });
  }
  const isWhole = template.slice(0, -1).every((segment) => !("literal" in segment) || segment.literal !== "");
  return isWhole ? template : undefined;
}

function isReached(literal: string): boolean {
  return (
    literal === "" || (!/[{}?#]/.test(literal) && readSegments(`/${encodeURIComponent(literal)}`)?.[0] === literal)
  );
}

function rankOf(template: readonly Segment[]): string {
  return template.map((segment) => ("literal" in segment ? "1" : "0")).join("");
}

/** Of two values that fold alike each makes the other's calls unknown. */
function keyOf(
  { method, host }: OperationOptions,
  conditions: readonly Condition[],
  template: readonly Segment[],
): string {
  const shape = template.map((segment) => ("folded" in segment ? segment.folded : null));
  const wanted = conditions.map(({ options, folded }) => JSON.stringify({ ...options, value: folded }));
  return JSON.stringify([method, host, shape, wanted.sort()]);
}

interface Held {
  readonly call: HeldCall;
  readonly target: CallTarget;
  readonly body: CallBody;
}

function findIn(lines: readonly Line[], held: Held): MatchedOperation | undefined {
  const folded = held.target.segments.map(foldSegment);
  const near = lines.filter((line) => isNear(line, held.target, folded));
  // A line for the call's own host comes before any for all hosts, and then the most literal path alone counts: what a
  // line for one resource leaves unsaid must not fall to a line for all of them.
  const own = near.filter(({ operation }) => operation.host !== "*");
  const lead = own.length > 0 ? own : near;
  const best = lead.reduce<string>((rank, line) => (line.rank > rank ? line.rank : rank), "");
  const candidates = lead.filter((line) => line.rank === best);
  if (!candidates.every((line) => isAt(line, held.target))) return undefined;
  const shown = { ...held, foldOnce: createFoldOnce() };
  const fits = candidates.map((line) => ({ line, fit: fitOf(line.conditions, shown) }));
  // A condition that could not be judged might have held, so nothing weaker may be taken instead.
  if (fits.some(({ fit }) => fit === "unknown")) return undefined;
  const fitting = fits.filter(({ fit }) => fit === "yes").map(({ line }) => line);
  const most = Math.max(0, ...fitting.map(({ operation }) => operation.conditions.length));
  const [line, ...others] = fitting.filter(({ operation }) => operation.conditions.length === most);
  if (line === undefined || others.length > 0) return undefined;
  const { operation, template } = line;
  const properties = operation.properties && readProperties(operation.properties, held.body);
  if (operation.properties !== undefined && properties === undefined) return undefined;
  return { operation, parameters: capture(template, held.target.segments), properties };
}

/** Also what a server that reads paths in any capitals would route there. */
function isNear({ operation, template }: Line, { host, segments }: CallTarget, folded: readonly string[]): boolean {
  if (operation.host !== "*" && operation.host !== host) return false;
  if (template.length !== segments.length) return false;
  return template.every((segment, at) => {
    const text = segments[at] ?? "";
    return "folded" in segment ? segment.folded === folded[at] : text !== "" && text.length <= bounds.nameLengthMax;
  });
}

function isAt({ template }: Line, { segments }: CallTarget): boolean {
  return template.every((segment, at) => !("literal" in segment) || segment.literal === segments[at]);
}

function capture(template: readonly Segment[], segments: readonly string[]): Readonly<Record<string, string>> {
  const parameters: Record<string, string> = {};
  template.forEach((segment, at) => {
    if ("parameter" in segment) parameters[segment.parameter] = segments[at] ?? "";
  });
  return parameters;
}
