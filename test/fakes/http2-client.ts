/** Sends what no gRPC library would: any head, any bytes, any end. */
import { type ClientHttp2Session, connect } from "node:http2";
import { connect as connectSocket } from "node:net";
import { onTestFinished } from "vitest";
import { checkPath } from "./grpc-client.ts";

/** A field that may stand once can be sent twice. */
const anyHead = { maxSessionMemory: 10, strictSingleValueFields: false };

/** A session that is cut when the test ends; what breaks it is no error of the test. */
export function connectHttp2(address: string): ClientHttp2Session {
  const path = address.startsWith("unix:") ? address.slice(5) : undefined;
  const session =
    path === undefined
      ? connect(address, anyHead)
      : connect("http://localhost", { ...anyHead, createConnection: () => connectSocket({ path }) });
  session.on("error", () => undefined);
  onTestFinished(() => session.destroy());
  return session;
}

export const grpcHead = {
  ":method": "POST",
  ":path": checkPath,
  "content-type": "application/grpc",
  te: "trailers",
} as const;

export interface RawAnswer {
  /** HTTP's; undefined when the stream ended without an answer. */
  readonly status: number | undefined;
  /** From headers or trailers. */
  readonly grpcStatus: string | undefined;
  readonly body: Buffer;
  readonly rstCode: number;
}

/** A message as gRPC frames it. */
export function frame(message: Uint8Array, flag = 0): Buffer {
  const prefix = Buffer.from([flag, 0, 0, 0, 0]);
  prefix.writeUInt32BE(message.byteLength, 1);
  return Buffer.concat([prefix, message]);
}

/** `body` undefined: the request is left open. */
export function requestRaw(
  session: ClientHttp2Session,
  head: Readonly<Record<string, string | string[]>>,
  body?: Uint8Array,
): Promise<RawAnswer> {
  return new Promise((resolve) => {
    const stream = session.request({ ...grpcHead, ...head });
    let status: number | undefined;
    let grpcStatus: string | undefined;
    const note = (headers: Record<string, unknown>): void => {
      const found = headers["grpc-status"];
      if (typeof found === "string") grpcStatus = found;
    };
    const chunks: Buffer[] = [];
    stream.on("response", (headers) => {
      status = headers[":status"];
      note(headers);
    });
    stream.on("trailers", note);
    stream.on("data", (chunk: Buffer) => chunks.push(chunk));
    stream.on("error", () => undefined);
    stream.on("close", () => {
      resolve({ status, grpcStatus, body: Buffer.concat(chunks), rstCode: stream.rstCode });
    });
    if (body !== undefined) stream.end(body);
  });
}
