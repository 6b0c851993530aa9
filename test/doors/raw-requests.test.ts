/** Requests on which two readers of HTTP could disagree: each is refused before a door sees it, or read in one way. */
import { describe, expect, test } from "vitest";
import { createFakeHouse, foundingBody, gatewayCredential } from "../fakes/doors-house.ts";
import { createFolder, open, socketListener, tcpListener } from "../fakes/open-house.ts";
import { codesOf, connectRaw, rawRequest, sendRaw, statusesOf } from "../fakes/raw-connection.ts";

const post = ["POST /v1/authorize HTTP/1.1", "Host: localhost", "Content-Type: application/json", "Connection: close"];
const size = `Content-Length: ${foundingBody.length}`;
const chunked = `${foundingBody.length.toString(16)}\r\n${foundingBody}\r\n0\r\n\r\n`;

async function ask(bytes: string) {
  const house = createFakeHouse();
  const { addresses } = await open(house, [socketListener(await createFolder())]);
  const answered = await sendRaw(addresses[0]?.address, bytes);
  return { statuses: statusesOf(answered), codes: codesOf(answered), asked: house.asked.length, answered, house };
}

describe("a request that is not well-formed HTTP", () => {
  const malformed: Record<string, string> = {
    "both a length and chunks": rawRequest([...post, size, "Transfer-Encoding: chunked"], chunked),
    "chunks and a length": rawRequest([...post, "Transfer-Encoding: chunked", size], chunked),
    "two lengths that differ": rawRequest([...post, size, "Content-Length: 5"], foundingBody),
    "two lengths that agree": rawRequest([...post, size, size], foundingBody),
    "a list of lengths": rawRequest([...post, `${size}, 5`], foundingBody),
    "a signed length": rawRequest([...post, `Content-Length: +${foundingBody.length}`], foundingBody),
    "a negative length": rawRequest([...post, "Content-Length: -1"], foundingBody),
    "a length in hexadecimal": rawRequest([...post, "Content-Length: 0x80"], foundingBody),
    "a length that overflows": rawRequest([...post, "Content-Length: 99999999999999999999999"], foundingBody),
    "chunked that is not the last coding": rawRequest([...post, "Transfer-Encoding: chunked, identity"], chunked),
    "a space before the colon": rawRequest([...post, "Transfer-Encoding : chunked"], chunked),
    "a folded header": rawRequest([...post, "X-Folded: a", " Transfer-Encoding: chunked", size], foundingBody),
    "a NUL in a header": rawRequest([...post, size, "X-Nul: a\u0000b"], foundingBody),
    "a bare CR in a header": rawRequest([...post, size, "X-Cr: a\rb"], foundingBody),
    "a header without a name": rawRequest([...post, size, ": b"], foundingBody),
    "a chunk size that overflows": rawRequest([...post, "Transfer-Encoding: chunked"], `fffffffffffffffff\r\n{`),
    "a chunk size that is no number": rawRequest([...post, "Transfer-Encoding: chunked"], "zz\r\n{}\r\n0\r\n\r\n"),
    "a chunk longer than it says": rawRequest(
      [...post, "Transfer-Encoding: chunked"],
      `1\r\n${foundingBody}\r\n0\r\n\r\n`,
    ),
    "an unknown method": rawRequest(["BREW /v1/authorize HTTP/1.1", "Host: localhost", size], foundingBody),
    "a method in lower case": rawRequest(["post /v1/authorize HTTP/1.1", "Host: localhost", size], foundingBody),
    "an unknown version": rawRequest(["POST /v1/authorize HTTP/3.0", ...post.slice(1), size], foundingBody),
    "the preface of HTTP/2": "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "a TLS handshake": "\u0016\u0003\u0001\u0002\u0000\u0001\u0000\u0001\u00fc\u0003\u0003",
    "a space in the path": rawRequest(["POST /v1/authorize /x HTTP/1.1", ...post.slice(1), size], foundingBody),
    "an expectation nobody knows": rawRequest([...post, size, "Expect: 200-ok"], foundingBody),
  };
  test.each(Object.entries(malformed))("is refused with %s, and nothing is decided", async (_what, bytes) => {
    const { statuses, codes, asked } = await ask(bytes);
    expect(statuses).toEqual([400]);
    expect(codes).toEqual(["request_malformed"]);
    expect(asked).toBe(0);
  });

  test("is refused with bare line feeds, whether or not a reader would take them", async () => {
    const { statuses, asked } = await ask(rawRequest([...post, size], foundingBody).replaceAll("\r\n", "\n"));
    expect(statuses).toEqual([400]);
    expect(asked).toBe(0);
  });

  test.each(["gzip, chunked", "xchunked", "chunked, chunked"])(
    "is not read in a transfer coding that Node would leave in place: %s",
    async (coding) => {
      const { statuses, asked } = await ask(rawRequest([...post, `Transfer-Encoding: ${coding}`], chunked));
      expect([[400], [415]]).toContainEqual(statuses);
      expect(asked).toBe(0);
    },
  );

  test.each(["zz\r\n", ""])("gets no second answer when it goes wrong after it was refused: %j", async (body) => {
    const house = createFakeHouse();
    const quick = { headMilliseconds: 60, requestMilliseconds: 120, checkMilliseconds: 10 };
    const { addresses } = await open(house, [tcpListener()], body === "" ? quick : {});
    const head = [...post.slice(0, 3), "Transfer-Encoding: chunked"];
    const answered = await sendRaw(addresses[0]?.address, rawRequest(head, body));
    expect(statusesOf(answered)).toEqual([401]);
    expect(house.turnedAway).toEqual(["credential_required", body === "" ? "request_too_slow" : "request_malformed"]);
  });

  test("has no version, so no Host either", async () => {
    const { statuses, codes } = await ask("POST /v1/authorize\r\n\r\n");
    expect(statuses).toEqual([421]);
    expect(codes).toEqual(["host_not_accepted"]);
  });

  test("has a head of one size at most", async () => {
    const { statuses, codes, asked } = await ask(
      rawRequest([...post, size, `X-Long: ${"a".repeat(40_000)}`], foundingBody),
    );
    expect(statuses).toEqual([431]);
    expect(codes).toEqual(["head_too_large"]);
    expect(asked).toBe(0);
  });

  test("cannot hide a header behind many others", async () => {
    const many = Array.from({ length: 2_500 }, (_, at) => `a${at % 10}:`);
    const { statuses, asked } = await ask(rawRequest([...post, size, ...many, "Content-Encoding: gzip"], foundingBody));
    expect(statuses).toEqual([415]);
    expect(asked).toBe(0);
  });
});

