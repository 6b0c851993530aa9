/** Key files that are wrong in every way we know: each has its closed code, none signs, and no text shows a key. */
import { execFileSync } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { readFileSync } from "node:fs";
import { chmod, mkdir, readdir, symlink, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import {
  listKeys,
  rotateKeys,
  type KeySetOptions,
  type TokenRoomErrorCode,
  tokenRoomErrors,
} from "../../src/tokens/index.ts";
import { known, testTime } from "../fakes/path-ports.ts";
import {
  createEntry,
  createFolder,
  developmentOptions,
  mint,
  openRoom,
  sharedOptions,
  writeKeySet,
  writeText,
} from "../fakes/token-world.ts";

/** The closed code of a key set that signs nothing. */
async function codeOf(keySet: KeySetOptions): Promise<TokenRoomErrorCode | undefined> {
  const options = sharedOptions(keySet);
  const room = await openRoom(options);
  const { active, problem } = room.state();
  expect(active).toBeUndefined();
  expect(room.keys.publicKeys(testTime)).toEqual([]);
  await expect(mint(room, testTime)).rejects.toThrow(/signing_unavailable/);
  expect(problem?.detail).toContain(tokenRoomErrors[problem?.code ?? "key_malformed"]);
  expect((await listKeys(options, testTime)).problem?.code).toBe(problem?.code);
  return problem?.code;
}

const jwk = (curve: string): object => {
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: curve });
  return privateKey.export({ format: "jwk" });
};
const rsa = (): object => generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey.export({ format: "jwk" });

