/**
 * From an OpenAPI document to lines of the table of operations. What the document does not say is said to be missing;
 * what the table cannot express is refused, because a table that leaves it out looks complete and is not.
 */
import type { PropertyPaths } from "../../doors/index.ts";
import { isJsonObject, type JsonObject, ownMember } from "../../domain/json.ts";
import { quote } from "../config-error.ts";
import { operationSchema } from "../ext-authz-schema.ts";
import { limits } from "../limits.ts";
import { readScope } from "./declared-scope.ts";
import { listAt, OpenApiError, parseOpenApi, resolve } from "./openapi-document.ts";
import { findCovered, type Placed } from "./left-out.ts";
import { type OperationExtension, parseExtension } from "./operation-extension.ts";
import { type PathTemplate, readTemplate } from "./path-template.ts";
import { readServers } from "./server-place.ts";

export interface TakeOptions {
  /** What a security scope becomes. */
  readonly scopeIs: "permission" | "action";
  /** An address that takes the place of every server that is declared. */
  readonly server: string | undefined;
}

/** As the configuration spells it; without what is missing. */
export interface OperationLine {
  readonly method: string;
  readonly host?: string;
  readonly path: string;
  readonly action?: string;
  readonly permission?: string;
  readonly properties?: PropertyPaths;
  readonly resource?: { readonly type: string; readonly id?: string };
  readonly audience?: string;
}

export interface TakenOperation extends Placed {
  readonly line: OperationLine;
  readonly missing: readonly { readonly member: string; readonly why: string }[];
  /** Parameters that the table spells in another way. */
  readonly renamed: ReadonlyMap<string, string>;
}

export interface TakenOperations {
  readonly operations: readonly TakenOperation[];
  /** One reason for each operation that cannot be taken; with any, the table is none. */
  readonly refused: readonly string[];
}

const methods = ["get", "put", "post", "delete", "options", "head", "patch", "trace"];

/** Throws an OpenApiError when the document as a whole is not understood. */
export function takeOperations(content: string, options: TakeOptions): TakenOperations {
  const document = parseOpenApi(content);
  const paths = resolve(document, ownMember(document, "paths"), "paths");
  const operations: TakenOperation[] = [];
  const omitted: Placed[] = [];
  const refused: string[] = [];
  for (const { path, method, item, operation } of declaredIn(document, paths)) {
    const from = `${method} ${quotePath(path)}`;
    try {
      const extension = parseExtension(ownMember(operation, "x-chaperone"), from);
      const source = { document, path, item, operation, from, method, extension };
      if (extension.omit === true) omitted.push(...placesOf(source, options));
      else operations.push(...takeOne(source, options));
    } catch (cause) {
      if (!(cause instanceof OpenApiError)) throw cause;
      refused.push(cause.message);
    }
  }
  if (operations.length + omitted.length > limits.operationsMax) {
    throw new OpenApiError(`it has more than ${limits.operationsMax} operations`);
  }
  const [whole, open] = [true, false].map((is) => operations.filter(({ missing }) => (missing.length === 0) === is));
  const covered = findCovered([...(open ?? []), ...omitted], whole ?? []);
  return { operations, refused: [...refused, ...findTwins(operations), ...covered] };
}

interface Declared {
  readonly path: string;
  readonly method: string;
  readonly item: JsonObject;
  readonly operation: JsonObject;
}

function declaredIn(document: JsonObject, paths: JsonObject): Declared[] {
  return Object.entries(paths).flatMap(([path, value]) => {
    if (path.startsWith("x-")) return [];
    const item = resolve(document, value, quotePath(path));
    checkMembers(item, path);
    return methods.flatMap((method) => {
      const operation = ownMember(item, method);
      if (operation === undefined) return [];
      if (!isJsonObject(operation)) throw new OpenApiError(`${quotePath(path)}: ${method} is no object`);
      return { path, method: method.toUpperCase(), item, operation };
    });
  });
}

/** A misspelt method would be an operation that nobody sees is missing. */
function checkMembers(item: JsonObject, path: string): void {
  const known = [...methods, "summary", "description", "servers", "parameters"];
  const stray = Object.keys(item).find(
    (name) => name === "x-chaperone" || !(known.includes(name) || name.startsWith("x-")),
  );
  if (stray !== undefined) throw new OpenApiError(`${quotePath(path)}: ${quote(stray)} has no place there`);
}

interface Source extends Declared {
  readonly document: JsonObject;
  readonly from: string;
  readonly extension: OperationExtension;
}

