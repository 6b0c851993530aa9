/** Connections on which HTTP itself went wrong, so that there is no response object to answer with. */
import type { Duplex } from "node:stream";
import { Socket } from "node:net";
import { RequestError, type RequestErrorCode } from "../domain/request-error.ts";
import { type Answers, renderRequestError, statusOf } from "./answers.ts";

/** How long the other side may take to read the answer before the connection is cut. */
const lingerMilliseconds = 1_000;

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
  socket.end(`${head.join("\r\n")}\r\n\r\n${body}`);
  if (socket instanceof Socket) socket.setTimeout(lingerMilliseconds, () => socket.destroy());
  // Unread input would turn the close into a reset, which can overtake the answer.
  socket.resume();
}
