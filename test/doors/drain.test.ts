/** How listeners close: nothing new, everything that was begun, and not for ever. */
import { Agent, request } from "node:http";
import { describe, expect, onTestFinished, test } from "vitest";
import type { Decision } from "../../src/domain/decision.ts";
import { openListeners } from "../../src/doors/index.ts";
import { allow, createFakeHouse, foundingBody } from "../fakes/doors-house.ts";
import { call, createFolder, hostAndPort, open, socketListener, tcpListener } from "../fakes/open-house.ts";
import { connectRaw, readToEnd } from "../fakes/raw-connection.ts";

/** A house that decides when it is told to. */
function createSlowHouse() {
  const gate = Promise.withResolvers<Decision>();
  const asked = Promise.withResolvers<void>();
  const house = createFakeHouse({
    decide: () => {
      asked.resolve();
      return gate.promise;
    },
  });
  return { house, asked: asked.promise, answer: () => gate.resolve(allow) };
}

describe("draining", () => {
  test("answers what is in flight, takes nothing new, and ends", async () => {
    const { house, asked, answer } = createSlowHouse();
    const { addresses, drain } = await openListeners([socketListener(await createFolder())], house);
    const address = addresses[0]?.address;
    const inFlight = call(address, { body: foundingBody });
    await asked;
    const drained = drain(60_000);
    await expect(call(address, { body: foundingBody })).rejects.toThrow(/ENOENT|ECONNREFUSED/);
    answer();
    const { status, json } = await inFlight;
    expect([status, json["allow"]]).toEqual([200, true]);
    await drained;
  });

  test("tells a connection that is kept alive that it ends, and does not wait for idle ones", async () => {
    const { house, asked, answer } = createSlowHouse();
    const { addresses, drain } = await openListeners([tcpListener({ doors: ["public", "authorize"] })], house);
    const place = hostAndPort(addresses[0]?.address);
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    onTestFinished(() => agent.destroy());
    const ask = (path: string, headers: Record<string, string>, body?: string) =>
      new Promise<string | undefined>((resolve, reject) => {
        const sent = request({ ...place, agent, path, headers, method: body === undefined ? "GET" : "POST" });
        sent.on("error", reject);
        sent.on("response", (response) => {
          response.resume();
          response.on("end", () => resolve(response.headers.connection));
        });
        sent.end(body);
      });
    expect(await ask("/.well-known/jwks.json", {})).toBe("keep-alive");
    const idle = connectRaw(addresses[0]?.address);
    idle.write("GET /.well-known/jwks.json HTTP/1.1\r\nHost: localhost\r\n\r\n");
    await new Promise((resolve) => idle.once("data", resolve));
    const [credential] = house.credentials.gateways;
    const authorized = { authorization: `Bearer ${credential?.secret ?? ""}`, "content-type": "application/json" };
    const inFlight = ask("/v1/authorize", authorized, foundingBody);
    await asked;
    const drained = drain(60_000);
    await readToEnd(idle);
    answer();
    await inFlight;
    await drained;
  });

  test("cuts what is not done within the grace period", async () => {
    const { house, asked } = createSlowHouse();
    const { addresses, drain } = await openListeners([socketListener(await createFolder())], house);
    const inFlight = call(addresses[0]?.address, { body: foundingBody });
    const cut = expect(inFlight).rejects.toThrow(/hang up|ECONNRESET/);
    await asked;
    await drain(20);
    await cut;
  });

  test("can be hurried, and asked for again when all is done", async () => {
    const { house, asked } = createSlowHouse();
    const { addresses, drain } = await openListeners([socketListener(await createFolder())], house);
    const cut = expect(call(addresses[0]?.address, { body: foundingBody })).rejects.toThrow(/hang up|ECONNRESET/);
    await asked;
    await Promise.all([drain(60_000), drain(20)]);
    await cut;
    await drain(60_000);
  });

  test("a caller that hangs up does not undo its decision, and harms nobody after it", async () => {
    const { house, asked, answer } = createSlowHouse();
    const { addresses } = await open(house, [socketListener(await createFolder(), { concurrencyMax: 1 })]);
    const socket = connectRaw(addresses[0]?.address);
    const size = `Content-Length: ${foundingBody.length}`;
    socket.write(
      `POST /v1/authorize HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n${size}\r\n\r\n${foundingBody}`,
    );
    await asked;
    socket.destroy();
    answer();
    await expect.poll(() => call(addresses[0]?.address, { body: foundingBody }).then((a) => a.status)).toBe(200);
    expect(house.faults).toEqual([]);
  });
});
