/**
 * nginx's `auth_request`: a subrequest without a body that names the held call in `X-Original-Method` and
 * `X-Original-URI`. nginx takes 2xx, 401 and 403 for an answer and makes a 500 of anything else.
 */
import type { IncomingMessage } from "node:http";
import type { HeldBody, HeldCall, HeldCallAnswer } from "../held-call.ts";
import type { Dialect, RenderedAnswer } from "./dialect.ts";
import { groupHeaders, takeOnly } from "./held-headers.ts";
import { renderTurnedAway } from "./render-turned-away.ts";

export const nginxAuthRequest: Dialect = { sendsBody: false, read, render };

function read(request: IncomingMessage, body: HeldBody): HeldCall | undefined {
  const headers = groupHeaders(request);
  const host = takeOnly(headers, "host");
  const method = takeOnly(headers, "x-original-method");
  const target = takeOnly(headers, "x-original-uri");
  if (host === undefined || method === undefined || target === undefined) return undefined;
  return { method, host, target, headers, body, metadata: {}, peer: undefined };
}

/** The client sees none of these headers: nginx keeps a subrequest's answer to itself but for what `auth_request_set` takes. */
function render(answer: HeldCallAnswer): RenderedAnswer {
  if (answer.kind === "let_through") {
    return { status: 200, headers: answer.headersToSet.flatMap(({ name, value }) => [name, value]), body: "" };
  }
  const rendered = renderTurnedAway(answer);
  const { code, decisionId } = answer;
  return {
    ...rendered,
    status: rendered.status === 401 ? 401 : 403,
    headers: [
      ...rendered.headers,
      "x-chaperone-code",
      code,
      ...(decisionId === undefined ? [] : ["x-chaperone-decision-id", decisionId]),
    ],
  };
}
