/** The one way this room says "could not": a fault that operators can read and that denies. */
import { Fault } from "../domain/refusal.ts";

export function unavailable(detail: string, cause?: unknown): Fault {
  const why = cause === undefined ? detail : `${detail}: ${causeOf(cause)}`;
  return new Fault("audit_unavailable", why, { cause });
}

/** `ENOSPC` and its like, else the error's name; messages can quote paths and are left out. */
export function causeOf(cause: unknown): string {
  if (cause instanceof Fault) return cause.detail;
  if (!(cause instanceof Error)) return "unknown";
  return "code" in cause && typeof cause.code === "string" ? cause.code : cause.name;
}
