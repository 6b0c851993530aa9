/** `chaperone serve`: builds the house, opens its doors, and stops in order when it is told to. */
import { assemble, type House } from "../assemble.ts";
import type { Config } from "../config/index.ts";
import type { OpenListeners } from "../doors/index.ts";
import { startWatchdog } from "../policy/index.ts";
import type { CliIo, Run } from "./command.ts";
import { exitCodes } from "./exit-codes.ts";
import { renderGreeting } from "./greeting.ts";
import { limits } from "./limits.ts";
import { requireConfig } from "./read-config.ts";

export const serve: Run = async (given, io) => {
  const config = requireConfig(given, io);
  if (config === undefined) return exitCodes.wrong;
  // Before anything of a bundle runs: one that never ends would hold the start for ever.
  const watchdog = startWatchdog();
  try {
    await serveUntilStopped(config, io);
  } finally {
    await watchdog.stop();
  }
  return exitCodes.yes;
};

async function serveUntilStopped(config: Config, io: CliIo): Promise<void> {
  const house = await assemble(config, { version: io.version, log: io.stderr });
  // Signals are heard before the doors open: an early SIGTERM must not leave a socket behind.
  const stop = waitForStop(house, io);
  try {
    const open = await house.listen();
    announce(config, house, open);
    io.stdout.write(renderGreeting(config, house, open));
    house.events.stopping(await stop.signal);
    await open.drain(limits.drainMilliseconds);
  } finally {
    await house.close();
    stop.forget();
  }
}

function announce(config: Config, { events }: House, { addresses }: OpenListeners): void {
  if (config.developmentDefaults.length > 0) events.developmentDefaults(config.developmentDefaults);
  for (const { name, address, doors } of addresses) {
    if (address !== undefined) events.listening({ name, address, doors });
  }
}

interface Stop {
  readonly signal: Promise<string>;
  forget(): void;
}

/** The first stop signal wins; while it drains, a second one changes nothing, and the grace period is bounded. */
function waitForStop(house: House, io: CliIo): Stop {
  const { promise, resolve } = Promise.withResolvers<string>();
  const offs = [
    io.onCrash((cause) => house.events.failed("uncaught", cause)),
    io.onSignal("SIGTERM", () => resolve("SIGTERM")),
    io.onSignal("SIGINT", () => resolve("SIGINT")),
    io.onSignal("SIGHUP", () => {
      house.events.reloading("signal");
      void house.reload();
    }),
  ];
  return { signal: promise, forget: () => offs.forEach((off) => off()) };
}
