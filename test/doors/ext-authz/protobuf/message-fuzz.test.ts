/** Whatever the bytes are, there is an answer; whatever hides, there is no value; and a value is what another decoder reads. */
import fc from "fast-check";
import { beforeAll, expect, test } from "vitest";
import { createGrpcMessages } from "../../../../src/doors/ext-authz/protobuf/decode-messages.ts";
import type { GrpcMessages, GrpcReading } from "../../../../src/doors/ext-authz/protobuf/grpc-messages.ts";
import { isJsonArray, isJsonObject, type Json } from "../../../../src/domain/json.ts";
import { sendPath } from "../../../fakes/bank-server.ts";
import { field, varintField } from "../../../fakes/check-messages.ts";
import { compileDescriptors, decodeTransfer, encodeTransfer, frame } from "../../../fakes/descriptor-sets.ts";

let bank: GrpcMessages;
beforeAll(async () => {
  bank = createGrpcMessages(await compileDescriptors());
}, 120_000);

const read = (message: Uint8Array): GrpcReading => bank.read(sendPath, frame(message), "set");
const kinds = ["value", "unseen", "malformed"];

const transfer = fc.record(
  {
    fromAccount: fc.string(),
    amount: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(String),
    currency: fc.integer({ min: -3, max: 5 }),
    to: fc.record({ iban: fc.string(), holderName: fc.string() }, { requiredKeys: [] }),
    labels: fc.array(fc.string({ unit: "binary" }), { maxLength: 4 }),
    notes: fc.dictionary(fc.string(), fc.string(), { maxKeys: 4 }),
    rate: fc.double(),
    share: fc.float(),
    codes: fc.array(fc.integer(), { maxLength: 4 }),
    proof: fc.uint8Array(),
    urgent: fc.boolean(),
    accepted: fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 4 }),
    serial: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map(String),
    parts: fc.array(fc.record({ fromAccount: fc.string(), invoice: fc.string() }), { maxLength: 3 }),
  },
  { requiredKeys: [] },
);

/** Without what says nothing, of which the two decoders have different ideas; numbers as JSON has them. */
function said(value: Json | undefined): Json {
  if (isJsonArray(value)) return value.map(said);
  if (!isJsonObject(value)) return value ?? null;
  const members = Object.entries(value).map(([name, member]) => [name, said(member)] as const);
  return Object.fromEntries(members.filter(([, member]) => !nothing.has(JSON.stringify(member))));
}
const nothing = new Set(["{}", "[]", '""', '"0"', "0", "false", "null", '"CURRENCY_UNSPECIFIED"']);

const asRead = (message: Uint8Array): Json => {
  const text: unknown = JSON.parse(JSON.stringify(decodeTransfer(message)));
  return isJsonObject(text) ? said(text) : null;
};

test("any message is told, and told as protobufjs reads it", () => {
  fc.assert(
    fc.property(transfer, (members) => {
      fc.pre(!Object.hasOwn(members.notes ?? {}, "__proto__"));
      const message = encodeTransfer(members);
      const found = read(message);
      expect(found.kind).toBe("value");
      if (found.kind === "value") expect(said(found.value)).toEqual(asRead(message));
    }),
    { numRuns: 1_000 },
  );
});

test("any bytes have an answer", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      expect(kinds).toContain(read(bytes).kind);
      const framed = bank.read(sendPath, bytes, "implicit").kind;
      expect([...kinds, "truncated"]).toContain(framed);
    }),
    { numRuns: 2_000 },
  );
});

/** Fields whose JSON is not that of protobufjs: well-known types, and maps that it keys by other texts. */
const differs = /"(?:due|details|extra|limit|payees|anything|seats|patience|prices)":/;

test("a message with other bytes here and there has an answer, and a value is still what protobufjs reads", () => {
  let values = 0;
  const change = fc.tuple(fc.nat(), fc.constantFrom(1, 1, 1, 0, 2), fc.integer({ min: 0, max: 255 }));
  fc.assert(
    fc.property(transfer, fc.array(change, { minLength: 1, maxLength: 2 }), (members, changes) => {
      const bytes = [...encodeTransfer(members)];
      for (const [at, removed, byte] of changes) bytes.splice(at % (bytes.length + 1), removed, byte);
      const message = Buffer.from(bytes);
      const found = read(message);
      expect(kinds).toContain(found.kind);
      if (found.kind !== "value" || differs.test(JSON.stringify(found.value))) return;
      values += 1;
      expect(said(found.value)).toEqual(asRead(message));
    }),
    { numRuns: 3_000 },
  );
  expect(values).toBeGreaterThan(200);
});

/** A message as a tree of fields, any of which may be one that nobody described. */
interface Tree {
  readonly bytes: Buffer;
  readonly hides: boolean;
}

const plain: fc.Arbitrary<Tree> = fc
  .constantFrom(field(1, "a"), varintField(2, 5), field(5, "label"), varintField(14, 2), field(14, Buffer.of(1, 2)))
  .map((bytes) => ({ bytes, hides: false }));
const unnamed: fc.Arbitrary<Buffer> = fc
  .tuple(fc.integer({ min: 26, max: 2 ** 20 }), fc.boolean())
  .map(([number, isText]) => (isText ? field(number, "x") : varintField(number, 1)));

/** Ways for one transfer to stand in another. */
const inside = [
  (bytes: Buffer) => field(15, bytes),
  (bytes: Buffer) => field(13, Buffer.concat([field(1, "any/bank.Transfer"), field(2, bytes)])),
] as const;
const wrap = ([put, { bytes, hides }]: [(typeof inside)[number], Tree]): Tree => ({ bytes: put(bytes), hides });

/** What may stand once stands once, the last of them. */
function join(fields: readonly Tree[], hidden: Buffer | undefined, at: number): Tree {
  const byTag = new Map<number, Tree>();
  const all = fields.filter((each) => {
    const [tag = 0] = each.bytes;
    const isRepeated = [42, 112, 114, 122].includes(tag);
    if (!isRepeated) byTag.set(tag, each);
    return isRepeated;
  });
  const kept = [...all, ...byTag.values()];
  const parts = kept.map(({ bytes }) => bytes);
  if (hidden !== undefined) parts.splice(at % (parts.length + 1), 0, hidden);
  return { bytes: Buffer.concat(parts), hides: hidden !== undefined || kept.some(({ hides }) => hides) };
}

const { tree } = fc.letrec<{ tree: Tree }>((tie) => ({
  tree: fc
    .tuple(
      fc.array(fc.oneof({ depthSize: "small" }, plain, fc.tuple(fc.constantFrom(...inside), tie("tree")).map(wrap)), {
        maxLength: 4,
      }),
      fc.option(unnamed, { freq: 2 }),
      fc.nat(),
    )
    .map(([fields, hidden, at]) => join(fields, hidden ?? undefined, at)),
}));

test("there is a value exactly when nothing hides in it, however deep", () => {
  const seen = { hidden: 0, open: 0 };
  fc.assert(
    fc.property(tree, ({ bytes, hides }) => {
      seen[hides ? "hidden" : "open"] += 1;
      expect(read(bytes).kind).toBe(hides ? "unseen" : "value");
    }),
    { numRuns: 2_000 },
  );
  expect(Math.min(seen.hidden, seen.open)).toBeGreaterThan(200);
});
