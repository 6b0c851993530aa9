/** A client of the token door that sends forms as they are told, and the parts of the usual request. */
import type { Decision } from "../../src/domain/decision.ts";
import type { DecisionRequest } from "../../src/domain/decision-request.ts";
import type { DoorsHouse, ListenerOptions } from "../../src/doors/index.ts";
import { clientSecret, createTestClients } from "./clients.ts";
import { allow, createFakeHouse } from "./doors-house.ts";
import { type Answer, call, open, tcpListener } from "./open-house.ts";

export const tokenType = (name: string): string => `urn:ietf:params:oauth:token-type:${name}`;

export const exchangeForm = {
  grant_type: "urn:ietf:params:oauth:grant-type:token-exchange",
  subject_token: "subject.token.text",
  subject_token_type: tokenType("access_token"),
  actor_token: "actor.token.text",
  actor_token_type: tokenType("jwt"),
} as const;

export const bearerForm = {
  grant_type: "urn:ietf:params:oauth:grant-type:jwt-bearer",
  assertion: "assertion.token.text",
} as const;

export type FormChanges = Readonly<Record<string, string | readonly string[] | undefined>>;

/** Every value once, a list as often as it is long, undefined not at all. */
export function renderForm(form: FormChanges): string {
  const pairs = Object.entries(form).flatMap(([name, value]) =>
    (Array.isArray(value) ? value : [value])
      .filter((each) => each !== undefined)
      .map((each: string): [string, string] => [name, each]),
  );
  return new URLSearchParams(pairs).toString();
}

export const formType = { "content-type": "application/x-www-form-urlencoded" };
const encode = (text: string): string => new URLSearchParams([["", text]]).toString().slice(1);
export const basicHeader = (id = "with-secret", secret = clientSecret): Record<string, string> => ({
  authorization: `Basic ${Buffer.from(`${encode(id)}:${encode(secret)}`).toString("base64")}`,
});

export interface TokenHouse {
  readonly asked: DecisionRequest[];
  readonly house: ReturnType<typeof createFakeHouse>;
  readonly address: string | undefined;
  /** By a client with a secret in the header. */
  readonly exchange: (form: FormChanges, headers?: Record<string, string | string[]>) => Promise<Answer>;
  /** By nobody, unless the headers say who. */
  readonly send: (body: string | Uint8Array, headers?: Record<string, string | string[]>) => Promise<Answer>;
}

export async function openTokenHouse(
  decision: Decision = allow,
  parts: Partial<DoorsHouse> = {},
  listener: ListenerOptions = tcpListener({ doors: ["token", "public"] }),
): Promise<TokenHouse> {
  const asked: DecisionRequest[] = [];
  const house = createFakeHouse({
    clients: createTestClients(),
    decide: async (request) => {
      asked.push(request);
      return decision;
    },
    ...parts,
  });
  const { addresses } = await open(house, [listener]);
  const address = addresses[0]?.address;
  const send: TokenHouse["send"] = (body, headers = {}) =>
    call(address, { path: "/oauth2/token", body, headers: { ...formType, ...headers } });
  return {
    asked,
    house,
    address,
    send,
    exchange: (form, headers = {}) => send(renderForm(form), { ...basicHeader(), ...headers }),
  };
}
