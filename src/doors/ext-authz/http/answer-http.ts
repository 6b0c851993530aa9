/** One request of a gateway over HTTP, from what it says of the held call to the answer in its dialect. */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { GatewayName } from "../../../domain/identifiers.ts";
import { RequestError } from "../../../domain/request-error.ts";
import { readBody } from "../../body.ts";
import type { Answers } from "../../answers.ts";
import type { DoorLimits } from "../../limits.ts";
import type { AnswerHeldCall, HeldBody, HeldCallAnswer } from "../held-call.ts";
import { turnAway } from "../turned-away.ts";
import type { Dialect } from "./dialect.ts";

interface Site {
  readonly dialect: Dialect;
  readonly answerHeldCall: AnswerHeldCall;
  readonly answers: Answers;
  readonly limits: DoorLimits;
}

/** `gateway` undefined: the caller did not prove itself, and a held call of nobody is turned away. */
export async function answerHttp(
  site: Site,
  request: IncomingMessage,
  response: ServerResponse,
  gateway: GatewayName | undefined,
): Promise<void> {
  const answer = await answerOf(site, request, response, gateway);
  if (answer !== undefined) write(response, site.dialect, answer);
}

async function answerOf(
  { dialect, answerHeldCall, answers, limits }: Site,
  request: IncomingMessage,
  response: ServerResponse,
  gateway: GatewayName | undefined,
): Promise<HeldCallAnswer | undefined> {
  if (gateway === undefined) {
    answers.note(response, "credential_required");
    return turnAway("credential_required");
  }
  const body = await readBody(request, response, limits.discardBytesMax);
  if (body === undefined) return undefined;
  const call = dialect.read(request, describeBody(dialect, body));
  if (call !== undefined) return answerHeldCall(call, gateway);
  answers.note(response, "target_malformed");
  return turnAway("target_malformed");
}

/** What is larger than the limit is a body of which the rest is missing; what a dialect does not send is absent. */
function describeBody({ sendsBody }: Dialect, body: Uint8Array | RequestError): HeldBody {
  if (!sendsBody) return { kind: "absent" };
  if (body instanceof RequestError) return { kind: "partial", bytes: Buffer.alloc(0) };
  return body.byteLength === 0 ? { kind: "absent" } : { kind: "whole", bytes: body };
}

function write(response: ServerResponse, dialect: Dialect, answer: HeldCallAnswer): void {
  if (response.destroyed || response.headersSent) return;
  const { status, headers, body } = dialect.render(answer);
  const length = ["content-length", String(Buffer.byteLength(body))];
  response.writeHead(status, [...headers, ...length, "cache-control", "no-store"]);
  response.end(body);
}
