/** How clients show themselves at the token endpoint: one way at a time, and each only where it can be proved. */
import { describe, expect, test } from "vitest";
import type { ListenerOptions } from "../../src/doors/index.ts";
import { tokenErrors } from "../../src/doors/token-errors.ts";
import { clientOf } from "../../src/domain/evidence.ts";
import { Fault } from "../../src/domain/refusal.ts";
import { certificateName, clientSecret, createTestClients, signAssertion } from "../fakes/clients.ts";
import { allow } from "../fakes/doors-house.ts";
import { call, createFolder, meshFile, open, socketListener, tcpListener } from "../fakes/open-house.ts";
import { sendRaw, statusesOf } from "../fakes/raw-connection.ts";
import { createFakeHouse } from "../fakes/doors-house.ts";
import {
  basicHeader,
  exchangeForm,
  type FormChanges,
  formType,
  openTokenHouse,
  renderForm,
} from "../fakes/token-client.ts";

const assertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
const byPost = { client_id: "with-secret", client_secret: clientSecret };
const byAssertion = async () => ({ client_assertion: await signAssertion(), client_assertion_type: assertionType });
const rawBasic = (text: string) => ({ authorization: `Basic ${Buffer.from(text, "latin1").toString("base64")}` });

async function ask(more: FormChanges, headers: Record<string, string | string[]> = {}) {
  const { send, asked, house } = await openTokenHouse();
  const answer = await send(renderForm({ ...exchangeForm, ...more }), headers);
  return {
    answer,
    turnedAway: house.turnedAway,
    client: asked[0] && clientOf(asked[0].evidence)?.id,
  };
}

describe("a client", () => {
  test("is known by client_secret_basic, form-encoded before it is put together (RFC 6749 §2.3.1)", async () => {
    expect(await ask({}, basicHeader())).toMatchObject({ client: "with-secret", answer: { status: 200 } });
    expect(await ask({ client_id: "with-secret" }, basicHeader())).toMatchObject({ answer: { status: 200 } });
  });

  test("is known by client_secret_post", async () => {
    expect(await ask(byPost)).toMatchObject({ client: "with-secret", answer: { status: 200 } });
  });

  test("JB-9: is known by private_key_jwt, with or without its client_id", async () => {
    expect(await ask(await byAssertion())).toMatchObject({ client: "with-keys", answer: { status: 200 } });
    const named = { ...(await byAssertion()), client_id: "with-keys" };
    expect(await ask(named)).toMatchObject({ client: "with-keys", answer: { status: 200 } });
  });

  test("JB-7, P10: an assertion is believed once, also when the request was good for nothing", async () => {
    const { send, asked } = await openTokenHouse();
    const shown = await byAssertion();
    expect((await send(renderForm({ ...shown, grant_type: "password" }))).json).toMatchObject({
      error: "unsupported_grant_type",
    });
    expect((await send(renderForm({ ...exchangeForm, ...shown }))).status).toBe(401);
    expect(asked).toEqual([]);
  });
});

describe("a bad client is an invalid_client", () => {
  const bad: [string, FormChanges, Record<string, string>, boolean][] = [
    ["nobody at all", {}, {}, false],
    ["a client_id alone", { client_id: "with-secret" }, {}, false],
    ["a wrong secret", { ...byPost, client_secret: "wrong" }, {}, false],
    ["an unknown client", { ...byPost, client_id: "nobody" }, {}, false],
    ["a wrong secret in the header", {}, basicHeader("with-secret", "wrong"), true],
    ["another scheme", {}, { authorization: "Bearer abc" }, true],
    ["a scheme without anything", {}, { authorization: "Basic" }, true],
    ["no colon", {}, rawBasic("with-secret"), true],
    ["no client", {}, rawBasic(`:${clientSecret}`), true],
    ["a secret as it is, not form-encoded", {}, rawBasic(`with-secret:${clientSecret}`), true],
    ["bytes beyond ASCII", {}, rawBasic("with-secret:\u00fc"), true],
    ["base64 that is none", {}, { authorization: "Basic !!!" }, true],
    ["base64 in a second spelling", {}, { authorization: `${basicHeader()["authorization"]}=` }, true],
    ["an assertion of another type", { client_assertion: "a.b.c", client_assertion_type: "saml2" }, {}, false],
    ["an assertion that is none", { client_assertion: "a.b.c", client_assertion_type: assertionType }, {}, false],
  ];
  test.each(bad)("TX-8: %s", async (_name, more, headers, isHeader) => {
    const { answer, client, turnedAway } = await ask(more, headers);
    expect(turnedAway).toEqual(["credential_required"]);
    expect([answer.status, answer.headers["www-authenticate"]]).toEqual([
      401,
      isHeader ? 'Basic realm="token"' : undefined,
    ]);
    expect(answer.json).toEqual({ error: "invalid_client", error_description: tokenErrors.invalid_client });
    expect(answer.headers["cache-control"]).toBe("no-store");
    expect(client).toBeUndefined();
  });

  test("P32: unknown and wrong look alike", async () => {
    const wrong = await ask({ ...byPost, client_secret: "wrong" });
    const unknown = await ask({ ...byPost, client_id: "nobody" });
    expect(wrong.answer.text).toBe(unknown.answer.text);
  });

  test("a store that cannot tell is an error of ours, and no token", async () => {
    const clients = {
      methods: [],
      signingAlgorithms: [],
      authenticate: () => Promise.reject(new Fault("ledger_unavailable", "secret words")),
    };
    const { exchange, asked, house } = await openTokenHouse(allow, { clients });
    const answer = await exchange(exchangeForm);
    expect([answer.status, answer.text.includes("secret words"), asked.length]).toEqual([500, false, 0]);
    expect(house.faults).toHaveLength(1);
  });
});

