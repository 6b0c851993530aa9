import { spawn } from "node:child_process";
import { mkdir, readdir, readFile, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { findOpa, ToolchainError } from "../../src/toolchain/index.ts";
import { versions } from "../../src/toolchain/versions.ts";
import { createFolder, goScript, opaScript, writeScript } from "./fake-tools.ts";

const pinned = versions.opa;
const systemPath = "/usr/bin:/bin";

async function createWorld() {
  const folder = await createFolder();
  const bin = join(folder, "bin");
  const cache = join(folder, "cache");
  await mkdir(bin);
  const home = join(cache, "chaperone", `opa-${pinned}`);
  const told: string[] = [];
  const environment = { PATH: bin, XDG_CACHE_HOME: cache, HOME: folder };
  return {
    folder,
    bin,
    home,
    cached: join(home, "opa"),
    told,
    environment,
    find: (more: Readonly<Record<string, string>> = {}) =>
      findOpa({ environment: { ...environment, ...more }, tell: (line) => told.push(line) }),
  };
}

async function failure(work: Promise<unknown>): Promise<ToolchainError> {
  const error: unknown = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof ToolchainError) return error;
  throw new Error("it did not fail as a ToolchainError");
}

describe("what is there is found", () => {
  test("the one that $OPA names, before all others", async () => {
    const world = await createWorld();
    const named = await writeScript(join(world.folder, "named"), opaScript(pinned));
    await writeScript(join(world.bin, "opa"), opaScript(pinned));
    expect(await world.find({ OPA: named })).toBe(named);
  });

  test("the one on the PATH", async () => {
    const world = await createWorld();
    const onPath = await writeScript(join(world.bin, "opa"), opaScript(pinned));
    expect(await world.find()).toBe(onPath);
  });

  test("the one in the cache, when the PATH has another version, which is said", async () => {
    const world = await createWorld();
    await writeScript(join(world.bin, "opa"), opaScript("0.68.0"));
    await writeScript(world.cached, opaScript(pinned));
    expect(await world.find()).toBe(world.cached);
    expect(world.told).toEqual([`opa on the PATH is 0.68.0; this needs ${pinned}, looking further`]);
  });

  test("a relative folder of the PATH is not searched", async () => {
    const world = await createWorld();
    expect((await failure(world.find({ PATH: "." }))).code).toBe("opa_missing");
  });
});

describe("what is wrong is refused", () => {
  test.each([
    ["another version", opaScript("1.22.1"), "OPA 1.22.1"],
    ["no OPA at all", "#!/bin/sh\necho hello\n", "not a working OPA"],
    ["one that fails", "#!/bin/sh\nexit 3\n", "not a working OPA"],
  ])("$OPA that names %s is an error, not replaced by another", async (_what, script, said) => {
    const world = await createWorld();
    await writeScript(world.cached, opaScript(pinned));
    const error = await failure(world.find({ OPA: await writeScript(join(world.folder, "named"), script) }));
    expect(error.code).toBe("opa_version_wrong");
    expect(error.message).toContain(said);
    expect(error.message).toContain(pinned);
  });

  test("$OPA that names nothing", async () => {
    const world = await createWorld();
    expect((await failure(world.find({ OPA: join(world.folder, "nothing") }))).code).toBe("opa_version_wrong");
  });

  test("without OPA and Go the error names three ways to get it", async () => {
    const world = await createWorld();
    const error = await failure(world.find());
    expect(error.code).toBe("opa_missing");
    expect(error.message.match(/^ {2}[123]\. /gm)).toEqual(["  1. ", "  2. ", "  3. "]);
    expect(error.message).toContain(`releases/tag/v${pinned}`);
    expect(error.message).toContain("OPA=/path/to/opa");
    expect(error.message).toContain("https://go.dev/dl/");
  });
});

