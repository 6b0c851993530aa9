/** Key files as bytes: read with bounds, before anything is made of them. */
import { constants, open } from "node:fs/promises";
import { TokenRoomError } from "./token-room-error.ts";
import { tokenBounds } from "./token-bounds.ts";

export interface KeyFile {
  readonly name: string;
  readonly text: string;
  /** Permission bits. */
  readonly mode: number;
}

export async function readKeyFile(path: string, name: string): Promise<KeyFile> {
  try {
    // A pipe in the key's place must not hold the reader.
    await using file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const status = await file.stat();
    if (!status.isFile()) throw new TokenRoomError("key_set_unreadable", name);
    const { bytesRead, buffer } = await file.read({ buffer: Buffer.alloc(tokenBounds.keyFileBytesMax + 1) });
    if (bytesRead > tokenBounds.keyFileBytesMax) throw new TokenRoomError("key_set_too_large", name);
    return { name, text: buffer.toString("utf8", 0, bytesRead), mode: status.mode & 0o777 };
  } catch (cause) {
    throw asTokenRoomError(cause, name);
  }
}

/** What the operating system refused, in this room's words. */
export function asTokenRoomError(cause: unknown, place: string): TokenRoomError {
  if (cause instanceof TokenRoomError) return cause;
  return new TokenRoomError(systemCode(cause) === "ENOENT" ? "key_set_missing" : "key_set_unreadable", place, {
    cause,
  });
}

export function systemCode(cause: unknown): string | undefined {
  return cause instanceof Error && "code" in cause && typeof cause.code === "string" ? cause.code : undefined;
}

const epochSeconds = /^(0|[1-9][0-9]{0,11})$/;
const rfc3339 = /^(\d{4}-\d\d-\d\d)[Tt]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)$/;

/** Epoch seconds from a number of them or an RFC 3339 time. Absent: the key may always have signed. */
export function parseActivation(value: unknown, place: string): number {
  if (value === undefined) return 0;
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= 0) return value;
  if (typeof value === "string" && epochSeconds.test(value)) return Number(value);
  const milliseconds = typeof value === "string" ? parseTime(value) : NaN;
  if (Number.isNaN(milliseconds) || milliseconds < 0) throw new TokenRoomError("activation_malformed", place);
  return Math.ceil(milliseconds / 1000);
}

/** NaN for what is no time. Date.parse takes 30 February for 2 March; a mistyped day must not move a rotation. */
function parseTime(text: string): number {
  const day = rfc3339.exec(text)?.[1];
  if (day === undefined) return NaN;
  const midnight = Date.parse(day);
  return !Number.isNaN(midnight) && new Date(midnight).toISOString().startsWith(day) ? Date.parse(text) : NaN;
}
