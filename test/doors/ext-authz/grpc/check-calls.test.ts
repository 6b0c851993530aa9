/** Checks over the wire: who is heard, what is refused, and in which words; with a gRPC library and with raw HTTP/2. */
import { type EventEmitter, once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ChannelCredentials, status } from "@grpc/grpc-js";
import { describe, expect, test } from "vitest";
import { bounds } from "../../../../src/domain/bounds.ts";
import type { AnswerHeldCall, HeldCallAnswer } from "../../../../src/doors/ext-authz/held-call.ts";
import { checkBytesMax } from "../../../../src/doors/ext-authz/grpc/limits.ts";
import type { ListenerOptions } from "../../../../src/doors/index.ts";
import { decodeAnswer, encodeHttp, plainHttp } from "../../../fakes/check-messages.ts";
import { denied, openCheckListener, passed } from "../../../fakes/check-listener.ts";
import { gatewayCredential, operatorCredential } from "../../../fakes/doors-house.ts";
import { connectGrpc, healthPath } from "../../../fakes/grpc-client.ts";
import { sendRaw } from "../../../fakes/raw-connection.ts";
import { connectHttp2, frame, grpcHead, requestRaw } from "../../../fakes/http2-client.ts";

const closing = (party: EventEmitter): Promise<void> => new Promise((resolve) => party.once("close", () => resolve()));
const check = encodeHttp(plainHttp);
const atTcp: Partial<ListenerOptions> = {
  address: { kind: "tcp", host: "127.0.0.1", port: 0 },
  callers: { kind: "credential" },
};
const bearer = (secret: string) => ({ authorization: `Bearer ${secret}` });

