/** What policy gets to know of a held call beside its name: members of its body that the operation declares, as they are. */
import type { Json, JsonObject } from "../../domain/json.ts";
import type { CallBody } from "../../domain/observed-call.ts";
import { findMember } from "./body-member.ts";
import type { PropertyPaths } from "./options.ts";

/** Without those that are absent: policy judges that. Undefined: one cannot be told, and half of the facts are none. */
export function readProperties(declared: PropertyPaths, body: CallBody): JsonObject | undefined {
  const properties: [string, Json][] = [];
  for (const [name, path] of Object.entries(declared)) {
    const member = findMember(body, path);
    if (member.kind === "unknown") return undefined;
    if (member.kind === "value") properties.push([name, member.value]);
  }
  return Object.fromEntries(properties);
}
