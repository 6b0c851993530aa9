/**
 * Envoy's `http_service`: the request to this sidecar is the held call itself, with its method, path, Host and those
 * headers that the operator lists (`allowed_headers`). 200 lets it through; what is not 2xx and not 5xx turns it away.
 */
import type { IncomingMessage } from "node:http";
import type { HeldBody, HeldCall, HeldCallAnswer } from "../held-call.ts";
import type { Dialect, RenderedAnswer } from "./dialect.ts";
import { groupHeaders, takeOnly } from "./held-headers.ts";
import { renderTurnedAway } from "./render-turned-away.ts";

export const envoyHttp: Dialect = { sendsBody: true, read, render };

function read(request: IncomingMessage, body: HeldBody): HeldCall | undefined {
  const headers = groupHeaders(request);
  const host = takeOnly(headers, "host");
  const { method, url: target } = request;
  if (host === undefined || method === undefined || target === undefined) return undefined;
  const isPartial = headers.get("x-envoy-auth-partial-body")?.includes("true") === true;
  const held: HeldBody = isPartial
    ? { kind: "partial", bytes: body.kind === "absent" ? Buffer.alloc(0) : body.bytes, isExact: true }
    : body;
  return { method, host, target, headers, body: held, metadata: {}, peer: undefined };
}

/** A header reaches the call only when the operator lists it in `allowed_upstream_headers`; it then overwrites. */
function render(answer: HeldCallAnswer): RenderedAnswer {
  if (answer.kind === "turned_away") return renderTurnedAway(answer);
  const removed = answer.headersToRemove;
  return {
    status: 200,
    headers: [
      ...answer.headersToSet.flatMap(({ name, value }) => [name, value]),
      ...(removed.length === 0 ? [] : ["x-envoy-auth-headers-to-remove", removed.join(", ")]),
    ],
    body: "",
  };
}
