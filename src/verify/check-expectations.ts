/** Options are the programmer's word: one that is wrong stops here, because a check without its option checks nothing. */
import { limits } from "./limits.ts";
import type { RoleTokenExpectations } from "./role-token.ts";

/** Callers may be JavaScript, so no option's type is believed. */
type Unproven = { readonly [Option in keyof RoleTokenExpectations]?: unknown };

/** Throws a TypeError that names the option. */
export function checkExpectations(options: Unproven): void {
  const { issuer, audience, now, clockToleranceSeconds, jwks, keys } = options;
  if (!isText(issuer)) throw new TypeError("issuer is the one issuer's text");
  if (!isText(audience)) throw new TypeError("audience is this resource server's own text");
  if ((jwks === undefined) === (keys === undefined)) throw new TypeError("one of jwks and keys");
  if (now !== undefined && !Number.isFinite(now)) throw new TypeError("now is epoch seconds");
  if (clockToleranceSeconds !== undefined && !isTolerance(clockToleranceSeconds)) {
    throw new TypeError(`clockToleranceSeconds is whole, 0 to ${limits.toleranceSecondsMax}`);
  }
  checkCall(options);
}

function checkCall({ requirePermissions, use }: Unproven): void {
  if (requirePermissions !== undefined) {
    const isList = Array.isArray(requirePermissions) && requirePermissions.length > 0;
    if (!isList || !requirePermissions.every(isText)) throw new TypeError("requirePermissions names one at least");
  }
  if (use !== undefined && typeof use !== "function") throw new TypeError("use is a function");
}

function isText(value: unknown): value is string {
  return typeof value === "string" && value.length > 0;
}

function isTolerance(value: unknown): boolean {
  return Number.isSafeInteger(value) && Number(value) >= 0 && Number(value) <= limits.toleranceSecondsMax;
}
