/** A gRPC client whose call does not pass: what a real one is told, through the real Envoy, whichever way that asks. */
import { status } from "@grpc/grpc-js";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { runEnvoy } from "../fakes/envoy.ts";
import type { RunningGateway } from "../fakes/gateway-process.ts";
import { connectGrpc } from "../fakes/grpc-client.ts";
import { grpcBooking, host, startTravelMesh, type TravelMesh, ways } from "./travel-mesh.ts";

let mesh: TravelMesh;
beforeAll(async () => {
  mesh = await startTravelMesh();
});
afterAll(() => mesh.close());

describe.each(ways)("asked by %s", (way) => {
  let envoy: RunningGateway;
  beforeAll(async () => {
    const payloads = way === "grpc" ? "metadata" : "headers";
    const before = way === "http-tokens" ? [] : [mesh.providers.jwtAuthn(payloads, "both_or_none")];
    // What passes is told apart: nothing listens there.
    envoy = await runEnvoy({ ...mesh.asks(way), before, upstream: "http://127.0.0.1:9" });
  });
  afterAll(() => envoy.stop());

  const ask = async (metadata: Record<string, string>, path = grpcBooking) => {
    const client = connectGrpc(`http://127.0.0.1:${envoy.port}`, undefined, host);
    const { error } = await client.call(Buffer.from("anything"), { path, metadata });
    return error && { code: status[error.code], details: error.details, metadata: error.metadata.getMap() };
  };

  /** `grpc-message` is the answer's body: by HTTP Envoy tells us no content type, so there it is the problem as it is. */
  const reads = (line: string, problem: string): unknown =>
    expect.stringMatching(new RegExp(way === "grpc" ? `^${line}$` : `^\\{${problem}\\}$`));
  const id = String.raw`d-[\w-]{22}`;

  test("Marketing reads PERMISSION_DENIED and the decision's id", async () => {
    expect(await ask(await mesh.providers.tokens("mark"))).toMatchObject({
      code: "PERMISSION_DENIED",
      details: reads(String.raw`denied \(${id}\)`, `"title":"denied","status":403,"decision_id":"${id}"`),
      metadata: { "content-type": "application/grpc" },
    });
  });

  test("who shows nothing reads UNAUTHENTICATED", async () => {
    expect(await ask({})).toMatchObject({
      code: "UNAUTHENTICATED",
      details: reads("evidence", '"title":"evidence","status":401'),
      metadata: { "content-type": "application/grpc", "www-authenticate": "Bearer" },
    });
  });

  test("what is no operation reads PERMISSION_DENIED", async () => {
    const told = await ask(await mesh.providers.tokens("alice"), "/flights.Bookings/Cancel");
    const details = reads("denied", '"title":"denied","status":403');
    expect(told).toMatchObject({ code: "PERMISSION_DENIED", details });
  });

  test("what passes is told by the resource, here by its absence", async () => {
    expect(await ask(await mesh.providers.tokens("alice"))).toMatchObject({ code: "UNAVAILABLE" });
  });
});
