/**
 * Operations without a line of their own, whose calls another line would take: `/flights/special`, left out, fits
 * `/flights/{id}`. Such a table would ask less for a call than anybody meant.
 */

export interface Placed {
  /** Method and path as the document spells them. */
  readonly from: string;
  readonly method: string;
  /** Undefined: not known, so it may be any. */
  readonly host: string | undefined;
  /** With the server's, as the document spells both. */
  readonly wholePath: string;
}

export function findCovered(leftOut: readonly Placed[], lines: readonly Placed[]): string[] {
  return leftOut.flatMap((operation) => {
    const cover = lines.find((line) => takesFrom(line, operation));
    return cover === undefined
      ? []
      : [`${operation.from}: has no line of its own, and its calls would be taken for ${cover.from}`];
  });
}

interface Shape {
  /** Undefined: any text. */
  readonly segments: readonly (string | undefined)[];
  readonly rank: string;
}

function takesFrom(line: Placed, operation: Placed): boolean {
  if (line.method !== operation.method) return false;
  const hosts = [line.host, operation.host];
  if (line.host !== operation.host && !hosts.includes("*") && operation.host !== undefined) return false;
  const [taking, owning] = [shapeOf(line.wholePath), shapeOf(operation.wholePath)];
  const isNear =
    taking.segments.length === owning.segments.length &&
    taking.segments.every((text, at) => {
      const other = owning.segments[at];
      return text === undefined || other === undefined || text === other;
    });
  // What would not have been its call beside the line is not taken from it.
  return isNear && owning.rank >= taking.rank;
}

/** A parameter that is a part of a segment makes it any text, and yet more particular than a whole parameter. */
function shapeOf(path: string): Shape {
  const texts = path.split("/").slice(1);
  return {
    segments: texts.map((text) => (text.includes("{") ? undefined : decode(text))),
    rank: texts.map((text) => (/^\{[^{}]*\}$/.test(text) ? "0" : "1")).join(""),
  };
}

/** What is no escape stands for itself: no call has it. */
function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
