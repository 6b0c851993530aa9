/** Whether the token permits this very call; asked last, because asking may count as one use. */
import { RoleTokenError } from "./role-token-error.ts";
import type { LimitedUse, RoleToken, RoleTokenExpectations } from "./role-token.ts";

type Call = Pick<RoleTokenExpectations, "requirePermissions" | "use">;

export async function requirePermissions(token: RoleToken, { requirePermissions: needed, use }: Call): Promise<void> {
  // Nobody says what this call is about, so nobody can hold it to what is attached.
  if (needed === undefined && token.details.length > 0) throw new RoleTokenError("permission_limited");
  const limited = [...new Set(needed)].filter((permission) => !token.permissions.includes(permission));
  const uses = limited.map((permission) => usesOf(permission, token));
  if (uses.some((choices) => choices.length === 0)) throw new RoleTokenError("permission_missing");
  if (uses.length > 0 && use === undefined) throw new RoleTokenError("permission_limited");
  for (const choices of uses) {
    if (!(await isAnyPermitted(choices, use))) throw new RoleTokenError("use_refused");
  }
}

/** One for each detail that holds the permission. */
function usesOf(permission: string, token: RoleToken): readonly LimitedUse[] {
  return token.details
    .filter((detail) => detail.actions.includes(permission))
    .map((detail) => ({ permission, detail, token }));
}

async function isAnyPermitted(choices: readonly LimitedUse[], use: Call["use"]): Promise<boolean> {
  for (const choice of choices) {
    try {
      const answer: unknown = await use?.(choice);
      if (answer === true) return true;
    } catch (cause) {
      throw new RoleTokenError("use_failed", { cause });
    }
  }
  return false;
}
