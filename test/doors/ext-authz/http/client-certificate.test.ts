/** Envoy's header about the client's certificate counts only when it can be read in one way, and says one name. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readSoleUri } from "../../../../src/doors/ext-authz/http/client-certificate.ts";

const agent = "spiffe://mesh.example/ns/agents/sa/travel-agent";
const other = "spiffe://mesh.example/ns/agents/sa/other";
const by = "By=spiffe://mesh.example/ns/edge/sa/gateway";
const hash = `Hash=${"0a".repeat(32)}`;

describe("the one URI is read", () => {
  test.each([
    ["as Envoy writes it", `${by};${hash};URI=${agent}`],
    [
      "with everything that Envoy can say before it",
      `${by};${hash};Cert="x%20y";Chain="";Subject="CN=a,O=b;c";URI=${agent}`,
    ],
    ["of a gateway with several names", `${by};By=https://edge.example;URI=${agent}`],
    ["under keys in other capitals", `hash=00;uRi=${agent}`],
    ["beside a subject with quotes and commas", `Subject="CN=\\"URI=${other}\\",O=a\\,b";URI=${agent}`],
  ])("%s", (_how, field) => {
    expect(readSoleUri(field)).toBe(agent);
  });
});

describe("no URI is read from", () => {
  test.each([
    ["nothing", ""],
    ["a URI without a key", agent],
    ["no URI", `${by};${hash}`],
    ["two URIs", `URI=${agent};URI=${other}`],
    ["two URIs in other capitals", `URI=${agent};uri=${agent}`],
    ["a name that is longer than its URI looks", `${by};${hash};URI=${agent};DNS=x`],
    ["a name that seems to go on with a subject", `${by};${hash};URI=${agent};Subject="x"`],
    ["a name in quotes, which are then its own", `${by};${hash};URI="${agent}"`],
    ["a DNS name that seems to end in a URI", `${by};${hash};DNS=x;URI=${agent}`],
    ["two elements (APPEND_FORWARD)", `${by};URI=${agent},${by};URI=${other}`],
    ["two elements, the first without a URI", `${by};${hash},${by};URI=${agent}`],
    ["two elements, the second empty", `URI=${agent},`],
    ["an empty first element", `,URI=${agent}`],
    ["two elements with a space between", `URI=${agent}, URI=${other}`],
    ["an empty pair", `${by};;URI=${agent}`],
    ["a semicolon at the end", `URI=${agent};`],
    ["a key without a value", `Hash;URI=${agent}`],
    ["a value without a key", `=x;URI=${agent}`],
    ["a key of nobody", `Spiffe=${other};URI=${agent}`],
    ["another key twice", `Subject="a";Subject="b";URI=${agent}`],
    ["spaces", `URI= ${agent}`],
    ["a space before", ` URI=${agent}`],
    ["an unquoted equals sign", `Subject=CN=a;URI=${agent}`],
    ["an unquoted URI with an equals sign", "URI=https://agents.example/?a=b"],
    ["a quote that does not end", `Subject="a;URI=${agent}`],
    ["a quote that ends early", `Subject="a"b";URI=${agent}`],
    ["a quote in the middle", `Subject=a"b;URI=${agent}`],
    ["a backslash before the end of a quote", `Subject="a\\";URI=${agent}`],
    [
      "two backslashes, after which a value ends for one reader and goes on for another",
      `Subject="a\\\\";URI=${agent}`,
    ],
    ["two backslashes and a name for each reader", `Subject="a\\\\";URI=${agent};DNS="\\\\";URI=${other}`],
    ["a backslash outside of quotes", `Subject=a\\,b;URI=${agent}`],
    ["a control character", `Subject="a\u0000";URI=${agent}`],
    ["a tab", `Subject="a\tb";URI=${agent}`],
    ["a line's end", `URI=${agent}\n`],
    ["a byte that is no ASCII", `Subject="caf\u00e9";URI=${agent}`],
  ])("%s", (_what, field) => {
    expect(readSoleUri(field)).toBeUndefined();
  });

  test("an empty value, which no workload has", () => {
    expect(readSoleUri("URI=")).toBe("");
    expect(readSoleUri(`${hash};URI=`)).toBe("");
  });
});

describe("whatever the field holds", () => {
  const words = ["URI=", "uri=", "By=", "Subject=", "DNS=", agent, other, "a", "%2C", ""];
  const piece = fc.constantFrom(...words, ";", ",", '"', "\\", '\\"', "=", " ", "\t");
  const field = fc.array(piece, { maxLength: 14 }).map((pieces) => pieces.join(""));

  test("what is read stands there once, as the value of the one key `URI` of the one element", () => {
    let read = 0;
    fc.assert(
      fc.property(
        fc.oneof(
          field,
          field.map((text) => `${text};URI=${agent}`),
        ),
        (text) => {
          const uri = readSoleUri(text);
          if (uri === undefined) return;
          read += 1;
          const [element, ...others] = splitOutsideQuotes(text, ",");
          expect(others).toEqual([]);
          const pairs = splitOutsideQuotes(element ?? "", ";").filter((pair) => /^uri=/i.test(pair));
          expect(pairs.map((pair) => pair.slice(4))).toEqual([uri]);
        },
      ),
      { numRuns: 20_000 },
    );
    expect(read).toBeGreaterThan(200);
  });

  test("a second element or a second URI is never overlooked", () => {
    const more = fc.tuple(fc.constantFrom(",", ";", ", ", ";;"), fc.constantFrom("URI=", "uri=", "Uri="));
    fc.assert(
      fc.property(field, more, (text, [separator, key]) => {
        expect(readSoleUri(`URI=${agent}${separator}${key}${other}`)).toBeUndefined();
        const uri = readSoleUri(`${text}${separator}${key}${other}`);
        expect([undefined, other]).toContain(uri);
      }),
      { numRuns: 5000 },
    );
  });

  test("a certificate's one name is read as it stands there, or not at all; of several none", () => {
    const name = fc.array(fc.oneof(piece, fc.constant("URI=")), { maxLength: 8 }).map((pieces) => pieces.join(""));
    const around = fc.record({ subject: fc.option(name), names: fc.array(name, { maxLength: 3 }) });
    let read = 0;
    fc.assert(
      fc.property(around, ({ subject, names }) => {
        const uri = readSoleUri(renderAsEnvoy(subject ?? undefined, names));
        if (uri === undefined) return;
        read += 1;
        expect([uri]).toEqual(names.length === 0 ? [""] : names);
      }),
      { numRuns: 20_000 },
    );
    expect(read).toBeGreaterThan(200);
  });

  test("a field as long as one may be is read to its end, and no further", () => {
    for (const text of [`Subject="${'\\"'.repeat(8000)}`, "By=a;".repeat(2700), `URI=${"a".repeat(16_000)},`]) {
      expect(readSoleUri(text)).toBeUndefined();
    }
    expect(readSoleUri(`${"By=a;".repeat(2700)}URI=${agent}`)).toBe(agent);
  });
});

/** With `uri` alone, or `subject` too: names as the certificate has them, and its subject escaped as RFC 2253 says. */
function renderAsEnvoy(subject: string | undefined, names: readonly string[]): string {
  const told = subject === undefined ? [] : [`Subject="CN=${subject.replaceAll(/[",;\\+<>=]/g, "\\$&")}"`];
  const uris = names.length === 0 ? ["URI="] : names.map((name) => `URI=${name}`);
  return [by, hash, ...told, ...uris].join(";");
}

/** The simple reader of the format: a quote opens and closes, save after a backslash. */
function splitOutsideQuotes(text: string, separator: string): string[] {
  const parts = [""];
  let isQuoted = false;
  for (const [at, character] of Array.from(text).entries()) {
    if (character === '"' && text[at - 1] !== "\\") isQuoted = !isQuoted;
    if (character === separator && !isQuoted) parts.push("");
    else parts.push(`${parts.pop() ?? ""}${character}`);
  }
  return parts;
}
