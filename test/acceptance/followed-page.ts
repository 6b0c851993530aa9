/** A guide's page as a reader follows it: its own lines, run by a shell in a folder that looks like a clone. */
import { execFile } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { createFolder } from "../cli/command-line.ts";
import { root } from "../house/source-tree.ts";

/** What the page shows in fences of one language; "" for those that name none. */
export function blocks(language: string, text: string): readonly string[] {
  const parts = text.split(/^```(.*)\n/m);
  // Text, opening fence, body, closing fence, and again.
  return parts.filter((_part, at) => at % 4 === 2 && parts[at - 1] === language);
}

/** What the page shows of an answer, without the lines that are never the same twice. */
export function steadyLines(block: string | undefined): readonly string[] {
  const lines = (block ?? "").split("\n").filter((line) => line !== "" && !line.includes("…"));
  if (lines.length < 2) throw new Error("the page shows nothing of the answer");
  return lines;
}

export interface Reader {
  readonly folder: string;
  /** Standard output of one block. Rejects when one of its lines fails. */
  readonly run: (block: string) => Promise<string>;
}

/**
 * `own` are files that the reader uses as they are, `here` makes addresses of the page into those of the test. A shell
 * knows what the blocks before it named, and nothing else of them.
 */
export function followPage(text: string, own: readonly string[], here: (text: string) => string): Reader {
  const folder = createFolder();
  for (const name of ["bin", "bundle", "node_modules", "package.json", "src", "test"]) {
    symlinkSync(join(root, name), join(folder, name));
  }
  // A reader may write to what a copy of a link leads to.
  cpSync(join(root, "policies"), join(folder, "policies"), { recursive: true });
  for (const path of own) {
    mkdirSync(join(folder, dirname(path)), { recursive: true });
    writeFileSync(join(folder, path), here(readFileSync(join(root, path), "utf8")));
  }
  const names = blocks("sh", text).flatMap((block) => block.match(/^(?:export )?\w+=[^\s$(]+$/gm) ?? []);
  const run = async (block: string): Promise<string> => {
    const lines = here([...names, block].join("\n"));
    return (await promisify(execFile)("/bin/sh", ["-euc", lines], { cwd: folder })).stdout;
  };
  return { folder, run };
}
