/** Signatures that the real `opa build` and `opa sign` made, and what must not pass for one. */
import { execFile } from "node:child_process";
import { createHash, createHmac, generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { BundleRejected } from "../../src/policy/bundle-rejected.ts";
import type { BundleKey, BundleSignature, SignatureAlgorithm } from "../../src/policy/index.ts";
import { type BundleEntries, readArchive } from "../../src/policy/read-archive.ts";
import { readFolder } from "../../src/policy/read-folder.ts";
import { verifySignature } from "../../src/policy/verify-signature.ts";
import { findOpa } from "../../src/toolchain/index.ts";
import { temporaryFolder, tinyPolicy } from "./workshop.ts";

const run = promisify(execFile);
const ec = generateKeyPairSync("ec", { namedCurve: "P-256" });
const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 });
const pem = (key: KeyObject): string => key.export({ type: "spki", format: "pem" });

const keyOf = (publicKey: KeyObject, changes: Partial<BundleKey> = {}): BundleKey => ({
  id: "default",
  algorithm: "ES256",
  publicKey: pem(publicKey),
  ...changes,
});
const required = (...keys: readonly BundleKey[]): BundleSignature => ({ mode: "required", keys });

function judge(entries: BundleEntries, signature: BundleSignature): string {
  try {
    verifySignature(entries, signature);
    return "verified";
  } catch (cause) {
    return cause instanceof BundleRejected ? cause.detail : String(cause);
  }
}

async function buildSigned(
  privateKey: KeyObject,
  algorithm: string,
  options: { readonly files?: Readonly<Record<string, string>>; readonly args?: readonly string[] } = {},
): Promise<BundleEntries> {
  const folder = await temporaryFolder();
  for (const [name, text] of Object.entries({ ...tinyPolicy, ...options.files })) {
    await mkdir(dirname(join(folder, "policy", name)), { recursive: true });
    await writeFile(join(folder, "policy", name), text);
  }
  const isEc = privateKey.asymmetricKeyType === "ec";
  await writeFile(join(folder, "key.pem"), privateKey.export({ type: isEc ? "sec1" : "pkcs1", format: "pem" }));
  const sign = ["--signing-key", "key.pem", "--signing-alg", algorithm, ...(options.args ?? [])];
  await run(await findOpa(), ["build", "-t", "wasm", "-b", "policy", "-o", "bundle.tar.gz", ...sign], { cwd: folder });
  return readArchive(await readFile(join(folder, "bundle.tar.gz")));
}

/** A compact JWS of our own making, with the right key, for what `opa` would not write. */
function forge(header: object, payload: object): string {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");
  const signed = `${part(header)}.${part(payload)}`;
  const key = { key: ec.privateKey, dsaEncoding: "ieee-p1363" as const };
  return `${signed}.${sign("sha256", Buffer.from(signed), key).toString("base64url")}`;
}

const withEntry = (entries: BundleEntries, name: string, content: string | Buffer | undefined): BundleEntries => {
  const changed = new Map(entries);
  if (content === undefined) changed.delete(name);
  else changed.set(name, Buffer.from(content));
  return changed;
};
const withSignature = (entries: BundleEntries, ...tokens: readonly unknown[]): BundleEntries =>
  withEntry(entries, ".signatures.json", JSON.stringify({ signatures: tokens }));

let once: Promise<BundleEntries> | undefined;
/** One bundle that ES256 signed, for the tests that damage it. */
const signedBundle = (): Promise<BundleEntries> => (once ??= buildSigned(ec.privateKey, "ES256"));

interface Payload {
  readonly files: readonly { readonly name: string; readonly hash: string; readonly algorithm: string }[];
}
const parseFile: (text: string) => { readonly signatures: readonly string[] } = JSON.parse;
const parsePayload: (text: string) => Payload = JSON.parse;
const parseData: (text: string) => Record<string, unknown> = JSON.parse;

const tokenOf = (entries: BundleEntries): string =>
  parseFile(entries.get(".signatures.json")!.toString()).signatures[0]!;
const payloadOf = (token: string): Payload => parsePayload(Buffer.from(token.split(".")[1]!, "base64url").toString());

const ours = required(keyOf(ec.publicKey));

