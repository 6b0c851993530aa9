/** What whoever publishes keys promises (src/ports/published-keys.ts). */
import { calculateJwkThumbprint } from "jose";
import { describe, expect, test } from "vitest";
import { testTime } from "../fakes/path-ports.ts";
import { roomKinds } from "../fakes/token-rooms.ts";
import { kidOf, mint, openRoom } from "../fakes/token-world.ts";

describe.each(roomKinds)("%s", (_kind, createOptions) => {
  test("the key that signs is published", async () => {
    const room = await openRoom(await createOptions());
    const kid = kidOf(await mint(room, testTime));
    expect(room.keys.publicKeys(testTime).map((key) => key.kid)).toContain(kid);
  });

  test("P20: a published key has its public members and no others", async () => {
    const { keys } = await openRoom(await createOptions());
    for (const key of keys.publicKeys(testTime)) {
      const isEllipticCurve = key.kty === "EC";
      const members = ["kty", "crv", "x", ...(isEllipticCurve ? ["y"] : []), "kid", "alg", "use"];
      expect(Object.keys(key)).toEqual(members);
      expect([key.kty, key.crv, key.alg]).toEqual(
        isEllipticCurve ? ["EC", "P-256", "ES256"] : ["OKP", "Ed25519", "EdDSA"],
      );
      expect(key.use).toBe("sig");
    }
  });

  test("a kid is the RFC 7638 thumbprint of its key", async () => {
    const { keys } = await openRoom(await createOptions());
    const published = keys.publicKeys(testTime);
    expect(published.length).toBeGreaterThan(0);
    for (const key of published) expect(key.kid).toBe(await calculateJwkThumbprint({ ...key }));
  });

  test("a reader cannot change what the next reader gets", async () => {
    const { keys } = await openRoom(await createOptions());
    const [first] = keys.publicKeys(testTime);
    expect(Object.isFrozen(first)).toBe(true);
    expect(keys.publicKeys(testTime)).not.toBe(keys.publicKeys(testTime));
  });
});
