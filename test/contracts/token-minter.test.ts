/** What every token minter promises (src/ports/token-minter.ts), whichever keys it signs with. */
import { createLocalJWKSet, decodeJwt, decodeProtectedHeader, jwtVerify } from "jose";
import { describe, expect, test } from "vitest";
import { Fault } from "../../src/domain/refusal.ts";
import { grantOf } from "../fakes/grants.ts";
import { flights, testTime } from "../fakes/path-ports.ts";
import { roomKinds } from "../fakes/token-rooms.ts";
import { createTokenWorld, mint, openRoom } from "../fakes/token-world.ts";

describe.each(roomKinds)("%s", (_kind, createOptions) => {
  test("what is signed is what was prepared: same jti, same kid", async () => {
    const { minter } = await openRoom(await createOptions());
    const prepared = minter.prepare(grantOf());
    const token = await prepared.sign();
    expect(decodeJwt(token).jti).toBe(prepared.jti);
    expect(decodeProtectedHeader(token).kid).toBe(prepared.kid);
  });

  test("the token verifies with the keys published at its issuance, through its whole life", async () => {
    const room = await openRoom(await createOptions());
    const token = await mint(room, testTime);
    for (const now of [testTime, testTime + 150, testTime + 299]) {
      const keys = createLocalJWKSet({ keys: room.keys.publicKeys(now).map((key) => ({ ...key })) });
      const options = { audience: flights, typ: "at+jwt", currentDate: new Date(now * 1000) };
      await expect(jwtVerify(token, keys, options)).resolves.toBeDefined();
    }
  });

  test("it signs once", async () => {
    const { minter } = await openRoom(await createOptions());
    const prepared = minter.prepare(grantOf());
    await prepared.sign();
    await expect(async () => prepared.sign()).rejects.toThrow(/mint_failed/);
  });

  test("two preparations of one grant are two tokens", async () => {
    const { minter } = await openRoom(await createOptions());
    const [one, other] = [minter.prepare(grantOf()), minter.prepare(grantOf())];
    expect(one.jti).not.toBe(other.jti);
  });

  test("a preparation that is never signed leaves nothing behind that would change the next", async () => {
    const { minter } = await openRoom(await createOptions());
    minter.prepare(grantOf());
    expect(decodeJwt(await minter.prepare(grantOf()).sign()).sub).toBe("alice");
  });

  test("a preparation outlives the room that made it: what is on record can still be signed", async () => {
    const room = await openRoom(await createOptions());
    const prepared = room.minter.prepare(grantOf());
    await room.close();
    await expect(Promise.resolve(prepared.sign())).resolves.toMatch(/^[\w-]+\.[\w-]+\.[\w-]+$/);
  });

  test("no key at the grant's own instant: signing_unavailable", async () => {
    const room = await openRoom({ ...(await createOptions()), ...missingKeys }, createTokenWorld());
    const prepare = (): unknown => room.minter.prepare(grantOf());
    expect(prepare).toThrow(Fault);
    expect(prepare).toThrow(/signing_unavailable/);
  });

  test("neither a preparation nor a fault shows a key or a claim when it is printed", async () => {
    const { minter } = await openRoom(await createOptions());
    const prepared = minter.prepare(grantOf());
    expect(Object.keys(prepared)).toEqual(["jti", "kid"]);
    await prepared.sign();
    const fault = await Promise.try(() => prepared.sign()).catch((cause: unknown) => cause);
    expect(String(fault)).not.toContain("alice");
  });
});

const missingKeys = {
  issuer: "https://chaperone.example",
  keySet: { kind: "jwks", path: "/nonexistent/keys.json" },
} as const;