/** One for each server. */
function placesOf(source: Source, { server }: TakeOptions): (Placed & { readonly why?: string })[] {
  const { document, operation, item, from, method, path } = source;
  return readServers([operation, item, document], server, from).map(({ basePath, ...place }) => ({
    from,
    method,
    ...place,
    wholePath: `${basePath}${path}`,
  }));
}

function takeOne(source: Source, options: TakeOptions): TakenOperation[] {
  const { from, method, extension } = source;
  checkStyles(source);
  const asks = readAsks(source, options);
  const about = readResource(expressed(readTemplate(source.path), from), extension, from);
  return placesOf(source, options).map(({ why, ...place }) => {
    const { path, parameters } = expressed(readTemplate(place.wholePath), from);
    const line: OperationLine = {
      method,
      ...(place.host === undefined ? {} : { host: place.host }),
      path,
      ...asks.line,
      ...(extension.properties === undefined ? {} : { properties: extension.properties }),
      ...about.line,
      ...(extension.audience === undefined ? {} : { audience: extension.audience }),
    };
    const missing = [
      ...(place.host === undefined ? [{ member: "host", why: why ?? "" }] : []),
      ...asks.missing,
      ...about.missing,
    ];
    if (missing.length === 0) checkLine(line, from);
    const renamed = new Map([...parameters].filter(([name, spelled]) => name !== spelled));
    return { ...place, line, missing, renamed };
  });
}

type Part = Pick<TakenOperation, "missing"> & { readonly line: Partial<OperationLine> };

function readAsks({ document, operation, from, extension }: Source, { scopeIs: member }: TakeOptions): Part {
  const said = extension[member];
  if (said !== undefined) return { line: { [member]: said }, missing: [] };
  const read = readScope(document, operation, from);
  if ("why" in read) return { line: {}, missing: [{ member, why: read.why }] };
  const asked = { [member]: read.scope };
  if (operationSchema.pick({ action: true, permission: true }).safeParse(asked).success) {
    return { line: asked, missing: [] };
  }
  return { line: {}, missing: [{ member, why: `the scope ${quote(read.scope)} cannot be one` }] };
}

/** By rule, where nothing is said: the path's first segment is the type, and a parameter right behind it the id. */
function readResource({ segments, parameters }: PathTemplate, { resource }: OperationExtension, from: string): Part {
  if (resource === null) return { line: {}, missing: [] };
  if (resource !== undefined) {
    const id = resource.id === undefined ? undefined : parameters.get(resource.id);
    if (resource.id !== undefined && id === undefined) {
      throw new OpenApiError(`${from}: x-chaperone.resource.id is no parameter of the path`);
    }
    return { line: { resource: { type: resource.type, ...(id === undefined ? {} : { id }) } }, missing: [] };
  }
  const [first, second] = segments;
  if (first === undefined || !("literal" in first) || first.literal === "") {
    return { line: {}, missing: [{ member: "resource", why: "the path does not begin with a name" }] };
  }
  const id = second !== undefined && "parameter" in second ? { id: second.parameter } : {};
  return { line: { resource: { type: first.literal, ...id } }, missing: [] };
}

/** Only `simple`, the default, makes a segment of the value alone. */
function checkStyles({ document, item, operation, from }: Source): void {
  for (const value of [...listAt(item, "parameters", from), ...listAt(operation, "parameters", from)]) {
    const parameter = resolve(document, value, `${from}: a parameter`);
    const style = ownMember(parameter, "style") ?? "simple";
    if (ownMember(parameter, "in") === "path" && style !== "simple") {
      throw new OpenApiError(`${from}: a parameter of the path has a style of its own`);
    }
  }
}

function expressed(read: PathTemplate | string, from: string): PathTemplate {
  if (typeof read === "string") throw new OpenApiError(`${from}: ${read}`);
  return read;
}

/** By the very schema that will read it. */
function checkLine(line: OperationLine, from: string): void {
  const result = operationSchema.safeParse(line);
  if (!result.success) {
    const [issue] = result.error.issues;
    throw new OpenApiError(`${from}: ${issue?.path.map(String).join(".") ?? ""}: ${issue?.message ?? ""}`);
  }
}

/** Two that fit the same calls; the table would refuse the second. */
function findTwins(operations: readonly TakenOperation[]): string[] {
  const known = new Map<string, string>();
  return operations.flatMap(({ from, line }) => {
    const shape = JSON.stringify([line.method, line.host, line.path.replace(/\{[^{}]*\}/g, "{}")]);
    const earlier = known.get(shape);
    known.set(shape, from);
    return earlier === undefined ? [] : [`${from}: fits the same calls as ${earlier}`];
  });
}

function quotePath(path: string): string {
  return /^\/[\w\-./{}~]{0,255}$/.test(path) ? path : quote(path);
}
