/**
 * The token that `token inspect` is shown: from standard input or a file, never from the command line, where every
 * user of the machine can read it and a shell keeps it.
 */
import { isJsonObject, ownMember } from "../domain/json.ts";
import { parseStrictJson } from "../domain/strict-json.ts";
import type { CliIo } from "./command.ts";
import { InputError } from "./input-error.ts";
import { limits } from "./limits.ts";
import { readFileStart, readStreamStart } from "./read-start.ts";

/** `operand` is a path, or `-` for standard input. Throws an {@link InputError}. */
export async function readShownToken(operand: string, io: CliIo): Promise<string> {
  if (looksLikeToken(operand)) {
    throw new InputError("a token on the command line can be read by others: give it on standard input, or a file");
  }
  const max = limits.tokenInputBytesMax;
  const bytes = operand === "-" ? await readStreamStart(io.stdin, max) : await readFileStart(operand, max);
  if (bytes === undefined) throw new InputError("the token cannot be read");
  if (bytes.byteLength > max) {
    throw new InputError(`this is longer than ${max} bytes: no token, refused everywhere`);
  }
  const text = bytes.toString("latin1").trim();
  const token = text.startsWith("{") ? tokenOfAnswer(bytes) : text;
  if (token === undefined || token === "") throw new InputError("no token was given");
  return token;
}

/** Header and payload of a JWS or JWE; no path of a file is like this. */
function looksLikeToken(operand: string): boolean {
  return /^ey[\w-]+\.[\w-]*\./.test(operand);
}

/** The answer of the token door, or of the authorize door, as it came. */
function tokenOfAnswer(bytes: Buffer): string | undefined {
  const answer = parseStrictJson(bytes);
  if (!isJsonObject(answer)) return undefined;
  const token = ownMember(answer, "access_token") ?? ownMember(answer, "token");
  return typeof token === "string" ? token.trim() : undefined;
}
