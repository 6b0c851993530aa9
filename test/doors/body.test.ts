/** What a body must be before it is parsed, and how much of one gateway's work is taken at once. */
import { describe, expect, test } from "vitest";
import { bounds } from "../../src/domain/bounds.ts";
import type { Decision } from "../../src/domain/decision.ts";
import { parseGatewayName } from "../../src/domain/identifiers.ts";
import type { DoorLimits } from "../../src/doors/limits.ts";
import { allow, createFakeHouse, type FakeHouse, foundingBody, gatewayCredential } from "../fakes/doors-house.ts";
import { call, createFolder, open, socketListener, tcpListener } from "../fakes/open-house.ts";
import { known } from "../fakes/path-ports.ts";
import { codesOf, connectRaw, rawRequest, readToEnd, sendRaw, statusesOf } from "../fakes/raw-connection.ts";

async function openSocket(house: FakeHouse, limits: Partial<DoorLimits> = {}, concurrencyMax = 64) {
  const { addresses } = await open(house, [socketListener(await createFolder(), { concurrencyMax })], limits);
  return addresses[0]?.address;
}

/** The founding body, made `size` bytes long with white space. */
const padded = (size: number): string => foundingBody + " ".repeat(size - foundingBody.length);

describe("the media type", () => {
  const accepted = [
    "application/json",
    "Application/JSON",
    "application/json; charset=utf-8",
    'application/json;charset="UTF-8"',
  ];
  test.each(accepted)("%s is taken", async (type) => {
    const address = await openSocket(createFakeHouse());
    expect((await call(address, { body: foundingBody, headers: { "content-type": type } })).status).toBe(200);
  });

  const refused: Record<string, string>[] = [
    { "content-type": "text/plain" },
    { "content-type": "application/x-www-form-urlencoded" },
    { "content-type": "application/json; charset=latin1" },
    { "content-type": "application/json; profile=x" },
    { "content-type": "application/json, text/plain" },
    { "content-type": "application/jsonp" },
    { "content-type": "application/cloudevents+json" },
    { "content-type": "" },
    { "content-encoding": "gzip" },
    { "content-encoding": "identity" },
    { "content-encoding": "" },
  ];
  test.each(refused)("%o is not", async (headers) => {
    const house = createFakeHouse();
    const answer = await call(await openSocket(house), { body: foundingBody, headers });
    expect(answer.status).toBe(415);
    expect(answer.json).toMatchObject({ code: "media_type_unsupported" });
    expect(house.asked).toEqual([]);
  });

  test("stands there once and is not left out", async () => {
    const address = await openSocket(createFakeHouse());
    const head = [
      "POST /v1/authorize HTTP/1.1",
      "Host: x",
      "Connection: close",
      `Content-Length: ${foundingBody.length}`,
    ];
    const json = "Content-Type: application/json";
    const without = await sendRaw(address, rawRequest(head, foundingBody));
    const twice = await sendRaw(address, rawRequest([...head, json, json], foundingBody));
    expect([...statusesOf(without), ...statusesOf(twice)]).toEqual([415, 415]);
  });
});

describe("the size of a body", () => {
  test("may be the limit", async () => {
    const address = await openSocket(createFakeHouse());
    expect((await call(address, { body: padded(bounds.bodyBytesMax) })).status).toBe(200);
  });

  test.each([bounds.bodyBytesMax + 1, 1_000_000, 3_000_000])(
    "may not be %i: 413 and the connection ends",
    async (size) => {
      const house = createFakeHouse();
      const answer = await call(await openSocket(house), {
        body: padded(size),
        headers: { expect: "100-continue" },
      }).catch(() => undefined);
      expect(answer?.status).toBe(413);
      expect(answer?.headers.connection).toBe("close");
      expect(answer?.json).toMatchObject({ code: "body_too_large" });
      expect(house.asked).toEqual([]);
    },
  );

  test("is counted while reading when nothing was said of it before", async () => {
    const house = createFakeHouse();
    const address = await openSocket(house);
    const head = ["POST /v1/authorize HTTP/1.1", "Host: x", "Content-Type: application/json"];
    const body = `${(70_000).toString(16)}\r\n${padded(70_000)}\r\n0\r\n\r\n`;
    const answered = await sendRaw(address, rawRequest([...head, "Transfer-Encoding: chunked"], body));
    expect(statusesOf(answered)).toEqual([413]);
    expect(house.asked).toEqual([]);
  });

  test("ends the reading when chunks never end", async () => {
    const house = createFakeHouse();
    const socket = connectRaw(await openSocket(house, { discardBytesMax: 200_000 }));
    const head = ["POST /v1/authorize HTTP/1.1", "Host: x", "Content-Type: application/json"];
    socket.write(rawRequest([...head, "Transfer-Encoding: chunked"]));
    const chunk = `4000\r\n${" ".repeat(0x4000)}\r\n`;
    const pump = (): void => {
      while (socket.writable && socket.write(chunk));
    };
    socket.on("drain", pump);
    pump();
    await readToEnd(socket);
    expect(house.asked).toEqual([]);
    expect(house.turnedAway).toEqual(["body_too_large"]);
  });

  test("is not zero", async () => {
    const address = await openSocket(createFakeHouse());
    const answer = await call(address, { method: "POST", body: "" });
    expect(answer.status).toBe(400);
    expect(answer.json).toMatchObject({ code: "body_malformed" });
  });
});

