/** The image, rehearsed: what the Dockerfile says, and what came out of its own lines. */
import { execFile } from "node:child_process";
import { once } from "node:events";
import { readdir, readFile, rm, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { promisify } from "node:util";
import { createLocalJWKSet, jwtVerify } from "jose";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { commands } from "../../src/cli/command-table.ts";
import { loadConfig } from "../../src/config/index.ts";
import { runCommand } from "../../src/toolchain/run-command.ts";
import { parseExecForm, type Stage } from "./dockerfile.ts";
import { mountPod, type PodMounts } from "./pod-mounts.ts";
import { rehearseImage } from "./rehearsed-image.ts";
import { askJson, canChangeUsers, type Identity, type ServedImage, startImage } from "./served-image.ts";

const root = join(import.meta.dirname, "..", "..");
const packageSchema = z.object({
  scripts: z.record(z.string(), z.string()),
  dependencies: z.record(z.string(), z.string()),
  devDependencies: z.record(z.string(), z.string()),
});
const lockSchema = z.object({ packages: z.record(z.string(), z.looseObject({ dev: z.boolean().optional() })) });
const jwksSchema = z.object({
  keys: z.array(z.looseObject({ kty: z.string(), crv: z.string(), x: z.string(), y: z.string(), kid: z.string() })),
});
const readJson = async (path: string): Promise<unknown> => JSON.parse(await readFile(join(root, path), "utf8"));

let stages: readonly Stage[] = [];
let image = "";
let nodeFolder = "";
let asBuilt = "";

beforeAll(async () => {
  ({ stages, image, nodeFolder } = await rehearseImage());
  asBuilt = await describeFiles(await filesUnder(image));
}, 600_000);

afterAll(() => rm(dirname(image), { recursive: true, force: true }));

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
    const fromClone = inLastStage("COPY").filter((rest) => !rest.includes("--from="));
    for (const rest of fromClone) expect(rest).toMatch(/^--chmod=0755 /);
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
      .flatMap(({ rest }) =>
        rest
          .split(" ")
          .filter((word) => !word.startsWith("--"))
          .slice(0, -1),
      );
    expect(rules.slice(1).toSorted()).toEqual([...new Set(sources)].map((path) => `!${path}`).toSorted());
  });
});

describe("what ships", () => {
  test("is JavaScript that asks for no TypeScript", async () => {
    const files = await filesUnder(join(image, "app", "dist"));
    const names = files.map((path) => basename(path));
    const works = Object.keys(commands).map((name) => `${name.replace(" ", "-")}.js`);
    expect(names).toEqual(expect.arrayContaining(["main.js", ...works]));
    expect(names.filter((name) => !name.endsWith(".js"))).toEqual([]);
    // Finding and reading a file per source was most of a start.
    expect(names.length).toBeLessThan(works.length * 4);
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
    expect((await readdir(join(image, "app"))).toSorted()).toEqual([
      "bin",
      "bundle",
      "dist",
      "node_modules",
      "package.json",
    ]);
    expect(await readdir(join(image, "var", "lib", "chaperone"))).toEqual([]);
  });
});

const chaperone: Identity = canChangeUsers
  ? { uid: 65532, gid: 2000 }
  : { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };

const founding = (names: boolean): unknown => ({
  input: {
    actor: { claims: { Capabilities: "book_flight", ...(names ? { sub: "travel-agent" } : {}) } },
    subject: { claims: { Department: "Operations", Role: "Director", ...(names ? { sub: "alice" } : {}) } },
  },
});