describe("a JWK set", () => {
  const codeOfText = async (text: string | Uint8Array): Promise<TokenRoomErrorCode | undefined> => {
    const path = join(await createFolder(), "keys.json");
    await writeText(path, text);
    return codeOf({ kind: "jwks", path });
  };
  const codeOfEntries = (...keys: unknown[]): ReturnType<typeof codeOf> => codeOfText(JSON.stringify({ keys }));

  test.each([
    ["", "key_set_malformed"],
    ["null", "key_set_malformed"],
    ["[]", "key_set_malformed"],
    ['{"keys":{}}', "key_set_malformed"],
    ['{"keys":null}', "key_set_malformed"],
    ['{"keys":[],"keys":[]}', "key_set_malformed"],
    ['{"__proto__":{"keys":[]}}', "key_set_malformed"],
    [`{"keys":${"[".repeat(10_000)}`, "key_set_malformed"],
    ["-----BEGIN PRIVATE KEY-----", "key_set_malformed"],
    ['{"keys":[]}', "key_set_empty"],
    ['{"keys":[null]}', "key_malformed"],
    ['{"keys":["a"]}', "key_malformed"],
    ['{"keys":[{}]}', "key_algorithm_wrong"],
    [`{"keys":[${Array.from({ length: 17 }, () => "{}").join()}]}`, "key_set_too_large"],
    [" ".repeat(70_000), "key_set_too_large"],
  ])("that reads %.40j is refused as %s", async (text, code) => {
    expect(await codeOfText(text)).toBe(code);
  });

  test("with a symmetric, RSA, P-384, secp256k1 or Ed25519 key is refused for ES256", async () => {
    for (const entry of [
      { kty: "oct", k: "c2VjcmV0LXNlY3JldC1zZWNyZXQ" },
      rsa(),
      jwk("P-384"),
      jwk("secp256k1"),
      await createEntry(undefined, "EdDSA"),
      { ...(await createEntry()), alg: "ES384" },
      { ...(await createEntry()), alg: "none" },
      { ...(await createEntry()), kty: "oct" },
    ]) {
      expect(await codeOfEntries(entry)).toBe("key_algorithm_wrong");
    }
  });

  test("with a good key beside a bad one is refused whole", async () => {
    expect(await codeOfEntries(await createEntry(), { kty: "oct", k: "c2VjcmV0" })).toBe("key_algorithm_wrong");
  });

  test("with a public key only is refused", async () => {
    const { d: _, ...publicOnly } = await createEntry();
    expect(await codeOfEntries(publicOnly)).toBe("key_private_missing");
  });

  test("with a key whose kid is another's, or no thumbprint, is refused", async () => {
    const [one, other] = [await createEntry(), await createEntry()];
    for (const kid of [other.kid, "key-1", "", 7, null, "../../etc/passwd", "__proto__"]) {
      expect(await codeOfEntries({ ...one, kid })).toBe("key_id_wrong");
    }
  });

  test("with the public half of one key and the private half of another is refused", async () => {
    const [one, other] = [await createEntry(), await createEntry()];
    expect(await codeOfEntries({ ...one, kid: undefined, d: other.d })).toBe("key_malformed");
    const point = { ...one, kid: undefined, x: other.x };
    expect(await codeOfEntries(point)).toBe("key_malformed");
    const [left, right] = [await createEntry(undefined, "EdDSA"), await createEntry(undefined, "EdDSA")];
    const path = join(await createFolder(), "keys.json");
    await writeKeySet(path, [{ ...left, kid: undefined, d: right.d }]);
    const room = await openRoom(sharedOptions({ kind: "jwks", path }, { algorithm: "EdDSA" }));
    expect(room.state()).toMatchObject({ active: undefined, problem: { code: "key_malformed" } });
  });

  test("with a key that is for something else is refused", async () => {
    const entry = await createEntry();
    for (const parts of [{ use: "enc" }, { use: "jwt-svid" }, { key_ops: ["verify"] }, { key_ops: "sign" }]) {
      expect(await codeOfEntries({ ...entry, ...parts })).toBe("key_use_wrong");
    }
  });

  test("with members of the wrong type or no base64url is refused", async () => {
    const entry = await createEntry();
    for (const parts of [
      { d: 7 },
      { x: null },
      { crv: ["P-256"] },
      { d: "" },
      { d: "!" },
      { x: "AA" },
      { y: undefined },
    ]) {
      expect(["key_malformed", "key_inconsistent"]).toContain(
        await codeOfEntries({ ...entry, kid: undefined, ...parts }),
      );
    }
  });

  test("with one key twice, or two keys of one time, is refused", async () => {
    const entry = await createEntry();
    expect(await codeOfEntries(entry, { ...entry, activate_at: 5 })).toBe("key_duplicate");
    expect(await codeOfEntries(await createEntry(), await createEntry())).toBe("activation_tied");
    expect(await codeOfEntries(await createEntry(100), await createEntry("1970-01-01T00:01:40Z"))).toBe(
      "activation_tied",
    );
  });

  test("with a time that is none is refused", async () => {
    for (const time of [
      -1,
      1.5,
      null,
      true,
      "",
      "soon",
      "2026-01-01",
      "2026-01-01T00:00:00",
      "2026-13-01T00:00:00Z",
      "2026-02-30T00:00:00Z",
      "1e9",
      "9".repeat(20),
    ]) {
      expect(await codeOfEntries({ ...(await createEntry()), activate_at: time }), String(time)).toBe(
        "activation_malformed",
      );
    }
    expect(await codeOfText(JSON.stringify({ keys: [await createEntry(7)] }).replace(":7}", ":1e400}"))).toBe(
      "key_set_malformed",
    );
  });

  test("that is a folder, a pipe or a link to nowhere is refused, and holds nobody up", async () => {
    const folder = await createFolder();
    await mkdir(join(folder, "folder"));
    expect(await codeOf({ kind: "jwks", path: join(folder, "folder") })).toBe("key_set_unreadable");
    execFileSync("mkfifo", [join(folder, "pipe")]);
    expect(await codeOf({ kind: "jwks", path: join(folder, "pipe") })).toBe("key_set_unreadable");
    await symlink("nowhere", join(folder, "link"));
    expect(await codeOf({ kind: "jwks", path: join(folder, "link") })).toBe("key_set_missing");
    expect(await codeOf({ kind: "jwks", path: join(folder, "none", "keys.json") })).toBe("key_set_missing");
  });

  test("never shows what stands in it: not in the state, not in an event", async () => {
    const entry = await createEntry();
    for (const parts of [{ kid: "wrong" }, { d: `${entry.d}AAAA` }, { use: entry.d }, { activate_at: entry.d }]) {
      const path = join(await createFolder(), "keys.json");
      await writeKeySet(path, [{ ...entry, ...parts }]);
      const room = await openRoom(sharedOptions({ kind: "jwks", path }));
      expect(room.state().problem).toBeDefined();
      expect(JSON.stringify(room.state())).not.toContain(entry.d?.slice(0, 20));
    }
  });
});