describe("a request-target", () => {
  const targets = [
    "http://localhost/v1/authorize",
    "/v1/../v1/authorize",
    "/v1/./authorize",
    "//v1/authorize",
    "/v1//authorize",
    "/v1/authorize/",
    "/v1/authorize?",
    "/v1/authorize?allow=true",
    "/v1/authorize#",
    "/v1/%61uthorize",
    "/V1/Authorize",
    "/v1\\authorize",
    "/v1/authorize;x",
    "/v1/authorize%00",
    "/",
    "*",
    "/__proto__",
    "constructor",
  ];
  test.each(targets)("that is not the path byte for byte reaches nothing: %s", async (target) => {
    const { statuses, asked } = await ask(
      rawRequest([`POST ${target} HTTP/1.1`, ...post.slice(1), size], foundingBody),
    );
    expect([400, 404]).toContain(statuses[0]);
    expect(statuses).toHaveLength(1);
    expect(asked).toBe(0);
  });
});

describe("a method", () => {
  test.each(["GET", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "PROPFIND", "QUERY"])(
    "that the path does not take is refused with the one it takes: %s",
    async (method) => {
      const { answered, codes } = await ask(rawRequest([`${method} /v1/authorize HTTP/1.1`, ...post.slice(1)]));
      expect(statusesOf(answered)).toEqual([405]);
      expect(answered).toMatch(/^Allow: POST\r$/m);
      expect(codes).toEqual(["method_not_allowed"]);
    },
  );

  test("HEAD is refused without a body", async () => {
    const { answered } = await ask(rawRequest(["HEAD /v1/authorize HTTP/1.1", ...post.slice(1)]));
    expect(statusesOf(answered)).toEqual([405]);
    expect(answered.endsWith("\r\n\r\n")).toBe(true);
  });

  test("CONNECT opens no tunnel", async () => {
    const { statuses, codes } = await ask(rawRequest(["CONNECT localhost:80 HTTP/1.1", "Host: localhost"]));
    expect(statuses).toEqual([405]);
    expect(codes).toEqual(["method_not_allowed"]);
  });
});

