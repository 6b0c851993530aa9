/** Random tokens, keys and constraints, asked of the pinned OPA and of this host. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { createCallBuiltins, createEvaluationInstant } from "../../../src/policy/builtins/index.ts";
import { printRegoValue, type RegoValue } from "../../../src/policy/builtins/rego-value.ts";
import { canonicalText } from "../../../src/policy/builtins/value-order.ts";
import { askOpa, type BuiltinCall } from "./ask-opa.ts";
import { certificate, certified, jwkOf, jwksOf, pemOf, type Signer, signers, signToken } from "./token-maker.ts";

const callsAsked = 1500;
const now = 1_781_000_000;
const { rsa, otherRsa, smallRsa, p256, p384, p521, ed25519 } = signers;

const secrets = ["secret", "another secret", ""];
const waysOf = (signer: Signer | string): readonly string[] => {
  if (typeof signer === "string") return ["HS256", "HS384", "HS512"];
  if (signer === ed25519) return ["EdDSA"];
  const family = signer.publicKey.asymmetricKeyType === "rsa" ? ["RS", "PS"] : ["ES"];
  const ways = family.flatMap((letters) => [`${letters}256`, `${letters}384`, `${letters}512`]);
  return signer === smallRsa ? ways.filter((way) => way !== "PS512") : ways;
};
const signerOf = fc.constantFrom<Signer | string>(
  rsa,
  rsa,
  otherRsa,
  smallRsa,
  p256,
  p256,
  p384,
  p521,
  ed25519,
  certified,
  ...secrets,
);

const instants = [now - 1, now, now + 1, now + 0.5, 0, -1, 1e300, "9999999999", null];
/** The first as often as all others. */
const mostly = <Value>(usual: Value, ...others: readonly Value[]): fc.Arbitrary<Value> =>
  fc.oneof(fc.constant(usual), fc.constantFrom(...others));
const claims = fc.record(
  {
    iss: mostly("https://idp.example", "https://evil.example", ""),
    aud: mostly<unknown>("shop", ["bank", "shop"], ["bank"], [], "", [""], 5, null, { shop: 1 }),
    exp: mostly<unknown>(now + 60, ...instants),
    nbf: mostly<unknown>(now - 60, ...instants),
    id: fc.constantFrom(Number.MAX_SAFE_INTEGER, 1.5, "ü\u0000", "\ud83d\ude00"),
    nested: fc.jsonValue({ maxDepth: 3 }),
  },
  { requiredKeys: [] },
);
const headerMembers = fc.record(
  {
    kid: fc.constantFrom<unknown>("rsa", "rsa", "p256", "other-rsa", "gone", "", 5),
    typ: fc.constantFrom<unknown>("JWT", "at+jwt", 1),
    crit: fc.constantFrom<unknown>(["b64"], ["exp"], [], "b64", [1, "b64"]),
    enc: fc.constant("A256GCM"),
    exp: fc.constant(1),
    // Not a number: OPA panics.
    cty: fc.constantFrom<unknown>("JWT", "jwt", "json"),
  },
  { requiredKeys: [] },
);
/** Most tokens have no strange header, or nothing would ever verify. */
const header = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({ kid: fc.constantFrom("rsa", "p256", "other-rsa", "gone") }, { requiredKeys: [] }),
  },
  { weight: 1, arbitrary: headerMembers },
);

const damages: Readonly<Record<string, (token: string) => string>> = {
  none: (token) => token,
  flipped: (token) => {
    const at = Math.floor(token.length * 0.8);
    return `${token.slice(0, at)}${token[at] === "A" ? "B" : "A"}${token.slice(at + 1)}`;
  },
  truncated: (token) => token.slice(0, -5),
  unsigned: (token) => `${token.split(".").slice(0, 2).join(".")}.`,
  padded: (token) => token.replace(/[\w-]+$/u, (last) => `${last}${"=".repeat((4 - (last.length % 4)) % 4)}`),
  lineBreak: (token) => `${token}\n`,
  spaced: (token) => ` ${token}`,
  sectionMore: (token) => `${token}.e30`,
  sectionLess: (token) => token.split(".").slice(1).join("."),
  standardAlphabet: (token) => token.replaceAll("-", "+").replaceAll("_", "/"),
  garbage: () => "\u0000.ü.🦊",
};
const damage = fc.oneof(
  { weight: 6, arbitrary: fc.constant("none") },
  { weight: 1, arbitrary: fc.constantFrom(...Object.keys(damages)) },
);

