/** Texts on the wire, long and short: what stands there to the letter, or nothing. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { Unreadable, WireReader } from "../../../../src/doors/ext-authz/grpc/wire-reader.ts";
import { field } from "../../../fakes/check-messages.ts";

function readText(bytes: Uint8Array): string | undefined {
  const message = new WireReader(Buffer.concat([field(1, bytes), field(2, "behind")]));
  message.next();
  try {
    return message.text();
  } catch (cause) {
    if (cause instanceof Unreadable) return undefined;
    throw cause;
  }
}

/** The platform's own strict reading. */
function decode(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

const lengthMax = 200;
const ascii = fc.string({ unit: "binary-ascii", maxLength: lengthMax });

test("any text is read as it was written", () => {
  fc.assert(
    fc.property(fc.oneof(ascii, fc.string({ unit: "grapheme", maxLength: lengthMax })), (text) => {
      expect(readText(Buffer.from(text))).toBe(text);
    }),
  );
});

test("bytes are read as a strict decoder reads them, or not at all", () => {
  const spoiled = fc.tuple(ascii, fc.uint8Array({ maxLength: 4 }), ascii).map(([before, bytes, after]) => {
    return Buffer.concat([Buffer.from(before), bytes, Buffer.from(after)]);
  });
  fc.assert(
    fc.property(fc.oneof(spoiled, fc.uint8Array({ maxLength: lengthMax })), (bytes) => {
      expect(readText(bytes)).toBe(decode(bytes));
    }),
    { numRuns: 500 },
  );
});
