/** docs/builtins.md, the host's tables and OPA's own list say the same. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import {
  callBuiltinNames,
  hostBuiltinNames,
  refusalOfBuiltin,
  refusedBuiltinNames,
} from "../../../src/policy/builtins/index.ts";
import { findOpa } from "../../../src/toolchain/index.ts";
import { languageNames, listBuiltins, namesAskedOfHost } from "./needed-names.ts";

const page = readFileSync(join(import.meta.dirname, "../../../docs/builtins.md"), "utf8");
const listedUnder = (title: string): readonly string[] => {
  const section = page.split(/^## /mu).find((text) => text.startsWith(`${title}\n`)) ?? "";
  const lines = section
    .split("\n")
    .flatMap((line) => /^(?:- ((?:`[\w.]+`(?:, )?)+)$|\| ((?:`[\w.]+`(?:, )?)+) \|)/u.exec(line)?.[0] ?? []);
  return lines.flatMap((line) => [...line.matchAll(/`([\w.]+)`/gu)].map(([, name = ""]) => name)).toSorted();
};

let all: readonly string[] = [];
let asked: readonly string[] = [];

beforeAll(async () => {
  const opa = await findOpa();
  const builtins = listBuiltins(opa);
  all = builtins.map(({ name }) => name);
  asked = await namesAskedOfHost(opa, builtins);
}, 300_000);

test("OPA's list was read", () => {
  expect(all.length).toBeGreaterThan(200);
  expect(asked.length).toBeGreaterThan(100);
});

test("every built-in that a module can ask for is answered or refused with a reason, never both", () => {
  expect([...hostBuiltinNames, ...refusedBuiltinNames].toSorted()).toEqual(asked.toSorted());
  for (const name of refusedBuiltinNames) {
    expect(refusalOfBuiltin(name)?.length, name).toBeGreaterThan(10);
  }
  expect([...hostBuiltinNames].filter((name) => refusalOfBuiltin(name) !== undefined)).toEqual([]);
});

describe("docs/builtins.md", () => {
  test("lists what the WASM has itself", () => {
    const own = all.filter((name) => !asked.includes(name) && !languageNames.includes(name));
    expect(listedUnder("In the WASM itself")).toEqual(own.toSorted());
  });

  test("lists what Chaperone answers", () => {
    expect(listedUnder("Answered by Chaperone")).toEqual([...hostBuiltinNames].toSorted());
  });

  test("lists what another's policy that judges held calls finds beside that", () => {
    const more = [...callBuiltinNames.difference(hostBuiltinNames)].toSorted();
    expect(more.length).toBeGreaterThan(10);
    expect(listedUnder("Answered to the policy of `ext_authz_opa` alone")).toEqual(more);
    expect([...hostBuiltinNames.difference(callBuiltinNames)]).toEqual([]);
    expect(more.filter((name) => !refusedBuiltinNames.has(name))).toEqual([]);
  });

  test("lists what is refused, with the reason that an author sees", () => {
    expect(listedUnder("Refused")).toEqual([...refusedBuiltinNames].toSorted());
    for (const name of refusedBuiltinNames) {
      const row = page.split("\n").find((line) => line.startsWith("| ") && line.includes(`\`${name}\``));
      expect(row, name).toContain(` ${refusalOfBuiltin(name)} |`);
    }
  });

  test("lists the words of the language", () => {
    expect(listedUnder("Words of the language")).toEqual(languageNames.toSorted());
  });
});
