/**
 * What the watchdog's thread runs: it counts how long the heartbeat has not changed and kills the process when that is
 * too long. The thread gets this function's own text, because a thread that loads TypeScript loads the compiler that
 * strips its types too (measured: 27 MB resident instead of 10); so it may use nothing from outside itself.
 */

/** What the thread is given. */
export interface WatchdogData {
  /** One counter, raised by the main thread. */
  readonly heartbeats: Int32Array<SharedArrayBuffer>;
  readonly lookMilliseconds: number;
  readonly patienceMilliseconds: number;
}

/** Never returns. */
export function watchMainThread({ heartbeats, lookMilliseconds, patienceMilliseconds }: WatchdogData): void {
  const pause = new Int32Array(new SharedArrayBuffer(4));
  let last = Atomics.load(heartbeats, 0);
  let stillMilliseconds = 0;
  for (;;) {
    const pausedAt = performance.now();
    Atomics.wait(pause, 0, 0, lookMilliseconds);
    // When the process as a whole was stopped or starved, this thread stood still too: a pause counts for little more
    // than it was meant to be, and the main thread gets its turn.
    stillMilliseconds += Math.min(performance.now() - pausedAt, lookMilliseconds * 2);
    const now = Atomics.load(heartbeats, 0);
    if (now !== last) stillMilliseconds = 0;
    last = now;
    if (stillMilliseconds > patienceMilliseconds) {
      const still = Math.round(stillMilliseconds);
      const line = { level: "error", message: "watchdog ended the process", still_milliseconds: still };
      process.getBuiltinModule("node:fs").writeSync(2, `${JSON.stringify(line)}\n`);
      process.kill(process.pid, "SIGKILL");
    }
  }
}
