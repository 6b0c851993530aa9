/** Token rooms with real files and real signatures, in a world whose clock stands still until a test moves it. */
import { generateKeyPairSync } from "node:crypto";
import { chmod, mkdir, mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { calculateJwkThumbprint, decodeProtectedHeader, type JWK } from "jose";
import { onTestFinished } from "vitest";
import type { Grant } from "../../src/domain/grant.ts";
import type { EventRecord } from "../../src/domain/record.ts";
import type { Announcer } from "../../src/ports/announcer.ts";
import type { Clock } from "../../src/ports/clock.ts";
import { createTokenRoom, type KeySetOptions, type TokenOptions, type TokenRoom } from "../../src/tokens/index.ts";
import { grantOf } from "./grants.ts";
import { known, testTime } from "./path-ports.ts";

export interface MovableClock extends Clock {
  /** Epoch seconds. */
  time: number;
}

export interface ListeningAnnouncer extends Announcer {
  readonly events: EventRecord[];
  /** The next event of this name that is announced from now on. */
  next(event: EventRecord["event"]): Promise<EventRecord>;
}

export interface TokenWorld {
  readonly clock: MovableClock;
  readonly announcer: ListeningAnnouncer;
}

export function createTokenWorld(time = testTime): TokenWorld {
  const waiting: { event: string; resolve: (event: EventRecord) => void }[] = [];
  const events: EventRecord[] = [];
  const clock: MovableClock = { time, read: () => ({ epochSeconds: clock.time, isReliable: true }) };
  return {
    clock,
    announcer: {
      events,
      next: (event) => new Promise((resolve) => waiting.push({ event, resolve })),
      announce(record) {
        events.push(record);
        for (const one of waiting.filter(({ event }) => event === record.event)) {
          waiting.splice(waiting.indexOf(one), 1);
          one.resolve(record);
        }
      },
    },
  };
}

/** Gone when the test ends. */
export async function createFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "tokens-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

export const defaultOptions = {
  issuer: "http://localhost:8181",
  algorithm: "ES256",
  jwksCacheSeconds: 300,
  clockLeewaySeconds: 5,
} as const;

export async function developmentOptions(parts: Partial<TokenOptions> = {}): Promise<TokenOptions> {
  return { ...defaultOptions, keySet: { kind: "development", folder: join(await createFolder(), "keys") }, ...parts };
}

export const sharedOptions = (keySet: KeySetOptions, parts: Partial<TokenOptions> = {}): TokenOptions => ({
  ...defaultOptions,
  issuer: "https://chaperone.example",
  keySet,
  ...parts,
});

/** Closed when the test ends. */
export async function openRoom(options: TokenOptions, world: TokenWorld = createTokenWorld()): Promise<TokenRoom> {
  const room = await createTokenRoom(options, world);
  onTestFinished(() => room.close());
  return room;
}

/** A token signed now, for a grant made now. */
export function mint(room: TokenRoom, now: number, parts: Parameters<typeof grantOf>[0] = {}): Promise<string> {
  return mintFor(room, grantOf({ issuedAt: now, expiresAt: now + 300, ...parts }));
}

export async function mintFor(room: TokenRoom, grant: Grant): Promise<string> {
  return await room.minter.prepare(grant).sign();
}

export function kidOf(token: string): string {
  return known(decodeProtectedHeader(token).kid);
}

export type PrivateEntry = JWK & { readonly kid: string };

export async function createEntry(
  activateAt?: number | string,
  algorithm: TokenOptions["algorithm"] = "ES256",
): Promise<PrivateEntry> {
  const { privateKey } =
    algorithm === "ES256" ? generateKeyPairSync("ec", { namedCurve: "P-256" }) : generateKeyPairSync("ed25519");
  const jwk = { ...privateKey.export({ format: "jwk" }), alg: algorithm, use: "sig" };
  const kid = await calculateJwkThumbprint(jwk);
  return { ...jwk, kid, ...(activateAt === undefined ? {} : { activate_at: activateAt }) };
}

/** Written beside and renamed, as a careful operator does. */
export async function writeKeySet(path: string, entries: readonly unknown[]): Promise<void> {
  await writeText(path, JSON.stringify({ keys: entries }));
}

export async function writeText(path: string, text: string | Uint8Array, mode = 0o600): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(`${path}.draft`, text);
  await chmod(`${path}.draft`, mode);
  await rename(`${path}.draft`, path);
}
