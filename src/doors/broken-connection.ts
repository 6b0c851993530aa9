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

export function closeWith(socket: Duplex, code: RequestErrorCode | undefined, answers: Answers): void {
  if (code === undefined || !socket.writable) {
    socket.destroy();
    return;
  }
  answers.count(code);
  socket.end(answers.isAnswered(socket) ? undefined : renderRaw(code));
  // Unread input would turn the close into a reset, which can overtake the answer; so it is read, but not for ever.
  socket.resume();
  const late = setTimeout(() => socket.destroy(), lingerMilliseconds).unref();
  socket.once("close", () => clearTimeout(late));
}

function renderRaw(code: RequestErrorCode): string {
  const body = JSON.stringify(renderRequestError(new RequestError(code)));
  const head = [
    `HTTP/1.1 ${statusOf[code]} ${code}`,
    "Connection: close",
    "Content-Type: application/json",
    `Content-Length: ${Buffer.byteLength(body)}`,
    "Cache-Control: no-store",
    "X-Content-Type-Options: nosniff",
    ...(code === "method_not_allowed" ? ["Allow: "] : []),
  ];
  return `${head.join("\r\n")}\r\n\r\n${body}`;
}