describe("two ways at once are an invalid_request", () => {
  test("RFC 6749 §2.3: in every pair, though each alone were good", async () => {
    const pairs: [FormChanges, Record<string, string>][] = [
      [byPost, basicHeader()],
      [await byAssertion(), basicHeader()],
      [{ ...(await byAssertion()), client_secret: clientSecret, client_id: "with-keys" }, {}],
    ];
    for (const [more, headers] of pairs) {
      const { answer, client } = await ask(more, headers);
      expect([answer.status, answer.json["error"], client]).toEqual([400, "invalid_request", undefined]);
    }
  });

  const odd: [string, FormChanges, Record<string, string>][] = [
    ["a client_id that contradicts the header", { client_id: "vouched-for" }, basicHeader()],
    ["a secret without a client_id", { client_secret: clientSecret }, {}],
    ["an assertion without its type", { client_assertion: "a.b.c" }, {}],
    ["a type without its assertion", { client_assertion_type: assertionType }, {}],
  ];
  test.each(odd)("%s", async (_name, more, headers) => {
    const { answer, client, turnedAway } = await ask(more, headers);
    expect([answer.status, answer.json["error"], client]).toEqual([400, "invalid_request", undefined]);
    expect(turnedAway).toEqual(["member_invalid"]);
  });

  test("so are two Authorization headers", async () => {
    const { address, asked } = await openTokenHouse();
    const body = renderForm(exchangeForm);
    const authorization = `Authorization: ${basicHeader()["authorization"]}`;
    const head = [
      "POST /oauth2/token HTTP/1.1",
      "Host: localhost",
      "Connection: close",
      `Content-Type: ${formType["content-type"]}`,
      `Content-Length: ${body.length}`,
      authorization,
      authorization,
    ].join("\r\n");
    const answered = await sendRaw(address, `${head}\r\n\r\n${body}`);
    expect(answered).toContain("HTTP/1.1 400 ");
    expect(answered).toContain('"error":"invalid_request"');
    expect(asked).toEqual([]);
  });
});

test("a body that is refused unread is answered once, also when the rest of it never comes", async () => {
  const { addresses } = await open(
    createFakeHouse({ clients: createTestClients() }),
    [tcpListener({ doors: ["token"] })],
    {
      headMilliseconds: 50,
      requestMilliseconds: 50,
      checkMilliseconds: 10,
    },
  );
  const head = ["POST /oauth2/token HTTP/1.1", "Host: localhost", "Content-Type: text/plain", "Content-Length: 10"];
  const answered = await sendRaw(addresses[0]?.address, `${head.join("\r\n")}\r\n\r\nabc`);
  expect(statusesOf(answered)).toEqual([400]);
});

