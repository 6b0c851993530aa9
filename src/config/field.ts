/** The shapes that settings are made of. A setting's reason stands in its `describe`; docs/config.md prints it. */
import { z } from "zod";
import { type Issuer, parseIssuer, type PartyId, parsePartyId } from "../domain/identifiers.ts";
import { limits } from "./limits.ts";

// oxlint-disable-next-line no-control-regex -- control characters are what this refuses.
const printable = /^[^\u0000-\u001f\u007f-\u009f\u2028\u2029\ufeff]+$/u;

export const text = (lengthMax: number): z.ZodString =>
  z.string().max(lengthMax).regex(printable, "must be printable text, and some");

export const path = (): z.ZodString => text(limits.pathLengthMax);

export const whole = (min: number, max: number): z.ZodNumber => z.number().int().min(min).max(max);

type Parsed<T> = z.ZodPipe<z.ZodString, z.ZodTransform<T, string>>;

export const issuerName = (): Parsed<Issuer> => parsed(parseIssuer, "must be an issuer, a URI without spaces");
export const partyName = (): Parsed<PartyId> => parsed(parsePartyId, "must be a party's name");

/** Text that a parser of the domain accepts; what it makes of it is what the setting holds. */
export function parsed<T>(parse: (value: string) => T | undefined, otherwise: string): Parsed<T> {
  return z.string().transform((value, context) => {
    const result = parse(value);
    if (result !== undefined) return result;
    context.addIssue({ code: "custom", message: otherwise });
    return z.NEVER;
  });
}

/** Of an HTTP header, in lower case. */
export const headerNamePattern = /^[a-z0-9][a-z0-9-]{0,63}$/;
