import { expect, test } from "vitest";
import { isSealed } from "../../src/domain/grant.ts";
import { ExactSet } from "../../src/domain/exact-set.ts";
import { parsePermission } from "../../src/domain/identifiers.ts";
import { grantOf } from "../fakes/grants.ts";
import { known } from "../fakes/path-ports.ts";

test("a copy of a grant, changed or not, is no grant", () => {
  const grant = grantOf();
  expect(isSealed(grant)).toBe(true);
  expect(isSealed({ ...grant })).toBe(false);
  expect(isSealed({ ...grant, permissions: ExactSet.of([known(parsePermission("everything:write"))]) })).toBe(false);
});
