/** The one scope that an operation's security asks for, or why it cannot be told. */
import { isJsonArray, isJsonObject, type Json, type JsonObject, ownMember } from "../../domain/json.ts";
import { quote } from "../config-error.ts";
import { OpenApiError, resolve } from "./openapi-document.ts";

export type DeclaredScope = { readonly scope: string } | { readonly why: string };

export function readScope(document: JsonObject, operation: JsonObject, where: string): DeclaredScope {
  const security = ownMember(operation, "security") ?? ownMember(document, "security");
  if (security === undefined) return { why: "no security is declared" };
  if (!isJsonArray(security)) throw new OpenApiError(`${where}: security is no list`);
  if (security.length === 0) return { why: "it is declared open to everybody" };
  const asked = security.map((way) => scopesOf(document, way, where));
  if (asked.some((scopes) => scopes.length === 0)) return { why: "a way in asks for no scope" };
  const different = new Set(asked.map((scopes) => scopes.map(quote).join(" ")));
  const [only, ...others] = different;
  if (others.length > 0) return { why: `its ways in ask for different scopes: ${[...different].join(" or ")}` };
  const [[scope, ...more] = []] = asked;
  if (scope === undefined || more.length > 0) return { why: `it asks for several scopes: ${only ?? ""}` };
  return { scope };
}

function scopesOf(document: JsonObject, way: Json, where: string): readonly string[] {
  if (!isJsonObject(way)) throw new OpenApiError(`${where}: security is not understood`);
  const scopes = Object.entries(way).flatMap(([name, listed]) => {
    const isList = isJsonArray(listed) && listed.every((scope) => typeof scope === "string");
    if (!isList) throw new OpenApiError(`${where}: security is not understood`);
    return hasScopes(document, name, where) ? listed : [];
  });
  return [...new Set(scopes)].sort();
}

/** What the others list are roles in 3.1, and nothing in 3.0. */
function hasScopes(document: JsonObject, name: string, where: string): boolean {
  const components = ownMember(document, "components");
  const schemes = isJsonObject(components) ? ownMember(components, "securitySchemes") : undefined;
  const declared = isJsonObject(schemes) ? ownMember(schemes, name) : undefined;
  const type = ownMember(resolve(document, declared, `${where}: security scheme ${quote(name)}`), "type");
  return type === "oauth2" || type === "openIdConnect";
}
