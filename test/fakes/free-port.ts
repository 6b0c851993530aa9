/**
 * A port for a server whose address must be known before it listens, such as an issuer's. It is below those that the
 * kernel gives out by itself, so no connection of another test takes it in between.
 */
import { once } from "node:events";
import { createServer } from "node:http";

export async function findFreePort(): Promise<number> {
  for (;;) {
    const port = 20_000 + Math.floor(Math.random() * 10_000);
    const probe = createServer();
    const isFree = await Promise.race([
      once(probe.listen(port, "127.0.0.1"), "listening").then(() => true),
      once(probe, "error").then(() => false),
    ]).catch(() => false);
    if (!isFree) continue;
    probe.close();
    await once(probe, "close");
    return port;
  }
}
