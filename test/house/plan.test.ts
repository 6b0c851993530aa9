/** The plan of the house (DESIGN §2), held to the real imports. */
import { basename } from "node:path";
import { describe, expect, test } from "vitest";
import { readTree, type SourceFile } from "./source-tree.ts";

const files = readTree("src");

const floorOfRoom: Readonly<Record<string, number>> = {
  domain: 0,
  ports: 1,
  pdp: 2,
  policy: 3,
  identity: 3,
  tokens: 3,
  ledger: 3,
  audit: 3,
  telemetry: 3,
  doors: 3,
  clock: 3,
  state: 3,
  toolchain: 3,
  verify: 3,
  config: 4,
  "status.ts": 4,
  "announcer.ts": 4,
  "assemble.ts": 5,
  "main.ts": 6,
  cli: 6,
};

/** A package has one room; `jose` has three by design. */
const owners: Readonly<Record<string, readonly string[]>> = {
  "@open-policy-agent/opa-wasm": ["policy"],
  "tar-stream": ["policy"],
  re2js: ["policy"],
  jose: ["tokens", "identity", "verify"],
  "prom-client": ["telemetry"],
  winston: ["telemetry"],
  express: ["doors"],
  "@bufbuild/protobuf": ["doors"],
  zod: ["config"],
  yaml: ["config", "policy"],
};

/** Without the part of the package: `jose/jwk/thumbprint` is of `jose`. */
const packageOf = (path: string): string => /^(?:@[^/]+\/)?[^/]+/.exec(path)?.[0] ?? path;
const roomOf = (path: string): string => path.split("/")[1] ?? "";
const floorOf = (path: string): number => floorOfRoom[roomOf(path)] ?? Number.NaN;

test("the house test sees the house", () => {
  expect(files.length).toBeGreaterThan(40);
  expect(files.reduce((sum, file) => sum + file.files.length, 0)).toBeGreaterThan(80);
  for (const room of ["domain", "ports", "pdp", "identity", "ledger"]) {
    expect(files.filter((file) => roomOf(file.path) === room).length, room).toBeGreaterThan(0);
  }
});

