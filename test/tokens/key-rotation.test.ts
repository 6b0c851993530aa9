/** Keys of a running sidecar: rotated by command, given by an operator, followed from their files, shared by replicas. */
import { createPrivateKey } from "node:crypto";
import { readdir, readFile, rename, rm, stat, symlink } from "node:fs/promises";
import { join } from "node:path";
import { createLocalJWKSet, jwtVerify } from "jose";
import { describe, expect, test } from "vitest";
import { listKeys, rotateKeys, type TokenOptions, type TokenRoom } from "../../src/tokens/index.ts";
import { publishLeadSeconds, retentionSeconds } from "../../src/tokens/key-schedule.ts";
import { flights, known, testTime } from "../fakes/path-ports.ts";
import {
  createEntry,
  createFolder,
  createTokenWorld,
  defaultOptions,
  developmentOptions,
  kidOf,
  mint,
  openRoom,
  sharedOptions,
  writeKeySet,
  writeText,
} from "../fakes/token-world.ts";

const lead = publishLeadSeconds(defaultOptions);
const published = (room: TokenRoom, now: number): string[] => room.keys.publicKeys(now).map(({ kid }) => kid);
const keysFolderOf = (options: TokenOptions): string =>
  options.keySet.kind === "development" ? options.keySet.folder : "";

describe("the development key", () => {
  test("is made at the first start, for its owner's eyes only, and kept from then on", async () => {
    const options = await developmentOptions();
    const first = known((await openRoom(options)).state().active).kid;
    const folder = keysFolderOf(options);
    const names = await readdir(folder);
    expect(names).toEqual(["development-keys.000001.json"]);
    expect((await stat(join(folder, known(names[0])))).mode & 0o777).toBe(0o600);
    expect((await stat(folder)).mode & 0o777).toBe(0o700);
    expect((await openRoom(options)).state().active?.kid).toBe(first);
  });

  test("is one key when many sidecars make it at once", async () => {
    const options = await developmentOptions();
    const rooms = await Promise.all(Array.from({ length: 8 }, () => openRoom(options)));
    expect(new Set(rooms.map((room) => room.state().active?.kid)).size).toBe(1);
    expect((await readdir(keysFolderOf(options))).length).toBe(1);
  });

  test("MK-14: rotated while the sidecar runs: published at once, signing after the caches, the old one gone when dead", async () => {
    const options = await developmentOptions();
    const world = createTokenWorld();
    const room = await openRoom(options, world);
    const old = known(room.state().active).kid;
    const followed = world.announcer.next("key_published");
    const next = await rotateKeys(options, testTime);
    await followed;
    expect(next.activateAt).toBe(testTime + lead + 10);
    expect(published(room, testTime)).toEqual([old, next.kid]);
    expect(room.state()).toMatchObject({ active: { kid: old }, next: [{ kid: next.kid, signsFrom: next.activateAt }] });

    const lastOfOld = await mint(room, next.activateAt - 1);
    expect(kidOf(lastOfOld)).toBe(old);
    expect(kidOf(await mint(room, next.activateAt))).toBe(next.kid);
    world.clock.time = next.activateAt;
    expect(room.state()).toMatchObject({ active: { kid: next.kid }, next: [], retiring: [{ kid: old }] });

    const lastSecond = next.activateAt - 1 + 299 + options.clockLeewaySeconds;
    const keys = createLocalJWKSet({ keys: room.keys.publicKeys(lastSecond).map((key) => ({ ...key })) });
    const late = {
      audience: flights,
      currentDate: new Date(lastSecond * 1000),
      clockTolerance: options.clockLeewaySeconds,
    };
    await expect(jwtVerify(lastOfOld, keys, late)).resolves.toBeDefined();
    expect(published(room, next.activateAt + retentionSeconds(options))).toEqual([next.kid]);
  });

  test("goes back in time by no decision: one that began before a rotation is signed by the key of its instant", async () => {
    const options = await developmentOptions();
    const room = await openRoom(options);
    const old = known(room.state().active).kid;
    const next = await rotateKeys(options, testTime);
    await room.reload();
    expect(kidOf(await mint(room, next.activateAt + 5))).toBe(next.kid);
    expect(kidOf(await mint(room, next.activateAt - 1))).toBe(old);
  });

  test("is rotated once by many at once: one next key, and nobody's key is lost", async () => {
    const options = await developmentOptions();
    const room = await openRoom(options);
    const tries = await Promise.allSettled(Array.from({ length: 12 }, () => rotateKeys(options, testTime)));
    const done = tries.filter((one) => one.status === "fulfilled");
    expect(done.length).toBe(1);
    for (const one of tries) {
      if (one.status === "rejected") expect(one.reason).toMatchObject({ code: "rotation_pending" });
    }
    const state = await listKeys(options, testTime);
    expect(state.active?.kid).toBe(room.state().active?.kid);
    expect(state.next.map(({ kid }) => kid)).toEqual(done.map(({ value }) => value.kid));
    expect((await readdir(keysFolderOf(options))).length).toBe(1);
  });

  test("rotated again and again drops the dead and keeps the living", async () => {
    const options = await developmentOptions();
    await openRoom(options);
    let now = testTime;
    for (let round = 0; round < 5; round += 1) {
      now = (await rotateKeys(options, now)).activateAt;
      const state = await listKeys(options, now);
      expect(state.retiring.length).toBeGreaterThan(0);
      expect(state.retiring.length).toBeLessThanOrEqual(4);
    }
    now += retentionSeconds(options) + 1;
    await rotateKeys(options, now);
    expect(await listKeys(options, now)).toMatchObject({ retiring: [], next: [{}] });
    const folder = keysFolderOf(options);
    const [name] = await readdir(folder);
    const kept: unknown = JSON.parse(await readFile(join(folder, known(name)), "utf8"));
    expect(kept).toMatchObject({ keys: [{ kty: "EC" }, { activate_at: now + lead + 10 }] });
    expect(kept).toHaveProperty("keys.length", 2);
  });

  test("that vanishes while the sidecar runs is told of, not replaced", async () => {
    const options = await developmentOptions();
    const room = await openRoom(options);
    const kid = known(room.state().active).kid;
    await rm(keysFolderOf(options), { recursive: true });
    await room.reload();
    expect(room.state()).toMatchObject({ active: { kid }, problem: { code: "key_set_missing" } });
    expect(kidOf(await mint(room, testTime))).toBe(kid);
    await expect(readdir(keysFolderOf(options))).rejects.toThrow(/ENOENT/);
  });

  test("is listed without being made", async () => {
    const options = await developmentOptions();
    expect(await listKeys(options, testTime)).toMatchObject({
      active: undefined,
      problem: { code: "key_set_missing" },
    });
    await expect(readdir(keysFolderOf(options))).rejects.toThrow(/ENOENT/);
  });
});

