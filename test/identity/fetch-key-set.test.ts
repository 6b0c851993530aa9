/** What an issuer's server may answer, and what becomes of it (P17, P18): one code each, in bounded time and memory. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { createDiscoverySource, createUrlSource, type KeySetSource } from "../../src/identity/keys/fetch-key-set.ts";
import { KeyFetchError } from "../../src/identity/keys/key-fetch-error.ts";
import { issuerKeysProblems } from "../../src/ports/issuer-keys-status.ts";
import { people } from "../fakes/issuers.ts";
import * as serve from "../fakes/key-server.ts";
import { openKeyServer } from "../fakes/key-server.ts";

const keySet = { keys: [{ ...people.jwk }] };
const never = new AbortController().signal;

/** The number of keys, or the code of what went wrong and its detail. */
async function fetched(source: KeySetSource, signal: AbortSignal = never): Promise<string> {
  try {
    return `${(await source.fetch(signal)).keys.length} keys`;
  } catch (cause) {
    if (!(cause instanceof KeyFetchError)) throw cause;
    return [cause.code, cause.detail].filter((part) => part !== undefined).join(" ");
  }
}

const fromUrl = (url: string): KeySetSource => createUrlSource(url, "https://people.example");

async function answered(answer: serve.Answer): Promise<string> {
  const server = await openKeyServer(answer);
  return await fetched(fromUrl(`${server.origin}/keys`));
}

describe("a JWK set at a URL", () => {
  test("is taken whole, with what the issuer says of its age", async () => {
    const server = await openKeyServer(serve.json(keySet, { "cache-control": "public, max-age=120" }));
    const set = await fromUrl(`${server.origin}/keys?p=policy`).fetch(never);
    expect(set.keys.map(({ keyId }) => keyId)).toEqual([people.jwk.kid]);
    expect(set.maxAgeSeconds).toBe(120);
    expect(server.asked).toEqual(["/keys?p=policy"]);
  });

  test("is asked for without credentials, cookies or an offer to compress", async () => {
    const server = await openKeyServer(serve.json(keySet));
    await fetched(fromUrl(`${server.origin}/keys`));
    expect(Object.keys(server.heads[0] ?? {}).toSorted()).toEqual([
      "accept",
      "accept-encoding",
      "connection",
      "host",
      "user-agent",
    ]);
    expect(server.heads[0]).toMatchObject({ "accept-encoding": "identity", connection: "close" });
  });

  test.each<[string, string | undefined, number | undefined]>([
    ["no header", undefined, undefined],
    ["no age", "no-store, no-cache", undefined],
    ["zero", "max-age=0", 0],
    ["quoted", 'max-age="60"', 60],
    ["the shorter of two", "max-age=600, max-age=60", 60],
    ["shared caches only", "s-maxage=60", undefined],
    ["beyond reason", "max-age=99999999999999", undefined],
    ["no number", "max-age=soon", undefined],
  ])("its max-age: %s", async (_name, header, expected) => {
    const server = await openKeyServer(serve.json(keySet, header === undefined ? {} : { "cache-control": header }));
    expect((await fromUrl(server.origin).fetch(never)).maxAgeSeconds).toBe(expected);
  });

  test.each(["application/json", "application/jwk-set+json", "Application/JSON; charset=utf-8"])(
    "as %s",
    async (type) => {
      expect(await answered(serve.json(keySet, { "content-type": type }))).toBe("1 keys");
    },
  );
});

