/**
 * The export as a resource server gets it: packed, put into a plain project beside `jose`, read by its TypeScript and
 * run by a plain Node 20.
 */
import { readFileSync } from "node:fs";
import { cp, mkdir, mkdtemp, readdir, rm, symlink, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { runCommand } from "../../src/toolchain/run-command.ts";
import { roleTokenErrors } from "../../src/verify/index.ts";
import { createForger } from "../fakes/forger.ts";
import { flights, testTime } from "../fakes/path-ports.ts";

const root = join(import.meta.dirname, "../..");
const modules = join(root, "node_modules");
const page = readFileSync(join(root, "docs/verify.md"), "utf8");
let folder = "";
let project = "";

async function run(file: string, args: readonly string[], cwd: string): Promise<string> {
  const { exitCode, stdout, stderr } = await runCommand(file, args, { cwd, timeoutSeconds: 120 });
  if (exitCode !== 0)
    throw new Error(`${file} ${args[0] ?? ""} ended with ${exitCode ?? "nothing"}:\n${stdout}${stderr}`);
  return stdout;
}

/** The first Node 20 on the PATH that is not this project's own. */
async function findNode20(): Promise<string | undefined> {
  const folders = (process.env["PATH"] ?? "").split(delimiter).filter((path) => !path.includes("node_modules"));
  for (const path of folders) {
    const { stdout } = await runCommand(join(path, "node"), ["--version"]);
    if (stdout.startsWith("v20.")) return join(path, "node");
  }
  return undefined;
}

function skipLoudly(skip: (reason: string) => void): void {
  const reason = "there is no Node 20 on the PATH";
  console.warn(`not run: ${reason}`);
  skip(reason);
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "verify-export-"));
  const clone = join(folder, "clone");
  await mkdir(clone);
  for (const name of ["package.json", "tsconfig.json", "tsconfig.verify.json", "src", "bin", "bundle"]) {
    await cp(join(root, name), join(clone, name), { recursive: true });
  }
  await symlink(modules, join(clone, "node_modules"));
  await run("npm", ["run", "build:verify"], clone);
  await run("npm", ["pack", "--ignore-scripts", "--pack-destination", folder], clone);
  const [archive = ""] = (await readdir(folder)).filter((name) => name.endsWith(".tgz"));
  project = join(folder, "project");
  const installed = join(project, "node_modules", "chaperone");
  await mkdir(installed, { recursive: true });
  await run("tar", ["-xzf", join(folder, archive), "--strip-components=1", "-C", installed], folder);
  await symlink(join(modules, "jose"), join(project, "node_modules", "jose"));
  await writeFile(join(project, "package.json"), JSON.stringify({ type: "module" }));
}, 180_000);
afterAll(() => rm(folder, { recursive: true, force: true }));

test("docs/verify.md lists every code with its text, and no other", () => {
  const rows = [...page.matchAll(/^\| `([a-z]+_[a-z]+)` \| (.*) \|$/gm)].map(([, code, text]) => [code, text]);
  expect(rows).toEqual(Object.entries(roleTokenErrors));
});

