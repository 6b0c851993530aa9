/** The flags of a `fmt` directive, and how they fill a text to its width. */
import { lengthOf } from "./operands.ts";

/** What stands between `%` and the verb. */
export interface Flags {
  readonly plus: boolean;
  readonly minus: boolean;
  readonly sharp: boolean;
  readonly space: boolean;
  readonly zero: boolean;
  readonly width: number | undefined;
  readonly precision: number | undefined;
}

/** Zeros go between sign and digits. */
export function padNumber(sign: string, digits: string, flags: Flags): string {
  const missing = (flags.width ?? 0) - sign.length - digits.length;
  return flags.zero && missing > 0 ? `${sign}${"0".repeat(missing)}${digits}` : pad(`${sign}${digits}`, flags);
}

export function pad(text: string, flags: Flags): string {
  const missing = Math.max(0, (flags.width ?? 0) - lengthOf(text));
  const filler = (flags.zero ? "0" : " ").repeat(missing);
  return flags.minus ? `${text}${filler}` : `${filler}${text}`;
}
