/** docs/bundles.md lists limits and codes; it must list all, with their values. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { policyLimits } from "../../src/policy/policy-limits.ts";
import type { BundleRejectionCode } from "../../src/ports/policy-status.ts";

const page = readFileSync(join(import.meta.dirname, "../../docs/bundles.md"), "utf8");

/** The compiler holds this to the port. */
const codes: Readonly<Record<BundleRejectionCode, true>> = {
  bundle_missing: true,
  bundle_unreadable: true,
  bundle_too_large: true,
  bundle_entry_refused: true,
  bundle_signature_wrong: true,
  bundle_entrypoint_missing: true,
  bundle_layout_wrong: true,
  bundle_catalogue_wrong: true,
  bundle_builtin_missing: true,
  bundle_samples_failed: true,
};

test("every limit stands in the table with its value, and no other", () => {
  const rows = [...page.matchAll(/^\| `(\w+)` \| (\d+) \|/gm)].map(([, name, value]) => [name, Number(value)]);
  expect(Object.fromEntries(rows)).toEqual(policyLimits);
});

test("every code of a refusal stands in the table, and no other", () => {
  const rows = [...page.matchAll(/^\| `(bundle_\w+)` \|/gm)].map(([, code]) => code);
  expect(rows).toEqual(Object.keys(codes));
});
