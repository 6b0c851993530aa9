/** Which entries of a bundle mean something, and where its data comes to stand. */
import { expect, test } from "vitest";
import { BundleRejected } from "../../src/policy/bundle-rejected.ts";
import { type Bundle, loadBundle } from "../../src/policy/load-bundle.ts";
import { policyLimits } from "../../src/policy/policy-limits.ts";

const manifest = { revision: "", roots: [""], wasm: [{ entrypoint: "chaperone/decision", module: "/policy.wasm" }] };

function load(files: Readonly<Record<string, string>>, manifestChanges: Record<string, unknown> = {}): Bundle {
  const all = { ".manifest": JSON.stringify({ ...manifest, ...manifestChanges }), "policy.wasm": "wasm", ...files };
  return loadBundle(new Map(Object.entries(all).map(([name, text]) => [name, Buffer.from(text)])));
}

function codeOf(run: () => unknown): string {
  try {
    run();
    return "loaded";
  } catch (cause) {
    return cause instanceof BundleRejected ? cause.code : String(cause);
  }
}

test("data is merged at its folder, from the root and from below", () => {
  const { data } = load({
    "data.json": '{"a":{"x":1}}',
    "a/data.json": '{"y":2}',
    "a/z/data.json": "[3]",
    "a/other.json": '{"ignored":true}',
  });
  expect(data).toEqual({ a: { x: 1, y: 2, z: [3] } });
});

test("two data files that both give a value refuse the bundle", () => {
  expect(codeOf(() => load({ "data.json": '{"a":{"x":1}}', "a/data.json": '{"x":1}' }))).toBe("bundle_layout_wrong");
  expect(codeOf(() => load({ "data.json": '{"a":1}', "a/data.json": "{}" }))).toBe("bundle_layout_wrong");
});

test("numbers reach the policy as they were written", () => {
  const text = '{"a":1.0,"b":12345678901234567890123,"c":[1e3,-0]}';
  expect(load({ "data.json": text }).dataText).toBe(text);
});

test("a member named __proto__ is only a member", () => {
  const { data, dataText } = load({ "data.json": '{"__proto__":{"roles":1}}', "a/data.json": "{}" });
  expect(Object.keys(data).sort()).toEqual(["__proto__", "a"]);
  expect(data["roles"]).toBeUndefined();
  expect(dataText).toContain('"__proto__":{"roles":1}');
});

test.each(["data.yaml", "a/data.yml", "patch.json"])("%s refuses the bundle, it would be left out silently", (name) => {
  expect(codeOf(() => load({ [name]: "" }))).toBe("bundle_entry_refused");
});

test.each(['{"a":', "", "\uFEFF{}", '{"a":NaN}', "[]", "1"])("data.json of %j refuses the bundle", (text) => {
  expect(codeOf(() => load({ "data.json": text }))).toMatch(/^bundle_(unreadable|layout_wrong)$/);
});

test("data that is no UTF-8 refuses the bundle", () => {
  const entries = new Map([
    [".manifest", Buffer.from(JSON.stringify(manifest))],
    ["policy.wasm", Buffer.from("wasm")],
    ["data.json", Buffer.from([0x22, 0xff, 0x22])],
  ]);
  expect(codeOf(() => loadBundle(entries))).toBe("bundle_unreadable");
});

test("data that is nested too deeply refuses the bundle", () => {
  const nested = (depth: number) => `{"a":${"[".repeat(depth - 1)}${"]".repeat(depth - 1)}}`;
  expect(codeOf(() => load({ "data.json": nested(policyLimits.dataDepthMax) }))).toBe("loaded");
  expect(codeOf(() => load({ "data.json": nested(policyLimits.dataDepthMax + 1) }))).toBe("bundle_too_large");
  expect(codeOf(() => load({ "data.json": nested(200_000) }))).toMatch(/^bundle_(too_large|unreadable)$/);
});

test("the manifest must list the entrypoint, once, with a module that is there", () => {
  const wasm = manifest.wasm[0];
  for (const list of [
    undefined,
    [],
    {},
    [{ ...wasm, entrypoint: "chaperone/other" }],
    [wasm, wasm],
    [{ ...wasm, module: 1 }],
  ]) {
    expect(
      codeOf(() => load({}, { wasm: list })),
      JSON.stringify(list),
    ).toBe("bundle_entrypoint_missing");
  }
  expect(codeOf(() => load({}, { wasm: [{ ...wasm, module: "/other.wasm" }] }))).toBe("bundle_entrypoint_missing");
  expect(codeOf(() => load({}, { wasm: [{ ...wasm, module: "../policy.wasm" }] }))).toBe("bundle_entry_refused");
  expect(codeOf(() => loadBundle(new Map([["policy.wasm", Buffer.from("")]])))).toBe("bundle_entrypoint_missing");
  expect(load({ "a/policy.wasm": "deep" }, { wasm: [{ ...wasm, module: "/a/policy.wasm" }] }).wasm.toString()).toBe(
    "deep",
  );
});

test("data outside the roots refuses the bundle, and so does an entrypoint outside", () => {
  const roots = { roots: ["/chaperone/", "shared/list"] };
  expect(codeOf(() => load({ "data.json": '{"chaperone":{"roles":{}},"shared":{"list":[1]}}' }, roots))).toBe("loaded");
  expect(codeOf(() => load({ "data.json": '{"chaperone":{},"other":1}' }, roots))).toBe("bundle_layout_wrong");
  expect(codeOf(() => load({ "data.json": '{"shared":{"list":[],"more":1}}' }, roots))).toBe("bundle_layout_wrong");
  expect(codeOf(() => load({ "data.json": '{"shared":5}' }, roots))).toBe("bundle_layout_wrong");
  expect(codeOf(() => load({}, { roots: ["shared"] }))).toBe("bundle_layout_wrong");
  expect(codeOf(() => load({}, { roots: [] }))).toBe("bundle_layout_wrong");
  expect(codeOf(() => load({}, { roots: [1] }))).toBe("bundle_unreadable");
});

test("the packages of the sources are found behind comments and in brackets", () => {
  const { sourcePackages } = load({
    "a.rego": "# package wrong\n\n  # more\npackage chaperone.guards.hours\nclear := true",
    "b.rego": 'package chaperone.guards["opening-hours"]',
    "c.rego": "package one # .two",
  });
  expect(sourcePackages).toEqual([["chaperone", "guards", "hours"], ["chaperone", "guards", "opening-hours"], ["one"]]);
  expect(codeOf(() => load({ "a.rego": "import data.x" }))).toBe("bundle_unreadable");
});