describe("a gateway at the socket", () => {
  test("gets what is answered, under the name of the socket", async () => {
    const { address, held } = await openCheckListener();
    const { error, bytes } = await connectGrpc(address).call(check);
    expect(error).toBeUndefined();
    expect(decodeAnswer(bytes)).toMatchObject({ status: {}, okResponse: { headersToRemove: ["x-agent-token"] } });
    expect(held).toMatchObject([{ gateway: "local", call: { target: plainHttp.path } }]);
  });

  test("gets a denial as a message, because an error may be let through", async () => {
    const { address } = await openCheckListener({ answer: async () => denied });
    const { error, bytes } = await connectGrpc(address).call(check);
    expect(error).toBeUndefined();
    expect(decodeAnswer(bytes)).toMatchObject({ status: { code: 7 }, deniedResponse: { status: { code: 403 } } });
  });

  test("gets a line when the held call is gRPC", async () => {
    const { address } = await openCheckListener({ answer: async () => denied });
    const headers = { "content-type": "application/grpc+proto" };
    const { bytes } = await connectGrpc(address).call(encodeHttp({ ...plainHttp, headers }));
    expect(decodeAnswer(bytes)).toMatchObject({ deniedResponse: { body: "denied (decision-1)" } });
  });

  test("is denied when what answers breaks, or answers what cannot be said: an error could be let through", async () => {
    const answers: AnswerHeldCall[] = [
      () => Promise.reject(new Error("broken")),
      async () => ({ ...passed, headersToRemove: ["authorization"] }),
    ];
    for (const answer of answers) {
      const { address, house } = await openCheckListener({ answer });
      const { error, bytes } = await connectGrpc(address).call(check);
      expect(error).toBeUndefined();
      expect(decodeAnswer(bytes)).toMatchObject({ status: { code: 7 }, deniedResponse: { status: { code: 403 } } });
      expect(house.faults).toHaveLength(1);
    }
  });

  test("that cannot be understood is denied, and nobody is asked", async () => {
    const { address, house, held } = await openCheckListener();
    const { error, bytes } = await connectGrpc(address).call(Buffer.from("garbage"));
    expect(error).toBeUndefined();
    expect(decodeAnswer(bytes)).toMatchObject({
      status: { code: 7, message: "request_malformed" },
      deniedResponse: { status: { code: 403 } },
    });
    expect(held).toEqual([]);
    expect(house.turnedAway).toEqual(["request_malformed"]);
  });

  test("that says too much is denied before it has said it", async () => {
    const { address, house, held } = await openCheckListener();
    const { bytes } = await connectGrpc(address).call(encodeHttp({ ...plainHttp, body: "x".repeat(checkBytesMax) }));
    expect(decodeAnswer(bytes)).toMatchObject({ status: { code: 7, message: "body_too_large" } });
    expect(held).toEqual([]);
    expect(house.turnedAway).toEqual(["body_too_large"]);
  });

  test("may say as much as a body and Envoy's largest headers are", async () => {
    const { address } = await openCheckListener();
    const headers = Object.fromEntries(Array.from({ length: 100 }, (_, at) => [`x-${at}`, "v".repeat(600)]));
    const body = "x".repeat(bounds.bodyBytesMax);
    const { bytes } = await connectGrpc(address).call(encodeHttp({ ...plainHttp, headers, body }));
    expect(decodeAnswer(bytes)).toMatchObject({ status: {}, okResponse: {} });
  });

  test("is told when it has too much in flight, as a denial", async () => {
    const open = Promise.withResolvers<HeldCallAnswer>();
    const arrived = Promise.withResolvers<void>();
    const { address, house } = await openCheckListener({
      options: { concurrencyMax: 1 },
      answer: () => {
        arrived.resolve();
        return open.promise;
      },
    });
    const client = connectGrpc(address);
    const first = client.call(check);
    await arrived.promise;
    const { error, bytes } = await client.call(check);
    expect(error).toBeUndefined();
    expect(decodeAnswer(bytes)).toMatchObject({
      status: { code: 8, message: "busy" },
      deniedResponse: { status: { code: 429 } },
    });
    expect(house.turnedAway).toEqual(["busy"]);
    open.resolve(passed);
    expect((await first).error).toBeUndefined();
    expect(decodeAnswer((await client.call(check)).bytes)).toMatchObject({ status: {} });
  });

  test("that hangs up gives its place back when its call is answered, and not before", async () => {
    const open = Promise.withResolvers<HeldCallAnswer>();
    const arrived = Promise.withResolvers<void>();
    const { address, house } = await openCheckListener({
      options: { concurrencyMax: 1 },
      answer: () => {
        arrived.resolve();
        return open.promise;
      },
    });
    const session = connectHttp2(address);
    const stream = session.request(grpcHead);
    stream.on("error", () => undefined);
    stream.end(frame(check));
    await arrived.promise;
    stream.close(8);
    await once(stream, "close");
    const client = connectGrpc(address);
    expect(decodeAnswer((await client.call(check)).bytes)).toMatchObject({ status: { message: "busy" } });
    open.resolve(passed);
    await expect.poll(async () => decodeAnswer((await client.call(check)).bytes)).toMatchObject({ okResponse: {} });
    expect(house.faults).toEqual([]);
  });
});

