/** Binds a server to its listener's address, or says by a closed code why not; the same for every transport. */
import { once } from "node:events";
import type { Server, Socket } from "node:net";
import type { Answers } from "./answers.ts";
import { ListenerError, type ListenerErrorCode } from "./listener-error.ts";
import type { ListenerOptions } from "./options.ts";
import { isErrno, openSocket, prepareSocket } from "./unix-socket.ts";

const namedErrors: Readonly<Record<string, readonly [ListenerErrorCode, string]>> = {
  EADDRINUSE: ["listener_address_in_use", "another process listens there"],
  EACCES: ["listener_permission_denied", "this process's user may not use it"],
  EPERM: ["listener_permission_denied", "this process's user may not use it"],
  EROFS: ["listener_permission_denied", "the file system is read-only"],
  EADDRNOTAVAIL: ["listener_address_unusable", "this host has no such address"],
  ENOTDIR: ["listener_address_unusable", "a part of the path is no folder"],
};

/** A server that listens, and what its end needs to know of it. */
export interface Listening {
  /** As `Listener` tells it. */
  readonly address: string;
  /** Every connection there is; the server's own list has none that is still shaking hands. */
  readonly sockets: ReadonlySet<Socket>;
  /** Resolves when no connection is left after the server was closed. */
  readonly closed: Promise<void>;
}

/** Throws a ListenerError, with the server closed. */
export async function startListening(server: Server, options: ListenerOptions, answers: Answers): Promise<Listening> {
  const sockets = trackSockets(server);
  const address = await listenNamed(server, options);
  // Accepting failed, e.g. for want of file descriptors; the listener goes on when there are some again.
  server.on("error", (cause) => answers.report(cause));
  return { address, sockets, closed: new Promise((resolve) => server.once("close", () => resolve())) };
}

async function listenNamed(server: Server, options: ListenerOptions): Promise<string> {
  try {
    return await listen(server, options);
  } catch (cause) {
    server.close();
    if (cause instanceof ListenerError) throw cause;
    const known = Object.keys(namedErrors).find((errno) => isErrno(cause, errno));
    const [code, advice] = namedErrors[known ?? ""] ?? ["listener_address_unusable", "it cannot be listened on"];
    const { address, name } = options;
    const where = address.kind === "unix" ? address.path : `${address.host}:${address.port}`;
    throw new ListenerError(code, `${name} (${where})`, advice, { cause });
  }
}

async function listen(server: Server, { address }: ListenerOptions): Promise<string> {
  if (address.kind === "unix") {
    const { isFolderNew } = await prepareSocket(address);
    server.listen(address.path);
    await once(server, "listening");
    await openSocket(address, isFolderNew);
    return `unix:${address.path}`;
  }
  server.listen({
    host: address.host === "localhost" ? "127.0.0.1" : address.host,
    port: address.port,
    exclusive: true,
  });
  await once(server, "listening");
  const bound = server.address();
  const port = typeof bound === "object" && bound !== null ? bound.port : address.port;
  const host = address.host.includes(":") ? `[${address.host}]` : address.host;
  return `${address.mtls === undefined ? "http" : "https"}://${host}:${port}`;
}

function trackSockets(server: Server): ReadonlySet<Socket> {
  const sockets = new Set<Socket>();
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  return sockets;
}
