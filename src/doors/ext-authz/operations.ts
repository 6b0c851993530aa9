/**
 * The table of operations: what a held call asks for, by method, host, path and, where one endpoint serves many things,
 * a header or a member of the body. A call that no line fits, or that two fit alike, asks for nothing and is turned away.
 */
import { bounds } from "../../domain/bounds.ts";
import { isJsonObject, type Json, ownMember } from "../../domain/json.ts";
import type { CallBody } from "../../domain/observed-call.ts";
import type { CallTarget } from "./call-target.ts";
import type { HeldCall } from "./held-call.ts";
import type { ConditionOptions, OperationOptions } from "./options.ts";

export interface MatchedOperation {
  readonly operation: OperationOptions;
  readonly parameters: Readonly<Record<string, string>>;
}

export interface OperationTable {
  /** Undefined: the call is none of the declared operations, or cannot be told from one. */
  find(call: HeldCall, target: CallTarget, body: CallBody): MatchedOperation | undefined;
}

interface Line {
  readonly operation: OperationOptions;
  readonly template: readonly Segment[];
  /** Orders lines that fit one call: literal segments before parameters, from the left; then conditions. */
  readonly rank: string;
}

type Segment = { readonly literal: string } | { readonly parameter: string };

/** Throws a RangeError naming the first line that is malformed or that no call could tell from another. */
export function createOperationTable(operations: readonly OperationOptions[]): OperationTable {
  const byMethod = new Map<string, Line[]>();
  const known = new Set<string>();
  operations.forEach((operation, at) => {
    const template = parseTemplate(operation.path);
    if (template === undefined) throw new RangeError(`operations[${at}].path is no template of whole segments`);
    const key = keyOf(operation, template);
    if (known.has(key)) throw new RangeError(`operations[${at}] fits the same calls as an earlier one`);
    known.add(key);
    const lines = byMethod.get(operation.method) ?? [];
    lines.push({ operation, template, rank: rankOf(template) });
    byMethod.set(operation.method, lines);
  });
  return { find: (call, target, body) => findIn(byMethod.get(call.method) ?? [], { call, target, body }) };
}

/** Segments are compared as decoded text; a parameter is a whole segment and never an empty one. */
function parseTemplate(path: string): readonly Segment[] | undefined {
  if (path === "/") return [];
  if (!path.startsWith("/")) return undefined;
  const names = new Set<string>();
  const template: Segment[] = [];
  for (const text of path.slice(1).split("/")) {
    const name = /^\{([a-z][a-z0-9_]{0,63})\}$/.exec(text)?.[1];
    if (name === undefined ? /[{}]/.test(text) || text === "." || text === ".." : names.has(name)) return undefined;
    if (name !== undefined) names.add(name);
    template.push(name === undefined ? { literal: text } : { parameter: name });
  }
  const isWhole = template.slice(0, -1).every((segment) => !("literal" in segment) || segment.literal !== "");
  return isWhole ? template : undefined;
}

function rankOf(template: readonly Segment[]): string {
  return template.map((segment) => ("literal" in segment ? "1" : "0")).join("");
}

function keyOf({ method, host, conditions }: OperationOptions, template: readonly Segment[]): string {
  const shape = template.map((segment) => ("literal" in segment ? segment.literal : null));
  return JSON.stringify([method, host, shape, conditions.map((condition) => JSON.stringify(condition)).sort()]);
}

interface Held {
  readonly call: HeldCall;
  readonly target: CallTarget;
  readonly body: CallBody;
}

function findIn(lines: readonly Line[], held: Held): MatchedOperation | undefined {
  const near = lines.filter((line) => isAt(line, held.target));
  // The most literal path alone counts, and on it an exact host before any host: what a line for one resource leaves
  // unsaid must not fall to a line for all of them.
  const best = near.reduce<string>((rank, line) => (line.rank > rank ? line.rank : rank), "");
  const lead = near.filter((line) => line.rank === best);
  const exact = lead.filter(({ operation }) => operation.host !== "*");
  const candidates = exact.length > 0 ? exact : lead;
  const fits = candidates.map((line) => ({ line, fit: fitOf(line.operation.conditions, held) }));
  // A condition that could not be judged might have held, so nothing weaker may be taken instead.
  if (fits.some(({ fit }) => fit === "unknown")) return undefined;
  const fitting = fits.filter(({ fit }) => fit === "yes").map(({ line }) => line);
  const most = Math.max(0, ...fitting.map(({ operation }) => operation.conditions.length));
  const [line, ...others] = fitting.filter(({ operation }) => operation.conditions.length === most);
  if (line === undefined || others.length > 0) return undefined;
  return { operation: line.operation, parameters: capture(line.template, held.target.segments) };
}

function isAt({ operation, template }: Line, { host, segments }: CallTarget): boolean {
  if (operation.host !== "*" && operation.host !== host) return false;
  if (template.length !== segments.length) return false;
  return template.every((segment, at) => {
    const text = segments[at] ?? "";
    return "literal" in segment ? segment.literal === text : text !== "" && text.length <= bounds.nameLengthMax;
  });
}

function capture(template: readonly Segment[], segments: readonly string[]): Readonly<Record<string, string>> {
  const parameters: Record<string, string> = {};
  template.forEach((segment, at) => {
    if ("parameter" in segment) parameters[segment.parameter] = segments[at] ?? "";
  });
  return parameters;
}

type Fit = "yes" | "no" | "unknown";

function fitOf(conditions: readonly ConditionOptions[], held: Held): Fit {
  const fits = conditions.map((condition) => judge(condition, held));
  if (fits.includes("unknown")) return "unknown";
  return fits.includes("no") ? "no" : "yes";
}

function judge(condition: ConditionOptions, { call, body }: Held): Fit {
  switch (condition.on) {
    case "header": {
      const [value, ...others] = call.headers.get(condition.name) ?? [];
      if (others.length > 0) return "unknown";
      if (value === condition.value) return "yes";
      // Gateways fold a header that was sent twice into one (Envoy without `encode_raw_headers`); the resource may see
      // the one that is meant here.
      return value?.includes(",") === true ? "unknown" : "no";
    }
    case "body":
      return judgeBody(condition.path, condition.value, body);
  }
}

/** A list of requests (a JSON-RPC batch), or anything but an object, is many things at once or nothing that is known. */
function judgeBody(path: readonly string[], value: string, body: CallBody): Fit {
  if (body.form !== "json" || !isJsonObject(body.value)) return "unknown";
  let at: Json | undefined = body.value;
  for (const name of path) {
    at = isJsonObject(at) ? ownMember(at, name) : undefined;
  }
  return at === value ? "yes" : "no";
}
