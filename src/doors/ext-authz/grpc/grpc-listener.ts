/**
 * One listener that speaks gRPC: HTTP/2 with prior knowledge, or with mutual TLS, and unary methods alone. Written on
 * Node's own HTTP/2, because the library for it takes nearly twice the CPU for one Check.
 */
import type {
  Http2SecureServer,
  Http2Server,
  IncomingHttpHeaders,
  Http2Session,
  ServerHttp2Stream,
  ServerOptions,
} from "node:http2";
import type { Socket } from "node:net";
import type { Answers } from "../../answers.ts";
import { type DoorLimits, lingerMilliseconds } from "../../limits.ts";
import { startListening } from "../../listen.ts";
import type { Listener } from "../../listener.ts";
import { ListenerError } from "../../listener-error.ts";
import { loadMutualTls } from "../../mutual-tls.ts";
import type { ListenerOptions, MutualTlsOptions } from "../../options.ts";
import { GrpcConnection } from "./grpc-connections.ts";
import type { GrpcReception } from "./grpc-reception.ts";
import { headerPairsMax, sessionMemoryMegabytes, spareStreams } from "./limits.ts";

export async function openGrpcListener(
  options: ListenerOptions,
  reception: GrpcReception,
  answers: Answers,
  limits: DoorLimits,
): Promise<Listener> {
  const server = createGrpcServer(options, limits);
  const connections = attach(server, reception, answers, limits);
  const { address, sockets, closed } = await startListening(server, options, answers);
  return {
    address,
    drain: async (graceMilliseconds) => {
      server.close();
      for (const connection of connections) connection.dismiss();
      const stop = cutWhenDone(connections, sockets, graceMilliseconds);
      await closed;
      stop();
    },
  };
}

/** A peer that does not end its half of a connection on which all is said holds nothing up. */
function cutWhenDone(
  connections: ReadonlySet<GrpcConnection>,
  sockets: ReadonlySet<Socket>,
  graceMilliseconds: number,
): () => void {
  const cut = (): void => sockets.forEach((socket) => socket.destroy());
  const late = setTimeout(cut, graceMilliseconds);
  let quietSince = Number.POSITIVE_INFINITY;
  const watch = setInterval(() => {
    const now = performance.now();
    quietSince = [...connections].every(({ isQuiet }) => isQuiet)
      ? Math.min(quietSince, now)
      : Number.POSITIVE_INFINITY;
    if (now - quietSince > lingerMilliseconds) cut();
  }, drainCheckMilliseconds);
  return () => {
    clearTimeout(late);
    clearInterval(watch);
  };
}

const drainCheckMilliseconds = 10;

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
  const server =
    mtls === undefined
      ? process.getBuiltinModule("node:http2").createServer(options)
      : createMutual(options, mtls, name, limits);
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
    return process.getBuiltinModule("node:http2").createSecureServer({
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
): ReadonlySet<GrpcConnection> {
  const bySession = new WeakMap<Http2Session, GrpcConnection>();
  const connections = new Set<GrpcConnection>();
  server.on("session", (session: Http2Session) => {
    const connection = new GrpcConnection(session, limits.idleMilliseconds);
    bySession.set(session, connection);
    connections.add(connection);
    session.once("close", () => connections.delete(connection));
    // It was still shaking hands when the listener stopped.
    if (!server.listening) connection.dismiss();
  });
  // What broke the connection closed it as well, and nobody is left to be told.
  server.on("sessionError", () => answers.count("request_malformed"));
  server.on(
    "stream",
    (stream: ServerHttp2Stream, headers: IncomingHttpHeaders, _flags: number, rawHeaders: string[]) => {
      // A broken stream is closed by the library, and there is nobody left to tell.
      stream.on("error", () => undefined);
      const { session } = stream;
      const connection = session === undefined ? undefined : bySession.get(session);
      if (session === undefined || connection === undefined) return;
      connection.note(stream);
      reception.serve({ stream, headers, rawHeaders, socket: session.socket, connection });
    },
  );
  return connections;
}