describe("a gateway vouches for a client", () => {
  const field = "X-Oauth-Client";
  const openSocket = async (parts: Partial<ListenerOptions> = {}) =>
    openTokenHouse(allow, {}, socketListener(await createFolder(), { doors: ["token"], clientField: field, ...parts }));

  test("at a socket, in the one declared field, and both are on record", async () => {
    const { send, asked } = await openSocket();
    expect((await send(renderForm(exchangeForm), { [field]: "vouched-for" })).status).toBe(200);
    expect(asked[0]?.origin).toEqual({ door: "token", listener: "socket", gateway: "local" });
    expect(asked[0]?.evidence).toMatchObject({ actor: { client: { id: "vouched-for" } } });
  });

  test.each(["with-secret", "nobody", "", "VOUCHED-FOR"])(
    "but not for %j, who proves itself otherwise or is nobody",
    async (id) => {
      const { send, asked } = await openSocket();
      expect((await send(renderForm(exchangeForm), { [field]: id })).status).toBe(401);
      expect(asked).toEqual([]);
    },
  );

  test("not twice, and not beside another proof", async () => {
    const { send, asked } = await openSocket();
    const twice = await send(renderForm(exchangeForm), { [field]: ["vouched-for", "vouched-for"] });
    const beside = await send(renderForm(exchangeForm), { [field]: "vouched-for", ...basicHeader() });
    expect([twice.status, beside.status, asked.length]).toEqual([400, 400, 0]);
  });

  test("a client of its own proof may use the socket too", async () => {
    const { exchange, asked } = await openSocket();
    expect((await exchange(exchangeForm)).status).toBe(200);
    expect(asked[0]?.evidence).toMatchObject({ actor: { client: { id: "with-secret" } } });
  });

  test("P30: where no field is declared, a header names nobody", async () => {
    const { send, asked } = await openTokenHouse();
    expect((await send(renderForm(exchangeForm), { [field]: "vouched-for" })).status).toBe(401);
    expect(asked).toEqual([]);
  });

  test.each([
    [tcpListener({ doors: ["token"], clientField: field }), "a bearer credential"],
    [tcpListener({ doors: ["token"], callers: { kind: "open" }, clientField: field }), "nothing"],
  ])("a listener whose gateway proves itself by %# may not declare one", async (listener, _by) => {
    const opening = open(createFakeHouse(), [listener]);
    await expect(opening).rejects.toMatchObject({ code: "listener_callers_wrong" });
  });

  test.each(["Authorization", "host", "x forwarded", "forwarded", ""])(
    "the field cannot be %j",
    async (clientField) => {
      const opening = open(createFakeHouse(), [socketListener(await createFolder(), { clientField })]);
      await expect(opening).rejects.toMatchObject({ code: "listener_callers_wrong" });
    },
  );
});

describe("a certificate", () => {
  const mutual = (allowedNames: readonly string[], clientField?: string): ListenerOptions =>
    tcpListener({
      address: {
        kind: "tcp",
        host: "127.0.0.1",
        port: 0,
        mtls: {
          certFile: meshFile("server"),
          keyFile: meshFile("server-key"),
          caFile: meshFile("ca"),
          allowedNames,
        },
      },
      callers: { kind: "mtls" },
      doors: ["token"],
      ...(clientField === undefined ? {} : { clientField }),
    });

  const send = async (
    party: string,
    address: string | undefined,
    headers: Record<string, string> = {},
    more: FormChanges = {},
  ): Promise<number> => {
    const body = renderForm({ ...exchangeForm, ...more });
    return (await call(address, { path: "/oauth2/token", body, party, headers: { ...formType, ...headers } })).status;
  };

  test("with a client's exact name is that client; another of the same mesh is nobody", async () => {
    const { address, asked } = await openTokenHouse(allow, {}, mutual(["URI:spiffe://mesh.example/other"]));
    expect(await send("gateway", address)).toBe(200);
    expect(asked[0]?.evidence).toMatchObject({ actor: { client: { id: "with-certificate" } } });
    expect(asked[0]?.origin.gateway).toBe("with-certificate");
    expect(await send("agent", address)).toBe(401);
    expect(await send("posing", address)).toBe(401);
    expect(await send("gateway", address, {}, { client_id: "vouched-for" })).toBe(401);
    expect(asked).toHaveLength(1);
  });

  test("of an allowed gateway vouches; of the agent beside it does not (P30)", async () => {
    const { address, asked } = await openTokenHouse(allow, {}, mutual([certificateName], "X-Client"));
    expect(await send("gateway", address, { "x-client": "vouched-for" })).toBe(200);
    expect(asked[0]).toMatchObject({
      evidence: { actor: { client: { id: "vouched-for" } } },
      origin: { gateway: certificateName },
    });
    expect(await send("agent", address, { "x-client": "vouched-for" })).toBe(401);
    expect(asked).toHaveLength(1);
  });
});