describe("the packed export", () => {
  test("holds the verifier with its types, and no source of the sidecar", async () => {
    const files = await readdir(join(project, "node_modules", "chaperone"), { recursive: true });
    expect(files).toEqual(expect.arrayContaining(["dist/verify/verify/index.js", "dist/verify/verify/index.d.ts"]));
    expect(files.filter((path) => path.startsWith("src"))).toEqual([]);
    const rooms = await readdir(join(project, "node_modules", "chaperone", "dist", "verify"));
    expect(rooms.toSorted()).toEqual(["domain", "verify"]);
  });

  test("is typed for its callers, without leniency for libraries", async () => {
    await symlink(join(modules, "@types"), join(project, "node_modules", "@types"));
    await writeFile(
      join(project, "server.ts"),
      `import { type RoleToken, RoleTokenError, verifyRoleToken } from "chaperone/verify";
export const verified: Promise<RoleToken> = verifyRoleToken("t", { issuer: "i", audience: "a", jwks: "https://i" });
export const code: "audience_wrong" | "token_malformed" | string = new RoleTokenError("audience_wrong").code;
// @ts-expect-error -- keys must come from somewhere.
void verifyRoleToken("t", { issuer: "i", audience: "a" });
// @ts-expect-error -- the codes are closed.
new RoleTokenError("other");
`,
    );
    const strict = { module: "NodeNext", target: "ES2022", strict: true, noEmit: true, skipLibCheck: false };
    const config = { compilerOptions: { ...strict, types: ["node"] }, files: ["server.ts"] };
    await writeFile(join(project, "tsconfig.json"), JSON.stringify(config));
    expect(await run(join(modules, ".bin", "tsc"), ["-p", project], project)).toBe("");
  });

  test("runs the example of docs/verify.md, keys over HTTP included", async ({ skip }) => {
    const node = await findNode20();
    if (node === undefined) return skipLoudly(skip);
    const { keys, header, claims, sign } = await createForger();
    const server = createServer((_, response) => void response.end(JSON.stringify(keys)));
    await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => void server.close());
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a TCP listener's address is an object.
    const { port } = server.address() as AddressInfo;
    const now = Math.floor(Date.now() / 1000);
    const token = sign(header, { ...claims, iat: now - 1, nbf: now - 1, exp: now + 59 });
    const [, example = ""] = /```js\n(.*?)```/s.exec(page) ?? [];
    expect(example.trim().split("\n").length).toBe(7);
    const local = example.replace("https://chaperone.example/.well-known/jwks.json", `http://127.0.0.1:${port}/jwks`);
    const call = `const { actor } = await mayBook(${JSON.stringify(token)});\nconsole.log(actor.id);\n`;
    await writeFile(join(project, "example.mjs"), `${local}${call}`);
    expect(await run(node, ["example.mjs"], project)).toBe("travel-agent\n");
  });

  test("verifies and refuses in a plain Node 20", async ({ skip }) => {
    const node = await findNode20();
    if (node === undefined) return skipLoudly(skip);
    const { token, keys } = await createForger();
    const [header = "", claims = "", signature = ""] = token.split(".");
    const forged = [header, claims, `${signature.startsWith("A") ? "B" : "A"}${signature.slice(1)}`].join(".");
    const eddsa = await createForger({}, "EdDSA");
    const expected = { issuer: "https://chaperone.example", audience: flights, now: testTime };
    const shown = [
      { token, expected: { ...expected, keys, requirePermissions: ["flights:book"] } },
      { token: eddsa.token, expected: { ...expected, keys: eddsa.keys } },
      { token: forged, expected: { ...expected, keys } },
      { token, expected: { ...expected, keys, audience: "https://hotels.example/api" } },
      { token, expected: { ...expected, keys, requirePermissions: ["flights:cancel"] } },
      { token, expected: { ...expected, keys, now: testTime + 60 } },
    ];
    await writeFile(join(project, "shown.json"), JSON.stringify(shown));
    await writeFile(
      join(project, "server.mjs"),
      `import { readFileSync } from "node:fs";
import { RoleTokenError, verifyRoleToken } from "chaperone/verify";
const answers = [process.version.split(".")[0]];
for (const { token, expected } of JSON.parse(readFileSync("shown.json", "utf8"))) {
  try {
    const { subject, actor, permissions } = await verifyRoleToken(token, expected);
    answers.push([actor.id, subject.id, ...permissions].join(" "));
  } catch (error) {
    answers.push(error instanceof RoleTokenError ? error.code : String(error));
  }
}
console.log(JSON.stringify(answers));
`,
    );
    expect(JSON.parse(await run(node, ["server.mjs"], project))).toEqual([
      "v20",
      "travel-agent alice flights:book flights:search",
      "travel-agent alice flights:book flights:search",
      "signature_wrong",
      "audience_wrong",
      "permission_missing",
      "token_expired",
    ]);
  });
});
