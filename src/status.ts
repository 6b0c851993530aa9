/** What operators and probes are told of the rooms; names, times and counts, never a secret. */
import type { AuditRoom } from "./audit/index.ts";
import type { Readiness } from "./doors/index.ts";
import { isJsonObject, type JsonObject } from "./domain/json.ts";
import type { CallPolicyRoom, PolicyRoom } from "./policy/index.ts";
import type { IssuerKeysStatus } from "./ports/issuer-keys-status.ts";
import type { Clock } from "./ports/clock.ts";
import type { TokenRoom } from "./tokens/index.ts";

export interface Rooms {
  readonly policy: PolicyRoom;
  /** Undefined: no other's policy is configured. */
  readonly callPolicy: CallPolicyRoom | undefined;
  readonly tokens: TokenRoom;
  readonly identity: IssuerKeysStatus;
  readonly audit: AuditRoom;
  readonly clock: Clock;
}

/** Ready means that a well-formed request can be allowed now. */
export function describeReadiness({ policy, callPolicy, tokens, identity, audit, clock }: Rooms): Readiness {
  const { rejection } = policy.state();
  const { epochSeconds, isReliable } = clock.read();
  const keys = tokens.state();
  const { failing } = audit.state();
  const checks = {
    clock: check(isReliable, "wall time stepped back"),
    policy: checkPolicy(policy, epochSeconds),
    ...(callPolicy === undefined ? {} : { call_policy: checkPolicy(callPolicy, epochSeconds) }),
    keys: check(keys.active !== undefined, keys.problem?.code ?? "no key is active"),
    audit: check(failing === undefined, failing?.why ?? ""),
  };
  const ready = Object.values(checks).every(({ ok }) => ok);
  // Said, but no reason to be taken out of service: the last good bundle still decides (DESIGN §7), and an issuer that is
  // out of reach is so for every replica, and for its own tokens alone.
  const refused = rejection ?? callPolicy?.state().rejection;
  const newestBundle = check(refused === undefined, refused?.code ?? "");
  const unfetched = identity.states().filter(({ failure }) => failure !== undefined);
  const issuerKeys = check(unfetched.length === 0, `not fetched: ${unfetched.map(({ issuer }) => issuer).join(", ")}`);
  return { ready, checks: { ...checks, newest_bundle: newestBundle, issuer_keys: issuerKeys } };
}

function check(ok: boolean, detail: string): { readonly ok: boolean; readonly detail?: string } {
  return ok ? { ok } : { ok, detail };
}

function checkPolicy(policy: PolicyRoom | CallPolicyRoom, now: number): ReturnType<typeof check> {
  const { active, rejection } = policy.state();
  return check(active !== undefined && isFresh(policy, now), rejection?.code ?? "no bundle is active");
}

/** A bundle that is too old throws instead of giving a snapshot. */
function isFresh(policy: PolicyRoom | CallPolicyRoom, now: number): boolean {
  try {
    policy.snapshot(now);
    return true;
  } catch {
    return false;
  }
}

/** For the admin door. A value that is not there is left out. */
export function describeStatus(rooms: Rooms, version: string): JsonObject {
  const status = {
    version,
    readiness: describeReadiness(rooms),
    policy: rooms.policy.state(),
    call_policy: rooms.callPolicy?.state(),
    keys: rooms.tokens.state(),
    issuer_keys: rooms.identity.states(),
    audit: rooms.audit.state(),
  };
  const plain: unknown = JSON.parse(JSON.stringify(status));
  return isJsonObject(plain) ? plain : {};
}
