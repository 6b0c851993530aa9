/** Envoy itself in front of the gRPC door: what its clients forge does not survive, and what is no pass does not pass. */
import { connect } from "node:http2";
import { describe, expect, onTestFinished, test } from "vitest";
import type { AnswerHeldCall } from "../../../../src/doors/ext-authz/held-call.ts";
import type { ListenerOptions } from "../../../../src/doors/index.ts";
import { denied, openCheckListener, passed } from "../../../fakes/check-listener.ts";
import { gatewayCredential } from "../../../fakes/doors-house.ts";
import { startEnvoy } from "../../../fakes/envoy.ts";
import { findFreePort } from "../../../fakes/free-port.ts";
import { connectGrpc } from "../../../fakes/grpc-client.ts";

const atTcp: Partial<ListenerOptions> = {
  address: { kind: "tcp", host: "127.0.0.1", port: 0 },
  callers: { kind: "credential" },
};
const credential = gatewayCredential;
const forged = {
  authorization: "Bearer of-the-agent",
  "x-agent-token": "of-the-agent",
  "x-envoy-auth-partial-body": "false",
  "x-many": ["1", "2"],
};

describe.each([
  ["as text", {}, ["1,2"], "caf!"],
  ["raw", { encode_raw_headers: true }, ["1", "2"], "caf\u00e9"],
] as const)("headers that Envoy sends %s", (_how, filter, many, bytes) => {
  test("are read, and what goes on has ours alone", async () => {
    const { address, held } = await openCheckListener();
    const envoy = await startEnvoy({ address, filter });
    const { status, received } = await envoy.send("/a/../b?x=%2e", { ...forged, "x-bytes": "caf\u00e9" });
    expect(status).toBe(200);
    expect(received).toMatchObject({ target: "/a/../b?x=%2e", headers: { authorization: "Bearer role-token" } });
    expect(received?.headers).not.toHaveProperty("x-agent-token");
    const { call, gateway } = held.at(-1) ?? {};
    expect([gateway, call?.method, call?.target]).toEqual(["local", "GET", "/a/../b?x=%2e"]);
    expect(call?.host).toBe(`127.0.0.1:${envoy.port}`);
    expect(call?.headers.get("x-many")).toEqual(many);
    expect(call?.headers.get("x-bytes")).toEqual([bytes]);
    expect(call?.headers.get("authorization")).toEqual(["Bearer of-the-agent"]);
    expect([...(call?.headers.keys() ?? [])].filter((name) => name.startsWith(":"))).toEqual([]);
    expect(call?.body).toEqual({ kind: "absent" });
  });

  test.each([true, false])("come with a body, whole or not (as bytes: %s)", async (asBytes) => {
    const { address, held } = await openCheckListener();
    const body = { max_request_bytes: 8, allow_partial_message: true, pack_as_bytes: asBytes };
    const envoy = await startEnvoy({ address, filter: { ...filter, with_request_body: body } });
    await envoy.send("/", forged, "short");
    await envoy.send("/", forged, "longer than eight");
    expect(held.slice(-2).map(({ call }) => call.body)).toEqual([
      { kind: "whole", bytes: Buffer.from("short"), isExact: asBytes },
      { kind: "partial", bytes: Buffer.from("longer t"), isExact: asBytes },
    ]);
  });
});

test("a body that comes as text has other characters for what is no UTF-8", async () => {
  const { address, held } = await openCheckListener();
  const envoy = await startEnvoy({ address, filter: { with_request_body: { max_request_bytes: 64 } } });
  await connectGrpc(`http://127.0.0.1:${envoy.port}`).call(Buffer.of(0x10, 0xf4, 0x0a), { path: "/a.B/C" });
  const body = { kind: "whole", bytes: Buffer.from("\0\0\0\0\u0003\u0010!\n"), isExact: false };
  expect(held.at(-1)?.call.body).toEqual(body);
});

