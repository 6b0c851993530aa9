/** A query, or a form, taken apart as Go's net/url does it: every value of every name, and no semicolons. */
import type { JsonObject } from "../../../domain/json.ts";

/** Undefined for one that cannot be read as text. */
export function parseQuery(query: string): JsonObject | undefined {
  const found = new Map<string, string[]>();
  for (const pair of query.split("&")) {
    if (pair === "") continue;
    const at = pair.indexOf("=");
    const name = unescape(at < 0 ? pair : pair.slice(0, at));
    const value = at < 0 ? "" : unescape(pair.slice(at + 1));
    if (name === undefined || value === undefined || pair.includes(";") || name === "__proto__") return undefined;
    const values = found.get(name);
    if (values === undefined) found.set(name, [value]);
    else values.push(value);
  }
  return Object.fromEntries(found);
}

function unescape(text: string): string | undefined {
  try {
    return decodeURIComponent(text.replaceAll("+", " "));
  } catch {
    return undefined;
  }
}
