/** A path of an OpenAPI document as the table of operations spells it, or why the table cannot. */
import { readSegments } from "../../doors/index.ts";

export type TemplateSegment = { readonly literal: string } | { readonly parameter: string };

export interface PathTemplate {
  readonly path: string;
  readonly segments: readonly TemplateSegment[];
  /** Every parameter: as the document spells it, as the table does. */
  readonly parameters: ReadonlyMap<string, string>;
}

/** The reason, as text. */
export type Inexpressible = string;

export function readTemplate(path: string): PathTemplate | Inexpressible {
  const texts = path.split("/").slice(1);
  const names = texts.map((text) => /^\{([^{}]+)\}$/.exec(text)?.[1]);
  if (texts.some((text, at) => names[at] === undefined && /[{}]/.test(text))) {
    return "a parameter is a part of a segment";
  }
  const parameters = nameParameters(names.filter((name) => name !== undefined));
  if (typeof parameters === "string") return parameters;
  const plain = texts.map((text, at) => (names[at] === undefined ? text : "x"));
  const literals = path.startsWith("/") ? readSegments(`/${plain.join("/")}`) : undefined;
  if (literals === undefined || literals.some((literal) => /[{}]/.test(literal))) return "no call may have such a path";
  const segments = literals.map((literal, at): TemplateSegment => {
    const parameter = parameters.get(names[at] ?? "");
    return parameter === undefined ? { literal } : { parameter };
  });
  const spelled = segments.map((segment) => ("literal" in segment ? segment.literal : `{${segment.parameter}}`));
  return { path: `/${spelled.join("/")}`, segments, parameters };
}

function nameParameters(names: readonly string[]): ReadonlyMap<string, string> | Inexpressible {
  const parameters = new Map<string, string>();
  for (const name of names) {
    const spelled = spell(name);
    if (spelled === undefined) return "a parameter has no name that the table takes";
    if ([...parameters.values()].includes(spelled)) return "two parameters have one name";
    parameters.set(name, spelled);
  }
  return parameters;
}

/** `bookingId` and `booking-id` are `booking_id`. */
function spell(name: string): string | undefined {
  const spelled = name
    .replace(/([a-z0-9])([A-Z])/g, "$1_$2")
    .replace(/[-.]/g, "_")
    .toLowerCase();
  return /^[a-z][a-z0-9_]{0,63}$/.test(spelled) ? spelled : undefined;
}