describe("a configured key set", () => {
  test("is never rotated by us, and the refusal says how", async () => {
    const options = sharedOptions({ kind: "jwks", path: "/keys/keys.json" });
    await expect(rotateKeys(options, testTime)).rejects.toMatchObject({ code: "rotation_not_ours" });
    await expect(rotateKeys(options, testTime)).rejects.toThrow(/activate_at/);
  });

  test("missing at the start: not ready, and ready when it comes", async () => {
    const path = join(await createFolder(), "keys.json");
    const world = createTokenWorld();
    const room = await openRoom(sharedOptions({ kind: "jwks", path }), world);
    expect(room.state()).toMatchObject({ active: undefined, problem: { code: "key_set_missing" } });
    await expect(mint(room, testTime)).rejects.toThrow(/signing_unavailable/);
    const came = world.announcer.next("key_activated");
    await writeKeySet(path, [await createEntry()]);
    await came;
    expect(room.state().problem).toBeUndefined();
    await expect(mint(room, testTime)).resolves.toBeTypeOf("string");
  });

  test("broken later: the last good set keeps signing, and the state says what is wrong until it is mended", async () => {
    const path = join(await createFolder(), "keys.json");
    const world = createTokenWorld();
    const [first, second] = [await createEntry(), await createEntry(testTime + 10_000)];
    await writeKeySet(path, [first]);
    const room = await openRoom(sharedOptions({ kind: "jwks", path }), world);
    for (const text of ["", "{", '{"keys":[]}', JSON.stringify({ keys: [first, { kty: "oct", k: "c2VjcmV0" }] })]) {
      await writeText(path, text);
      world.clock.time += 60;
      await room.reload();
      expect(room.state().problem, text.slice(0, 12)).toBeDefined();
      expect(kidOf(await mint(room, world.clock.time))).toBe(first.kid);
      expect(published(room, world.clock.time)).toEqual([first.kid]);
    }
    await writeKeySet(path, [first, second]);
    await room.reload();
    expect(room.state()).toMatchObject({ problem: undefined, next: [{ kid: second.kid }] });
  });

  test("broken and put back as it was: the problem is gone", async () => {
    const path = join(await createFolder(), "keys.json");
    const first = await createEntry();
    await writeKeySet(path, [first]);
    const room = await openRoom(sharedOptions({ kind: "jwks", path }));
    await writeText(path, "{");
    await room.reload();
    expect(room.state().problem?.code).toBe("key_set_malformed");
    await writeKeySet(path, [first]);
    await room.reload();
    expect(room.state()).toMatchObject({ active: { kid: first.kid }, problem: undefined, retiring: [] });
  });

  test("a key that is taken out signs no more, and is shown as retiring until it is dead", async () => {
    const path = join(await createFolder(), "keys.json");
    const [first, second] = [await createEntry(), await createEntry(5)];
    await writeKeySet(path, [first, second]);
    const world = createTokenWorld();
    const room = await openRoom(sharedOptions({ kind: "jwks", path }), world);
    await writeKeySet(path, [first]);
    await room.reload();
    const publishedUntil = testTime + retentionSeconds(defaultOptions);
    expect(room.state()).toMatchObject({
      active: { kid: first.kid },
      retiring: [{ kid: second.kid, signsFrom: undefined, publishedUntil }],
    });
    expect(kidOf(await mint(room, testTime))).toBe(first.kid);
  });

  test("a problem keeps the time at which it began", async () => {
    const path = join(await createFolder(), "keys.json");
    const world = createTokenWorld();
    const room = await openRoom(sharedOptions({ kind: "jwks", path }), world);
    world.clock.time += 100;
    await room.reload();
    expect(room.state().problem?.since).toBe(testTime);
  });

  test("a set in which nothing may sign yet does not replace one that signs", async () => {
    const path = join(await createFolder(), "keys.json");
    const first = await createEntry();
    await writeKeySet(path, [first]);
    const world = createTokenWorld();
    const room = await openRoom(sharedOptions({ kind: "jwks", path }), world);
    const next = await createEntry(testTime + 500);
    await writeKeySet(path, [next]);
    await room.reload();
    expect(room.state()).toMatchObject({ active: { kid: first.kid }, problem: { code: "keys_all_in_future" } });
    world.clock.time = testTime + 500;
    await room.reload();
    expect(room.state()).toMatchObject({
      active: { kid: next.kid },
      problem: undefined,
      retiring: [{ kid: first.kid }],
    });
  });

  test("all in the future at the start: not ready until the first one's time", async () => {
    const path = join(await createFolder(), "keys.json");
    const world = createTokenWorld();
    await writeKeySet(path, [await createEntry(testTime + 10)]);
    const room = await openRoom(sharedOptions({ kind: "jwks", path }), world);
    expect(room.state()).toMatchObject({ active: undefined, problem: { code: "keys_all_in_future" }, next: [{}] });
    await expect(mint(room, testTime + 9)).rejects.toThrow(/signing_unavailable/);
    await expect(mint(room, testTime + 10)).resolves.toBeTypeOf("string");
  });

  test("activate_at may be an RFC 3339 time", async () => {
    const path = join(await createFolder(), "keys.json");
    const at = testTime + 1_000;
    await writeKeySet(path, [await createEntry(), await createEntry(new Date(at * 1000).toISOString())]);
    const room = await openRoom(sharedOptions({ kind: "jwks", path }));
    expect(room.state().next[0]?.signsFrom).toBe(at);
  });

  test("every change of keys is announced once, in order, before the first token of it", async () => {
    const path = join(await createFolder(), "keys.json");
    const world = createTokenWorld();
    const [first, second] = [await createEntry(), await createEntry(testTime + 1_000)];
    await writeKeySet(path, [first]);
    const room = await openRoom(sharedOptions({ kind: "jwks", path }), world);
    await writeKeySet(path, [first, second]);
    await room.reload();
    await room.reload();
    await mint(room, testTime + 1_000);
    world.clock.time = testTime + 1_000 + retentionSeconds(defaultOptions);
    await room.reload();
    const told = world.announcer.events.map(({ event, detail }) => [event, detail["kid"]]);
    expect(told).toEqual([
      ["key_published", first.kid],
      ["key_activated", first.kid],
      ["key_published", second.kid],
      ["key_activated", second.kid],
      ["key_retired", first.kid],
    ]);
  });
});

