/**
 * What a listener takes from a connection before anything is understood. The bound on a body is the domain's
 * (`bounds.bodyBytesMax`); these are about connections, heads and time.
 */
export interface DoorLimits {
  readonly headBytesMax: number;
  /** Connections open at once on one listener; more are dropped before they are read. */
  readonly connectionsMax: number;
  readonly headMilliseconds: number;
  readonly requestMilliseconds: number;
  readonly idleMilliseconds: number;
  /** How often slow connections are looked for, so how late the two limits above may strike. */
  readonly checkMilliseconds: number;
  /** How much of an oversized body is read away so that its sender gets to see the 413. */
  readonly discardBytesMax: number;
}

export const doorLimits: DoorLimits = {
  headBytesMax: 16_384,
  connectionsMax: 1_024,
  headMilliseconds: 5_000,
  requestMilliseconds: 10_000,
  // Longer than the idle time of common gateways' pools, so that it is they who close.
  idleMilliseconds: 75_000,
  checkMilliseconds: 1_000,
  discardBytesMax: 1_048_576,
};

/** A gateway's or operator's credential is machine-made; anything shorter was made up by a person. */
export const credentialLengthMin = 32;

/** `sun_path` holds 108 bytes with its terminator; the kernel cuts a longer one silently. */
export const socketPathBytesMax = 107;

/** Told to a gateway that has too much in flight; decisions take milliseconds, so a second is plenty. */
export const retryAfterSeconds = 1;

/** How long one whose HTTP was broken may take to read the answer before the connection is cut. */
export const lingerMilliseconds = 1_000;

/** A token request needs a dozen parameters. */
export const formParametersMax = 64;