describe("a gateway at a TCP address", () => {
  test("is believed with its credential in the initial metadata", async () => {
    const { address, held } = await openCheckListener({ options: atTcp });
    const { error } = await connectGrpc(address).call(check, { metadata: bearer(gatewayCredential) });
    expect(error).toBeUndefined();
    expect(held).toMatchObject([{ gateway: "edge" }]);
  });

  const refused: Record<string, Record<string, string>> = {
    "no credential, though it comes from loopback": {},
    "a credential without its last character": bearer(gatewayCredential.slice(0, -1)),
    "the operator's credential": bearer(operatorCredential),
    "the credential without a scheme": { authorization: gatewayCredential },
    "two credentials in one line": { authorization: `Bearer ${gatewayCredential}, Bearer ${gatewayCredential}` },
    "the header of another door": { "x-chaperone-gateway-credential": gatewayCredential },
    "a credential in binary metadata": {
      "authorization-bin": Buffer.from(`Bearer ${gatewayCredential}`).toString("base64"),
    },
    "the word of a proxy": { "x-forwarded-client-cert": "URI=spiffe://mesh/gateway" },
  };
  test.each(Object.entries(refused))("is nobody with %s, and gets no decision", async (_what, metadata) => {
    const { address, held, house } = await openCheckListener({ options: atTcp });
    const session = connectHttp2(address);
    const answer = await requestRaw(session, metadata, frame(check));
    expect(answer).toMatchObject({ status: 200, grpcStatus: String(status.UNAUTHENTICATED) });
    expect(answer.body).toHaveLength(0);
    expect(held).toEqual([]);
    expect(house.turnedAway).toEqual(["credential_required"]);
  });

  test("is nobody with its credential twice, even when both are right", async () => {
    const { address, held } = await openCheckListener({ options: atTcp });
    const line = `Bearer ${gatewayCredential}`;
    const answer = await requestRaw(connectHttp2(address), { authorization: [line, line] }, frame(check));
    expect(answer.grpcStatus).toBe(String(status.UNAUTHENTICATED));
    expect(held).toEqual([]);
  });

  test("that proves nothing is answered before it has said anything", async () => {
    const { address } = await openCheckListener({ options: atTcp });
    const stream = connectHttp2(address).request(
      { ":method": "POST", ":path": "/envoy.service.auth.v3.Authorization/Check", "content-type": "application/grpc" },
      { endStream: false },
    );
    stream.on("error", () => undefined);
    const arrived: unknown[] = await once(stream, "response");
    expect(arrived[0]).toMatchObject({ "grpc-status": String(status.UNAUTHENTICATED) });
  });
});

const pem = (name: string): Buffer => readFileSync(join(import.meta.dirname, "../../../fixtures/mtls", `${name}.pem`));
const gatewayName = "URI:spiffe://mesh.example/ns/edge/sa/gateway";

describe("a gateway with mutual TLS", () => {
  const files = join(import.meta.dirname, "../../../fixtures/mtls");
  const mtls = {
    certFile: join(files, "server.pem"),
    keyFile: join(files, "server-key.pem"),
    caFile: join(files, "ca.pem"),
    allowedNames: [gatewayName],
  };
  const options: Partial<ListenerOptions> = {
    address: { kind: "tcp", host: "127.0.0.1", port: 0, mtls },
    callers: { kind: "mtls" },
  };
  const asParty = (party: string): ChannelCredentials =>
    ChannelCredentials.createSsl(pem("ca"), pem(`${party}-key`), pem(party));

  test("is believed by the exact name in its certificate", async () => {
    const { address, held } = await openCheckListener({ options });
    expect(address).toMatch(/^https:/);
    const { error } = await connectGrpc(address, asParty("gateway")).call(check);
    expect(error).toBeUndefined();
    expect(held).toMatchObject([{ gateway: gatewayName }]);
  });

  test.each(["agent", "posing"])("is not %s, whose certificate comes from the same mesh", async (party) => {
    const { address, held } = await openCheckListener({ options });
    const { error } = await connectGrpc(address, asParty(party)).call(check);
    expect(error?.code).toBe(status.UNAUTHENTICATED);
    expect(held).toEqual([]);
  });

  test("is not one whom another authority vouches for, nor one without a certificate", async () => {
    const { address, held } = await openCheckListener({ options });
    for (const credentials of [asParty("stranger"), ChannelCredentials.createSsl(pem("ca"))]) {
      const { error } = await connectGrpc(address, credentials).call(check, { deadlineMilliseconds: 3_000 });
      expect([status.UNAVAILABLE, status.DEADLINE_EXCEEDED]).toContain(error?.code);
    }
    expect(held).toEqual([]);
  });
});

