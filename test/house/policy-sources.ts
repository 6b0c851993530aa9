/** policies/ as text: each Rego file with its package, and the METADATA before each rule. */
import { readdirSync, readFileSync } from "node:fs";
import { basename, dirname, join, relative } from "node:path";
import { parse } from "yaml";
import { isJsonObject, type JsonObject } from "../../src/domain/json.ts";
import { root } from "./source-tree.ts";

export interface RegoFile {
  /** From policies/, e.g. `chaperone/guards/time_window/time_window.rego`. */
  readonly path: string;
  readonly name: string;
  readonly text: string;
  readonly packageName: string;
  readonly isTest: boolean;
  readonly packageMetadata: JsonObject | undefined;
  /** Every definition that stands under METADATA or is the first of its name; names with `_` are the file's own. */
  readonly rules: readonly RegoRule[];
}

export interface RegoRule {
  readonly name: string;
  /** Its definition up to the next empty line. */
  readonly head: string;
  readonly isDefault: boolean;
  readonly metadata: JsonObject | undefined;
}

const folder = join(root, "policies");

/** Every file and folder below policies/, as paths. */
export function listPolicies(): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)) + (entry.isDirectory() ? "/" : ""))
    .sort();
}

export function readRego(): RegoFile[] {
  return listPolicies()
    .filter((path) => path.endsWith(".rego"))
    .map((path) => {
      const text = readFileSync(join(folder, path), "utf8");
      const packageName = /^package ([\w.]+)$/m.exec(text)?.[1] ?? "";
      return {
        path,
        name: basename(path, ".rego"),
        text,
        packageName,
        isTest: path.endsWith("_test.rego"),
        packageMetadata: metadataBefore(text, text.search(/^package /m)),
        rules: readRules(text),
      };
    });
}

export function folderOf(file: RegoFile): string {
  return dirname(file.path).replaceAll("/", ".");
}

const definition = /^(default )?([a-z]\w*)(?=[ ([]).*$/gm;
const keywords = new Set(["package", "import", "else", "default"]);

function readRules(text: string): RegoRule[] {
  const seen = new Set<string>();
  return [...text.matchAll(definition)].flatMap((match) => {
    const name = match[2] ?? "";
    const metadata = metadataBefore(text, match.index);
    if (keywords.has(name) || (seen.has(name) && metadata === undefined)) return [];
    seen.add(name);
    return [
      { name, head: text.slice(match.index).split("\n\n", 1)[0] ?? "", isDefault: match[1] !== undefined, metadata },
    ];
  });
}

/** The comment block that ends right before `index`, when it is METADATA. */
function metadataBefore(text: string, index: number): JsonObject | undefined {
  const lines = text.slice(0, index).split("\n").slice(0, -1);
  const start = lines.findLastIndex((line) => !line.startsWith("#")) + 1;
  const block = lines.slice(start);
  if (block[0] !== "# METADATA") return undefined;
  const parsed: unknown = parse(
    block
      .slice(1)
      .map((line) => line.replace(/^# ?/, ""))
      .join("\n"),
  );
  return isJsonObject(parsed) ? parsed : undefined;
}
