/**
 * One listener that speaks gRPC: HTTP/2 with prior knowledge, or with mutual TLS, and unary methods alone. Written on
 * Node's own HTTP/2, because the library for it takes nearly twice the CPU for one Check.
 */
import {
  constants,
  createSecureServer,
  createServer,
  type Http2SecureServer,
  type Http2Server,
  type IncomingHttpHeaders,
  type Http2Session,
  type ServerHttp2Stream,
  type ServerOptions,
} from "node:http2";
import type { Answers } from "../../answers.ts";
import type { DoorLimits } from "../../limits.ts";
import { listenNamed, trackSockets } from "../../listen.ts";
import type { Listener } from "../../listener.ts";
import { ListenerError } from "../../listener-error.ts";
import { loadMutualTls } from "../../mutual-tls.ts";
import type { ListenerOptions, MutualTlsOptions } from "../../options.ts";
import type { GrpcReception } from "./grpc-reception.ts";
import { goAwayMilliseconds, headerPairsMax, sessionMemoryMegabytes, spareStreams } from "./limits.ts";

export async function openGrpcListener(
  options: ListenerOptions,
  reception: GrpcReception,
  answers: Answers,
  limits: DoorLimits,
): Promise<Listener> {
  const server = createGrpcServer(options, limits);
  const sessions = attach(server, reception, answers, limits);
  const sockets = trackSockets(server);
  const address = await listenNamed(server, options);
  server.on("error", (cause) => answers.report(cause));
  const closed = new Promise<void>((resolve) => server.once("close", () => resolve()));
  return {
    address,
    drain: async (graceMilliseconds) => {
      reception.isStopping = true;
      server.close();
      for (const session of sessions) dismiss(session);
      const late = setTimeout(() => sockets.forEach((socket) => socket.destroy()), graceMilliseconds);
      await closed;
      clearTimeout(late);
    },
  };
}

function createGrpcServer(
  { address, name, concurrencyMax }: ListenerOptions,
  limits: DoorLimits,
): Http2Server | Http2SecureServer {
  const options: ServerOptions = {
    maxSessionMemory: sessionMemoryMegabytes,
    maxHeaderListPairs: headerPairsMax,
    settings: {
      enablePush: false,
      maxConcurrentStreams: concurrencyMax + spareStreams,
      maxHeaderListSize: limits.headBytesMax,
    },
  };
  const mtls = address.kind === "tcp" ? address.mtls : undefined;
  const server = mtls === undefined ? createServer(options) : createMutual(options, mtls, name, limits);
  server.maxConnections = limits.connectionsMax;
  return server;
}

function createMutual(
  options: ServerOptions,
  mtls: MutualTlsOptions,
  name: string,
  limits: DoorLimits,
): Http2SecureServer {
  const material = loadMutualTls(mtls, name);
  try {
    return createSecureServer({
      ...options,
      ...material,
      handshakeTimeout: limits.headMilliseconds,
      allowHTTP1: false,
    });
  } catch (cause) {
    throw new ListenerError("listener_tls_unusable", name, "certificate, key and CA do not fit together", { cause });
  }
}

function attach(
  server: Http2Server | Http2SecureServer,
  reception: GrpcReception,
  answers: Answers,
  limits: DoorLimits,
): ReadonlySet<Http2Session> {
  const sessions = new Set<Http2Session>();
  server.on("session", (session: Http2Session) => {
    sessions.add(session);
    // Gateways keep connections for hours. One on which none has shown itself makes room for others.
    const unproven = setTimeout(() => {
      if (!reception.isProven(session)) session.close();
    }, limits.idleMilliseconds);
    session.once("close", () => {
      clearTimeout(unproven);
      sessions.delete(session);
    });
    if (reception.isStopping) dismiss(session);
  });
  // What broke the connection closed it as well, and nobody is left to be told.
  server.on("sessionError", () => answers.count("request_malformed"));
  server.on(
    "stream",
    (stream: ServerHttp2Stream, headers: IncomingHttpHeaders, _flags: number, rawHeaders: string[]) => {
      if (stream.session !== undefined) reception.serve({ stream, headers, rawHeaders, session: stream.session });
    },
  );
  return sessions;
}

/** First the word that no more is taken, then, when it has arrived, the end of what is not being answered. */
function dismiss(session: Http2Session): void {
  if (session.closed || session.destroyed) return;
  session.goaway(constants.NGHTTP2_NO_ERROR, lastStreamOfAll);
  const timer = setTimeout(() => {
    if (!session.closed) session.close();
  }, goAwayMilliseconds);
  session.once("close", () => clearTimeout(timer));
}

/** Everything that is on its way when the word is said is still taken (RFC 9113 §6.8). */
const lastStreamOfAll = 2 ** 31 - 1;
