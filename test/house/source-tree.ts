/** The source tree as text: files with their imports, for the tests that hold the house to its plan. */
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize, relative } from "node:path";

export const root = join(import.meta.dirname, "../..");

export interface SourceFile {
  /** From the repository's root, with forward slashes. */
  readonly path: string;
  readonly text: string;
  /** Relative imports as repository paths. */
  readonly files: readonly string[];
  /** Package imports as written, `node:` ones included. */
  readonly packages: readonly string[];
}

const importPattern =
  /(?:^|\n)\s*(?:import|export)\s[^;]*?from\s+"([^"]+)"|import\(\s*"([^"]+)"\s*\)|(?:^|\n)import\s+"([^"]+)"/g;

export function readTree(folder: string): SourceFile[] {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(".ts"))
    .map((entry) => readSource(relative(root, join(entry.parentPath, entry.name))))
    .sort((left, right) => left.path.localeCompare(right.path));
}

function readSource(path: string): SourceFile {
  const text = readFileSync(join(root, path), "utf8");
  const imports = [...text.matchAll(importPattern)].map((match) => match[1] ?? match[2] ?? match[3] ?? "");
  return {
    path,
    text,
    files: imports.filter((name) => name.startsWith(".")).map((name) => normalize(join(dirname(path), name))),
    packages: imports.filter((name) => !name.startsWith(".")),
  };
}
