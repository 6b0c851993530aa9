/**
 * An OpenAPI document as it was read: plain JSON, whose references lead to other places in it and nowhere else. What
 * cannot be understood is said with the place where it stands.
 */
import { type Document, isAlias, isScalar, visit } from "yaml";
import { isJsonArray, isJsonObject, type Json, type JsonObject, ownMember } from "../../domain/json.ts";
import { quote } from "../config-error.ts";
import { parseStrictYaml } from "../yaml-file.ts";
import { openapiLimits } from "./openapi-limits.ts";

/** The document is not one that operations can be taken from; text for a person. */
export class OpenApiError extends Error {
  override readonly name = "OpenApiError";
}

/** JSON is read as the YAML that it is too. */
export function parseOpenApi(content: string): JsonObject {
  if (Buffer.byteLength(content) > openapiLimits.documentBytesMax) {
    throw new OpenApiError(`it may have ${openapiLimits.documentBytesMax} bytes`);
  }
  const document = parseStrictYaml(content);
  if (document === undefined) throw new OpenApiError("it is nested too deeply");
  const trouble = document.errors[0] ?? document.warnings[0];
  if (trouble !== undefined) {
    throw new OpenApiError(`${trouble.code.toLowerCase().replaceAll("_", " ")} at offset ${trouble.pos[0]}`);
  }
  checkNodes(document);
  const value: unknown = document.toJS({ maxAliasCount: 0 });
  if (!isJsonObject(value)) throw new OpenApiError("it is no mapping");
  const version = ownMember(value, "openapi");
  if (typeof version !== "string" || !/^3\.[01]\.[0-9]+$/.test(version)) {
    throw new OpenApiError("it is no OpenAPI 3.0 or 3.1 document (member openapi)");
  }
  if (!isJsonObject(ownMember(value, "paths"))) throw new OpenApiError("it has no paths");
  if (Object.hasOwn(value, "x-chaperone"))
    throw new OpenApiError("x-chaperone has no place there: it is an operation's");
  return value;
}

function checkNodes(document: Document.Parsed): void {
  visit(document, {
    Node(key, node, ancestors) {
      // Where names are free, what reads it passes over this one without a word.
      if (key === "key" && isScalar(node) && node.value === "__proto__") {
        throw new OpenApiError("it has a member __proto__");
      }
      if (ancestors.length > openapiLimits.depthMax) throw new OpenApiError("it is nested too deeply");
      if (isAlias(node)) throw new OpenApiError("it has an alias (write it out, or use $ref)");
    },
  });
}

/** The object that stands at a place of the document, by its own members or by a reference into the document. */
export function resolve(document: JsonObject, value: Json | undefined, where: string): JsonObject {
  let found = value;
  const seen = new Set<string>();
  while (isJsonObject(found) && ownMember(found, "$ref") !== undefined) {
    const reference = ownMember(found, "$ref");
    if (typeof reference !== "string" || !reference.startsWith("#/") || seen.has(reference)) {
      throw new OpenApiError(`${where}: $ref leads out of the document, or in a circle`);
    }
    if (Object.keys(found).some((name) => !["$ref", "summary", "description"].includes(name))) {
      throw new OpenApiError(`${where}: members beside $ref`);
    }
    seen.add(reference);
    found = follow(document, reference);
  }
  if (!isJsonObject(found)) throw new OpenApiError(`${where}: is no object`);
  return found;
}

function follow(document: JsonObject, reference: string): Json | undefined {
  let at: Json | undefined = document;
  for (const step of reference.slice(2).split("/")) {
    const name = step.replaceAll("~1", "/").replaceAll("~0", "~");
    at = isJsonObject(at) ? ownMember(at, name) : undefined;
  }
  return at;
}

/** A list, or nothing said. */
export function listAt(object: JsonObject, name: string, where: string): readonly Json[] {
  const value = ownMember(object, name) ?? [];
  if (!isJsonArray(value)) throw new OpenApiError(`${where}: ${quote(name)} is no list`);
  return value;
}
