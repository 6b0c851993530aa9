/** Forms that nobody would send: none gets a token without a decision, none breaks the door. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { deny } from "../fakes/doors-house.ts";
import { tokenErrors } from "../../src/doors/token-errors.ts";
import { basicHeader, bearerForm, exchangeForm, openTokenHouse, renderForm } from "../fakes/token-client.ts";

const seed = 8693;
const names = [
  ...Object.keys({ ...exchangeForm, ...bearerForm }),
  "scope",
  "resource",
  "audience",
  "authorization_details",
  "requested_token_type",
  "requested_token_use",
  "client_id",
  "client_secret",
  "client_assertion",
  "client_assertion_type",
  "__proto__",
];
const values = fc.oneof(
  fc.constantFrom(...Object.values({ ...exchangeForm, ...bearerForm }), "", "a.b.c", "[]", "[{}]", "%00", "\u0000"),
  fc.string({ unit: "binary", maxLength: 40 }),
  fc.json({ maxDepth: 3 }),
);
const mutated = fc
  .array(fc.tuple(fc.constantFrom(...names), values), { maxLength: 6 })
  .map((changes) => renderForm({ ...exchangeForm, ...Object.fromEntries(changes) }));
const joined = fc
  .array(fc.tuple(fc.constantFrom(...names), fc.string({ maxLength: 20 })), { maxLength: 12 })
  .map((pairs) => pairs.map(([name, value]) => `${name}=${value}`).join("&"));
const bodies = fc.oneof(
  mutated,
  joined,
  fc.uint8Array({ maxLength: 400 }),
  fc.string({ unit: "binary", maxLength: 400 }),
);

describe.each([
  ["a client", basicHeader()],
  ["nobody", {}],
])("forms of %s", (who, headers) => {
  test("get an OAuth error each, never a token, never a 5xx", async () => {
    const { send, asked, house } = await openTokenHouse(deny);
    let understood = 0;
    await fc.assert(
      fc.asyncProperty(bodies, async (body) => {
        const before = asked.length;
        const answer = await send(body, headers);
        expect([400, 401]).toContain(answer.status);
        expect(Object.keys(tokenErrors)).toContain(answer.json["error"]);
        expect(answer.json).not.toHaveProperty("access_token");
        // Only what was decided carries a decision.
        expect("decision_id" in answer.json).toBe(asked.length > before);
        understood += asked.length - before;
      }),
      { seed, numRuns: 600 },
    );
    expect(house.faults).toEqual([]);
    // The fuzz must reach the decision, or it proves nothing about it.
    if (who === "nobody") expect(understood).toBe(0);
    else expect(understood).toBeGreaterThan(20);
  });
});
