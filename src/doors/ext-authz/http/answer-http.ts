/** One request of a gateway over HTTP, from what it says of the held call to the answer in its dialect. */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { GatewayName } from "../../../domain/identifiers.ts";
import { RequestError } from "../../../domain/request-error.ts";
import type { Answers } from "../../answers.ts";
import { readBody } from "../../body.ts";
import type { DoorLimits } from "../../limits.ts";
import type { AnswerHeldCall, HeldBody, HeldCallAnswer } from "../held-call.ts";
import { turnAway } from "../turned-away.ts";
import type { Dialect } from "./dialect.ts";

export interface AnswerSite {
  readonly dialect: Dialect;
  readonly answerHeldCall: AnswerHeldCall;
  readonly answers: Answers;
  readonly limits: DoorLimits;
}

export async function answerHttp(
  site: AnswerSite,
  request: IncomingMessage,
  response: ServerResponse,
  gateway: GatewayName,
): Promise<void> {
  const { dialect, answerHeldCall, limits } = site;
  const body = await readBody(request, response, limits.discardBytesMax);
  if (body === undefined) return;
  // What is left of it cannot be told from the next request.
  if (body instanceof RequestError) response.shouldKeepAlive = false;
  const call = dialect.read(request, describeBody(dialect, body));
  if (call === undefined) return tell(site, response, "target_malformed");
  write(response, dialect, await answerHeldCall(call, gateway));
}

/** A "no" before anything was decided. */
export function tell(
  { dialect, answers }: AnswerSite,
  response: ServerResponse,
  code: "credential_required" | "busy" | "target_malformed" | "internal_fault",
): void {
  if (code !== "internal_fault") answers.note(response, code);
  write(response, dialect, turnAway(code));
}

/** What is larger than the limit is a body of which the rest is missing; what a dialect does not send is absent. */
function describeBody({ sendsBody }: Dialect, body: Uint8Array | RequestError): HeldBody {
  if (!sendsBody) return { kind: "absent" };
  if (body instanceof RequestError) return { kind: "partial", bytes: Buffer.alloc(0), isExact: true };
  return body.byteLength === 0 ? { kind: "absent" } : { kind: "whole", bytes: body, isExact: true };
}

function write(response: ServerResponse, dialect: Dialect, answer: HeldCallAnswer): void {
  if (response.destroyed || response.headersSent) return;
  const { status, headers, body } = dialect.render(answer);
  const length = ["content-length", String(Buffer.byteLength(body))];
  response.writeHead(status, [...headers, ...length, "cache-control", "no-store"]);
  response.end(body);
}
