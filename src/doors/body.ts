/** Reads a body: of one media type, application/json unless the door says otherwise, unencoded and bounded. */
import type { IncomingMessage, ServerResponse } from "node:http";
import { bounds } from "../domain/bounds.ts";
import { RequestError } from "../domain/request-error.ts";
import { hasDuplicate } from "./headers.ts";

const mediaType = /^application\/json[ \t]*(?:;[ \t]*charset=(?:utf-8|"utf-8")[ \t]*)?$/i;

/** The bytes, why they are refused, or undefined when the caller hung up first. */
export type Body = Uint8Array | RequestError | undefined;

/** The refusal that the headers alone call for. */
export function checkMediaType(request: IncomingMessage): RequestError | undefined {
  const type = request.headers["content-type"];
  const isJson = type === "application/json" || (type !== undefined && mediaType.test(type));
  return isJson && isPlain(request) ? undefined : new RequestError("media_type_unsupported");
}

/** One media type, no coding. Node undoes chunks and nothing else; a coding that it would pass on unread is refused like one of the content. */
export function isPlain(request: IncomingMessage): boolean {
  const { headers } = request;
  const transfer = headers["transfer-encoding"];
  return (
    headers["content-encoding"] === undefined &&
    (transfer === undefined || transfer.toLowerCase() === "chunked") &&
    !hasDuplicate(request, "content-type")
  );
}

/** Resolves once; never rejects. A body that is too large is read away up to `discardBytesMax` before it is refused. */
export function readBody(request: IncomingMessage, response: ServerResponse, discardBytesMax: number): Promise<Body> {
  const declared = Number(request.headers["content-length"] ?? 0);
  if (declared > discardBytesMax) return Promise.resolve(new RequestError("body_too_large"));
  if (request.headers.expect !== undefined && request.httpVersion === "1.1") {
    if (declared > bounds.bodyBytesMax) return Promise.resolve(new RequestError("body_too_large"));
    response.writeContinue();
  }
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let size = 0;
    request.on("data", (chunk: Buffer) => {
      size += chunk.byteLength;
      if (size <= bounds.bodyBytesMax) chunks.push(chunk);
      else chunks.length = 0;
      if (size > discardBytesMax) resolve(new RequestError("body_too_large"));
    });
    request.on("end", () => {
      if (size > bounds.bodyBytesMax) return resolve(new RequestError("body_too_large"));
      const [first] = chunks;
      resolve(chunks.length === 1 ? first : Buffer.concat(chunks, size));
    });
    // After `end` this changes nothing; before it, the caller is gone or was too slow and has been answered.
    request.on("close", () => resolve(undefined));
  });
}
