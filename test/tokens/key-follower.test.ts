/** Changes of key files are noticed, by the file system's word or by looking. */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { KeyFollower } from "../../src/tokens/key-follower.ts";
import { createFolder, writeText } from "../fakes/token-world.ts";

const never = 2 ** 30;

interface Following {
  readonly next: () => Promise<void>;
  readonly count: () => number;
}

function follow(folder: string, pollMilliseconds: number): Following {
  let count = 0;
  let waiting = Promise.withResolvers<void>();
  const follower = new KeyFollower(
    folder,
    () => {
      count += 1;
      waiting.resolve();
      waiting = Promise.withResolvers<void>();
    },
    pollMilliseconds,
  );
  onTestFinished(() => follower.close());
  return { next: () => waiting.promise, count: () => count };
}

test("a written file is noticed at once, without a poll", async () => {
  const folder = await createFolder();
  const following = follow(folder, never);
  for (const text of ["one", "two"]) {
    const noticed = following.next();
    await writeText(join(folder, "keys.json"), text);
    await noticed;
  }
});

test("many events of one change are one notice", async () => {
  const folder = await createFolder();
  const following = follow(folder, never);
  const noticed = following.next();
  await Promise.all(Array.from({ length: 20 }, (_, index) => writeText(join(folder, `${index}.pem`), "x")));
  await noticed;
  expect(following.count()).toBeLessThan(5);
});

test("a folder that comes later, or is replaced, is found by looking", async () => {
  const folder = join(await createFolder(), "later");
  const following = follow(folder, 20);
  await following.next();
  await mkdir(folder);
  await following.next();
});
