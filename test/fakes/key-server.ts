/** An issuer's web server on this machine: it publishes keys rightly, or in one of the ways in which servers fail. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { setInterval } from "node:timers";
import { gzipSync } from "node:zlib";
import { onTestFinished } from "vitest";

export type Answer = (response: ServerResponse, request: IncomingMessage) => void;

export interface KeyServer {
  /** `http://127.0.0.1:port`. */
  readonly origin: string;
  /** The paths that were asked for so far. */
  readonly asked: readonly string[];
  readonly heads: readonly IncomingMessage["headers"][];
  /** How the next requests are answered. */
  answer: Answer;
  /** Resolves as soon as so many requests have come in. */
  reached(count: number): Promise<void>;
  close(): Promise<void>;
}

/** It is closed when the test ends, with whatever it still holds open. */
export async function openKeyServer(answer: Answer = json({ keys: [] })): Promise<KeyServer> {
  const asked: string[] = [];
  const heads: IncomingMessage["headers"][] = [];
  const sockets = new Set<Socket>();
  const waiting = new Set<() => void>();
  const server = createServer((request, response) => {
    asked.push(request.url ?? "");
    heads.push(request.headers);
    found.answer(response, request);
    for (const look of waiting) look();
  });
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    socket.on("close", () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  const found: KeyServer = {
    origin: `http://127.0.0.1:${port}`,
    asked,
    heads,
    answer,
    reached: (count) =>
      new Promise((resolve) => {
        const look = (): void => {
          if (asked.length < count) return;
          waiting.delete(look);
          resolve();
        };
        waiting.add(look);
        look();
      }),
    close: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => resolve());
      }),
  };
  onTestFinished(() => found.close());
  return found;
}

/** Any value as JSON; a text goes out as it stands. */
export function json(value: unknown, headers: Readonly<Record<string, string>> = {}): Answer {
  const body = typeof value === "string" ? value : JSON.stringify(value);
  return (response) => {
    response.writeHead(200, { "content-type": "application/json", ...headers }).end(body);
  };
}

/** Each path has its own answer; any other is 404. */
export function byPath(answers: Readonly<Record<string, Answer>>): Answer {
  return (response, request) => (answers[request.url ?? ""] ?? status(404))(response, request);
}

export const status =
  (code: number, headers: Readonly<Record<string, string>> = {}): Answer =>
  (response) =>
    void response.writeHead(code, { "content-type": "application/json", ...headers }).end('{"keys":[]}');

/** Takes the request and says nothing, ever. */
export const silent: Answer = () => {};

/** A byte every few milliseconds, without an end: each one is in time, and the whole never is. */
export const dripping: Answer = (response) => {
  response.writeHead(200, { "content-type": "application/json" });
  const drip = setInterval(() => response.write(" "), 5);
  response.on("close", () => clearInterval(drip));
};

/** Header fields one after another, and never the empty line. */
export const drippingHead: Answer = ({ socket }) => {
  socket?.write("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n");
  let count = 0;
  const drip = setInterval(() => socket?.write(`x-${(count += 1)}: a\r\n`), 5);
  socket?.on("close", () => clearInterval(drip));
};

/** Goes on sending for as long as somebody reads; says how much it got rid of. */
export function endless(sent: { bytes: number }, headers: Readonly<Record<string, string>> = {}): Answer {
  return (response) => {
    response.writeHead(200, { "content-type": "application/json", ...headers });
    const chunk = Buffer.alloc(16_384, " ");
    const pump = (): void => {
      while (!response.destroyed) {
        sent.bytes += chunk.byteLength;
        if (!response.write(chunk)) return void response.once("drain", pump);
      }
    };
    pump();
  };
}

/** 16 MiB of spaces in 16 KiB, though nobody asked for gzip. */
export const gzipBomb: Answer = (response) => {
  const body = gzipSync(Buffer.alloc(16 * 1_048_576, " "));
  response.writeHead(200, { "content-type": "application/json", "content-encoding": "gzip" }).end(body);
};

/** Promises more than it sends, and hangs up. */
export const halfBody: Answer = (response) => {
  response.writeHead(200, { "content-type": "application/json", "content-length": "1000" });
  response.write('{"keys":[', () => response.destroy());
};

export const reset: Answer = ({ socket }) => void socket?.resetAndDestroy();

/** Bytes that are no HTTP. */
export const raw =
  (text: string): Answer =>
  ({ socket }) =>
    void socket?.end(text);
