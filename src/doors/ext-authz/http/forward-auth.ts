/**
 * Traefik's and Caddy's `forwardAuth`: a GET without a body that names the held call in `X-Forwarded-Method`, `-Host` and
 * `-Uri`. 2xx lets it through with the headers that the operator lists; any other answer goes to the client as it is.
 */
import type { IncomingMessage } from "node:http";
import type { HeldBody, HeldCall, HeldCallAnswer } from "../held-call.ts";
import type { Dialect, RenderedAnswer } from "./dialect.ts";
import { groupHeaders, takeOnly } from "./held-headers.ts";
import { renderTurnedAway } from "./render-turned-away.ts";

export const forwardAuth: Dialect = { sendsBody: false, read, render };

function read(request: IncomingMessage, body: HeldBody): HeldCall | undefined {
  const headers = groupHeaders(request);
  headers.delete("host");
  const method = takeOnly(headers, "x-forwarded-method");
  const host = takeOnly(headers, "x-forwarded-host");
  const target = takeOnly(headers, "x-forwarded-uri");
  if (host === undefined || method === undefined || target === undefined) return undefined;
  return { method, host, target, headers, body, metadata: {}, peer: undefined };
}

function render(answer: HeldCallAnswer): RenderedAnswer {
  if (answer.kind === "turned_away") return renderTurnedAway(answer);
  return { status: 200, headers: answer.headersToSet.flatMap(({ name, value }) => [name, value]), body: "" };
}
