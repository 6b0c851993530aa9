/**
 * The image, rehearsed: the Dockerfile's own lines run in clean folders, and what came out serves as a user that is not
 * root, with production dependencies alone.
 */
import { chmod, cp, mkdir, mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { readDockerfile, rehearse, type Stage } from "./dockerfile.ts";

const root = join(import.meta.dirname, "..", "..");
const packageSchema = z.object({
  scripts: z.record(z.string(), z.string()),
  dependencies: z.record(z.string(), z.string()),
  devDependencies: z.record(z.string(), z.string()),
});
const lockSchema = z.object({ packages: z.record(z.string(), z.looseObject({ dev: z.boolean().optional() })) });
const readJson = async (path: string): Promise<unknown> => JSON.parse(await readFile(join(root, path), "utf8"));

let stages: readonly Stage[] = [];
let folder = "";
let image = "";

beforeAll(async () => {
  stages = await readDockerfile(join(root, "Dockerfile"));
  folder = await mkdtemp(join(tmpdir(), "chaperone-image-"));
  await chmod(folder, 0o755);
  const nodeFolder = join(folder, "usr-local-bin");
  await mkdir(nodeFolder);
  await cp(process.execPath, join(nodeFolder, "node"));
  image = await rehearse(stages, { context: root, folder, nodeFolder });
}, 600_000);

afterAll(() => rm(folder, { recursive: true, force: true }));

const lastStage = (): Stage => {
  const stage = stages.at(-1);
  if (stage === undefined) throw new Error("the Dockerfile has no stage");
  return stage;
};
const inLastStage = (keyword: string): string[] =>
  lastStage()
    .instructions.filter((instruction) => instruction.keyword === keyword)
    .map((instruction) => instruction.rest);

async function filesUnder(path: string): Promise<string[]> {
  const entries = await readdir(path, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}

describe("the Dockerfile", () => {
  test("starts every stage from the Node that the tests run on, by its exact version", async () => {
    const { devDependencies, dependencies } = packageSchema.parse(await readJson("package.json"));
    expect(stages.length).toBe(3);
    for (const stage of stages) expect(stage.image).toBe(`node:${devDependencies["node"]}-trixie-slim`);
    expect(process.version).toBe(`v${devDependencies["node"]}`);
    expect(dependencies).not.toHaveProperty("node");
  });

  test("runs npm and its scripts, and nothing at all in the stage that ships", async () => {
    const { scripts } = packageSchema.parse(await readJson("package.json"));
    const lines = stages.flatMap((stage) => stage.instructions.filter(({ keyword }) => keyword === "RUN"));
    expect(lines.length).toBe(3);
    for (const { rest } of lines) {
      expect(rest).toMatch(/^npm (ci|run [a-z:]+)( --[a-z-]+(=\w+)?)*$/);
      const script = /^npm run (\S+)/.exec(rest)?.[1];
      if (script !== undefined) expect(scripts).toHaveProperty(script);
    }
    expect(inLastStage("RUN")).toEqual([]);
  });

  test("runs as a number that is not root, whose own is the state folder alone", () => {
    expect(inLastStage("USER")).toEqual(["65532:65532"]);
    const given = inLastStage("COPY").filter((rest) => rest.includes("--chown"));
    expect(given).toEqual(["--from=dependencies --chown=65532:65532 --chmod=0700 /state /var/lib/chaperone"]);
    expect(inLastStage("ENV")).toEqual(["NODE_ENV=production CHAPERONE_STATE=/var/lib/chaperone"]);
  });

  test("sends nothing of a clone to the builder but what it copies", async () => {
    const lines = (await readFile(join(root, ".dockerignore"), "utf8")).split("\n");
    const rules = lines.filter((line) => line !== "" && !line.startsWith("#"));
    expect(rules[0]).toBe("*");
    const sources = stages
      .flatMap((stage) => stage.instructions)
      .filter(({ keyword, rest }) => keyword === "COPY" && !rest.includes("--from="))
      .flatMap(({ rest }) => rest.split(" ").slice(0, -1));
    expect(rules.slice(1).toSorted()).toEqual([...new Set(sources)].map((path) => `!${path}`).toSorted());
  });
});

describe("what ships", () => {
  test("is JavaScript that asks for no TypeScript", async () => {
    const files = await filesUnder(join(image, "app", "dist"));
    expect(files.length).toBeGreaterThan(50);
    expect(files.filter((path) => !path.endsWith(".js"))).toEqual([]);
    for (const path of files)
      expect(await readFile(path, "utf8"), path).not.toMatch(/["'`]\.{1,2}\/[^"'`\s]*\.ts["'`]/);
  });

  test("has every production dependency and not one development dependency", async () => {
    const { packages } = lockSchema.parse(await readJson("package-lock.json"));
    const { dependencies } = packageSchema.parse(await readJson("package.json"));
    const installed = (await readdir(join(image, "app", "node_modules"), { recursive: true }))
      .filter((path) => path.endsWith("/package.json"))
      .map((path) => `node_modules/${path.slice(0, -"/package.json".length)}`)
      .filter((path) => packages[path] !== undefined);
    expect(installed.filter((path) => packages[path]?.dev === true)).toEqual([]);
    expect(installed).toEqual(expect.arrayContaining(Object.keys(dependencies).map((name) => `node_modules/${name}`)));
  });

  test("is the application, its dependencies, the default bundle and an empty state folder", async () => {
    expect((await readdir(join(image, "app"))).toSorted()).toEqual(["bundle", "dist", "node_modules", "package.json"]);
    expect(await readdir(join(image, "var", "lib", "chaperone"))).toEqual([]);
  });
});
