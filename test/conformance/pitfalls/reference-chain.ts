/**
 * The algebra of delegation once more, in the plainest words there are: what a token holds, what is asked of it, and
 * what is left or that nothing is. Written from DESIGN §5 and shared with nobody in `src`, so that it cannot share its
 * mistakes.
 */
import type { JsonObject } from "../../../src/domain/json.ts";

/** A permission with strings attached, or without any. */
export interface PlainDetail {
  readonly actions: readonly string[];
  readonly identifier?: string;
  /** Whole euros. */
  readonly euros?: number;
}

/** What a token says of itself. */
export interface Held {
  readonly free: readonly string[];
  readonly tied: readonly PlainDetail[];
  readonly audience: string;
  readonly onward: readonly string[];
  /** Epoch seconds. */
  readonly exp: number;
  readonly depthMax: number;
  /** First actor first. */
  readonly actors: readonly string[];
  readonly next: string | undefined;
}

/** One exchange, with what the policy says to it. */
export interface Hop {
  readonly now: number;
  readonly actor: string;
  readonly actorExp: number;
  readonly scope: readonly string[];
  readonly details: readonly PlainDetail[];
  readonly audience: string;
  readonly ttl: number;
  readonly next: string;
  readonly onward: readonly string[];
  readonly depthMax: number;
}

export const isTied = ({ identifier, euros }: PlainDetail): boolean => identifier !== undefined || euros !== undefined;

function isWithin(detail: PlainDetail, outer: PlainDetail): boolean {
  return (
    detail.actions.every((action) => outer.actions.includes(action)) &&
    (outer.identifier === undefined || outer.identifier === detail.identifier) &&
    (outer.euros === undefined || (detail.euros !== undefined && detail.euros <= outer.euros))
  );
}

/** A token of ours may be narrowed by whom it names, before it ends, where it may go, to what it holds. */
function isOnward(parent: Held, hop: Hop, free: readonly string[], tied: readonly PlainDetail[]): boolean {
  const places = parent.onward.length > 0 ? parent.onward : [parent.audience];
  const isHeld = (detail: PlainDetail): boolean =>
    detail.actions.every((name) => parent.free.includes(name)) || parent.tied.some((outer) => isWithin(detail, outer));
  return (
    parent.next === hop.actor &&
    hop.now < parent.exp &&
    places.includes(hop.audience) &&
    hop.onward.every((place) => places.includes(place)) &&
    free.every((name) => parent.free.includes(name)) &&
    tied.every(isHeld)
  );
}

/** What is left, or undefined: refused. Without a parent the chain begins, for a person whose token ends at `personExp`. */
export function exchange(parent: Held | undefined, hop: Hop, personExp: number): Held | undefined {
  const tied = hop.details.filter(isTied);
  const untied = hop.details.filter((one) => !isTied(one)).flatMap((one) => one.actions);
  const free = [...new Set([...hop.scope, ...untied])].sort();
  const start: Pick<Held, "actors" | "exp" | "depthMax"> = { actors: [], exp: personExp, depthMax: 8 };
  const { actors: earlier, exp: endMax, depthMax: deepest } = parent ?? start;
  const actors = [...earlier, hop.actor];
  const exp = Math.min(hop.now + Math.min(hop.ttl, 300), endMax, hop.actorExp);
  if (free.length + tied.length === 0 || earlier.includes(hop.actor)) return undefined;
  if (actors.length > deepest || exp <= hop.now) return undefined;
  if (parent !== undefined && !isOnward(parent, hop, free, tied)) return undefined;
  const allowed = Math.min(hop.depthMax, deepest, 8);
  const depthMax = Math.max(actors.length, allowed);
  const kept = { free, tied, audience: hop.audience, exp, depthMax, actors };
  return allowed <= actors.length
    ? { ...kept, onward: [], next: undefined }
    : { ...kept, onward: hop.onward, next: hop.next };
}

/** As RFC 9396 has it, for one audience. */
export function renderDetail({ actions, identifier, euros }: PlainDetail, audience: string): JsonObject {
  return {
    type: "chaperone_action",
    locations: [audience],
    actions: actions.toSorted(),
    ...(identifier === undefined ? {} : { identifier }),
    ...(euros === undefined ? {} : { constraints: { max_amount: { amount: `${euros}.00`, currency: "EUR" } } }),
  };
}