/** Whose signature this host does not take from whom, whatever else is asked: docs/builtins.md says which. */
function isStrangeKey(signer: Signer | string, algorithm: string, { kid }: Partial<Record<string, unknown>>): boolean {
  if (signer === rsa) return kid === "rsa" && algorithm !== "RS256";
  const curve = [p256, certified].some((one) => one === signer) ? "ES256" : signer === p384 ? "ES384" : "ES512";
  return signer === "" || signer === smallRsa || (algorithm.startsWith("ES") && algorithm !== curve);
}

/** What this host does not take from a header and an audience. */
function isStrangeText(header: Partial<Record<string, unknown>>, { aud }: Partial<Record<string, unknown>>): boolean {
  const { alg, crit, kid, typ, enc } = header;
  const isUnread = String(alg).startsWith("HS") && (kid === 5 || typ === 1 || enc !== undefined);
  return crit !== undefined || isUnread || aud === "" || (Array.isArray(aud) && aud.includes(""));
}

const token = fc
  .tuple(
    signerOf,
    fc.nat(),
    fc.nat({ max: 20 }),
    header,
    claims,
    damage,
    fc.option(claims, { nil: undefined, freq: 1 }),
  )
  .map(([signer, way, lie, more, payload, damaged, inner]) => {
    const algorithm = waysOf(signer)[way % waysOf(signer).length] ?? "";
    const named = lie === 0 ? "RS256" : lie === 1 ? "none" : lie === 2 ? undefined : algorithm;
    const said = inner === undefined ? payload : signToken(signer, { alg: algorithm }, inner, { algorithm });
    const type = inner === undefined ? {} : { cty: "JWT" };
    const whole = signToken(signer, { alg: named, ...type, ...more }, said, { algorithm });
    const text = damages[damaged]?.(whole) ?? whole;
    const isStrange =
      named !== algorithm ||
      isStrangeKey(signer, algorithm, { ...more }) ||
      isStrangeText({ ...more, alg: algorithm }, { ...(inner ?? payload) });
    return { signer, algorithm, text, isStrange };
  });

const jwks = [jwkOf(rsa), jwkOf(otherRsa), jwkOf(p256), jwkOf(p384), jwkOf(p521), jwkOf(ed25519)];
const anyKeys = fc.constantFrom(
  jwksOf(...jwks),
  jwksOf(...jwks.map((jwk) => ({ ...jwk, kid: undefined }))),
  jwksOf(jwkOf(rsa, { alg: "RS256" }), jwkOf(p256, { alg: "ES256" }), jwkOf(ed25519, { alg: "EdDSA" })),
  jwksOf(jwkOf(otherRsa, { alg: "RSA-OAEP" }), jwkOf(rsa, { use: "sig", key_ops: ["verify"] })),
  jwksOf({ kty: "oct", k: Buffer.from("secret").toString("base64url") }, jwkOf(rsa)),
  jwksOf(jwkOf(rsa, { kid: "p256" }), jwkOf(p256, { kid: "rsa" })),
  jwksOf(jwkOf(rsa), { kty: "OKP", crv: "X25519", x: Buffer.alloc(32, 9).toString("base64url") }),
  jwksOf(jwkOf(rsa), { kty: "OKP", crv: "Ed448", x: Buffer.alloc(57, 9).toString("base64url") }),
  jwksOf(jwkOf(rsa, { n: "*" })),
  jwksOf(),
  "{}",
  certificate,
  certificate.repeat(2),
);

interface Question extends BuiltinCall {
  readonly isStrange: boolean;
}

