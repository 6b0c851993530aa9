/** RFC 9396 at the token endpoint: RAR-3, RAR-6…RAR-9. What is asked and answered otherwise stands with the door. */
import { expect, test } from "vitest";
import type { Json } from "../../../src/domain/json.ts";
import { claimsOf, hotels, openExchangeHouse } from "../../fakes/exchange-house.ts";
import { roleToken } from "../../fakes/issuers.ts";
import { call } from "../../fakes/open-house.ts";
import { flights } from "../../fakes/path-ports.ts";
import { expectRefused } from "../pitfalls/refusal.ts";

const detail = { type: "chaperone_action", locations: [flights], actions: ["flights:book"] };

test.each<[string, Json]>([
  ["locations as text", { ...detail, locations: flights }],
  ["a location that is a number", { ...detail, locations: [7] }],
  ["an empty location", { ...detail, locations: [""] }],
  ["actions as text", { ...detail, actions: "flights:book" }],
  ["an action that is null", { ...detail, actions: [null] }],
  ["no action", { ...detail, actions: [] }],
  ["an action twice", { ...detail, actions: ["flights:book", "flights:book"] }],
  ["a pattern with a space", { ...detail, actions: ["flights: *"] }],
  ["an identifier that is a list", { ...detail, identifier: ["trip-1"] }],
  ["an empty identifier", { ...detail, identifier: "" }],
  ["datatypes", { ...detail, datatypes: ["all"] }],
  ["privileges", { ...detail, privileges: ["admin"] }],
])("RAR-3: %s", async (_name, one) => {
  const house = await openExchangeHouse();
  const { status, json } = await house.ask({ authorization_details: JSON.stringify([one]) });
  expect([status, json["error"]]).toEqual([400, "invalid_authorization_details"]);
});

test("RAR-4: a scope beside them is asked as well, and neither widens the other", async () => {
  const house = await openExchangeHouse();
  const tied = { ...detail, actions: ["flights:pay"], identifier: "trip-1" };
  const answer = await house.ask({ scope: "flights:search", authorization_details: JSON.stringify([tied]) });
  expect(claimsOf(answer)).toMatchObject({ scope: "flights:search", authorization_details: [tied] });
});

test("RAR-6: the token carries what was granted as a claim of its own, and no scope or role says it too", async () => {
  const house = await openExchangeHouse();
  const tied = { ...detail, identifier: "trip-1" };
  const answer = await house.ask({ scope: undefined, authorization_details: JSON.stringify([tied]) });
  expect(claimsOf(answer)).toMatchObject({ scope: "", authorization_details: [tied] });
  expect(claimsOf(answer)).not.toHaveProperty("roles");
});

test("RAR-7: details for elsewhere are not left out but refused", async () => {
  const house = await openExchangeHouse();
  const elsewhere = { ...detail, locations: [hotels] };
  for (const details of [[elsewhere], [detail, elsewhere], [{ ...detail, locations: [flights, hotels] }]]) {
    const { status, json } = await house.ask({ authorization_details: JSON.stringify(details) });
    expect([status, json["error"]]).toEqual([400, "invalid_target"]);
  }
});

test("RAR-8: metadata names the one type that is served", async () => {
  const { address } = await openExchangeHouse();
  const { json } = await call(address, { path: "/.well-known/oauth-authorization-server" });
  expect(json["authorization_details_types_supported"]).toEqual([detail.type]);
});

test("RAR-9: a parent whose details are of a type that nobody here can compare ends its chain", async () => {
  const house = await openExchangeHouse();
  for (const details of [[{ type: "payment" }], [{ ...detail, limits: { max_calls: 1 } }], {}, "all", null]) {
    const answer = await house.ask({ subject_token: roleToken({ authorization_details: details }) });
    expectRefused(answer, house, "invalid_request", "claim_malformed");
  }
});
