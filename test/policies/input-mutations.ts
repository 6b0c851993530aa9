/**
 * Every way to take one thing out of an input or give it another type.
 *
 * Left out are questions, which are not facts: dropping the `audience`, or one of the capabilities or permissions that
 * are asked, asks for something else (policies/README.md says so). Their types are not left out.
 */
import { isJsonArray, isJsonObject, type Json, type JsonObject } from "../../src/domain/json.ts";

export interface Mutation {
  readonly what: string;
  readonly input: Json;
}

type Path = readonly (string | number)[];

const questions = [/^audience$/, /^asked\.capabilities\.\d+$/, /^asked\.permissions\.\d+$/];

export function removals(input: JsonObject): Mutation[] {
  return pathsOf(input)
    .filter((path) => !questions.some((question) => question.test(path.join("."))))
    .map((path) => ({ what: `without ${path.join(".")}`, input: edit(input, path, () => undefined) }));
}

/** Also the input itself, to what is no object. */
export function retypes(input: JsonObject): Mutation[] {
  return [[], ...pathsOf(input)].flatMap((path: Path) =>
    otherTypesOf(at(input, path)).map((value) => ({
      what: `${path.join(".")} as ${JSON.stringify(value).slice(0, 60)}`,
      input: edit(input, path, () => value),
    })),
  );
}

function pathsOf(value: Json, path: Path = []): Path[] {
  const inner: [string | number, Json][] = isJsonArray(value)
    ? value.map((element, index) => [index, element])
    : isJsonObject(value)
      ? Object.entries(value)
      : [];
  return inner.flatMap(([name, member]) => [[...path, name], ...pathsOf(member, [...path, name])]);
}

function at(value: Json, path: Path): Json {
  let found: Json = value;
  for (const name of path) {
    if (isJsonArray(found)) found = found[Number(name)] ?? null;
    else if (isJsonObject(found)) found = found[String(name)] ?? null;
  }
  return found;
}

/** A copy with the value at the path replaced, or gone when `change` gives undefined. */
function edit(value: Json, path: Path, change: () => Json | undefined): Json {
  const [name, ...rest] = path;
  if (name === undefined) return change() ?? null;
  const changed = (inner: Json): Json | undefined => (rest.length === 0 ? change() : edit(inner, rest, change));
  if (isJsonArray(value)) {
    return value.flatMap((element, index) => {
      const kept = index === name ? changed(element) : element;
      return kept === undefined ? [] : [kept];
    });
  }
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([member, inner]) => {
      const kept = member === name ? changed(inner) : inner;
      return kept === undefined ? [] : [[member, kept]];
    }),
  );
}

/** One of each other type, and the value itself dressed as another type. */
function otherTypesOf(value: Json): Json[] {
  const candidates: Json[] = [null, true, false, 0, 1, -1, "", "0", [], [value], {}, { "0": value }, { value }];
  if (isJsonArray(value)) candidates.push(Object.fromEntries(value.entries()), JSON.stringify(value));
  if (typeof value === "number") candidates.push(String(value));
  if (typeof value === "string" && value !== "" && !Number.isNaN(Number(value))) candidates.push(Number(value));
  return candidates.filter((candidate) => typeName(candidate) !== typeName(value));
}

function typeName(value: Json): string {
  if (value === null) return "null";
  return isJsonArray(value) ? "array" : typeof value;
}