describe("what opa signs", () => {
  test.each<[SignatureAlgorithm, { privateKey: KeyObject; publicKey: KeyObject }]>([
    ["ES256", ec],
    ["ES384", generateKeyPairSync("ec", { namedCurve: "P-384" })],
    ["ES512", generateKeyPairSync("ec", { namedCurve: "P-521" })],
    ["RS256", rsa],
    ["RS512", rsa],
    ["PS256", rsa],
    ["PS384", rsa],
  ])("with %s verifies, from PEM and from a JWK", async (algorithm, { privateKey, publicKey }) => {
    const entries = await buildSigned(privateKey, algorithm);
    expect(judge(entries, required(keyOf(publicKey, { algorithm })))).toBe("verified");
    const jwk = JSON.stringify(publicKey.export({ format: "jwk" }));
    expect(judge(entries, required(keyOf(publicKey, { algorithm, publicKey: jwk })))).toBe("verified");
  });

  test("verifies whatever the data holds: numbers as written, every character, any order of members", async () => {
    const data = fc.sample(
      fc.dictionary(fc.string({ unit: "grapheme" }), fc.jsonValue({ stringUnit: "grapheme" })),
      40,
    );
    const hard =
      '{"b":1.0,"a":1e3,"Z":-0,"é":"<&>\\u2028\\u2029\\u0001\\b\\f/","🙂":[12345678901234567890.10],"\uffff":null,"":{}}';
    const numbered = Object.fromEntries(data.map((value, at) => [`random/f${at}/data.json`, JSON.stringify(value)]));
    const entries = await buildSigned(ec.privateKey, "ES256", { files: { "hard/data.json": hard, ...numbered } });
    expect(judge(entries, ours)).toBe("verified");
    expect(entries.get("data.json")?.toString()).toContain("12345678901234567890.10");
  });

  test("verifies however the data file is spaced and ordered, and not with one other digit", async () => {
    const entries = await signedBundle();
    const text = entries.get("data.json")!.toString();
    const respaced = JSON.stringify(Object.fromEntries(Object.entries(parseData(text)).toReversed()), undefined, 2);
    expect(judge(withEntry(entries, "data.json", respaced), ours)).toBe("verified");
    expect(judge(withEntry(entries, "data.json", text.replace("120", "121")), ours)).toBe(
      "data.json is not what was signed",
    );
    expect(judge(withEntry(entries, "data.json", text.replace("120", "120.0")), ours)).toBe(
      "data.json is not what was signed",
    );
  });

  test("`opa sign` beside an unpacked bundle verifies too", async () => {
    const folder = await temporaryFolder();
    for (const [name, bytes] of await signedBundle()) {
      if (name === ".signatures.json") continue;
      await mkdir(dirname(join(folder, "bundle", name)), { recursive: true });
      await writeFile(join(folder, "bundle", name), bytes);
    }
    await writeFile(join(folder, "key.pem"), rsa.privateKey.export({ type: "pkcs1", format: "pem" }));
    // From inside: OPA signs the paths as it is given them.
    const args = ["sign", "--signing-key", "../key.pem", "--signing-alg", "RS384", "--bundle", "."];
    await run(await findOpa(), args, { cwd: join(folder, "bundle") });
    const entries = await readFolder(join(folder, "bundle"));
    expect(judge(entries, required(keyOf(rsa.publicKey, { algorithm: "RS384" })))).toBe(
      "the signature names no configured key",
    );
    const token = tokenOf(entries);
    expect(Buffer.from(token.split(".")[0]!, "base64url").toString()).not.toContain("kid");
    const named: BundleSignature = {
      mode: "required",
      keyId: "k",
      keys: [keyOf(rsa.publicKey, { id: "k", algorithm: "RS384" })],
    };
    expect(judge(entries, named)).toBe("verified");
  });
});

