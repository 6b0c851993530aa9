/**
 * gRPC over one HTTP/2 stream, for methods of one message in and one out: what a request's head must say, how its
 * message is read, and how a stream is answered, once and never twice.
 */
import type { IncomingHttpHeaders, ServerHttp2Stream } from "node:http2";
import { type GrpcFailure, grpcStatus } from "./grpc-status.ts";

const prefixBytes = 5;
const mediaType = /^application\/grpc(?:\+proto)?[ \t]*(?:;|$)/i;
const timeout = /^(\d{1,8})([HMSmun])$/;
const millisecondsOf: ReadonlyMap<string | undefined, number> = new Map([
  ["H", 3_600_000],
  ["M", 60_000],
  ["S", 1_000],
  ["m", 1],
  ["u", 0.001],
  ["n", 0.000_001],
]);

/** What is wrong with a head before its path is looked at: an HTTP status, a gRPC status, or nothing. */
export function checkHead(headers: IncomingHttpHeaders): 405 | 415 | GrpcFailure | undefined {
  if (headers[":method"] !== "POST") return 405;
  if (!mediaType.test(headers["content-type"] ?? "")) return 415;
  const encoding = headers["grpc-encoding"];
  return encoding === undefined || encoding === "identity" ? undefined : "unimplemented";
}

/** How long the caller waits, `max` at most; undefined when what it says is no time. */
export function readPatience({ "grpc-timeout": given }: IncomingHttpHeaders, max: number): number | undefined {
  if (given === undefined) return max;
  const [, count, unit] = (typeof given === "string" ? timeout.exec(given) : undefined) ?? [];
  const each = millisecondsOf.get(unit);
  return each === undefined ? undefined : Math.min(Math.max(Math.ceil(Number(count) * each), 1), max);
}

/** `resource_exhausted`: larger than the bound by what its prefix says, so before it is read. */
export type MessageRead = Buffer | GrpcFailure;

/** Undefined when the stream is closed before; nobody waits for an answer then. */
export function readMessage(stream: ServerHttp2Stream, messageBytesMax: number): Promise<MessageRead | undefined> {
  const frame = new FrameReader(messageBytesMax);
  return new Promise((resolve) => {
    stream.on("data", (chunk: Buffer) => {
      const wrong = frame.add(chunk);
      if (wrong !== undefined) resolve(wrong);
    });
    stream.once("end", () => resolve(frame.finish()));
    stream.once("close", () => resolve(undefined));
  });
}

/** One message and its prefix, from however many chunks, each copied once at most. */
class FrameReader {
  readonly #messageBytesMax: number;
  #chunks: Buffer[] = [];
  #received = 0;
  #expected: number | undefined;
  #wrong: GrpcFailure | undefined;

  constructor(messageBytesMax: number) {
    this.#messageBytesMax = messageBytesMax;
  }

  /** Once something is wrong, nothing more is kept. */
  add(chunk: Buffer): GrpcFailure | undefined {
    if (this.#wrong !== undefined) return this.#wrong;
    this.#chunks.push(chunk);
    this.#received += chunk.length;
    this.#wrong = this.#check();
    if (this.#wrong !== undefined) this.#chunks = [];
    return this.#wrong;
  }

  finish(): MessageRead {
    if (this.#wrong !== undefined) return this.#wrong;
    return this.#received === this.#expected ? this.#join().subarray(prefixBytes) : "internal";
  }

  #check(): GrpcFailure | undefined {
    if (this.#expected === undefined && this.#received >= prefixBytes) {
      const head = this.#join();
      // No encoding is offered, so nothing may be compressed.
      if (head[0] !== 0) return "unimplemented";
      const length = head.readUInt32BE(1);
      if (length > this.#messageBytesMax) return "resource_exhausted";
      this.#expected = prefixBytes + length;
    }
    return this.#expected !== undefined && this.#received > this.#expected ? "internal" : undefined;
  }

  #join(): Buffer {
    const [first] = this.#chunks;
    return first !== undefined && this.#chunks.length === 1 ? first : Buffer.concat(this.#chunks);
  }
}

const responseHead = {
  ":status": 200,
  "content-type": "application/grpc",
  "grpc-accept-encoding": "identity",
} as const;
const success = { "grpc-status": String(grpcStatus.ok) } as const;

function isOpen(stream: ServerHttp2Stream): boolean {
  return !stream.destroyed && !stream.closed && !stream.headersSent;
}

export function respondMessage(stream: ServerHttp2Stream, message: Buffer): void {
  if (!isOpen(stream)) return;
  const frame = Buffer.allocUnsafe(prefixBytes + message.length);
  frame[0] = 0;
  frame.writeUInt32BE(message.length, 1);
  message.copy(frame, prefixBytes);
  stream.respond(responseHead, { waitForTrailers: true });
  stream.once("wantTrailers", () => {
    // The caller may have gone meanwhile, and then sending throws where nobody catches.
    if (!stream.destroyed && !stream.closed) stream.sendTrailers(success);
  });
  stream.end(frame);
}

/** An answer without a message. */
export function respondStatus(stream: ServerHttp2Stream, status: GrpcFailure): void {
  if (!isOpen(stream)) return;
  const headers = { ...responseHead, "grpc-status": String(grpcStatus[status]), "grpc-message": status };
  stream.respond(headers, { endStream: true });
}

/** To something that speaks no gRPC. */
export function respondHttp(stream: ServerHttp2Stream, status: 405 | 415): void {
  if (isOpen(stream)) stream.respond({ ":status": status }, { endStream: true });
}

/** After an answer that did not wait for the request's end: what still comes is read away, up to a bound. */
export function discardRest(stream: ServerHttp2Stream, bytesMax: number): void {
  let discarded = 0;
  stream.on("data", (chunk: Buffer) => {
    discarded += chunk.length;
    if (discarded > bytesMax) stream.close(http2Constants().NGHTTP2_ENHANCE_YOUR_CALM);
  });
}

/** After `milliseconds` a stream without an answer gets one, and one that does not end is ended. */
export function limitTime(stream: ServerHttp2Stream, milliseconds: number): void {
  const timer = setTimeout(() => {
    if (isOpen(stream)) {
      respondStatus(stream, "deadline_exceeded");
      if (!stream.readableEnded) stream.close(http2Constants().NGHTTP2_NO_ERROR);
    } else stream.close(http2Constants().NGHTTP2_CANCEL);
  }, milliseconds);
  stream.once("close", () => clearTimeout(timer));
}

/** HTTP/2 is loaded by its listeners alone; here it is there already. */
const http2Constants = () => process.getBuiltinModule("node:http2").constants;