describe("who is turned away", () => {
  const statuses = [
    [403, "denied", "7"],
    [401, "evidence", "16"],
    // Envoy's own table has no other for it.
    [429, "limit", "14"],
  ] as const;
  test.each(statuses)(
    "by %i reads a problem, and a gRPC client a status of its own",
    async (status, title, grpcStatus) => {
      const { address } = await openCheckListener({ answer: async () => ({ ...denied, status, title }) });
      const envoy = await startEnvoy({ address });
      const answer = await envoy.send("/");
      expect(answer).toMatchObject({
        status,
        received: undefined,
        headers: { "content-type": "application/problem+json" },
      });
      expect(answer.headers["www-authenticate"]).toBe(status === 401 ? "Bearer" : undefined);
      expect(JSON.parse(answer.text)).toEqual({ title, status, decision_id: "decision-1" });

      const session = connect(`http://127.0.0.1:${envoy.port}`);
      onTestFinished(() => session.destroy());
      const stream = session.request({
        ":method": "POST",
        ":path": "/s/M",
        "content-type": "application/grpc",
        te: "trailers",
      });
      const head = await new Promise((resolve) => stream.end().once("response", resolve));
      expect(head).toMatchObject({
        ":status": 200,
        "content-type": "application/grpc",
        "grpc-status": grpcStatus,
        "grpc-message": `${title} (decision-1)`,
      });
    },
  );
});

describe("nothing passes", () => {
  const refused = { status: 403, received: undefined };

  test("with another credential, and with the right one everything that may", async () => {
    const { address, held } = await openCheckListener({ options: atTcp });
    const wrong = await startEnvoy({ address, credential: credential.toUpperCase() });
    expect(await wrong.send("/")).toMatchObject(refused);
    expect(await wrong.send("/", { authorization: `Bearer ${credential}` })).toMatchObject(refused);
    expect(held).toEqual([]);
    const right = await startEnvoy({ address, credential });
    expect(await right.send("/")).toMatchObject({ status: 200 });
  });

  test("when nobody answers, when the answer is late, and when it breaks; and then it goes on", async () => {
    const port = await findFreePort();
    const options = { ...atTcp, address: { kind: "tcp", host: "127.0.0.1", port } } as const;
    const envoy = await startEnvoy({ address: `http://127.0.0.1:${port}`, credential });
    expect(await envoy.send("/")).toMatchObject(refused);
    let answer: AnswerHeldCall = async () => passed;
    const listener = await openCheckListener({ options, answer: (...asked) => answer(...asked) });
    await expect.poll(async () => (await envoy.send("/")).status, { timeout: 10_000 }).toBe(200);
    answer = () => new Promise((resolve) => setTimeout(() => resolve(passed), 1_500));
    expect(await envoy.send("/")).toMatchObject(refused);
    answer = () => Promise.reject(new Error("broken"));
    expect(await envoy.send("/")).toMatchObject(refused);
    expect(listener.house.faults).toHaveLength(1);
    answer = async () => ({ ...passed, headersToSet: [{ name: "x", value: "a\r\nb: c" }] });
    expect(await envoy.send("/")).toMatchObject(refused);
    answer = async () => passed;
    expect(await envoy.send("/")).toMatchObject({ status: 200 });
    await listener.drain(1_000);
    expect(await envoy.send("/")).toMatchObject(refused);
  });

  test("that is one call too many, even where errors may pass", async () => {
    const arrived = Promise.withResolvers<void>();
    const open = Promise.withResolvers<typeof passed>();
    let isHeld = false;
    const { address } = await openCheckListener({
      options: { concurrencyMax: 1 },
      answer: () => {
        if (!isHeld) return Promise.resolve(passed);
        arrived.resolve();
        return open.promise;
      },
    });
    const envoy = await startEnvoy({ address, filter: { failure_mode_allow: true } });
    isHeld = true;
    const first = envoy.send("/");
    await arrived.promise;
    expect(await envoy.send("/")).toMatchObject({ status: 429, received: undefined });
    open.resolve(passed);
    expect(await first).toMatchObject({ status: 200 });
  });

  test("that says more than is read, even where errors may pass", async () => {
    const { address, held } = await openCheckListener();
    const body = { max_request_bytes: 1_000_000, allow_partial_message: true };
    const envoy = await startEnvoy({ address, filter: { failure_mode_allow: true, with_request_body: body } });
    const before = held.length;
    expect(await envoy.send("/", {}, "x".repeat(500_000))).toMatchObject({ status: 403, received: undefined });
    expect(held).toHaveLength(before);
  });
});