describe("the image in the pod", () => {
  let mounts: PodMounts;
  let served: ServedImage;
  const start = (): Promise<ServedImage> =>
    startImage({ image, nodeFolder, stage: lastStage(), identity: chaperone, environment: mounts.environment }, () =>
      askJson({ port: mounts.probePort }, "/readyz"),
    );

  beforeAll(async () => {
    mounts = await mountPod(chaperone.gid);
    served = await start();
  }, 120_000);

  afterAll(async () => {
    if (served.child.exitCode === null) await served.stop();
    await mounts.remove();
  });

  test("decides for named parties, with a token of the configured issuer that its published keys verify", async () => {
    const answer = await askJson({ socketPath: mounts.socketPath }, "/v1/authorize", founding(true));
    const { token } = z.looseObject({ allow: z.literal(true), token: z.string() }).parse(answer);
    const published = await askJson({ port: mounts.publicPort }, "/.well-known/jwks.json");
    const keys = createLocalJWKSet(jwksSchema.parse(published));
    const { payload } = await jwtVerify(token, keys, { audience: "https://flights.example/api" });
    expect(payload).toMatchObject({ iss: "https://chaperone.example", sub: "alice", act: { sub: "travel-agent" } });
  });

  test("denies unnamed parties", async () => {
    const answer = await askJson({ socketPath: mounts.socketPath }, "/v1/authorize", founding(false));
    expect(answer).toMatchObject({ allow: false, code: "unnamed_parties_denied" });
  });

  test("the gateway's group opens the socket, and the agent does not", async () => {
    const folder = await stat(dirname(mounts.socketPath));
    const socket = await stat(mounts.socketPath);
    expect([folder.mode & 0o777, socket.mode & 0o777]).toEqual([0o710, 0o660]);
    expect([folder.gid, socket.gid]).toEqual([chaperone.gid, chaperone.gid]);
    if (!canChangeUsers) return;
    expect(await connectAs({ uid: 10002, gid: 2000 })).toBe("connected");
    expect(await connectAs({ uid: 10001, gid: 10001 })).toBe("EACCES");
  });

  /** By a process of that user and group, and of no other group. */
  async function connectAs(identity: Identity): Promise<string> {
    const script = `require("node:net").connect(process.argv[1], () => { console.log("connected"); process.exit(); })
      .on("error", (error) => console.log(error.code));`;
    const { stdout } = await promisify(execFile)(join(nodeFolder, "node"), ["-e", script, mounts.socketPath], {
      ...identity,
      cwd: "/",
      env: {},
    });
    return stdout.trim();
  }

  test("the state is open to nobody else", async () => {
    expect((await stat(mounts.state)).mode & 0o777).toBe(0o700);
  });

  test("the health check passes while it serves, on the probe's default port", async () => {
    expect(await checkHealth()).toBe(0);
    expect(inLastStage("HEALTHCHECK")[0]).toContain("127.0.0.1:8283/healthz");
    const defaults = loadConfig({ flags: {}, environment: {}, readFile: () => "" });
    expect(JSON.stringify(defaults)).toContain('{"kind":"tcp","host":"127.0.0.1","port":8283}');
  });

  async function checkHealth(): Promise<number> {
    const [command = "", ...args] = parseExecForm(inLastStage("HEALTHCHECK")[0] ?? "");
    const port = String(mounts.probePort);
    const { exitCode } = await runCommand(
      join(nodeFolder, command),
      args.map((each) => each.replace("8283", port)),
    );
    return exitCode ?? -1;
  }

  test("drains and exits 0 on SIGTERM, after which the health check fails", async () => {
    expect(await served.stop()).toBe(0);
    expect(await checkHealth()).toBe(1);
  });

  test("a container that was killed is replaced by one that takes over its volumes and its audit chain", async () => {
    served = await start();
    await askJson({ socketPath: mounts.socketPath }, "/v1/authorize", founding(true));
    const killed = once(served.child, "exit");
    served.child.kill("SIGKILL");
    await killed;
    served = await start();
    await askJson({ socketPath: mounts.socketPath }, "/v1/authorize", founding(true));
    const audit = join(mounts.state, "audit");
    const logs = (await readdir(audit)).filter((name) => name.endsWith(".jsonl"));
    const lines = (await Promise.all(logs.map((name) => readFile(join(audit, name), "utf8")))).join("").split("\n");
    expect(lines.filter((line) => line.includes('"decision_id"')).length).toBe(4);
  });

  test("nothing that ships was changed by running it, and no file of it can be by its user", async () => {
    const files = await filesUnder(image);
    expect(files.length).toBeGreaterThan(500);
    const loose = await Promise.all(files.map(async (path) => ((await stat(path)).mode & 0o022 ? [path] : [])));
    expect(loose.flat()).toEqual([]);
    expect(await describeFiles(files)).toBe(asBuilt);
  });
});

/** Path and time of last change of each file. */
async function describeFiles(paths: readonly string[]): Promise<string> {
  const lines = await Promise.all(paths.map(async (path) => `${path} ${(await stat(path)).mtimeMs}`));
  return lines.toSorted().join("\n");
}