describe("what is missing is built", () => {
  async function createBuildingWorld(opa: string, seconds?: number) {
    const world = await createWorld();
    const runs = join(world.folder, "runs");
    await writeFile(runs, "");
    await writeScript(join(world.bin, "go"), goScript(runs, opa, seconds));
    const environment = { PATH: `${world.bin}:${systemPath}` };
    return {
      ...world,
      path: environment.PATH,
      find: () => world.find(environment),
      runs: async () => (await readFile(runs, "utf8")).split("\n").filter((line) => line !== ""),
    };
  }

  test("with go install of the pinned version, into the cache, and is found there afterwards", async () => {
    const world = await createBuildingWorld(opaScript(pinned));
    expect(await world.find()).toBe(world.cached);
    expect(await world.find()).toBe(world.cached);
    const runs = await world.runs();
    expect(runs.length).toBe(1);
    expect(runs[0]).toContain(`install github.com/open-policy-agent/opa@v${pinned} GOBIN=${world.home}/build-`);
    expect(await readdir(world.home)).toEqual(["opa"]);
    expect(world.told[0]).toContain(`building OPA ${pinned}`);
    expect(world.told.at(-1)).toContain("built opa");
  });

  test("once, when many calls of one process ask at once", async () => {
    const world = await createBuildingWorld(opaScript(pinned));
    const found = await Promise.all(Array.from({ length: 8 }, () => world.find()));
    expect(new Set(found)).toEqual(new Set([world.cached]));
    expect((await world.runs()).length).toBe(1);
    expect(world.told.some((line) => line.startsWith("waiting for another process"))).toBe(true);
  });

  test("once, when several processes ask at once", async () => {
    const world = await createBuildingWorld(opaScript(pinned), 1);
    const script = join(import.meta.dirname, "../../scripts/opa.ts");
    const env = { ...world.environment, PATH: world.path };
    const outputs = await Promise.all(
      Array.from({ length: 3 }, async () => {
        const child = spawn(process.execPath, [script], { env, stdio: ["ignore", "pipe", "ignore"] });
        let output = "";
        child.stdout.on("data", (chunk: Buffer) => {
          output += chunk.toString();
        });
        const exitCode = await new Promise<number | null>((resolve) => child.once("close", resolve));
        return [exitCode, output.trim()];
      }),
    );
    expect(outputs).toEqual(Array.from({ length: 3 }, () => [0, world.cached]));
    expect((await world.runs()).length).toBe(1);
  });

  test("a build that fails leaves nothing behind and says why", async () => {
    const world = await createWorld();
    await writeScript(join(world.bin, "go"), "#!/bin/sh\necho no network >&2\nexit 1\n");
    const error = await failure(world.find());
    expect(error.code).toBe("opa_build_failed");
    expect(error.message).toContain("no network");
    expect(await readdir(world.home)).toEqual([]);
  });

  test("a build that makes something else is not put in place", async () => {
    const world = await createBuildingWorld("#!/bin/sh\nexit 1\n");
    expect((await failure(world.find())).code).toBe("opa_build_failed");
    expect(await readdir(world.home)).toEqual([]);
  });

  test("a broken binary in the cache is replaced", async () => {
    const world = await createBuildingWorld(opaScript(pinned));
    await writeScript(world.cached, "half a binary");
    expect(await world.find()).toBe(world.cached);
    expect((await world.runs()).length).toBe(1);
  });

  test("what a killed build left is taken over: its lock and its half binary", async () => {
    const world = await createBuildingWorld(opaScript(pinned));
    await mkdir(join(world.home, "build-dead"), { recursive: true });
    await writeFile(join(world.home, "build-dead", "opa"), "half");
    const longAgo = new Date(Date.now() - 3_600_000);
    for (const name of ["lock", "lock.breaking"]) {
      await writeFile(join(world.home, name), "");
      await utimes(join(world.home, name), longAgo, longAgo);
    }
    const found = await Promise.all(Array.from({ length: 5 }, () => world.find()));
    expect(new Set(found)).toEqual(new Set([world.cached]));
    expect((await world.runs()).length).toBe(1);
    expect(await readdir(world.home)).toEqual(["opa"]);
  });
});