describe("a request that is no Check", () => {
  const cases: readonly (readonly [string, Record<string, string>, Buffer, object])[] = [
    ["by GET", { ":method": "GET" }, Buffer.alloc(0), { status: 405, grpcStatus: undefined }],
    ["of JSON", { "content-type": "application/json" }, frame(check), { status: 415, grpcStatus: undefined }],
    ["of gRPC-Web", { "content-type": "application/grpc-web" }, frame(check), { status: 415, grpcStatus: undefined }],
    [
      "of gRPC in JSON",
      { "content-type": "application/grpc+json" },
      frame(check),
      { status: 415, grpcStatus: undefined },
    ],
    [
      "to another method",
      { ":path": "/envoy.service.auth.v3.Authorization/Other" },
      frame(check),
      { grpcStatus: "12" },
    ],
    [
      "to the older service",
      { ":path": "/envoy.service.auth.v2.Authorization/Check" },
      frame(check),
      { grpcStatus: "12" },
    ],
    [
      "with dots in its path",
      { ":path": "/x/../envoy.service.auth.v3.Authorization/Check" },
      frame(check),
      { grpcStatus: "12" },
    ],
    ["with a query", { ":path": "/envoy.service.auth.v3.Authorization/Check?a" }, frame(check), { grpcStatus: "12" }],
    ["in an encoding", { "grpc-encoding": "gzip" }, frame(check), { grpcStatus: "12" }],
    ["flagged as compressed", {}, frame(check, 1), { grpcStatus: "12" }],
    ["flagged with what is not defined", {}, frame(check, 2), { grpcStatus: "12" }],
    ["of nothing", {}, Buffer.alloc(0), { grpcStatus: "13" }],
    ["of half a prefix", {}, frame(check).subarray(0, 3), { grpcStatus: "13" }],
    ["of half a message", {}, frame(check).subarray(0, -1), { grpcStatus: "13" }],
    ["of two messages", {}, Buffer.concat([frame(check), frame(check)]), { grpcStatus: "13" }],
    ["of a message and a byte", {}, Buffer.concat([frame(check), Buffer.of(0)]), { grpcStatus: "13" }],
    ["with a timeout that is none", { "grpc-timeout": "soon" }, frame(check), { grpcStatus: "3" }],
    ["with a negative timeout", { "grpc-timeout": "-1S" }, frame(check), { grpcStatus: "3" }],
    ["with a timeout of nine digits", { "grpc-timeout": "123456789S" }, frame(check), { grpcStatus: "3" }],
  ];
  test.each(cases)(
    "%s is refused without a message, and the connection goes on",
    async (_what, head, body, expected) => {
      const { address, held, house } = await openCheckListener();
      const session = connectHttp2(address);
      const answer = await requestRaw(session, head, body);
      expect(answer).toMatchObject({ status: 200, ...expected });
      expect(answer.body).toHaveLength(0);
      expect(held).toEqual([]);
      expect(house.turnedAway).toHaveLength(1);
      expect(await requestRaw(session, {}, frame(check))).toMatchObject({ grpcStatus: "0" });
    },
  );

  test.each(["application/grpc", "application/grpc+proto", "Application/GRPC; charset=utf-8"])(
    "is not one of the type %s",
    async (type) => {
      const { address } = await openCheckListener();
      expect(await requestRaw(connectHttp2(address), { "content-type": type }, frame(check))).toMatchObject({
        grpcStatus: "0",
      });
    },
  );

  test("but in many pieces is one all the same", async () => {
    const { address, held } = await openCheckListener();
    const stream = connectHttp2(address).request(grpcHead);
    for (const byte of frame(check)) {
      stream.write(Buffer.of(byte));
      await new Promise((resolve) => setImmediate(resolve));
    }
    stream.end();
    stream.resume();
    const arrived: unknown[] = await once(stream, "trailers");
    expect(arrived[0]).toMatchObject({ "grpc-status": "0" });
    expect(held).toHaveLength(1);
  });

  test("by HTTP/1 is not answered by a decision", async () => {
    const { address, held, house } = await openCheckListener({ options: atTcp });
    const said = await sendRaw(
      address,
      "POST /envoy.service.auth.v3.Authorization/Check HTTP/1.1\r\nHost: x\r\n\r\n",
    ).catch(() => "");
    expect(said).not.toContain("200");
    expect(held).toEqual([]);
    expect(house.faults).toEqual([]);
  });
});

