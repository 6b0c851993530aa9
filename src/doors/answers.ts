/** How a listener answers when there is no decision to render: one table from closed code to HTTP status. */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import { type FaultCode, Fault, faults } from "../domain/refusal.ts";
import { type RequestError, type RequestErrorCode, requestErrors } from "../domain/request-error.ts";
import type { Observer } from "../ports/observer.ts";
import { retryAfterSeconds } from "./limits.ts";

export const statusOf = {
  request_malformed: 400,
  request_too_slow: 408,
  head_too_large: 431,
  body_malformed: 400,
  body_too_large: 413,
  body_too_deep: 400,
  member_duplicated: 400,
  member_forbidden: 400,
  member_missing: 400,
  member_invalid: 400,
  member_not_accepted: 400,
  media_type_unsupported: 415,
  credential_required: 401,
  host_not_accepted: 421,
  origin_not_accepted: 403,
  route_unknown: 404,
  method_not_allowed: 405,
  busy: 429,
  target_malformed: 403,
  operation_unknown: 403,
  evidence_missing: 401,
} as const satisfies Record<RequestErrorCode, number>;

/** Headers that a code obliges us to send (RFC 9110 §11.6.1, §10.2.3). */
const headersOf: Partial<Record<RequestErrorCode, readonly string[]>> = {
  credential_required: ["WWW-Authenticate", "Bearer"],
  busy: ["Retry-After", String(retryAfterSeconds)],
  // What is left of the body cannot be told from the next request.
  body_too_large: ["Connection", "close"],
};

/** Answers are for the one who asked, now, and are never to be sniffed for another type. */
const fixedHeaders: readonly string[] = ["Cache-Control", "no-store", "X-Content-Type-Options", "nosniff"];

export function writeJson(response: ServerResponse, status: number, value: object, extra?: readonly string[]): void {
  // A caller that hung up gets nothing; what was decided is on record all the same.
  if (response.destroyed || response.headersSent) return;
  const body = JSON.stringify(value);
  const headers = ["Content-Type", "application/json", "Content-Length", String(Buffer.byteLength(body))];
  headers.push(...fixedHeaders);
  if (extra !== undefined) headers.push(...extra);
  response.writeHead(status, headers);
  response.end(body);
}

export function renderRequestError({ code, at }: RequestError): object {
  return at === undefined ? { code, message: requestErrors[code] } : { code, message: requestErrors[code], at };
}

const internalFault: FaultCode = "internal_fault";

/** What one listener says to those it turns away; each is counted under the listener's name. */
export class Answers {
  readonly #listener: string;
  readonly #observer: Observer;
  readonly #turnedAway = new WeakMap<Duplex, IncomingMessage>();

  constructor(listener: string, observer: Observer) {
    this.#listener = listener;
    this.#observer = observer;
  }

  turnAway(response: ServerResponse, error: RequestError, extra: readonly string[] = []): void {
    this.note(response, error.code);
    writeJson(response, statusOf[error.code], renderRequestError(error), [...(headersOf[error.code] ?? []), ...extra]);
  }

  /** Before an answer in a door's own words to a request that may not have been read to its end. */
  note({ req }: ServerResponse, code: RequestErrorCode): void {
    this.count(code);
    this.#turnedAway.set(req.socket, req);
  }

  /** True while the rest of a request arrives that was answered already: a second answer would belong to the next one. */
  isAnswered(socket: Duplex): boolean {
    return this.#turnedAway.get(socket)?.complete === false;
  }

  count(code: RequestErrorCode): void {
    this.#observer.turnedAway(this.#listener, code);
  }

  /** A door broke. The caller learns that and no more. */
  fail(response: ServerResponse, cause: unknown): void {
    this.report(cause);
    writeJson(response, 500, { code: internalFault, message: faults[internalFault] });
  }

  report(cause: unknown): void {
    this.#observer.faulted(new Fault(internalFault, `listener ${this.#listener} failed`, { cause }));
  }
}
