/** What a policy author does at the command line, with the real OPA. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { findOpa } from "../../src/toolchain/index.ts";
import { cli, createFolder, root, type Surroundings, writeText } from "./command-line.ts";

const surroundings: { opa: Surroundings } = { opa: {} };

beforeAll(async () => {
  surroundings.opa = { environment: { OPA: await findOpa(), PATH: process.env["PATH"] ?? "" } };
}, 600_000);

test("policy build makes the committed bundle, byte for byte, and says its revision", async () => {
  const out = join(createFolder(), "bundle.tar.gz");
  const ended = await cli(["policy", "build", join(root, "policies"), "--out", out, "--json"], surroundings.opa);
  expect(ended.code).toBe(0);
  expect(ended.out).toMatch(/"revision": "[0-9a-f]{64}"/);
  expect(readFileSync(out).equals(readFileSync(join(root, "bundle/default.tar.gz")))).toBe(true);
});

test("Rego that does not compile is 1, says where, and writes no bundle", async () => {
  const folder = createFolder();
  writeText(folder, "x.rego", "package x\n\ny := \n");
  const out = join(createFolder(), "bundle.tar.gz");
  const { code, err } = await cli(["policy", "build", folder, "--out", out], surroundings.opa);
  expect(code).toBe(1);
  expect(err).toMatch(/x\.rego:\d+: rego_parse_error/);
  expect(existsSync(out)).toBe(false);
});

test("a failing test is 1 and named", async () => {
  const folder = createFolder();
  writeText(folder, "x.rego", "package x\n\ny := 1\n");
  writeText(folder, "x_test.rego", "package x_test\n\nimport data.x\n\ntest_y_is_two if x.y == 2\n");
  const { code, out } = await cli(["policy", "test", folder], surroundings.opa);
  expect(code).toBe(1);
  expect(out).toMatch(/FAIL opa test: 0 of 1 cases passed\n.*test_y_is_two/);
});

test("decide takes a folder of Rego and explains what it would do, without OPA being part of the sidecar", async () => {
  const stdin =
    '{"input":{"actor":{"claims":{"Capabilities":"book_flight"}},"subject":{"claims":{"Department":"Operations","Role":"Director"}}}}';
  const { code, out } = await cli(["decide", "-", "--policy", join(root, "policies")], { ...surroundings.opa, stdin });
  expect(code).toBe(0);
  expect(out).toMatch(/^outcome +allow\n/);
});

test("an OPA that is named and does not work is 3, with the ways to get one", async () => {
  const { code, err } = await cli(["policy", "test"], { environment: { OPA: join(createFolder(), "none") } });
  expect(code).toBe(3);
  expect(err).toContain("Three ways to get it");
});
