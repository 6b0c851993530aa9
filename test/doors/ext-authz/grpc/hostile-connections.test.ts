/** Peers that abuse HTTP/2: the listener goes on for everybody else, and what it keeps for them is bounded. */
import { type EventEmitter, once } from "node:events";
import { connect as connectSocket } from "node:net";
import { describe, expect, test } from "vitest";
import { encodeHttp, plainHttp } from "../../../fakes/check-messages.ts";
import { type CheckListener, openCheckListener, passed } from "../../../fakes/check-listener.ts";
import { connectHttp2, frame, grpcHead, requestRaw } from "../../../fakes/http2-client.ts";

const check = frame(encodeHttp(plainHttp));
const preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/** However it ends. */
const closing = (party: EventEmitter): Promise<void> => new Promise((resolve) => party.once("close", () => resolve()));

/** One HTTP/2 frame. */
function h2(type: number, flags: number, stream: number, payload: Uint8Array = Buffer.alloc(0)): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.byteLength, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

const settings = h2(4, 0, 0);

/** Sends frames and waits until the listener has closed the connection. */
async function sendUntilClosed(address: string, ...frames: readonly Buffer[]): Promise<void> {
  const socket = connectSocket({ path: address.slice(5) });
  socket.on("error", () => undefined);
  socket.resume();
  socket.write(Buffer.concat([Buffer.from(preface), settings, ...frames]));
  await closing(socket);
}

async function expectAlive({ address, house }: CheckListener): Promise<void> {
  expect(await requestRaw(connectHttp2(address), {}, check)).toMatchObject({ grpcStatus: "0" });
  expect(house.faults).toEqual([]);
}

describe("the listener goes on after", () => {
  test("streams that are opened and reset without end", async () => {
    let answering = 0;
    const listener = await openCheckListener({
      options: { concurrencyMax: 4 },
      answer: async () => {
        answering += 1;
        await new Promise((resolve) => setImmediate(resolve));
        answering -= 1;
        return passed;
      },
    });
    const session = connectHttp2(listener.address);
    const closed = closing(session);
    for (let at = 0; at < 5_000 && !session.destroyed && !session.closed; at += 1) {
      const stream = session.request(grpcHead);
      stream.on("error", () => undefined);
      stream.end(check);
      stream.close(8);
      if (at % 50 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    session.close();
    await closed;
    await expect.poll(() => answering).toBe(0);
    await expectAlive(listener);
  });

  test("what is no HTTP/2", async () => {
    const listener = await openCheckListener();
    const socket = connectSocket({ path: listener.address.slice(5) });
    socket.on("error", () => undefined);
    socket.resume();
    socket.write(Buffer.alloc(4_096, 0x41));
    await closing(socket);
    await expectAlive(listener);
  });

  const floods: readonly (readonly [string, readonly Buffer[]])[] = [
    ["pings that nobody waits for", Array.from({ length: 20_000 }, () => h2(6, 0, 0, Buffer.alloc(8)))],
    ["settings that never end", Array.from({ length: 20_000 }, () => settings)],
    ["a frame larger than was agreed", [h2(0, 0, 1, Buffer.alloc(20_000))]],
    [
      "a head that never ends",
      [h2(1, 0, 1, Buffer.of(0x82)), ...Array.from({ length: 2_000 }, () => h2(9, 0, 1, Buffer.alloc(16_000, 0x40)))],
    ],
    ["a head that is no HPACK", [h2(1, 4, 1, Buffer.alloc(10, 0xff))]],
    ["a stream of the server's", [h2(1, 4, 2, Buffer.of(0x82))]],
    ["data on no stream", [h2(0, 0, 0, Buffer.of(1))]],
    [
      "a window that overflows",
      [h2(8, 0, 0, Buffer.of(0x7f, 0xff, 0xff, 0xff)), h2(8, 0, 0, Buffer.of(0x7f, 0xff, 0xff, 0xff))],
    ],
  ];
  test.each(floods)("%s, whose connection it closes", async (_what, frames) => {
    const listener = await openCheckListener();
    await sendUntilClosed(listener.address, ...frames);
    await expectAlive(listener);
  });

  test("a head with more fields than are taken", async () => {
    const listener = await openCheckListener();
    const many = Object.fromEntries(Array.from({ length: 200 }, (_, at) => [`x-${at}`, "v"]));
    const answer = await requestRaw(connectHttp2(listener.address), many, check);
    expect(answer.grpcStatus).toBeUndefined();
    expect(listener.held).toEqual([]);
    await expectAlive(listener);
  });

  test("a peer that takes no answers: its calls end with their time", async () => {
    const listener = await openCheckListener({ limits: { requestMilliseconds: 100 } });
    const session = connectHttp2(listener.address);
    await once(session, "connect");
    session.settings({ initialWindowSize: 0 });
    const answers = await Promise.all(Array.from({ length: 20 }, () => requestRaw(session, {}, check)));
    expect(answers.map(({ grpcStatus }) => grpcStatus)).toEqual(answers.map(() => undefined));
    await expectAlive(listener);
  });

  test("more connections than it keeps", async () => {
    const listener = await openCheckListener({ limits: { connectionsMax: 2 } });
    const kept = [connectHttp2(listener.address), connectHttp2(listener.address)];
    for (const session of kept) expect(await requestRaw(session, {}, check)).toMatchObject({ grpcStatus: "0" });
    const dropped = connectSocket({ path: listener.address.slice(5) });
    dropped.on("error", () => undefined);
    dropped.resume();
    await closing(dropped);
    for (const session of kept) session.destroy();
    await expect.poll(async () => (await requestRaw(connectHttp2(listener.address), {}, check)).grpcStatus).toBe("0");
  });
});
