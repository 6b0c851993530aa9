/** The development set on disk: never changed in place, so that neither a crash nor a slow writer can lose a key. */
import { copyFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import {
  ensureDevelopmentKey,
  generateEntry,
  readDevelopmentKeys,
  replaceDevelopmentKeys,
} from "../../src/tokens/development-keys.ts";
import { testTime } from "../fakes/path-ports.ts";
import { createFolder, writeText } from "../fakes/token-world.ts";

async function createKeys(generations: number): Promise<string> {
  const folder = join(await createFolder(), "keys");
  await ensureDevelopmentKey(folder, "ES256", testTime);
  for (let generation = 1; generation < generations; generation += 1) {
    expect(await replaceDevelopmentKeys(folder, generation, [await generateEntry("ES256", generation)])).toBe(true);
  }
  return folder;
}

test("a writer that slept through newer sets does not bring its own back", async () => {
  const folder = await createKeys(4);
  const before = await readDevelopmentKeys(folder);
  for (const stale of [0, 1, 2, 3]) {
    expect(await replaceDevelopmentKeys(folder, stale, [await generateEntry("ES256", 7)]), `after ${stale}`).toBe(
      false,
    );
  }
  expect(await readDevelopmentKeys(folder)).toEqual(before);
  expect(await readdir(folder)).toEqual(["development-keys.000004.json"]);
});

test("what a killed writer left is not read, and is tidied away or harmless", async () => {
  const folder = await createKeys(3);
  const before = await readDevelopmentKeys(folder);
  await writeText(join(folder, ".draft-t-killed"), '{"keys":[');
  await copyFile(join(folder, "development-keys.000003.json"), join(folder, "development-keys.000002.json"));
  expect(await readDevelopmentKeys(folder)).toEqual(before);
  expect(await replaceDevelopmentKeys(folder, 3, [await generateEntry("ES256", 8)])).toBe(true);
  expect(await readdir(folder)).toEqual([".draft-t-killed", "development-keys.000004.json"]);
});

test("of many writers that follow one set, exactly one succeeds, and readers always read a whole set", async () => {
  const folder = await createKeys(1);
  for (let generation = 1; generation <= 5; generation += 1) {
    const writers = Array.from({ length: 6 }, async () =>
      replaceDevelopmentKeys(folder, generation, [await generateEntry("ES256", generation)]),
    );
    const readers = Array.from({ length: 6 }, async () => readDevelopmentKeys(folder));
    for (const { text } of await Promise.all(readers)) expect(JSON.parse(text)).toHaveProperty("keys.length", 1);
    expect((await Promise.all(writers)).filter((won) => won).length).toBe(1);
  }
  expect((await readDevelopmentKeys(folder)).generation).toBe(6);
});
