/** Checks of every kind that could come: as Envoy sends them, broken, garbage, and well-formed nonsense. */
import fc from "fast-check";
import { aroundHttp, encodeCheck, field, named, varintField } from "./check-messages.ts";

const text = fc.oneof(
  fc.string({ unit: "binary", maxLength: 20 }),
  fc.constantFrom("", "GET", "/", "__proto__", "constructor", ":path", "content-length", "authorization"),
);
const bytes = fc.uint8Array({ maxLength: 30 });
const value: fc.Arbitrary<object> = fc.letrec<{ value: object }>((tie) => ({
  value: fc.oneof(
    { depthSize: "small" },
    fc.record({ stringValue: text }),
    fc.record({
      numberValue: fc.oneof(
        { arbitrary: fc.double({ noNaN: true, noDefaultInfinity: true }), weight: 9 },
        { arbitrary: fc.double(), weight: 1 },
      ),
    }),
    fc.record({ boolValue: fc.boolean() }),
    fc.constant({ nullValue: 0 }),
    fc.record({ structValue: fc.record({ fields: fc.dictionary(text, tie("value"), { maxKeys: 3 }) }) }),
    fc.record({ listValue: fc.record({ values: fc.array(tie("value"), { maxLength: 3 }) }) }),
  ),
})).value;

const some = text.filter((given) => given !== "");
const headers = fc.dictionary(some, text, { maxKeys: 5 });
const headerMap = fc.record({
  headers: fc.array(fc.oneof(fc.record({ key: some, value: text }), fc.record({ key: some, rawValue: bytes })), {
    maxLength: 4,
  }),
});
/** In one form each, as Envoy sends it; the others come from {@link mutatedCheck} and {@link everyForm}. */
const sound = fc
  .tuple(
    fc.record({ method: some, path: some, host: some, size: fc.integer({ min: -1 }) }),
    fc.oneof(fc.record({ headers }), fc.record({ headerMap })),
    fc.oneof(fc.constant({}), fc.record({ body: text }), fc.record({ rawBody: bytes })),
  )
  .map(([named, head, body]) => ({ ...named, ...head, ...body }));
const everyForm = fc.record(
  { method: text, path: text, host: text, query: text, headers, headerMap, body: text, rawBody: bytes },
  { requiredKeys: [] },
);
const http = fc.oneof({ arbitrary: sound, weight: 5 }, { arbitrary: everyForm, weight: 1 });
const attributes = fc.record(
  {
    source: fc.record({ principal: text, service: text }),
    request: fc.record({ http }),
    contextExtensions: fc.dictionary(text, text, { maxKeys: 2 }),
    metadataContext: fc.record({
      filterMetadata: fc.dictionary(text, fc.record({ fields: fc.dictionary(text, value, { maxKeys: 3 }) }), {
        maxKeys: 2,
      }),
    }),
  },
  { requiredKeys: ["request"] },
);
export const soundCheck = attributes.map(encodeCheck);

/** A whole one with some bytes changed, cut, doubled or put in. */
export const mutatedCheck = fc
  .tuple(
    soundCheck,
    fc.array(fc.tuple(fc.nat(), fc.nat({ max: 255 }), fc.constantFrom("set", "cut", "put", "double")), {
      minLength: 1,
      maxLength: 4,
    }),
  )
  .map(([whole, changes]) => {
    let message = whole;
    for (const [place, byte, change] of changes) {
      const at = message.length === 0 ? 0 : place % message.length;
      const [before, after] = [message.subarray(0, at), message.subarray(at)];
      if (change === "set") message = Buffer.concat([before, Buffer.of(byte), after.subarray(1)]);
      else if (change === "cut") message = Buffer.from(before);
      else if (change === "put") message = Buffer.concat([before, Buffer.of(byte), after]);
      else message = Buffer.concat([before, after, after]);
    }
    return message;
  });
const garbage = fc.uint8Array({ maxLength: 300 }).map((given) => Buffer.from(given));
/** Fields of any number and nesting, well-formed, that mean something else or nothing. */
const nested: fc.Arbitrary<Buffer> = fc.letrec<{ message: Buffer }>((tie) => ({
  message: fc
    .array(
      fc.oneof(
        { depthSize: "medium" },
        fc.tuple(fc.integer({ min: 1, max: 14 }), bytes).map(([number, given]) => field(number, given)),
        fc.tuple(fc.integer({ min: 1, max: 14 }), fc.nat()).map(([number, given]) => varintField(number, given)),
        fc.tuple(fc.integer({ min: 1, max: 14 }), tie("message")).map(([number, given]) => field(number, given)),
      ),
      { maxLength: 5 },
    )
    .map((fields) => Buffer.concat(fields)),
})).message;
/** A request's fields in any order, with some more beside them: again, in another form, of another type, or unknown. */
const httpField = fc.oneof(
  fc.tuple(fc.constantFrom(2, 4, 5, 7, 8, 11), text).map(([number, given]) => field(number, given)),
  fc.tuple(some, text).map(([key, given]) => field(3, Buffer.concat([field(1, key), field(2, given)]))),
  fc.tuple(some, text).map(([key, given]) => field(13, field(1, Buffer.concat([field(1, key), field(2, given)])))),
  fc.tuple(fc.constantFrom(1, 6, 10, 14, 200), bytes).map(([number, given]) => field(number, given)),
  fc.tuple(fc.constantFrom(2, 4, 5, 9, 200), fc.nat()).map(([number, given]) => varintField(number, given)),
);
export const assembledCheck = fc
  .array(httpField, { maxLength: 3 })
  .chain((more) => {
    const fields = [...named, ...more];
    return fc.shuffledSubarray(fields, { minLength: fields.length });
  })
  .map((fields) => aroundHttp(...fields));
export const anyCheck = fc.oneof(
  { arbitrary: soundCheck, weight: 3 },
  { arbitrary: mutatedCheck, weight: 4 },
  { arbitrary: assembledCheck, weight: 2 },
  { arbitrary: garbage, weight: 1 },
  { arbitrary: nested, weight: 2 },
);
