/** What the room refuses to be built from. */
import { describe, expect, test } from "vitest";
import { checkTokenOptions, type TokenOptions } from "../../src/tokens/token-options.ts";
import { createTokenRoom } from "../../src/tokens/index.ts";
import { createTokenWorld, defaultOptions } from "../fakes/token-world.ts";

const development: TokenOptions = { ...defaultOptions, keySet: { kind: "development", folder: "/nonexistent" } };
const shared: TokenOptions = { ...defaultOptions, keySet: { kind: "jwks", path: "/nonexistent/keys.json" } };

describe("the issuer", () => {
  test.each(["http://localhost:8181", "http://127.0.0.1:8181", "http://[::1]:8181", "http://localhost/tenant"])(
    "%s is loopback, and may use the development key",
    (issuer) => expect(checkTokenOptions({ ...development, issuer })).toBe(issuer),
  );

  test.each(["https://chaperone.example", "https://chaperone.example/tenant/a", "https://chaperone.example:8443/"])(
    "%s needs a configured key set, and is kept byte for byte",
    (issuer) => {
      expect(checkTokenOptions({ ...shared, issuer })).toBe(issuer);
      expect(() => checkTokenOptions({ ...development, issuer })).toThrow(/^issuer_needs_key_set/);
    },
  );

  test.each([
    ["http://chaperone.example", "issuer_not_https"],
    ["http://localhost.example:8181", "issuer_not_https"],
    ["http://127.0.0.1.example", "issuer_not_https"],
    ["http://10.0.0.1:8181", "issuer_not_https"],
    ["http://0.0.0.0:8181", "issuer_not_https"],
    ["http://169.254.169.254", "issuer_not_https"],
    ["ftp://localhost", "issuer_not_https"],
    ["urn:chaperone:gateway", "issuer_malformed"],
    ["file:///keys", "issuer_malformed"],
    ["localhost:8181", "issuer_malformed"],
    ["chaperone", "issuer_malformed"],
    ["", "issuer_malformed"],
    [" https://chaperone.example", "issuer_malformed"],
    ["https://chaperone.example\n", "issuer_malformed"],
    ["https://chaperone.example?tenant=a", "issuer_malformed"],
    ["https://chaperone.example#a", "issuer_malformed"],
    ["https://user:secret@chaperone.example", "issuer_malformed"],
    ["http://localhost:8181@chaperone.example", "issuer_malformed"],
    ["http://chaperone.example\\@localhost", "issuer_malformed"],
    [`https://${"a".repeat(600)}.example`, "issuer_malformed"],
  ])("%j is refused as %s, whatever the key set", (issuer, code) => {
    expect(() => checkTokenOptions({ ...shared, issuer })).toThrow(new RegExp(`^${code}:`));
    expect(() => checkTokenOptions({ ...development, issuer })).toThrow(new RegExp(`^${code}:`));
  });
});

test.each([
  [{ jwksCacheSeconds: -1 }, "jwks_cache_out_of_range"],
  [{ jwksCacheSeconds: 86_401 }, "jwks_cache_out_of_range"],
  [{ jwksCacheSeconds: 1.5 }, "jwks_cache_out_of_range"],
  [{ jwksCacheSeconds: NaN }, "jwks_cache_out_of_range"],
  [{ clockLeewaySeconds: 6 }, "clock_leeway_out_of_range"],
  [{ clockLeewaySeconds: -1 }, "clock_leeway_out_of_range"],
])("%j is refused as %s", (parts, code) => {
  expect(() => checkTokenOptions({ ...development, ...parts })).toThrow(new RegExp(`^${code}:`));
});

test("a room is not made from what is refused", async () => {
  const options = { ...development, issuer: "https://chaperone.example" };
  await expect(createTokenRoom(options, createTokenWorld())).rejects.toMatchObject({ code: "issuer_needs_key_set" });
});
