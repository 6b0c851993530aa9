/** The identity room with issuers whose keys come from outside, at a time that a test sets. */
import { onTestFinished } from "vitest";
import { createIdentityRoom, type IdentityRoom, type ProfileOptions } from "../../src/identity/index.ts";
import { createTestGuard } from "./clients.ts";
import { ourselves } from "./issuers.ts";
import { ownIssuer, testTime } from "./path-ports.ts";
import { createRecordingAnnouncer, type RecordingAnnouncer } from "./recording-announcer.ts";

export interface IdentityWorld {
  readonly room: IdentityRoom;
  readonly announcer: RecordingAnnouncer;
  /** Epoch seconds. */
  now: number;
}

export const followingTimes = { refreshSeconds: 300, staleSeconds: 3600 };

/** It is closed when the test ends. Nothing is fetched before it is asked for. */
export function openIdentityWorld(issuers: readonly ProfileOptions[]): IdentityWorld {
  const announcer = createRecordingAnnouncer();
  const clock = { read: () => ({ epochSeconds: world.now, isReliable: true }) };
  const options = {
    claims: {
      kind: "gateway-claims",
      capabilitySeparators: "space_or_comma",
      vouchedIssuers: [],
      ownIssuer,
      leewaySeconds: 5,
    },
    workloads: [],
    issuers,
    own: { issuer: ownIssuer, keys: { publicKeys: () => [ourselves.jwk] } },
    roleTokens: { issuers: [], leewaySeconds: 5 },
    clients: [],
    audiences: [ownIssuer],
  } as const;
  const room = createIdentityRoom(options, { clock, announcer, replayGuard: createTestGuard() });
  const world: IdentityWorld = { room, announcer, now: testTime };
  onTestFinished(() => room.close());
  return world;
}