describe("two replicas on one set", () => {
  test("sign in turn, and each one's tokens verify with the other's JWKS, across a rotation and a restart", async () => {
    const path = join(await createFolder(), "keys.json");
    const options = sharedOptions({ kind: "jwks", path });
    const [first, second] = [await createEntry(), await createEntry(testTime + 1_000)];
    await writeKeySet(path, [first]);
    const rooms = [await openRoom(options), await openRoom(options)];
    await writeKeySet(path, [first, second]);
    await Promise.all(rooms.map((room) => room.reload()));
    const used = new Set<string>();
    for (let now = testTime; now < testTime + 2_000; now += 50) {
      if (now === testTime + 1_050) rooms[0] = await openRoom(options, createTokenWorld(now));
      const signer = known(rooms[(now / 50) % 2]);
      const token = await mint(signer, now);
      used.add(kidOf(token));
      for (const room of rooms) {
        for (const age of [0, 299]) {
          const keys = createLocalJWKSet({ keys: room.keys.publicKeys(now + age).map((key) => ({ ...key })) });
          const at = { audience: flights, issuer: options.issuer, currentDate: new Date((now + age) * 1000) };
          await expect(jwtVerify(token, keys, at)).resolves.toBeDefined();
        }
      }
    }
    expect([...used]).toEqual([first.kid, second.kid]);
  });
});