describe("time", () => {
  test("is the caller's: past its deadline it is told so, and what is decided later is not sent", async () => {
    const open = Promise.withResolvers<HeldCallAnswer>();
    const { address, house } = await openCheckListener({ answer: () => open.promise });
    const session = connectHttp2(address);
    expect(await requestRaw(session, { "grpc-timeout": "50m" }, frame(check))).toMatchObject({
      grpcStatus: String(status.DEADLINE_EXCEEDED),
      body: Buffer.alloc(0),
    });
    open.resolve(passed);
    expect(await requestRaw(session, {}, frame(check))).toMatchObject({ grpcStatus: "0" });
    expect(house.faults).toEqual([]);
  });

  test("is bounded: a message that never ends is given up", async () => {
    const { address, held } = await openCheckListener({ limits: { requestMilliseconds: 50 } });
    const session = connectHttp2(address);
    const answer = await requestRaw(session, { "grpc-timeout": "1H" });
    expect(answer.grpcStatus).toBe(String(status.DEADLINE_EXCEEDED));
    expect(held).toEqual([]);
    expect(await requestRaw(session, {}, frame(check))).toMatchObject({ grpcStatus: "0" });
  });

  test("closes connections on which no gateway has proven itself, and no others", async () => {
    const { address } = await openCheckListener({ options: atTcp, limits: { idleMilliseconds: 60 } });
    const [idle, unproven, proven] = [connectHttp2(address), connectHttp2(address), connectHttp2(address)];
    await requestRaw(unproven, {}, frame(check));
    expect(await requestRaw(proven, bearer(gatewayCredential), frame(check))).toMatchObject({ grpcStatus: "0" });
    await Promise.all([closing(idle), closing(unproven)]);
    expect(await requestRaw(proven, bearer(gatewayCredential), frame(check))).toMatchObject({ grpcStatus: "0" });
  });
});

describe("health", () => {
  const serving = Buffer.of(0x08, 1);
  const notServing = Buffer.of(0x08, 2);
  const ask = (service: string): Buffer =>
    service === "" ? Buffer.alloc(0) : Buffer.concat([Buffer.of(0x0a, service.length), Buffer.from(service)]);

  test("is anyone's to ask, for all and for the service", async () => {
    const { address } = await openCheckListener({ options: atTcp });
    const client = connectGrpc(address);
    for (const service of ["", "envoy.service.auth.v3.Authorization"]) {
      expect(await client.call(ask(service), { path: healthPath })).toEqual({ error: undefined, bytes: serving });
    }
  });

  test("says when the sidecar is not ready", async () => {
    const { address } = await openCheckListener({ house: { readiness: () => ({ ready: false, checks: {} }) } });
    expect((await connectGrpc(address).call(ask(""), { path: healthPath })).bytes).toEqual(notServing);
  });

  test("of a service that is not here is not known, and of garbage nothing is said", async () => {
    const { address } = await openCheckListener();
    const client = connectGrpc(address);
    const codes = await Promise.all(
      [ask("other"), Buffer.of(0xff), Buffer.concat([ask("a"), ask("b")]), Buffer.alloc(2_000, 0x0a)].map(
        async (message) => (await client.call(message, { path: healthPath })).error?.code,
      ),
    );
    expect(codes).toEqual([
      status.NOT_FOUND,
      status.INVALID_ARGUMENT,
      status.INVALID_ARGUMENT,
      status.RESOURCE_EXHAUSTED,
    ]);
  });
});