describe("an answer that is not a key set", () => {
  const elsewhere = "https://people.example/keys";
  test.each<[string, serve.Answer, string]>([
    ["a redirect to the same server", serve.status(302, { location: "/other" }), "redirected 302"],
    ["a redirect to another server", serve.status(301, { location: elsewhere }), "redirected 301"],
    ["a permanent redirect", serve.status(308, { location: elsewhere }), "redirected 308"],
    ["not modified, though nobody asked so", serve.status(304), "redirected 304"],
    ["an error", serve.status(500), "status_wrong 500"],
    ["not there", serve.status(404), "status_wrong 404"],
    ["a part", serve.status(206), "status_wrong 206"],
    ["nothing", serve.status(204), "status_wrong 204"],
    ["who are you", serve.status(401, { "www-authenticate": "Basic" }), "status_wrong 401"],
    ["a web page", serve.json("<html></html>", { "content-type": "text/html" }), "media_type_wrong"],
    ["JSON that is called text", serve.json(keySet, { "content-type": "text/plain" }), "media_type_wrong"],
    ["JSON that is called nothing", serve.json(keySet, { "content-type": "" }), "media_type_wrong"],
    ["compressed", serve.gzipBomb, "encoded"],
    ["half an answer", serve.halfBody, "unreachable ECONNRESET"],
    ["a reset", serve.reset, "unreachable ECONNRESET"],
    ["no HTTP", serve.raw("SSH-2.0-x\r\n"), "unreachable HPE_INVALID_CONSTANT"],
    [
      "two lengths",
      serve.raw("HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n{}"),
      "unreachable HPE_",
    ],
    ["a head without end", serve.raw(`HTTP/1.1 200 OK\r\nx: ${"a".repeat(20_000)}\r\n\r\n`), "unreachable HPE_HEADER"],
    ["another protocol", serve.raw("HTTP/1.1 101 Ok\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n"), "unreachable"],
    ["hints alone", serve.raw("HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n"), "unreachable ECONNRESET"],
    ["empty", serve.json(""), "not_json body_malformed"],
    ["cut JSON", serve.json('{"keys":['), "not_json body_malformed"],
    ["a member twice", serve.json('{"keys":[],"keys":[]}'), "not_json member_duplicated"],
    ["a prototype", serve.json('{"keys":[],"__proto__":{}}'), "not_json member_forbidden"],
    ["a byte order mark", serve.json("\ufeff{}"), "not_json body_malformed"],
    ["too deep", serve.json(`${"[".repeat(64)}${"]".repeat(64)}`), "not_json body_too_deep"],
    ["a list", serve.json([]), "keys_malformed"],
    ["a set without keys", serve.json({}), "keys_malformed"],
    ["a key alone", serve.json(people.jwk), "keys_malformed"],
    [
      "a symmetric key beside a good one",
      serve.json({ keys: [people.jwk, { kty: "oct", k: "AAAA" }] }),
      "keys_malformed",
    ],
    ["a private key", serve.json({ keys: [{ ...people.jwk, d: "AAAA" }] }), "keys_malformed"],
    ["one name twice", serve.json({ keys: [people.jwk, people.jwk] }), "keys_malformed"],
    [
      "65 keys",
      serve.json({ keys: Array.from({ length: 65 }, (_, kid) => ({ ...people.jwk, kid: `${kid}` })) }),
      "keys_malformed",
    ],
  ])("%s", async (_name, answer, expected) => {
    const outcome = await answered(answer);
    expect(outcome.startsWith(expected), outcome).toBe(true);
  });

  test("no connection is made to where a redirect points", async () => {
    const other = await openKeyServer(serve.json(keySet));
    expect(await answered(serve.status(302, { location: `${other.origin}/keys` }))).toBe("redirected 302");
    expect(other.asked).toEqual([]);
  });

  test("nobody listens there", async () => {
    const server = await openKeyServer();
    await server.close();
    expect(await fetched(fromUrl(server.origin))).toBe("unreachable ECONNREFUSED");
  });

  test("a body without end is cut off once it is too large, and so is one that says so first", async () => {
    const sent = { bytes: 0 };
    expect(await answered(serve.endless(sent))).toBe("too_large");
    // What the kernel buffers on both sides, and not what the server would like to send.
    expect(sent.bytes).toBeLessThan(16 * 1_048_576);
    expect(await answered(serve.endless(sent, { "content-length": "100000000" }))).toBe("too_large");
    expect(await answered(serve.json(`{"keys":[]${" ".repeat(70_000)}}`))).toBe("too_large");
  });

  test.each<[string, serve.Answer]>([
    ["before the head", serve.silent],
    ["within the head", serve.drippingHead],
    ["within the body", serve.dripping],
  ])("one that does not end %s ends when it is told to", async (_name, answer) => {
    const server = await openKeyServer(answer);
    const stop = new AbortController();
    const outcome = fetched(fromUrl(server.origin), stop.signal);
    await server.reached(1);
    stop.abort();
    expect(await outcome).toMatch(/^unreachable/);
  });
});

