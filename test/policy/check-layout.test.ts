/** Where rules and data may stand, shown on bundles that the real OPA built. */
import { expect, test } from "vitest";
import { BundleRejected } from "../../src/policy/bundle-rejected.ts";
import { checkLayout } from "../../src/policy/check-layout.ts";
import { loadBundle } from "../../src/policy/load-bundle.ts";
import { readRuleTree } from "../../src/policy/module-rules.ts";
import { readArchive } from "../../src/policy/read-archive.ts";
import { buildTiny, type Files, repack, tinyPolicy } from "./workshop.ts";

async function judge(bundle: Buffer): Promise<string> {
  const loaded = loadBundle(await readArchive(bundle));
  try {
    checkLayout(loaded);
    return "fits";
  } catch (cause) {
    return cause instanceof BundleRejected ? `${cause.code}: ${cause.detail}` : String(cause);
  }
}

const judgeTiny = async (changes: Files): Promise<string> => judge(await buildTiny(changes));

/** Asks the guards it knows by name, so that OPA compiles only what they have in common: `clear`. */
const namesItsGuards = (text: string): string =>
  text.replace("every name, _ in data.chaperone.guards {", 'every name in {"hours", "extra"} {');

test("the module's own table shows every rule that it was compiled with", async () => {
  const { wasm } = loadBundle(await readArchive(await buildTiny()));
  const shown: unknown = JSON.parse(JSON.stringify(readRuleTree(wasm)).replaceAll(/:\d+/g, ':"rule"'));
  expect(shown).toEqual({
    chaperone: {
      decision: "rule",
      marker: "rule",
      guards: { hours: { clear: "rule" } },
      permits: { booking: { permits: "rule" } },
    },
  });
});

test("the tiny policy fits", async () => {
  expect(await judgeTiny({})).toBe("fits");
});

test("a guard without clear is refused, compiled or not, and its name said", async () => {
  const guard = { "chaperone/guards/extra/extra.rego": "package chaperone.guards.extra\nclaer if input.time > 1\n" };
  const refusal =
    "bundle_layout_wrong: the guard chaperone.guards.extra has no rule named clear that the decision asks";
  expect(await judgeTiny(guard)).toBe(refusal);
  // OPA compiles nothing of this guard, so only its source shows it.
  const decision = namesItsGuards(tinyPolicy["chaperone/decision.rego"]!);
  expect(decision).not.toBe(tinyPolicy["chaperone/decision.rego"]);
  expect(await judgeTiny({ ...guard, "chaperone/decision.rego": decision })).toBe(refusal);
});

test("a guard that the decision never asks is refused", async () => {
  const asksNobody = tinyPolicy["chaperone/decision.rego"]!.replace(/\tevery name, _ in [^\n]*\n/, "");
  expect(await judgeTiny({ "chaperone/decision.rego": asksNobody })).toMatch(/^bundle_layout_wrong: the guard/);
});

test.each(["chaperone.Guards.extra", "chaperone.guard.extra", "Chaperone.guards.extra", 'chaperone["ｇuards"].extra'])(
  "a guard in a package that is only nearly of guards, %s, would never be asked and is refused",
  async (name) => {
    const guard = { "chaperone/guards/extra/extra.rego": `package ${name}\nclear if input.time < 1\n` };
    expect(await judgeTiny(guard)).toMatch(/^bundle_layout_wrong: the package .* and never asked$/);
  },
);

test("a guard whose rule is evaluated under `with` too is no guard without clear", async () => {
  expect(
    await judgeTiny({
      "chaperone/guards/extra/extra.rego": `package chaperone.guards.extra
clear if { late with input.time as 5 }
late if input.time > 1
`,
    }),
  ).toBe("fits");
});

test.each(["guards", "permits"])("a package nested under %s is refused", async (kind) => {
  const text = `package chaperone.${kind}.hours.deep\nclear if input.time > 1\npermits contains 1 if input.time > 1\n`;
  expect(await judgeTiny({ [`chaperone/${kind}/hours/deep/deep.rego`]: text })).toMatch(/^bundle_layout_wrong/);
});

test.each(["guards", "permits"])("a rule in the place of a package under %s is refused", async (kind) => {
  const text = `package chaperone.${kind}\nclear if input.time > 1\n`;
  expect(await judgeTiny({ [`chaperone/${kind}/rule.rego`]: text })).toMatch(/^bundle_layout_wrong/);
});

test.each([
  ["guards", { extra: { clear: true } }],
  ["guards", {}],
  ["permits", { extra: { permits: [{ capability: "anything" }] } }],
  ["permits", null],
])("data under %s is refused: %j", async (kind, value) => {
  const bundle = await repack(await buildTiny(), {
    "data.json": JSON.stringify({ chaperone: { roles: {}, [kind]: value } }),
  });
  expect(await judge(bundle)).toBe(`bundle_layout_wrong: data stands under chaperone.${kind}`);
});

test.each([{ chaperone: { decision: { outcome: "allow" } } }, { chaperone: { marker: "two" } }, { chaperone: 5 }])(
  "data in the place of a rule is refused: %j",
  async (data) => {
    const bundle = await repack(await buildTiny(), { "data.json": JSON.stringify(data) });
    expect(await judge(bundle)).toMatch(/^bundle_layout_wrong: data and a rule both give/);
  },
);

test("a module that shows no table of its rules is refused", async () => {
  const empty = Buffer.from([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]);
  for (const wasm of [empty, Buffer.from("no wasm at all"), Buffer.alloc(0), Buffer.alloc(64, 0xff)]) {
    expect(await judge(await repack(await buildTiny(), { "policy.wasm": wasm }))).toMatch(/^bundle_layout_wrong/);
  }
});