describe("what is refused", () => {
  test("no signature where one is required; one where none can be verified", async () => {
    const entries = await signedBundle();
    expect(judge(withEntry(entries, ".signatures.json", undefined), ours)).toBe("the bundle is not signed");
    expect(judge(entries, { mode: "none" })).toBe("the bundle is signed and no key is configured to verify it");
    expect(judge(withEntry(entries, ".signatures.json", undefined), { mode: "none" })).toBe("verified");
  });

  test("a changed, an added and a missing file, each by name", async () => {
    const entries = await signedBundle();
    const wasm = Buffer.from(entries.get("policy.wasm")!);
    wasm[wasm.length - 1]! ^= 1;
    expect(judge(withEntry(entries, "policy.wasm", wasm), ours)).toBe("policy.wasm is not what was signed");
    expect(judge(withEntry(entries, "readme.md", "hello"), ours)).toBe("readme.md is not covered by the signature");
    expect(judge(withEntry(entries, "a/.signatures.json", "{}"), ours)).toMatch(/not covered/);
    expect(judge(withEntry(entries, "data.json", undefined), ours)).toBe("data.json was signed and is missing");
  });

  test("another key, another id, another algorithm of the same key", async () => {
    const entries = await signedBundle();
    const other = generateKeyPairSync("ec", { namedCurve: "P-256" });
    expect(judge(entries, required(keyOf(other.publicKey)))).toMatch(/not of the key/);
    expect(judge(entries, required(keyOf(ec.publicKey, { id: "other" })))).toMatch(/names no configured key/);
    expect(judge(entries, required())).toMatch(/names no configured key/);
    expect(judge(entries, required(keyOf(ec.publicKey, { algorithm: "ES384" })))).toMatch(/not one for ES384/);
    expect(judge(entries, required(keyOf(rsa.publicKey, { algorithm: "ES256" })))).toMatch(/not one for ES256/);
    expect(judge(entries, required(keyOf(ec.publicKey, { algorithm: "RS256" })))).toMatch(/not one for RS256/);
  });

  test("what the header says about its algorithm: `none`, or HMAC keyed with the public key", async () => {
    const entries = await signedBundle();
    const files = payloadOf(tokenOf(entries));
    const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");
    const unsigned = `${part({ alg: "none", kid: "default" })}.${part(files)}`;
    expect(judge(withSignature(entries, `${unsigned}.`), ours)).toMatch(/not a compact JWS/);
    expect(judge(withSignature(entries, `${unsigned}.AA`), ours)).toMatch(/not of the key/);
    const hmacInput = `${part({ alg: "HS256", kid: "default" })}.${part(files)}`;
    const mac = createHmac("sha256", pem(ec.publicKey)).update(hmacInput).digest("base64url");
    expect(judge(withSignature(entries, `${hmacInput}.${mac}`), ours)).toMatch(/not of the key/);
    // A header that lies is not believed and does no harm either.
    expect(judge(withSignature(entries, forge({ alg: "RS512", kid: "default" }, files)), ours)).toBe("verified");
  });

  test("a signature for another scope", async () => {
    const entries = await signedBundle();
    const files = payloadOf(tokenOf(entries));
    const scoped = withSignature(entries, forge({ kid: "default" }, { ...files, scope: "write" }));
    expect(judge(scoped, ours)).toMatch(/another scope/);
    expect(judge(scoped, required(keyOf(ec.publicKey, { scope: "write" })))).toBe("verified");
    expect(judge(entries, required(keyOf(ec.publicKey, { scope: "write" })))).toMatch(/another scope/);
  });

  test("weak hashes, lists that are none, names twice, headers with extensions", async () => {
    const entries = await signedBundle();
    const { files } = payloadOf(tokenOf(entries));
    const [first, ...rest] = files;
    const md5 = createHash("md5").update(entries.get(first!.name)!).digest("hex");
    const cases: readonly (readonly [object, object, RegExp])[] = [
      [
        { kid: "default" },
        { files: [{ ...first, hash: md5, algorithm: "MD5" }, ...rest] },
        /hash that is not accepted/,
      ],
      [{ kid: "default" }, { files: [{ ...first, algorithm: "SHA-1" }, ...rest] }, /hash that is not accepted/],
      [{ kid: "default" }, { files: [{ ...first, algorithm: "constructor" }, ...rest] }, /hash that is not accepted/],
      [{ kid: "default" }, { files: [first, ...files] }, /twice/],
      [{ kid: "default" }, { files: {} }, /lists no files/],
      [{ kid: "default" }, {}, /lists no files/],
      [{ kid: "default" }, { files: [1] }, /malformed/],
      [{ kid: "default" }, { files: [{ ...first, name: "../x" }] }, /not a plain path/],
      [{ kid: "default", crit: ["exp"] }, { files }, /extensions/],
      [{ kid: "default", b64: false }, { files }, /extensions/],
      [{ kid: ["default"] }, { files }, /names no configured key/],
    ];
    for (const [header, payload, expected] of cases) {
      expect(judge(withSignature(entries, forge(header, payload)), ours), JSON.stringify(header)).toMatch(expected);
    }
    const key = required(keyOf(ec.publicKey, { id: "payload" }));
    expect(judge(withSignature(entries, forge({}, { files, keyid: "payload" })), key)).toBe("verified");
  });

  test("two signatures, none, a plugin, and files that are no JWS", async () => {
    const entries = await signedBundle();
    const token = tokenOf(entries);
    for (const tokens of [
      [],
      [token, token],
      [1],
      [token.split(".").slice(0, 2).join(".")],
      [`${token}.x`],
      [`${token}=`],
      [""],
    ]) {
      expect(judge(withSignature(entries, ...tokens), ours), JSON.stringify(tokens).slice(0, 40)).not.toBe("verified");
    }
    const plugin = JSON.stringify({ signatures: [token], plugin: "mine" });
    expect(judge(withEntry(entries, ".signatures.json", plugin), ours)).toMatch(/plugin/);
    for (const text of ["", "[]", "null", "{}", '{"signatures":"x"}']) {
      expect(judge(withEntry(entries, ".signatures.json", text), ours), text).not.toBe("verified");
    }
  });

  test("keys that no public key should look like", async () => {
    const entries = await signedBundle();
    const weak = generateKeyPairSync("rsa", { modulusLength: 1024 });
    const privatePem = ec.privateKey.export({ type: "pkcs8", format: "pem" });
    const privateJwk = JSON.stringify(ec.privateKey.export({ format: "jwk" }));
    for (const publicKey of ["", "nonsense", privatePem, privateJwk, "{}", '{"kty":"oct","k":"AAAA"}']) {
      expect(judge(entries, required(keyOf(ec.publicKey, { publicKey }))), publicKey.slice(0, 30)).toMatch(
        /cannot be read/,
      );
    }
    expect(judge(entries, required(keyOf(weak.publicKey, { algorithm: "RS256" })))).toMatch(/not one for RS256/);
  });
});
