/** Stopping: nobody who was heard loses an answer, and nobody holds the stop up. */
import { once } from "node:events";
import { constants } from "node:http2";
import { connect as connectSocket } from "node:net";
import { describe, expect, test } from "vitest";
import type { HeldCallAnswer } from "../../../../src/doors/ext-authz/held-call.ts";
import { encodeHttp, plainHttp } from "../../../fakes/check-messages.ts";
import { openCheckListener, passed } from "../../../fakes/check-listener.ts";
import { connectHttp2, frame, requestRaw } from "../../../fakes/http2-client.ts";

const check = frame(encodeHttp(plainHttp));

async function openSlow() {
  const open = Promise.withResolvers<HeldCallAnswer>();
  const arrived = Promise.withResolvers<void>();
  const listener = await openCheckListener({
    answer: () => {
      arrived.resolve();
      return open.promise;
    },
  });
  return {
    listener,
    house: listener.house,
    held: listener.held,
    address: listener.address,
    answer: () => open.resolve(passed),
    arrived: arrived.promise,
  };
}

describe("a gRPC listener that stops", () => {
  test("says so, answers what is in flight, refuses as not begun what is on its way, and ends", async () => {
    const { address, listener, answer, arrived, held } = await openSlow();
    const session = connectHttp2(address);
    const toldAway = once(session, "goaway");
    const first = requestRaw(session, {}, check);
    await arrived;
    const drained = listener.drain(60_000);
    const crossing = requestRaw(session, {}, check);
    await toldAway;
    answer();
    expect(await first).toMatchObject({ grpcStatus: "0" });
    expect(await crossing).toMatchObject({ grpcStatus: undefined, rstCode: constants.NGHTTP2_REFUSED_STREAM });
    await drained;
    expect(held).toHaveLength(1);
    await expect(once(connectSocket({ path: address.slice(5) }), "connect")).rejects.toMatchObject({ code: "ENOENT" });
  });

  test("does not wait for connections on which nothing is asked", async () => {
    const listener = await openCheckListener();
    const { address } = listener;
    const session = connectHttp2(address);
    await once(session, "connect");
    const silent = connectSocket({ path: address.slice(5) });
    await once(silent, "connect");
    await listener.drain(60_000);
    silent.destroy();
  });

  test("cuts what is left after the grace period, and can be hurried", async () => {
    const { address, listener, arrived, house } = await openSlow();
    const call = requestRaw(connectHttp2(address), {}, check);
    await arrived;
    await Promise.all([listener.drain(60_000), listener.drain(20)]);
    expect((await call).grpcStatus).toBeUndefined();
    await listener.drain(60_000);
    expect(house.faults).toEqual([]);
  });
});