describe("what HTTP lets a client ask for besides", () => {
  test("chunks are read as one body", async () => {
    const { statuses, asked } = await ask(rawRequest([...post, "Transfer-Encoding: chunked"], chunked));
    expect(statuses).toEqual([200]);
    expect(asked).toBe(1);
  });

  test.each(["websocket", "h2c", "TLS/1.0"])(
    "an upgrade to %s is not taken up; the request is answered",
    async (to) => {
      const head = [...post.slice(0, 3), "Connection: close, Upgrade", `Upgrade: ${to}`, size];
      const { statuses, asked } = await ask(rawRequest(head, foundingBody));
      expect(statuses).toEqual([200]);
      expect(asked).toBe(1);
    },
  );

  test("a client that expects 100 is told to go on, and then answered", async () => {
    const { statuses } = await ask(rawRequest([...post, size, "Expect: 100-continue"], foundingBody));
    expect(statuses).toEqual([100, 200]);
  });

  test("a client that expects 100 for too large a body is not told to send it", async () => {
    const { statuses, codes } = await ask(rawRequest([...post, "Content-Length: 70000", "Expect: 100-continue"]));
    expect(statuses).toEqual([413]);
    expect(codes).toEqual(["body_too_large"]);
  });

  test("two requests in one write are two requests, each answered for itself", async () => {
    const first = rawRequest([...post.slice(0, 3), size], foundingBody);
    const { statuses, asked } = await ask(first + rawRequest([...post, size], foundingBody));
    expect(statuses).toEqual([200, 200]);
    expect(asked).toBe(2);
  });

  test("what follows a body is a request of its own, with no credential of the one before", async () => {
    const house = createFakeHouse();
    const { addresses } = await open(house, [tcpListener()]);
    const first = rawRequest(
      [...post.slice(0, 3), `Authorization: Bearer ${gatewayCredential}`, `Content-Length: 2`],
      "{}",
    );
    const answered = await sendRaw(addresses[0]?.address, first + rawRequest([...post, size], foundingBody));
    expect(codesOf(answered)).toEqual(["member_missing", "credential_required"]);
    expect(house.asked).toEqual([]);
  });
});

test("a connection that ends in the middle of a body decides nothing and harms nobody", async () => {
  const house = createFakeHouse();
  const { addresses } = await open(house, [socketListener(await createFolder(), { concurrencyMax: 1 })]);
  const address = addresses[0]?.address;
  for (let round = 0; round < 20; round += 1) {
    const socket = connectRaw(address);
    await new Promise((resolve) => socket.write(rawRequest([...post, size], '{"input"'), resolve));
    socket.destroy();
  }
  // The one slot of this gateway is free again as soon as the listener has seen them all go.
  await expect
    .poll(async () => statusesOf(await sendRaw(address, rawRequest([...post, size], foundingBody))))
    .toEqual([200]);
  expect(house.asked).toHaveLength(1);
});
