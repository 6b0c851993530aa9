/** RFC 6902 as OPA does it: paths may be texts or arrays of any keys, and sets are containers whose keys are their members. */
import { assertWithin } from "./bounds.ts";
import { pairsOf } from "./operands.ts";
import { isRegoArray, isRegoObject, objectOf, RegoSet, type RegoValue } from "./rego-value.ts";
import { canonicalText, isSameValue } from "./value-order.ts";

type Path = readonly RegoValue[];
/** Undefined: there is no such place, so the whole patch is an error. */
type Found = RegoValue | undefined;

export function patchValue(document: RegoValue | undefined, operations: RegoValue | undefined): Found {
  if (!isRegoArray(operations)) {
    return undefined;
  }
  assertWithin("patchOperationsMax", operations.length);
  let patched: Found = document;
  for (const operation of operations) {
    if (patched === undefined || !isRegoObject(operation)) {
      return undefined;
    }
    patched = applyOperation(patched, (name) => (Object.hasOwn(operation, name) ? operation[name] : undefined));
  }
  return patched;
}

/** The members of an operation, parsed; what an operation needs and does not have makes it an error. */
interface Operation {
  readonly path: Path;
  readonly value: Found;
  readonly from: Path | undefined;
}

const appliers: Readonly<Record<string, (document: RegoValue, operation: Operation) => Found>> = {
  add: (document, { path, value }) => (value === undefined ? undefined : insertAt(document, path, value)),
  remove: (document, { path }) => removeAt(document, path),
  replace: (document, { path, value }) => (value === undefined ? undefined : replaceAt(document, path, value)),
  move: (document, { path, from }) => {
    const moved = from === undefined ? undefined : valueAt(document, from);
    const without = from === undefined || moved === undefined ? undefined : removeAt(document, from);
    return without === undefined || moved === undefined ? undefined : insertAt(without, path, moved);
  },
  copy: (document, { path, from }) => {
    const copied = from === undefined ? undefined : valueAt(document, from);
    return copied === undefined ? undefined : insertAt(document, path, copied);
  },
  test: (document, { path, value }) => {
    const found = valueAt(document, path);
    return found !== undefined && value !== undefined && isSameValue(found, value) ? document : undefined;
  },
};

function applyOperation(document: RegoValue, member: (name: string) => Found): Found {
  const [name, path] = [member("op"), parsePath(member("path"))];
  if (typeof name !== "string" || !Object.hasOwn(appliers, name) || path === undefined) {
    return undefined;
  }
  return appliers[name]?.(document, { path, value: member("value"), from: parsePath(member("from")) });
}

function parsePath(operand: Found): Path | undefined {
  if (typeof operand === "string") {
    const segments = operand === "" ? [] : operand.replace(/^\/+/u, "").split("/");
    assertWithin("depthMax", segments.length);
    return segments.map((segment) => segment.replaceAll("~1", "/").replaceAll("~0", "~"));
  }
  assertWithin("depthMax", isRegoArray(operand) ? operand.length : 0);
  return isRegoArray(operand) ? operand : undefined;
}

function valueAt(document: RegoValue, path: Path): Found {
  let found: Found = document;
  for (const key of path) {
    found = found === undefined ? undefined : childOf(found, key);
  }
  return found;
}

function childOf(parent: RegoValue, key: RegoValue): Found {
  if (isRegoArray(parent)) {
    const index = indexIn(parent, key);
    return index === undefined ? undefined : parent[index];
  }
  if (isRegoObject(parent) && typeof key === "string") {
    return Object.hasOwn(parent, key) ? parent[key] : undefined;
  }
  const wanted = canonicalText(key);
  if (parent instanceof RegoSet) {
    return parent.members.find((member) => canonicalText(member) === wanted);
  }
  return pairsOf(parent)?.find(([name]) => canonicalText(name) === wanted)?.[1];
}

/** `-` is the place after the last element. */
function indexIn(array: readonly RegoValue[], key: RegoValue): number | undefined {
  if (key === "-") {
    return array.length;
  }
  const index = typeof key === "string" && /^(?:0|-?[1-9]\d*)$/u.test(key) ? Number(key) : key;
  return typeof index === "number" && Number.isInteger(index) && index >= 0 && index <= array.length
    ? index
    : undefined;
}

function insertAt(document: RegoValue, path: Path, value: RegoValue): Found {
  const key = path.at(-1);
  if (key === undefined) {
    return value;
  }
  return changeParent(document, path, (parent) => {
    if (isRegoArray(parent)) {
      const index = indexIn(parent, key);
      return index === undefined ? undefined : parent.toSpliced(index, 0, value);
    }
    if (parent instanceof RegoSet) {
      return isSameValue(key, value) ? new RegoSet([...parent.members, value]) : undefined;
    }
    return withChild(parent, key, value);
  });
}

function removeAt(document: RegoValue, path: Path): Found {
  const key = path.at(-1);
  if (key === undefined) {
    return undefined;
  }
  return changeParent(document, path, (parent) => {
    if (childOf(parent, key) === undefined) {
      return undefined;
    }
    if (isRegoArray(parent)) {
      const index = indexIn(parent, key);
      return index === undefined ? undefined : parent.toSpliced(index, 1);
    }
    const wanted = canonicalText(key);
    if (parent instanceof RegoSet) {
      return new RegoSet(parent.members.filter((member) => canonicalText(member) !== wanted));
    }
    return objectOf((pairsOf(parent) ?? []).filter(([name]) => canonicalText(name) !== wanted));
  });
}

function replaceAt(document: RegoValue, path: Path, value: RegoValue): Found {
  if (path.length === 0) {
    return value;
  }
  const without = removeAt(document, path);
  return without === undefined ? undefined : insertAt(without, path, value);
}

function changeParent(document: RegoValue, path: Path, change: (parent: RegoValue) => Found, depth = 0): Found {
  const key = path[depth];
  if (depth === path.length - 1 || key === undefined) {
    return change(document);
  }
  const child = childOf(document, key);
  const changed = child === undefined ? undefined : changeParent(child, path, change, depth + 1);
  if (changed === undefined) {
    return undefined;
  }
  if (isRegoArray(document)) {
    const index = indexIn(document, key);
    return index === undefined ? undefined : document.with(index, changed);
  }
  if (document instanceof RegoSet) {
    const wanted = canonicalText(key);
    return new RegoSet(document.members.map((member) => (canonicalText(member) === wanted ? changed : member)));
  }
  return withChild(document, key, changed);
}

function withChild(parent: RegoValue, key: RegoValue, value: RegoValue): Found {
  if (isRegoObject(parent) && typeof key === "string") {
    // Both the spread and a computed name define members; neither calls the setter of `__proto__`.
    return { ...parent, [key]: value };
  }
  const pairs = pairsOf(parent);
  if (pairs === undefined) {
    return undefined;
  }
  const wanted = canonicalText(key);
  return objectOf([...pairs.filter(([name]) => canonicalText(name) !== wanted), [key, value]]);
}
