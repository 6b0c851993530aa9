/** Connections on which HTTP itself went wrong, so that there is no response object to answer with. */
import type { Duplex } from "node:stream";
import { RequestError, type RequestErrorCode } from "../domain/request-error.ts";
import { type Answers, renderRequestError, statusOf } from "./answers.ts";
import { lingerMilliseconds } from "./limits.ts";

/** Undefined: nobody is there any more to be told. */
export function codeOfClientError(error: Error): RequestErrorCode | undefined {
  const code = "code" in error ? error.code : undefined;
  if (code === "ERR_HTTP_REQUEST_TIMEOUT") return "request_too_slow";
  if (code === "HPE_HEADER_OVERFLOW" || code === "HPE_CHUNK_EXTENSIONS_OVERFLOW") return "head_too_large";
  return typeof code === "string" && code.startsWith("HPE_") ? "request_malformed" : undefined;
}

/** How a listener says it, to whomever its answers reach. */
export interface BrokenAnswer {
  readonly status: number;
  /** Name, value, name, value. */
  readonly headers: readonly string[];
  readonly body: string;
}

export interface BrokenSite {
  readonly answers: Answers;
  readonly renderBroken: (code: RequestErrorCode) => BrokenAnswer;
}

export function closeWith(
  socket: Duplex,
  code: RequestErrorCode | undefined,
  { answers, renderBroken }: BrokenSite,
): void {
  if (code === undefined || !socket.writable) {
    socket.destroy();
    return;
  }
  answers.count(code);
  socket.end(answers.isAnswered(socket) ? undefined : renderRaw(renderBroken(code)));
  // Unread input would turn the close into a reset, which can overtake the answer; so it is read, but not for ever.
  socket.resume();
  const late = setTimeout(() => socket.destroy(), lingerMilliseconds).unref();
  socket.once("close", () => clearTimeout(late));
}

/** With its code, for callers of our own. */
export function renderWithCode(code: RequestErrorCode): BrokenAnswer {
  return {
    status: statusOf[code],
    headers: ["content-type", "application/json", ...(code === "method_not_allowed" ? ["allow", ""] : [])],
    body: JSON.stringify(renderRequestError(new RequestError(code))),
  };
}

function renderRaw({ status, headers, body }: BrokenAnswer): string {
  const { STATUS_CODES } = process.getBuiltinModule("node:http");
  const lines = [`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ""}`];
  for (let at = 0; at < headers.length; at += 2) lines.push(`${headers[at] ?? ""}: ${headers[at + 1] ?? ""}`);
  lines.push("connection: close", `content-length: ${Buffer.byteLength(body)}`);
  lines.push("cache-control: no-store", "x-content-type-options: nosniff");
  return `${lines.join("\r\n")}\r\n\r\n${body}`;
}
