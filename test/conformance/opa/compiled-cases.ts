/**
 * OPA's cases as WASM. One `opa build` takes about 60 ms, so what was compiled is kept in the user's cache folder, a
 * pack per family, keyed by OPA's version and by what is compiled.
 */
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { constants, gunzipSync, zstdCompressSync, zstdDecompressSync } from "node:zlib";
import { isRegoObject } from "../../../src/policy/builtins/rego-value.ts";
import { type OpaCase, opaVersion } from "./case-files.ts";

export type CompiledCase = { readonly wasm: Uint8Array<ArrayBuffer> } | { readonly compileError: string };

export const resultEntrypoint = "chaperone_conformance/result";
const compilersAtOnce = 2;
const run = promisify(execFile);

export function cacheFolder(): string {
  const root = process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache");
  return join(root, "chaperone", "opa-conformance", opaVersion);
}

/** Compiled in the order of `cases`; `onCompile` is told how many of the family had to be compiled now. */
export async function compileFamily(
  opa: string,
  cases: readonly OpaCase[],
  onCompile: (count: number) => void,
): Promise<readonly CompiledCase[]> {
  const sources = cases.map(sourcesOf);
  const key = createHash("sha256").update(JSON.stringify(sources)).digest("hex").slice(0, 32);
  const pack = join(cacheFolder(), `${cases[0]?.family ?? "empty"}-${key}.pack.zst`);
  if (!existsSync(pack)) {
    onCompile(cases.length);
    const compiled = await compileAll(opa, cases, sources);
    mkdirSync(cacheFolder(), { recursive: true });
    const unfinished = `${pack}.${process.pid}`;
    writeFileSync(unfinished, packed(compiled));
    renameSync(unfinished, pack);
    return compiled;
  }
  return unpacked(readFileSync(pack));
}

/** The case's modules and one that asks its query: `result` is the set of the query's bindings. */
function sourcesOf(asked: OpaCase): readonly string[] {
  const names = new Set((asked.wantResult ?? []).flatMap((row) => (isRegoObject(row) ? Object.keys(row) : [])));
  const bindings = `{${[...names].map((name) => `${JSON.stringify(name)}: ${name}`).join(", ")}}`;
  const question =
    asked.version === "v1"
      ? `package chaperone_conformance\n\nresult contains ${bindings} if {\n${asked.query}\n}\n`
      : `package chaperone_conformance\n\nresult[${bindings}] {\n${asked.query}\n}\n`;
  return [...asked.modules, question];
}

async function compileAll(
  opa: string,
  cases: readonly OpaCase[],
  sources: readonly (readonly string[])[],
): Promise<readonly CompiledCase[]> {
  const compiled: CompiledCase[] = [];
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < cases.length) {
      const index = next;
      next += 1;
      compiled[index] = await compileCase(opa, cases[index]!, sources[index]!);
    }
  };
  await Promise.all(Array.from({ length: compilersAtOnce }, worker));
  return compiled;
}

async function compileCase(opa: string, asked: OpaCase, sources: readonly string[]): Promise<CompiledCase> {
  const folder = mkdtempSync(join(tmpdir(), "chaperone-opa-case-"));
  try {
    const files = sources.map((source, index) => {
      const file = join(folder, `module-${index}.rego`);
      writeFileSync(file, source);
      return file;
    });
    const bundle = join(folder, "bundle.tar.gz");
    const syntax = asked.version === "v0" ? ["--v0-compatible"] : [];
    try {
      await run(opa, ["build", "-t", "wasm", ...syntax, "-e", resultEntrypoint, "-o", bundle, ...files], {
        timeout: 60_000,
      });
    } catch (error) {
      return { compileError: compileErrorOf(error).replaceAll(folder, "") };
    }
    return { wasm: policyOf(gunzipSync(readFileSync(bundle))) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** OPA's own words, without the command line. Anything but its refusal to compile is an error of the run. */
function compileErrorOf(error: unknown): string {
  const said = error instanceof Error && "stdout" in error && "code" in error && error.code === 1 ? error.stdout : "";
  if (typeof said !== "string" || said === "") throw new Error("OPA could not be run", { cause: error });
  return said.trim();
}

/** The bundle is a tar whose entries are a 512 byte header and a padded body. */
export function policyOf(tar: Buffer): Uint8Array<ArrayBuffer> {
  for (let at = 0; at + 512 <= tar.length; ) {
    const name = tar.toString("utf8", at, at + 100).replace(/\0.*$/su, "");
    const size = Number.parseInt(tar.toString("utf8", at + 124, at + 136), 8) || 0;
    if (name.endsWith("policy.wasm")) {
      return Uint8Array.from(tar.subarray(at + 512, at + 512 + size));
    }
    at += 512 + Math.ceil(size / 512) * 512;
  }
  throw new Error("the bundle holds no policy.wasm");
}

function packed(compiled: readonly CompiledCase[]): Buffer {
  const bodies = compiled.map((entry) =>
    "wasm" in entry ? Buffer.from(entry.wasm) : Buffer.from(entry.compileError, "utf8"),
  );
  const index = JSON.stringify(
    compiled.map((entry, at) => ({ kind: "wasm" in entry ? "wasm" : "error", sizeBytes: bodies[at]!.length })),
  );
  const head = Buffer.alloc(4);
  head.writeUInt32LE(Buffer.byteLength(index));
  // The modules share OPA's runtime: matches over the whole pack make it fifty times smaller.
  return zstdCompressSync(Buffer.concat([head, Buffer.from(index), ...bodies]), {
    params: {
      [constants.ZSTD_c_enableLongDistanceMatching]: 1,
      [constants.ZSTD_c_windowLog]: 27,
      [constants.ZSTD_c_compressionLevel]: 3,
    },
  });
}

function unpacked(pack: Buffer): readonly CompiledCase[] {
  const bytes = zstdDecompressSync(pack, { params: { [constants.ZSTD_d_windowLogMax]: 27 } });
  const indexEnd = 4 + bytes.readUInt32LE(0);
  const parseIndex: (text: string) => readonly { kind: string; sizeBytes: number }[] = JSON.parse;
  let at = indexEnd;
  return parseIndex(bytes.toString("utf8", 4, indexEnd)).map(({ kind, sizeBytes }) => {
    const body = bytes.subarray(at, at + sizeBytes);
    at += sizeBytes;
    return kind === "wasm" ? { wasm: Uint8Array.from(body) } : { compileError: body.toString("utf8") };
  });
}
