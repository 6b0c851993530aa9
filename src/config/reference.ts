/** The schema read as a list of settings: for the environment's names, the nearest known key, and docs/config.md. */
import { z } from "zod";
import { schema } from "./schema.ts";

/** What a setting may hold, as far as an environment variable must know to write it. */
export type SettingKind = "text" | "whole" | "choice" | "list" | "mapping" | "section" | "sections";

export interface Setting {
  /** Dotted; `[]` stands for the elements of a list of sections. */
  readonly path: string;
  readonly kind: SettingKind;
  readonly description: string;
  readonly choices: readonly string[];
  readonly range: readonly [number, number] | undefined;
  /** As written in YAML; undefined when there is none. */
  readonly default: string | undefined;
  readonly isRequired: boolean;
  /** The environment variable that sets it; only what is one value, or a plain list of values, has one. */
  readonly environment: string | undefined;
}

type Node = z.core.JSONSchema.BaseSchema;

/** Every setting in the order of the schema; a section stands before its members. */
export function listSettings(): readonly Setting[] {
  return membersOf(z.toJSONSchema(schema, { io: "input" }), "");
}

/** The names that a mapping may hold at this path (`""` is the file itself). */
export function namesAt(settings: readonly Setting[], path: string): readonly string[] {
  const prefix = path === "" ? "" : `${path}.`;
  return settings
    .filter((setting) => setting.path.startsWith(prefix) && !setting.path.slice(prefix.length).includes("."))
    .map((setting) => setting.path.slice(prefix.length))
    .filter((name) => !name.endsWith("[]"));
}

function membersOf(node: Node, path: string): Setting[] {
  return Object.entries(node.properties ?? {}).flatMap(([name, member]) => {
    if (typeof member === "boolean") return [];
    const own = describeSetting(member, path === "" ? name : `${path}.${name}`, node.required?.includes(name) === true);
    if (own.kind === "sections") return [own, ...membersOf(elementOf(member), `${own.path}[]`)];
    return [own, ...membersOf(member, own.path)];
  });
}

function describeSetting(node: Node, path: string, isRequired: boolean): Setting {
  const kind = kindOf(node);
  const hasName = kind !== "section" && kind !== "sections" && !path.includes("[]");
  return {
    path,
    kind,
    isRequired,
    description: node.description ?? "",
    choices: choicesOf(kind === "list" ? elementOf(node) : node),
    range: node.minimum === undefined || node.maximum === undefined ? undefined : [node.minimum, node.maximum],
    default: kind === "section" || node.default === undefined ? undefined : JSON.stringify(node.default),
    environment: hasName ? `CHAPERONE_${path.replaceAll(".", "_").toUpperCase()}` : undefined,
  };
}

function kindOf(node: Node): SettingKind {
  if (node.enum !== undefined || node.const !== undefined) return "choice";
  switch (node.type) {
    case "object":
      return node.additionalProperties === false ? "section" : "mapping";
    case "array":
      return elementOf(node).type === "object" ? "sections" : "list";
    case "integer":
      return "whole";
    default:
      return "text";
  }
}

function elementOf(node: Node): Node {
  const { items } = node;
  return typeof items === "object" && !Array.isArray(items) ? items : {};
}

function choicesOf(node: Node): readonly string[] {
  return (node.enum ?? [node.const]).flatMap((choice) => {
    if (choice === true) return "true";
    return typeof choice === "string" ? choice : [];
  });
}
