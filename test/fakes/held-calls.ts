/** Held calls as a dialect would hand them over. */
import type { HeldCall } from "../../src/doors/ext-authz/held-call.ts";

export interface HeldCallChanges extends Partial<Omit<HeldCall, "headers" | "body">> {
  readonly headers?: Readonly<Record<string, readonly string[]>>;
  readonly body?: HeldCall["body"] | string;
}

export function heldCall({ headers = {}, body, ...changes }: HeldCallChanges = {}): HeldCall {
  return {
    method: "GET",
    host: "flights.example",
    target: "/flights",
    headers: new Map(Object.entries(headers)),
    body:
      typeof body === "string"
        ? { kind: "whole", bytes: Buffer.from(body), isExact: true }
        : (body ?? { kind: "absent" }),
    metadata: {},
    peer: undefined,
    ...changes,
  };
}
