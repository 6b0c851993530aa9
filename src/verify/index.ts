/** `chaperone/verify`: role tokens for resource servers, with nothing but `jose` (docs/verify.md). */
export { RoleTokenError, type RoleTokenErrorCode, roleTokenErrors } from "./role-token-error.ts";
export type { LimitedPermissions, LimitedUse, Party, RoleToken, RoleTokenExpectations } from "./role-token.ts";
export { verifyRoleToken } from "./verify-role-token.ts";
