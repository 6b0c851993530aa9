/** To whom a connection is made for keys, and whom the other end has to be: by address, by certificate, by no proxy. */
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { get, setGlobalProxyFromEnv } from "node:http";
import { createServer } from "node:https";
import { join } from "node:path";
import { getCACertificates, setDefaultCACertificates } from "node:tls";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { createUrlSource } from "../../src/identity/keys/fetch-key-set.ts";
import { createLookup } from "../../src/identity/keys/key-address.ts";
import { people } from "../fakes/issuers.ts";
import { json, openKeyServer } from "../fakes/key-server.ts";

const pem = (name: string): string =>
  readFileSync(join(import.meta.dirname, "..", "fixtures", "mtls", `${name}.pem`), "utf8");
const never = new AbortController().signal;

/** The addresses, or the code of the refusal. */
function lookUp(host: string, name: string): Promise<string> {
  return new Promise((resolve) => {
    createLookup(host)(name, { all: true }, (error, found) => {
      resolve(error === null ? JSON.stringify(found) : String(error.code));
    });
  });
}

describe("P17: a host's addresses are judged for the connection itself", () => {
  test("a name that turns out to be this machine is refused, unless it says so", async () => {
    expect(await lookUp("people.example", "localhost")).toBe("address_refused");
    expect(await lookUp("localhost", "localhost")).toMatch(/127\.0\.0\.1|::1/);
  });

  test.each(["169.254.169.254", "0.0.0.0", "100.100.100.200", "::ffff:169.254.169.254", "fe80::1", "fd00:ec2::254"])(
    "a name that turns out to be %s is refused",
    async (address) => {
      expect(await lookUp("people.example", address)).toBe("address_refused");
    },
  );

  test("a loopback name that turns out to be elsewhere is refused: plain http would leave this machine", async () => {
    expect(await lookUp("localhost", "10.0.0.1")).toBe("address_refused");
  });

  test("a private network is no reason to refuse", async () => {
    expect(await lookUp("people.example", "10.0.0.1")).toContain("10.0.0.1");
  });
});

async function openSecure(): Promise<string> {
  const server = createServer({ cert: pem("server"), key: pem("server-key") }, (_request, response) => {
    response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify({ keys: [people.jwk] }));
  });
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  return String(typeof address === "object" && address !== null ? address.port : "");
}

const fetchFrom = (url: string): Promise<unknown> =>
  createUrlSource(url, "https://people.example")
    .fetch(never)
    .then(
      ({ keys }) => keys.length,
      (cause: unknown) => cause,
    );

describe("over https", () => {
  test("a server of a trusted authority is believed under its own name alone", async () => {
    const port = await openSecure();
    const trusted = getCACertificates("default");
    setDefaultCACertificates([...trusted, pem("ca")]);
    onTestFinished(() => setDefaultCACertificates(trusted));
    expect(await fetchFrom(`https://localhost:${port}/keys`)).toBe(1);
    expect(await fetchFrom(`https://127.0.0.1:${port}/keys`)).toBe(1);
    expect(await fetchFrom(`https://127.0.0.2:${port}/keys`)).toMatchObject({ code: "unreachable" });
  });

  test.each(["1", "0"])("any other is not, with NODE_TLS_REJECT_UNAUTHORIZED=%s", async (value) => {
    vi.stubEnv("NODE_TLS_REJECT_UNAUTHORIZED", value);
    onTestFinished(() => void vi.unstubAllEnvs());
    const port = await openSecure();
    expect(await fetchFrom(`https://localhost:${port}/keys`)).toMatchObject({
      code: "unreachable",
      detail: "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
    });
  });

  test("a server that speaks plain http is not understood", async () => {
    const { origin } = await openKeyServer(json({ keys: [people.jwk] }));
    expect(await fetchFrom(origin.replace("http:", "https:"))).toMatchObject({ code: "unreachable" });
  });
});

test("no proxy of the environment is asked", async () => {
  const proxy = await openKeyServer();
  const server = await openKeyServer(json({ keys: [people.jwk] }));
  const restore = setGlobalProxyFromEnv({ http_proxy: proxy.origin, https_proxy: proxy.origin });
  onTestFinished(restore);
  // The proxy is real: what is asked in the usual way goes there.
  await once(get(server.origin), "response");
  expect([proxy.asked.length, server.asked.length]).toEqual([1, 0]);
  expect(await fetchFrom(server.origin)).toBe(1);
  expect([proxy.asked.length, server.asked.length]).toEqual([1, 1]);
});