describe("a Kubernetes Secret of PEM files", () => {
  test("is followed when the mount swaps its links", async () => {
    const folder = await createFolder();
    const world = createTokenWorld();
    const pem = async (entry: Awaited<ReturnType<typeof createEntry>>) =>
      createPrivateKey({ key: { ...entry }, format: "jwk" }).export({ format: "pem", type: "sec1" });
    const [first, second] = [await createEntry(), await createEntry()];
    await writeText(join(folder, "..v1", "2026-a.pem"), await pem(first), 0o644);
    await symlink("..v1", join(folder, "..data"));
    await symlink(join("..data", "2026-a.pem"), join(folder, "2026-a.pem"));
    const room = await openRoom(sharedOptions({ kind: "pem", folder }), world);
    expect(room.state()).toMatchObject({ active: { kid: first.kid }, isExposed: true });

    const followed = world.announcer.next("key_published");
    await writeText(join(folder, "..v2", "2026-a.pem"), await pem(first), 0o440);
    await writeText(join(folder, "..v2", "2026-b.pem"), await pem(second), 0o440);
    await writeText(join(folder, "..v2", "2026-b.activate_at"), `${testTime + 3_600}\n`, 0o440);
    await symlink("..v2", join(folder, "..draft"));
    await rename(join(folder, "..draft"), join(folder, "..data"));
    await symlink(join("..data", "2026-b.activate_at"), join(folder, "2026-b.activate_at"));
    await symlink(join("..data", "2026-b.pem"), join(folder, "2026-b.pem"));
    await followed;
    await room.reload();
    expect(room.state()).toMatchObject({
      active: { kid: first.kid },
      next: [{ kid: second.kid, signsFrom: testTime + 3_600 }],
      problem: undefined,
      isExposed: false,
    });
  });
});
