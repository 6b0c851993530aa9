/**
 * A Dockerfile, read and rehearsed without a Docker engine: each stage is a folder, COPY copies, RUN runs exactly the
 * line that stands there. It knows the instructions that ours uses and stops at any other.
 */
import { chmod, cp, mkdir, readdir, readFile, stat } from "node:fs/promises";
import { dirname, isAbsolute, join } from "node:path";
import { runCommand } from "../../src/toolchain/run-command.ts";

export interface Instruction {
  readonly keyword: string;
  readonly rest: string;
}

export interface Stage {
  readonly image: string;
  readonly name: string | undefined;
  readonly instructions: readonly Instruction[];
}

export function parseDockerfile(text: string): readonly Stage[] {
  const stages: { image: string; name: string | undefined; instructions: Instruction[] }[] = [];
  for (const line of text.split("\n").filter((each) => each.trim() !== "" && !each.startsWith("#"))) {
    const [, keyword = "", rest = ""] = /^([A-Z]+) (.+)$/.exec(line) ?? [];
    if (keyword === "") throw new Error(`not an instruction of one line: ${line}`);
    if (keyword === "FROM") {
      const [image = "", , name] = rest.split(" ");
      stages.push({ image, name, instructions: [] });
    } else {
      const stage = stages.at(-1);
      if (stage === undefined) throw new Error(`an instruction before the first FROM: ${line}`);
      stage.instructions.push({ keyword, rest });
    }
  }
  return stages;
}

/** The arguments of an instruction in exec form, `["node", "…"]`. */
export function parseExecForm(rest: string): readonly string[] {
  const value: unknown = JSON.parse(rest.slice(rest.indexOf("[")));
  if (!Array.isArray(value) || !value.every((each) => typeof each === "string"))
    throw new Error(`no exec form: ${rest}`);
  return value;
}

export interface Rehearsal {
  /** The clone that the image is built from. */
  readonly context: string;
  /** An empty folder; each stage gets one below it. */
  readonly folder: string;
  /** A folder with the image's `node`, which comes first on the PATH. */
  readonly nodeFolder: string;
}

/** The folder that stands for the root of the last stage. */
export async function rehearse(stages: readonly Stage[], rehearsal: Rehearsal): Promise<string> {
  const roots = new Map<string, string>();
  let last = "";
  for (const [index, stage] of stages.entries()) {
    last = join(rehearsal.folder, stage.name ?? `stage-${index}`);
    await rehearseStage(stage, last, roots, rehearsal);
    roots.set(stage.name ?? String(index), last);
  }
  return last;
}

async function rehearseStage(
  stage: Stage,
  root: string,
  roots: ReadonlyMap<string, string>,
  rehearsal: Rehearsal,
): Promise<void> {
  let workdir = "/";
  const inside = (path: string): string => join(root, isAbsolute(path) ? path : join(workdir, path));
  await mkdir(root, { recursive: true });
  for (const { keyword, rest } of stage.instructions) {
    switch (keyword) {
      case "WORKDIR":
        workdir = rest;
        await mkdir(inside(workdir), { recursive: true });
        break;
      case "COPY":
        await copy(rest, roots, rehearsal.context, inside);
        break;
      case "RUN":
        await run(rest, inside(workdir), rehearsal.nodeFolder);
        break;
      case "ENV":
      case "USER":
      case "VOLUME":
      case "HEALTHCHECK":
      case "STOPSIGNAL":
      case "ENTRYPOINT":
      case "CMD":
        break;
      default:
        throw new Error(`the rehearsal does not know ${keyword}`);
    }
  }
}

async function copy(
  rest: string,
  roots: ReadonlyMap<string, string>,
  context: string,
  inside: (path: string) => string,
): Promise<void> {
  const words = rest.split(" ");
  const from = words.find((word) => word.startsWith("--from="))?.slice("--from=".length);
  const source = from === undefined ? context : roots.get(from);
  if (source === undefined) throw new Error(`COPY from an unknown stage: ${rest}`);
  const paths = words.filter((word) => !word.startsWith("--"));
  const target = paths.pop() ?? "";
  for (const path of paths) {
    const to = target.endsWith("/") ? join(inside(target), path) : inside(target);
    await mkdir(dirname(to), { recursive: true });
    await cp(join(source, path), to, { recursive: true, verbatimSymlinks: true });
    const mode = words.find((word) => word.startsWith("--chmod="))?.slice("--chmod=".length);
    if (mode !== undefined) await changeMode(to, Number.parseInt(mode, 8));
  }
}

/** As COPY does it: folder and everything in it. */
async function changeMode(path: string, mode: number): Promise<void> {
  const entries = (await stat(path)).isDirectory() ? await readdir(path, { recursive: true }) : [];
  for (const entry of ["", ...entries]) await chmod(join(path, entry), mode);
}

/** In an environment of its own: no variable of the test's npm, and no `node_modules/.bin` of the clone on the PATH. */
async function run(line: string, cwd: string, nodeFolder: string): Promise<void> {
  const isOurs = ([name]: [string, string | undefined]): boolean =>
    !/^npm_(?!config_(registry|cache|cafile|https?_proxy))/i.test(name) &&
    name !== "NODE_ENV" &&
    name !== "NODE_OPTIONS";
  const environment = Object.fromEntries(Object.entries(process.env).filter(isOurs));
  const path = (process.env["PATH"] ?? "").split(":").filter((folder) => !folder.includes("node_modules"));
  const { exitCode, stdout, stderr } = await runCommand("/bin/sh", ["-c", line], {
    cwd,
    environment: { ...environment, npm_config_prefer_offline: "true", PATH: [nodeFolder, ...path].join(":") },
    timeoutSeconds: 600,
  });
  if (exitCode !== 0) throw new Error(`RUN ${line} failed (${exitCode ?? "not run"}):\n${stdout}${stderr}`);
}

export async function readDockerfile(path: string): Promise<readonly Stage[]> {
  return parseDockerfile(await readFile(path, "utf8"));
}
