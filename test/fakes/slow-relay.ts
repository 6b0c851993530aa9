/** Stands between two processes and hands on bytes, each answer as late as it is told to. */
import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { setTimeout } from "node:timers/promises";

export interface SlowRelay {
  readonly address: string;
  /** How late answers are from now on. */
  delayMilliseconds: number;
  close(): void;
}

/** To a unix socket. */
export async function startSlowRelay(path: string): Promise<SlowRelay> {
  const sockets = new Set<Socket>();
  const server = createServer((near) => {
    const far = connect({ path });
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(from);
      from.on("error", () => to.destroy());
      from.on("close", () => to.destroy());
    }
    near.pipe(far);
    let before = Promise.resolve();
    far.on("data", (chunk: Buffer) => {
      const late = setTimeout(relay.delayMilliseconds);
      before = before.then(() => late).then(() => void near.write(chunk));
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const bound = server.address();
  if (typeof bound !== "object" || bound === null) throw new Error("the relay has no port");
  const relay: SlowRelay = {
    address: `http://127.0.0.1:${bound.port}`,
    delayMilliseconds: 0,
    close: () => {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
  return relay;
}
