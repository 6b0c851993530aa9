/** Archives that nobody's `opa build` would write. */
import { gunzipSync, gzipSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { BundleRejected } from "../../src/policy/bundle-rejected.ts";
import { policyLimits } from "../../src/policy/policy-limits.ts";
import { readArchive } from "../../src/policy/read-archive.ts";
import { type Entry, makeArchive } from "./workshop.ts";

async function codeOf(entries: readonly Entry[]): Promise<string> {
  return codeOfBytes(await makeArchive(entries));
}

async function codeOfBytes(bytes: Buffer): Promise<string> {
  return readArchive(bytes).then(
    () => "read",
    (cause: unknown) => (cause instanceof BundleRejected ? cause.code : String(cause)),
  );
}

test.each(["/data.json", "./data.json", "data.json", "//data.json", ".//data.json"])(
  "%s is the entry data.json",
  async (name) => {
    const entries = await readArchive(await makeArchive([[{ name }, "{}"]]));
    expect([...entries.keys()]).toEqual(["data.json"]);
    expect(entries.get("data.json")?.toString()).toBe("{}");
  },
);

test.each([
  "../data.json",
  "/../data.json",
  "a/../../data.json",
  "a/./data.json",
  "a//data.json",
  "a/..",
  "..",
  "",
  "/",
  "a\\..\\data.json",
  "a\u0001.json",
  `${"a/".repeat(policyLimits.pathDepthMax)}data.json`,
  "x".repeat(policyLimits.pathBytesMax + 1),
])("an entry named %j refuses the bundle", async (name) => {
  expect(await codeOf([[{ name }, "{}"]])).toBe("bundle_entry_refused");
});

test("a name that is no UTF-8 refuses the bundle", async () => {
  const tar = gunzipSync(await makeArchive([[{ name: "dAta.json" }, "{}"]]));
  tar[1] = 0xff;
  const sum = tar.subarray(0, 512).reduce((total, byte, at) => total + (at >= 148 && at < 156 ? 32 : byte), 0);
  tar.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
  expect(await codeOfBytes(gzipSync(tar))).toBe("bundle_entry_refused");
});

describe.each(["symlink", "link", "character-device", "block-device", "fifo"] as const)("a %s", (type) => {
  test("refuses the bundle, wherever it points", async () => {
    expect(await codeOf([[{ name: "data.json", type, linkname: "roles.json" }]])).toBe("bundle_entry_refused");
    expect(await codeOf([[{ name: "data.json" }, "{}"], [{ name: "x", type, linkname: "/etc/passwd" }]])).toBe(
      "bundle_entry_refused",
    );
  });
});

test("folders are nothing", async () => {
  expect(
    (await readArchive(await makeArchive([[{ name: "a/", type: "directory" }], [{ name: "a/data.json" }, "1"]]))).size,
  ).toBe(1);
});

test("two entries that mean one name refuse the bundle", async () => {
  expect(
    await codeOf([
      [{ name: "/data.json" }, "{}"],
      [{ name: "./data.json" }, "{}"],
    ]),
  ).toBe("bundle_entry_refused");
});

test("an entry behind the end of the archive, which no other reader shows, refuses the bundle", async () => {
  const seen = await makeArchive([[{ name: "data.json" }, "{}"]]);
  const hidden = await makeArchive([[{ name: "hidden/data.json" }, "{}"]]);
  const joined = gzipSync(Buffer.concat([gunzipSync(seen), gunzipSync(hidden)]));
  await expect(readArchive(joined)).rejects.toMatchObject({ code: "bundle_entry_refused" });
  await expect(readArchive(Buffer.concat([seen, hidden]))).rejects.toMatchObject({ code: "bundle_entry_refused" });
  expect([...(await readArchive(seen)).keys()]).toEqual(["data.json"]);
  // A folder that states a size: other readers find the end in what this one would take for its content.
  const folder = gunzipSync(await makeArchive([[{ name: "folder", type: "directory" }]]));
  folder.write("00000001000", 124, "latin1");
  const checksum = folder.subarray(0, 512).reduce((sum, byte, at) => sum + (at >= 148 && at < 156 ? 32 : byte), 0);
  folder.write(`${checksum.toString(8).padStart(6, "0")}\0 `, 148, "latin1");
  const disguised = gzipSync(Buffer.concat([folder.subarray(0, 512), Buffer.alloc(512), gunzipSync(hidden)]));
  await expect(readArchive(disguised)).rejects.toMatchObject({ detail: "a folder with content of its own" });
});

test("a bomb ends before its bytes exist", async () => {
  const bomb = gzipSync(Buffer.alloc(policyLimits.unpackedBytesMax + 1));
  expect(bomb.length).toBeLessThan(policyLimits.unpackedBytesMax / 100);
  const before = process.memoryUsage().arrayBuffers;
  expect(await codeOfBytes(bomb)).toBe("bundle_too_large");
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(policyLimits.unpackedBytesMax * 2);
});

test("too many entries refuse the bundle", async () => {
  const entries = Array.from({ length: policyLimits.entriesMax + 1 }, (_, at): Entry => [{ name: `f${at}` }]);
  expect(await codeOf(entries)).toBe("bundle_too_large");
  expect(await codeOf(entries.slice(1))).toBe("read");
});

test("an entry that is too large refuses the bundle", async () => {
  expect(await codeOf([[{ name: "data.json" }, Buffer.alloc(policyLimits.entryBytesMax + 1)]])).toBe(
    "bundle_too_large",
  );
});

test("what is no gzip, no tar, or cut off refuses the bundle", async () => {
  const whole = await makeArchive([[{ name: "data.json" }, Buffer.alloc(4000, "x")]]);
  expect(await codeOfBytes(Buffer.from("no gzip"))).toBe("bundle_unreadable");
  expect(await codeOfBytes(Buffer.alloc(0))).toBe("bundle_unreadable");
  expect(await codeOfBytes(gzipSync(Buffer.alloc(2000, "x")))).toBe("bundle_unreadable");
  expect(await codeOfBytes(whole.subarray(0, whole.length - 30))).toBe("bundle_unreadable");
  expect(await codeOfBytes(gzipSync(gunzipSync(whole).subarray(0, 2000)))).toBe("bundle_unreadable");
});

test("no damage of an archive is anything but a rejection or the same kind of entries", async () => {
  const tar = gunzipSync(
    await makeArchive([
      [{ name: "a/data.json" }, "{}"],
      [{ name: "policy.wasm" }, "wasm"],
    ]),
  );
  let rejected = 0;
  await fc.assert(
    fc.asyncProperty(fc.nat(tar.length - 1), fc.nat(255), async (at, byte) => {
      const damaged = Buffer.from(tar);
      damaged[at] = byte;
      const code = await codeOfBytes(gzipSync(damaged));
      expect(code).toMatch(/^(read|bundle_[a-z_]+)$/);
      rejected += code === "read" ? 0 : 1;
    }),
    { numRuns: 300 },
  );
  expect(rejected).toBeGreaterThan(0);
});