describe("slow senders", () => {
  const quick: Partial<DoorLimits> = { headMilliseconds: 60, requestMilliseconds: 120, checkMilliseconds: 10 };

  test("of nothing, of half a head and of half a body are all cut off, with a code", async () => {
    const house = createFakeHouse();
    const address = await openSocket(house, quick);
    const head = ["POST /v1/authorize HTTP/1.1", "Host: x", "Content-Type: application/json", "Content-Length: 128"];
    const beginnings = ["", "POST /v1/auth", head.join("\r\n"), rawRequest(head), rawRequest(head, '{"input":')];
    const answered = await Promise.all(beginnings.map((bytes) => sendRaw(address, bytes)));
    expect(answered.flatMap(statusesOf)).toEqual([408, 408, 408, 408, 408]);
    expect(new Set(answered.flatMap(codesOf))).toEqual(new Set(["request_too_slow"]));
    expect(house.asked).toEqual([]);
    await expect.poll(() => call(address, { body: foundingBody }).then(({ status }) => status)).toBe(200);
  });

  test.each([false, true])("are cut off however steadily they drip (and want to stay: %s)", async (wantsToStay) => {
    const house = createFakeHouse();
    const socket = connectRaw(await openSocket(house, quick), wantsToStay);
    const drip = setInterval(() => socket.writable && socket.write("a"), 5);
    socket.write("POST /v1/authorize HTTP/1.1\r\nX-Drip: ");
    const answered = await readToEnd(socket);
    clearInterval(drip);
    expect(statusesOf(answered)).toEqual([408]);
  });
});

describe("how much one gateway has in flight", () => {
  test("is limited; one more is told to come back, and another gateway is not kept waiting", async () => {
    const gate = Promise.withResolvers<Decision>();
    const other = "credential-of-another-gateway-0123456789ab";
    const base = createFakeHouse();
    const [edge] = base.credentials.gateways;
    if (edge === undefined) throw new TypeError("the fake house has a gateway");
    const house = createFakeHouse({
      decide: (request) => (request.origin.gateway === edge.name ? gate.promise : Promise.resolve(allow)),
      credentials: { operator: undefined, gateways: [edge, { name: known(parseGatewayName("other")), secret: other }] },
    });
    const { addresses } = await open(house, [tcpListener({ concurrencyMax: 2 })]);
    const address = addresses[0]?.address;
    const ask = (secret: string) =>
      call(address, { body: foundingBody, headers: { authorization: `Bearer ${secret}` } });
    const held = [ask(gatewayCredential), ask(gatewayCredential)];
    await expect.poll(async () => (await ask(gatewayCredential)).status).toBe(429);
    const busy = await ask(gatewayCredential);
    expect(busy.headers["retry-after"]).toBe("1");
    expect(busy.json).toMatchObject({ code: "busy" });
    expect((await ask(other)).status).toBe(200);
    gate.resolve(allow);
    expect((await Promise.all(held)).map(({ status }) => status)).toEqual([200, 200]);
    expect((await ask(gatewayCredential)).status).toBe(200);
  });
});

test("a house that breaks its promise gives no answer that could be taken for an allow", async () => {
  const house = createFakeHouse({ decide: () => Promise.reject(new Error("secret words")) });
  const answer = await call(await openSocket(house, {}, 1), { body: foundingBody });
  expect(answer.status).toBe(500);
  expect(answer.json).toEqual({
    code: "internal_fault",
    message: "The sidecar failed in a way that it does not know.",
  });
  expect(house.faults.map(({ code }) => code)).toEqual(["internal_fault"]);
});

test("answers are private, unsniffable and anonymous", async () => {
  const { headers } = await call(await openSocket(createFakeHouse()), { body: foundingBody });
  expect(headers).toMatchObject({
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    "content-type": "application/json",
  });
  expect(headers["server"]).toBeUndefined();
  expect(headers["x-powered-by"]).toBeUndefined();
});

test("connections beyond the limit are dropped before anything of them is read", async () => {
  const address = await openSocket(createFakeHouse(), { connectionsMax: 1 });
  const first = connectRaw(address);
  await new Promise((resolve) => first.once("connect", resolve));
  expect(await sendRaw(address, "GET")).toBe("");
  first.destroy();
  await expect
    .poll(() =>
      call(address, { body: foundingBody }).then(
        (a) => a.status,
        () => 0,
      ),
    )
    .toBe(200);
});
