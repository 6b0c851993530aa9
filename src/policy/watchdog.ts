/**
 * Ends the process when its main thread no longer turns: an evaluation is synchronous, so one that never ends would
 * hold every decision for ever, health checks included. The watchdog is a thread of its own and kills from outside.
 */
import { Worker } from "node:worker_threads";
import { type WatchdogData, watchMainThread } from "./watchdog-worker.ts";

export interface Watchdog {
  stop(): Promise<void>;
}

export interface WatchdogOptions {
  /** How long the main thread may stand still. */
  readonly patienceMilliseconds: number;
}

const heartbeatsPerPatience = 8;

/** Neither the thread nor the heartbeat keeps the process alive. */
export function startWatchdog({ patienceMilliseconds }: WatchdogOptions = { patienceMilliseconds: 2000 }): Watchdog {
  const heartbeats = new Int32Array(new SharedArrayBuffer(4));
  const lookMilliseconds = patienceMilliseconds / heartbeatsPerPatience;
  const workerData: WatchdogData = { heartbeats, lookMilliseconds, patienceMilliseconds };
  const worker = new Worker(`(${watchMainThread.toString()})(require("node:worker_threads").workerData)`, {
    eval: true,
    name: "watchdog",
    workerData,
    // Flags and secrets of the process are not the watchdog's.
    execArgv: [],
    env: {},
    resourceLimits: { maxOldGenerationSizeMb: 16, maxYoungGenerationSizeMb: 1, codeRangeSizeMb: 4, stackSizeMb: 1 },
  });
  worker.unref();
  const heart = setInterval(() => {
    Atomics.add(heartbeats, 0, 1);
  }, lookMilliseconds).unref();
  return {
    stop: async () => {
      clearInterval(heart);
      await worker.terminate();
    },
  };
}