describe("a PEM folder", () => {
  const pair = () => generateKeyPairSync("ec", { namedCurve: "P-256" });
  const pkcs8 = (): string => pair().privateKey.export({ format: "pem", type: "pkcs8" });
  const codeOfFiles = async (files: Record<string, string>): Promise<TokenRoomErrorCode | undefined> => {
    const folder = await createFolder();
    for (const [name, text] of Object.entries(files)) await writeText(join(folder, name), text);
    return codeOf({ kind: "pem", folder });
  };
  const encryption = { cipher: "aes-256-cbc", passphrase: "secret" };

  test.each<[string, TokenRoomErrorCode, () => Record<string, string>]>([
    ["no key", "key_set_empty", () => ({ "tls.crt": "x", ".hidden.pem": pkcs8() })],
    ["an empty file", "key_malformed", () => ({ "a.pem": "" })],
    ["two keys in one file", "key_malformed", () => ({ "a.pem": pkcs8() + pkcs8() })],
    ["a cut key", "key_malformed", () => ({ "a.pem": pkcs8().slice(0, 80) })],
    [
      "a public key",
      "key_private_missing",
      () => ({ "a.pem": pair().publicKey.export({ format: "pem", type: "spki" }) }),
    ],
    [
      "an RSA key",
      "key_algorithm_wrong",
      () => ({
        "a.pem": generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey.export({
          format: "pem",
          type: "pkcs1",
        }),
      }),
    ],
    [
      "an encrypted PKCS#8 key",
      "key_encrypted",
      () => ({
        "a.pem": pair().privateKey.export({ format: "pem", type: "pkcs8", ...encryption }),
      }),
    ],
    [
      "an encrypted SEC 1 key",
      "key_encrypted",
      () => ({
        "a.pem": pair().privateKey.export({ format: "pem", type: "sec1", ...encryption }),
      }),
    ],
    ["a time without its key", "activation_without_key", () => ({ "a.pem": pkcs8(), "b.activate_at": "5" })],
    ["a time that is none", "activation_malformed", () => ({ "a.pem": pkcs8(), "a.activate_at": "tomorrow" })],
    ["two keys without a time", "activation_tied", () => ({ "a.pem": pkcs8(), "b.pem": pkcs8() })],
    [
      "too many files",
      "key_set_too_large",
      () => Object.fromEntries(Array.from({ length: 40 }, (_, i) => [`${i}.pem`, ""])),
    ],
  ])("with %s is refused as %s", async (_what, code, files) => {
    expect(await codeOfFiles(files())).toBe(code);
  });

  test("with one key under two names is refused", async () => {
    const text = pkcs8();
    expect(await codeOfFiles({ "a.pem": text, "b.pem": text, "b.activate_at": "5" })).toBe("key_duplicate");
  });

  test("with a key that embeds another's public half is refused", async () => {
    const [one, other] = [pair(), pair()].map(({ privateKey }) => privateKey.export({ format: "der", type: "sec1" }));
    // RFC 5915: the public point is the last 65 bytes.
    const mixed = Buffer.concat([known(one).subarray(0, -65), known(other).subarray(-65)]).toString("base64");
    const pem = `-----BEGIN EC PRIVATE KEY-----\n${mixed.replace(/.{64}/g, "$&\n")}\n-----END EC PRIVATE KEY-----\n`;
    expect(await codeOfFiles({ "a.pem": pem })).toBe("key_inconsistent");
  });

  test("that is missing is told as missing", async () => {
    expect(await codeOf({ kind: "pem", folder: join(await createFolder(), "none") })).toBe("key_set_missing");
  });
});

describe("the development key", () => {
  async function codeAfter(spoil: (keysFolder: string) => Promise<void>): Promise<TokenRoomErrorCode | undefined> {
    const options = await developmentOptions();
    const first = await openRoom(options);
    await first.close();
    await spoil(options.keySet.kind === "development" ? options.keySet.folder : "");
    const room = await openRoom(options);
    const code = room.state().problem?.code;
    await expect(mint(room, testTime)).rejects.toThrow(/signing_unavailable/);
    if (code !== undefined) await expect(rotateKeys(options, testTime)).rejects.toMatchObject({ code });
    return code;
  }
  const file = async (folder: string): Promise<string> => join(folder, (await readdir(folder))[0] ?? "");

  test("that others may read is not used", async () => {
    expect(await codeAfter(async (folder) => chmod(await file(folder), 0o644))).toBe("key_file_exposed");
    expect(await codeAfter(async (folder) => chmod(await file(folder), 0o640))).toBe("key_file_exposed");
  });

  test("in a folder that others may write to is not used", async () => {
    expect(await codeAfter((folder) => chmod(folder, 0o777))).toBe("key_folder_exposed");
  });

  test("that is cut short is not replaced by a new one", async () => {
    expect(await codeAfter(async (folder) => truncate(await file(folder), 40))).toBe("key_set_malformed");
    expect(await codeAfter(async (folder) => truncate(await file(folder), 0))).toBe("key_set_malformed");
  });

  test("of another algorithm is not used", async () => {
    const options = await developmentOptions({ algorithm: "EdDSA" });
    await (await openRoom(options)).close();
    const room = await openRoom({ ...options, algorithm: "ES256" });
    expect(room.state()).toMatchObject({ active: undefined, problem: { code: "key_algorithm_wrong" } });
  });

  test("that cannot be written leaves the sidecar not ready", async () => {
    const options = await developmentOptions();
    const folder = options.keySet.kind === "development" ? options.keySet.folder : "";
    await writeFile(folder, "in the way");
    const room = await openRoom(options);
    expect(room.state()).toMatchObject({ active: undefined, problem: { code: "key_set_unreadable" } });
    const nowhere = await openRoom(
      await developmentOptions({ keySet: { kind: "development", folder: "/proc/none/keys" } }),
    );
    expect(nowhere.state()).toMatchObject({ active: undefined, problem: { code: "key_set_unwritable" } });
  });
});

test("every code of the room is expected by a test", () => {
  const tests = ["hostile-keys", "token-options", "key-rotation"].map((name) =>
    readFileSync(join(import.meta.dirname, `${name}.test.ts`), "utf8"),
  );
  const codes = Object.keys(tokenRoomErrors);
  expect(codes.length).toBeGreaterThan(20);
  expect(codes.filter((code) => !tests.some((text) => text.includes(`"${code}"`)))).toEqual([]);
});