describe("discovery", () => {
  const openid = "/realm/.well-known/openid-configuration";
  const rfc8414 = "/.well-known/oauth-authorization-server/realm";

  async function discovered(document: (issuer: string) => unknown, path = openid, tail = "/realm"): Promise<string> {
    const server = await openKeyServer();
    const issuer = `${server.origin}${tail}`;
    server.answer = serve.byPath({ [path]: serve.json(document(issuer)), "/realm/keys": serve.json(keySet) });
    return await fetched(createDiscoverySource(issuer));
  }

  test.each([
    ["behind the issuer's path", openid, "/realm"],
    ["behind a path that ends with a slash", openid, "/realm/"],
    ["before the issuer's path, where the other is not there", rfc8414, "/realm"],
  ])("finds the document %s", async (_name, path, tail) => {
    const jwks = (issuer: string) => `${new URL(issuer).origin}/realm/keys`;
    expect(await discovered((issuer) => ({ issuer, jwks_uri: jwks(issuer) }), path, tail)).toBe("1 keys");
  });

  test.each<[string, (issuer: string) => unknown, string]>([
    ["another issuer", () => ({ issuer: "https://evil.example", jwks_uri: "x" }), "issuer_differs"],
    ["the issuer with a slash", (issuer) => ({ issuer: `${issuer}/`, jwks_uri: `${issuer}/keys` }), "issuer_differs"],
    ["no issuer", (issuer) => ({ jwks_uri: `${issuer}/keys` }), "issuer_differs"],
    ["a list of issuers", (issuer) => ({ issuer: [issuer], jwks_uri: `${issuer}/keys` }), "issuer_differs"],
    ["a list", () => [], "issuer_differs"],
    ["no jwks_uri", (issuer) => ({ issuer }), "location_refused"],
    ["the keys themselves", (issuer) => ({ issuer, jwks: keySet }), "location_refused"],
    ["plain http", (issuer) => ({ issuer, jwks_uri: "http://people.example/keys" }), "location_refused"],
    ["a file", (issuer) => ({ issuer, jwks_uri: "file:///etc/passwd" }), "location_refused"],
    ["a user", (issuer) => ({ issuer, jwks_uri: "https://me:secret@people.example/keys" }), "location_refused"],
    ["a cloud's own pages", (issuer) => ({ issuer, jwks_uri: "https://169.254.169.254/keys" }), "location_refused"],
    ["no text", (issuer) => ({ issuer, jwks_uri: 7 }), "location_refused"],
  ])("P43: a document with %s is refused", async (_name, document, expected) => {
    expect(await discovered(document)).toBe(expected);
  });

  test("a document that is there and wrong does not make way for the other one", async () => {
    const server = await openKeyServer();
    const issuer = `${server.origin}/realm`;
    server.answer = serve.byPath({
      [openid]: serve.status(500),
      [rfc8414]: serve.json({ issuer, jwks_uri: `${issuer}/keys` }),
    });
    expect(await fetched(createDiscoverySource(issuer))).toBe("status_wrong 500");
    expect(server.asked).toEqual([openid]);
  });
});

describe("P17: a place that is never asked", () => {
  test.each([
    "http://people.example/keys",
    "http://10.0.0.1/keys",
    "https://me@people.example/keys",
    "https://me:secret@people.example/keys",
    "https://people.example/keys#1",
    "https://people.example/a b",
    "https://people.example\\@127.0.0.1/",
    "https:people.example",
    "https://",
    "ftp://people.example/keys",
    "file:///etc/keys",
    "data:application/json,{}",
    "https://169.254.169.254/latest",
    "https://2852039166/latest",
    "https://0xa9.254.169.254/latest",
    "https://[fe80::1]/keys",
    "https://[::ffff:169.254.169.254]/keys",
    "https://[64:ff9b::a9fe:a9fe]/keys",
    "https://[fd00:ec2::254]/keys",
    "https://100.100.100.200/keys",
    "https://0.0.0.0/keys",
    "http://0/keys",
    "https://[::]/keys",
    "https://224.0.0.1/keys",
    "https://255.255.255.255/keys",
    `https://people.example/${"a".repeat(600)}`,
    "http://localhost.people.example/keys",
  ])("%s", (url) => {
    expect(() => fromUrl(url)).toThrow(expect.objectContaining({ code: "keys_location_refused" }));
  });

  test.each([
    "https://people.example/keys",
    "https://10.0.0.1:8443/keys",
    "https://[fd12::1]/keys",
    "http://localhost:1/keys",
    "http://127.0.0.1:1/keys",
    "http://[::1]:1/keys",
  ])("but %s is", (url) => {
    expect(fromUrl(url).location).toBe(url);
  });

  test.each([
    "people",
    "urn:people",
    "http://people.example",
    "https://people.example/?a",
    "https://169.254.1.1/realm",
  ])("%s is no issuer that can be discovered", (issuer) => {
    expect(() => createDiscoverySource(issuer)).toThrow(expect.objectContaining({ code: "keys_location_refused" }));
  });
});

test("docs/identity/keys.md lists every code with its text, and no other", () => {
  const page = readFileSync(join(import.meta.dirname, "../../docs/identity/keys.md"), "utf8");
  const rows = [...page.matchAll(/^\| `([a-z_]+)` \| ([A-Z].*) \|$/gm)].map(([, code, text]) => [code, text]);
  expect(rows).toEqual(Object.entries(issuerKeysProblems));
});
