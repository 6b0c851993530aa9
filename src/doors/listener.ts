/** One listener: an HTTP server at one address, opened completely or not at all, and closed within a bound. */
import type { IncomingMessage, Server, ServerOptions, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { Answers } from "./answers.ts";
import { type BrokenSite, closeWith, codeOfClientError } from "./broken-connection.ts";
import type { DoorLimits } from "./limits.ts";
import { startListening } from "./listen.ts";
import { ListenerError } from "./listener-error.ts";
import { loadMutualTls } from "./mutual-tls.ts";
import type { ListenerOptions, TcpAddress } from "./options.ts";

export interface Listener {
  /** `unix:<path>`, or the URL with the port that was really bound. */
  readonly address: string;
  /** Resolves when no connection is left, at the latest after the grace period. A second call may only shorten it. */
  drain(graceMilliseconds: number): Promise<void>;
}

/** Takes every request of a listener; told when the listener stops. */
export interface RequestReception {
  isStopping: boolean;
  /** What is said where HTTP itself went wrong. */
  readonly renderBroken: BrokenSite["renderBroken"];
  serve(request: IncomingMessage, response: ServerResponse): void;
}

export async function openListener(
  options: ListenerOptions,
  reception: RequestReception,
  answers: Answers,
  limits: DoorLimits,
): Promise<Listener> {
  const server = createHttpServer(options, limits);
  attach(server, reception, answers);
  const { address, sockets, closed } = await startListening(server, options, answers);
  return {
    address,
    drain: async (graceMilliseconds) => {
      reception.isStopping = true;
      const stop = startClosing(server, sockets, graceMilliseconds);
      await closed;
      stop();
    },
  };
}

function createHttpServer({ address, name }: ListenerOptions, limits: DoorLimits): Server {
  const options: ServerOptions = {
    maxHeaderSize: limits.headBytesMax,
    headersTimeout: limits.headMilliseconds,
    requestTimeout: limits.requestMilliseconds,
    keepAliveTimeout: limits.idleMilliseconds,
    connectionsCheckingInterval: limits.checkMilliseconds,
    insecureHTTPParser: false,
    // Reception says it with a closed code.
    requireHostHeader: false,
  };
  const server =
    address.kind === "tcp" && address.mtls !== undefined
      ? createMutual(options, address.mtls, name)
      : process.getBuiltinModule("node:http").createServer(options);
  server.maxConnections = limits.connectionsMax;
  // Headers beyond a count would be dropped unseen; the head's size is the bound.
  server.maxHeadersCount = 0;
  return server;
}

function createMutual(options: ServerOptions, mtls: NonNullable<TcpAddress["mtls"]>, name: string): Server {
  const material = loadMutualTls(mtls, name);
  try {
    const { createServer } = process.getBuiltinModule("node:https");
    return createServer({ ...options, ...material, handshakeTimeout: options.headersTimeout });
  } catch (cause) {
    throw new ListenerError("listener_tls_unusable", name, "certificate, key and CA do not fit together", { cause });
  }
}

function attach(server: Server, reception: RequestReception, answers: Answers): void {
  const site = { answers, renderBroken: reception.renderBroken };
  server.on("request", (request, response) => reception.serve(request, response));
  // The door asks for the body when it wants it.
  server.on("checkContinue", (request, response) => reception.serve(request, response));
  server.on("checkExpectation", (request, _response) => closeWith(request.socket, "request_malformed", site));
  server.on("connect", (_request, socket) => closeWith(socket, "method_not_allowed", site));
  server.on("clientError", (error, socket) => closeWith(socket, codeOfClientError(error), site));
}

/** How often idle connections are looked for while answers are still being written. */
const drainCheckMilliseconds = 10;

/** The returned function ends the watch once the server is closed. */
function startClosing(server: Server, sockets: ReadonlySet<Socket>, graceMilliseconds: number): () => void {
  server.close();
  const idle = setInterval(() => server.closeIdleConnections(), drainCheckMilliseconds);
  const late = setTimeout(() => sockets.forEach((socket) => socket.destroy()), graceMilliseconds);
  return () => {
    clearInterval(idle);
    clearTimeout(late);
  };
}