describe.each(files.map((file) => [file.path, file] as const))("%s", (_path, file: SourceFile) => {
  test("imports its own room or a lower floor, and only packages that its room owns", () => {
    const room = roomOf(file.path);
    expect(floorOf(file.path), `${room} is a room of the plan`).not.toBeNaN();
    const upstairs = file.files.filter((target) => roomOf(target) !== room && floorOf(target) >= floorOf(file.path));
    // main.ts starts the command line; both stand on the top floor.
    expect(upstairs.filter((target) => !(file.path === "src/main.ts" && target.startsWith("src/cli/")))).toEqual([]);
    const foreign = file.packages.filter(
      (path) => !path.startsWith("node:") && owners[packageOf(path)]?.includes(room) !== true,
    );
    expect(foreign).toEqual([]);
    if (floorOf(file.path) <= 2) expect(file.packages).toEqual([]);
  });

  test("is short, named by its noun and exports by name", () => {
    const lines = file.text.split("\n").length;
    expect(lines).toBeLessThanOrEqual(300);
    if (["src/main.ts", "src/assemble.ts"].includes(file.path)) expect(lines).toBeLessThanOrEqual(150);
    expect(basename(file.path)).toMatch(/^[a-z0-9]+(-[a-z0-9]+)*(\.d)?\.ts$/);
    expect(file.path).not.toMatch(/(utils?|helpers?|common|shared|misc|base|manager)/);
    expect(file.text).not.toMatch(/\b(TODO|FIXME|XXX)\b/);
    expect(file.text).not.toMatch(/export default/);
  });

  test("keeps the ground floors still", () => {
    if (floorOf(file.path) > 2) return expect(file.text.length).toBeGreaterThan(0);
    expect(file.text).not.toMatch(
      /\b(Date\.now|new Date\(|Math\.random|performance\.now|setTimeout|setInterval|process\.|console\.)/,
    );
    if (floorOf(file.path) === 0) expect(file.text).not.toMatch(/\basync\b|\bPromise\b|\bawait\b/);
  });
});

test("serving loads its own work only: no toolchain, no other command", () => {
  const byPath = new Map(files.map((file) => [file.path, file]));
  const reached = new Set(["src/cli/index.ts", "src/cli/serve.ts"]);
  // A set's own order is the order of arrival, so the walk sees what it adds. The table asks for work by `import()`.
  for (const path of reached) {
    if (path === "src/cli/command-table.ts") continue;
    for (const target of byPath.get(path)?.files ?? []) reached.add(target);
  }
  expect(reached.size).toBeGreaterThan(100);
  const tabled = byPath.get("src/cli/command-table.ts")?.files ?? [];
  const works = tabled.filter((path) => byPath.get(path)?.text.includes(": Run") === true);
  expect(works.length).toBeGreaterThan(7);
  expect(works.filter((path) => reached.has(path))).toEqual(["src/cli/serve.ts"]);
  const tools = [...reached].filter((path) => path.startsWith("src/toolchain/"));
  expect(tools).toEqual(["src/toolchain/toolchain-error.ts"]);
});

test("the protobuf decoder is loaded only where a listener names descriptors: by import(), from one file", () => {
  const decoding = files.filter(({ packages }) => packages.some((path) => packageOf(path) === "@bufbuild/protobuf"));
  const paths = new Set(decoding.map(({ path }) => path));
  expect(paths.size).toBeGreaterThan(2);
  const importers = files.filter(({ path, files: targets }) => !paths.has(path) && targets.some((to) => paths.has(to)));
  expect(importers.map(({ path }) => path)).toEqual(["src/doors/ext-authz/protobuf/load-grpc-messages.ts"]);
  const [loader] = importers;
  for (const path of paths) expect(loader?.text).not.toContain(`from "./${basename(path)}"`);
});

describe("what may be made in one place only", () => {
  test("a grant is sealed by attenuate alone", () => {
    const callers = files.filter((file) => /\bsealGrant\(/.test(file.text)).map((file) => file.path);
    expect(callers).toEqual(["src/domain/grant.ts", "src/pdp/attenuate.ts"]);
  });

  test('an allow is built in decide.ts, and "allow" is no default anywhere', () => {
    const builders = files.filter((file) => /: Allow(?:edUse)? = \{/.test(file.text)).map((file) => file.path);
    expect(builders).toEqual(["src/pdp/decide.ts"]);
  });

  test("the path has exactly one catch", () => {
    const catches = files
      .filter((file) => floorOf(file.path) === 2)
      .flatMap((file) => [...file.text.matchAll(/\bcatch\b\s*\(|\.catch\(/g)].map(() => file.path));
    expect(catches).toEqual(["src/pdp/decide.ts"]);
  });
});

/**
 * A module's import reads each of its exports for the facade it gets. One of `node:http`'s is a getter that loads undici:
 * 16 MB and 70 ms of every start, which nobody here uses. `node:http2` is half of that, for the gRPC doors alone. They are
 * asked for where they are needed, by `process.getBuiltinModule`.
 */
test("nothing imports HTTP for more than its types, which would load undici or HTTP/2 at every start", () => {
  const http = ["node:http", "node:https", "node:http2"];
  const users = readTree("src").filter(({ packages }) => packages.some((name) => http.includes(name)));
  expect(users.length).toBeGreaterThan(20);
  const importing = users.filter(({ text }) =>
    /(?:^|\n)import (?!type )[^;]*?from "node:http(?:s|2)?"|import\("node:http/.test(text),
  );
  expect(importing.map(({ path }) => path)).toEqual([]);
});

test("every port has its contract suite, and every suite its port", () => {
  const namesIn = (folder: string, ending: string) =>
    readTree(folder)
      .map((file) => basename(file.path))
      .filter((name) => name.endsWith(ending))
      .map((name) => name.slice(0, -ending.length));
  const ports = namesIn("src/ports", ".ts");
  expect(ports.length).toBeGreaterThan(8);
  expect(namesIn("test/contracts", ".test.ts")).toEqual(ports);
});
