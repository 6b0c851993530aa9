/** What an operator sees of the keys: names and times, never a key. */
import type { KeySchedule, ScheduledKey } from "./key-schedule.ts";
import { type TokenRoomErrorCode, tokenRoomErrors } from "./token-room-error.ts";

export interface KeyView {
  readonly kid: string;
  readonly algorithm: string;
  /** Epoch seconds from which it signs; undefined for a key that left the set. */
  readonly signsFrom: number | undefined;
  /** Epoch seconds at which it leaves the JWKS; undefined while no newer key follows it. */
  readonly publishedUntil: number | undefined;
}

export interface KeyProblem {
  readonly code: TokenRoomErrorCode;
  /** For operators. */
  readonly detail: string;
  /** Epoch seconds at which it was first seen. */
  readonly since: number;
}

export interface KeyState {
  /** Undefined: no token can be signed, and the sidecar is not ready. */
  readonly active: KeyView | undefined;
  /** Published, and not signing yet. */
  readonly next: readonly KeyView[];
  /** Published, and signing no more. */
  readonly retiring: readonly KeyView[];
  /** Why the newest files are not in use; the last good set still is, if there was one. */
  readonly problem: KeyProblem | undefined;
  /** True when others on this machine may read a key file. */
  readonly isExposed: boolean;
}

export function renderKeyState(
  schedule: KeySchedule,
  now: number,
  rest: Pick<KeyState, "problem" | "isExposed">,
): KeyState {
  const active = schedule.active(now);
  const others = schedule.published(now).filter(({ key }) => key.kid !== active?.key.kid);
  const isNext = (one: ScheduledKey): boolean => isFinite(one.signsFrom) && one.signsFrom > now && isNewer(one, active);
  return {
    active: active === undefined ? undefined : renderKey(active),
    next: others.filter(isNext).map(renderKey),
    retiring: others.filter((one) => !isNext(one)).map(renderKey),
    problem: rest.problem ?? (active === undefined ? nothingSignsYet(now) : undefined),
    isExposed: rest.isExposed,
  };
}

function nothingSignsYet(now: number): KeyProblem {
  return { code: "keys_all_in_future", detail: tokenRoomErrors.keys_all_in_future, since: now };
}

function isNewer({ key }: ScheduledKey, active: ScheduledKey | undefined): boolean {
  return active === undefined || key.activateAt > active.key.activateAt;
}

function renderKey({ key, signsFrom, publishedUntil }: ScheduledKey): KeyView {
  return {
    kid: key.kid,
    algorithm: key.publicJwk.alg,
    signsFrom: isFinite(signsFrom) ? signsFrom : undefined,
    publishedUntil: isFinite(publishedUntil) ? publishedUntil : undefined,
  };
}
