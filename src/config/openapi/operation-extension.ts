/** `x-chaperone` of an operation: what its author says about it, which wins over what would be derived. */
import { z } from "zod";
import { parseAudience, parsePermission } from "../../domain/identifiers.ts";
import type { Json } from "../../domain/json.ts";
import { propertiesSchema } from "../ext-authz-schema.ts";
import { parsed, text } from "../field.ts";
import { limits } from "../limits.ts";
import { OpenApiError } from "./openapi-document.ts";

const schema = z.strictObject({
  action: text(limits.nameLengthMax).optional(),
  permission: parsed(parsePermission, "must be a permission").optional(),
  properties: propertiesSchema.optional(),
  /** `null`: it is about nothing. `id` is a parameter of the path, spelled as the path spells it. */
  resource: z
    .strictObject({ type: text(limits.nameLengthMax), id: text(limits.nameLengthMax).optional() })
    .nullable()
    .optional(),
  audience: parsed(parseAudience, "must be an audience, a URI without spaces").optional(),
  /** No line for it: calls of it are turned away. */
  omit: z.literal(true).optional(),
});

/** What it may hold; docs/doors/ext-authz.md lists it. */
export const extensionMembers: readonly string[] = Object.keys(schema.shape);

export type OperationExtension = z.output<typeof schema>;

export function parseExtension(value: Json | undefined, where: string): OperationExtension {
  if (value === undefined) return {};
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const at = issue?.path.map(String).join(".") ?? "";
  throw new OpenApiError(`${where}: x-chaperone${at === "" ? "" : `.${at}`}: ${issue?.message ?? "is not understood"}`);
}