const question = token.chain(({ signer, algorithm, text, ...strange }): fc.Arbitrary<Question> => {
  const own = typeof signer === "string" ? signer : fc.constantFrom(pemOf(signer), JSON.stringify(jwkOf(signer)));
  const secret = fc.oneof(fc.constant(typeof signer === "string" ? signer : "secret"), fc.constantFrom(...secrets));
  const keys =
    typeof own === "string" ? anyKeys : fc.oneof({ weight: 2, arbitrary: own }, { weight: 1, arbitrary: anyKeys });
  const verify = fc
    .tuple(fc.constantFrom(algorithm, algorithm, algorithm, "RS256", "ES256", "HS256"), keys, secret)
    .map(([name, key, word]) => ({
      name: `io.jwt.verify_${name.toLowerCase()}`,
      operands: [text, name.startsWith("HS") ? word : key],
      ...strange,
    }));
  const more = fc.record(
    {
      alg: fc.constantFrom(algorithm, algorithm, "RS256", ""),
      iss: mostly("https://idp.example", ""),
      aud: fc.constantFrom("shop", "bank", ""),
      unknown: fc.constant("x"),
    },
    { requiredKeys: [] },
  );
  const time = fc.oneof(
    { weight: 6, arbitrary: fc.constant<RegoValue>(now * 1e9) },
    { weight: 1, arbitrary: fc.constantFrom<RegoValue>((now + 0.5) * 1e9, 0, -1, "0") },
  );
  const key = typeof own === "string" ? fc.record({ secret }) : fc.record({ cert: keys });
  const verifyWithin = fc.tuple(
    key,
    fc.oneof({ weight: 3, arbitrary: fc.constant({}) }, { weight: 2, arbitrary: more }),
    time,
  );
  return fc.oneof(
    { weight: 1, arbitrary: fc.constant({ name: "io.jwt.decode", operands: [text], ...strange }) },
    { weight: 4, arbitrary: verify },
    {
      weight: 5,
      arbitrary: verifyWithin.map(([trusted, asked, at]) => ({
        name: "io.jwt.decode_verify",
        operands: [text, { ...trusted, ...asked, time: at }],
        ...strange,
      })),
    },
  );
});

const textOf = (value: RegoValue | undefined): string => (value === undefined ? "undefined" : canonicalText(value));
const isTaken = (answer: RegoValue | undefined): boolean =>
  answer === true || (Array.isArray(answer) && answer[0] === true);

test("the answers are OPA's, or OPA takes what this host does not", { timeout: 120_000 }, async () => {
  const seed = Date.now() % 2_147_483_647;
  const calls = fc.sample(question, { numRuns: callsAsked, seed });
  const wanted = await askOpa(calls);
  const builtins = createCallBuiltins(createEvaluationInstant(now));
  const got = calls.map(({ name, operands }) => builtins[name]?.(...operands));
  const different = calls.flatMap((call, index) => {
    const [theirs, ours] = [wanted[index], got[index]];
    if (textOf(theirs) === textOf(ours)) return [];
    return [{ ...call, theirs, ours, isExpected: call.isStrange && !isTaken(ours) }];
  });
  const unexpected = different.filter(({ isExpected }) => !isExpected);
  expect(
    unexpected.map(({ name, operands, theirs, ours }) => ({
      name,
      operands: operands.map(printRegoValue),
      theirs: textOf(theirs),
      ours: textOf(ours),
    })),
    `seed ${seed}`,
  ).toEqual([]);
  const [taken, undefinedOnes] = [got.filter(isTaken).length, got.filter((answer) => answer === undefined).length];
  console.log(
    `OPA and this host on ${calls.length} random tokens: ${calls.length - different.length} alike ` +
      `(${taken} verify, ${undefinedOnes} are undefined), ${different.length} refused here alone`,
  );
  for (const count of [taken, undefinedOnes]) expect(count, `seed ${seed}`).toBeGreaterThan(callsAsked / 40);
  expect(different.length, `seed ${seed}`).toBeLessThan(callsAsked / 5);
});
