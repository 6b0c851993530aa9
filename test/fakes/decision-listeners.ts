/** Listeners for the shipped policy's operations: every door that decides, on the agent's side and on the resource's. */
import { type HeldDoor, heldDoors, sendsBody } from "./decision-doors.ts";

const audienceOf = (host: string): string => `https://${host}.example/api`;
const hosts = ["flights", "hotels", "crm", "deploy", "erp", "archive", "stock"];
const audiences = hosts.map(audienceOf);

const book = { method: "POST", path: "/flights/{id}/bookings", resource: { type: "flight", id: "id" } };
const at = (host: string, operation: object): object => ({
  host: `${host}.example`,
  audience: audienceOf(host),
  ...operation,
});

/** Where a body comes with a call, what it is about is known from there. */
const payment = { properties: { amount: ["payment", "amount"], currency: ["payment", "currency"] } };

const issuedAt = (door: HeldDoor): readonly object[] => [
  at("flights", { ...book, action: "book_flight" }),
  at("hotels", { ...book, action: "book_flight" }),
  at("flights", { method: "GET", path: "/flights", action: "search_flights" }),
  at("crm", {
    method: "GET",
    path: "/records/{tier}/{id}",
    action: "read_record",
    resource: { type: "record", id: "id" },
  }),
  at("deploy", {
    method: "POST",
    path: "/services/{id}/restarts",
    action: "restart_service",
    resource: { type: "service", id: "id" },
  }),
  at("erp", {
    method: "POST",
    path: "/invoices/{id}/payments",
    action: "pay_invoice",
    resource: { type: "invoice", id: "id" },
    ...(sendsBody(door) ? payment : {}),
  }),
  at("archive", { method: "GET", path: "/reports", action: "view_report" }),
  at("stock", { method: "POST", path: "/orders", action: "reorder_stock" }),
];

const used = [
  at("flights", { ...book, permission: "flights:book" }),
  at("flights", { method: "DELETE", path: "/flights/{id}", permission: "flights:cancel" }),
  at("crm", {
    method: "GET",
    path: "/records/{tier}/{id}",
    permission: "records:read",
    resource: { type: "record", id: "id" },
  }),
];

const agentSide = (door: HeldDoor): object => ({
  position: "issue",
  audiences,
  evidence:
    door === "ext_authz_grpc"
      ? { from: "metadata", subject: "person", actor: "agent" }
      : { from: "payload_headers", subject: "x-person", actor: "x-agent" },
  operations: issuedAt(door),
});
const resourceSide = { position: "use", audiences: ["flights", "crm"].map(audienceOf), operations: used };

/** By name: `authorize`, and for each door of held calls `<door>-issue` and `<door>-use`. JSON is YAML. */
export function renderListeners(folder: string): string {
  const listener = (name: string, door: string, more: object = {}): object => ({
    name,
    address: `unix:${folder}/run/${name}.sock`,
    doors: [door],
    callers: "socket",
    ...more,
  });
  return JSON.stringify({
    // A test machine may be starved for longer than a gateway would wait; the deadline has tests of its own.
    policy: { deadline_milliseconds: 1000 },
    listeners: [
      listener("authorize", "authorize"),
      ...heldDoors.flatMap((door) => [
        listener(listenerName(door, "issue"), door, { ext_authz: agentSide(door) }),
        listener(listenerName(door, "use"), door, { ext_authz: resourceSide }),
      ]),
    ],
  });
}

export const listenerName = (door: HeldDoor, position: "issue" | "use"): string =>
  `${door.replaceAll("_", "-")}-${position}`;
