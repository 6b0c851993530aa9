/** One instant, read once per decision and used to its end (DESIGN §1, §5). */
export interface ClockReading {
  /** Epoch seconds, whole. */
  readonly epochSeconds: number;
  /** False once wall time stepped back further than tolerated; every lifetime is then in doubt, so the path denies. */
  readonly isReliable: boolean;
}

export interface Clock {
  /** Never throws and does no I/O. Readings of one process never decrease while they are reliable. */
  read(): ClockReading;
}
