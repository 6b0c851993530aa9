/** Asks one question at every door of a decision house, as the gateway before that door would. */
import { isJsonArray, isJsonObject, type Json, type JsonObject, ownMember } from "../../src/domain/json.ts";
import { type DialectName, dialects } from "../../src/doors/ext-authz/http/dialects.ts";
import { decodeAnswer, encodeCheck } from "./check-messages.ts";
import { askedBy, dialectNames, type Held } from "./dialect-wires.ts";
import { connectGrpc } from "./grpc-client.ts";
import { jwtAuthn, payloadOf } from "./held-operations.ts";
import { type Answer, call } from "./open-house.ts";

export interface Heard {
  readonly outcome: "allow" | "deny" | "approval_required";
  /** Where the door says it. */
  readonly code: string | undefined;
  readonly decisionId: string | undefined;
  readonly token: string | undefined;
  readonly seen: Seen;
}

/** What of an answer gets past the gateway, to the agent; nothing when the call is let through. */
export interface Seen {
  readonly status?: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export type HeldDoor = "ext_authz_grpc" | DialectName;
export const heldDoors: readonly HeldDoor[] = ["ext_authz_grpc", ...dialectNames];

export const sendsBody = (door: HeldDoor): boolean => door === "ext_authz_grpc" || dialects[door].sendsBody;

const nothing: Seen = { headers: {}, body: "" };

export function textIn(value: Json | undefined, ...path: readonly string[]): string | undefined {
  let at = value;
  for (const name of path) at = isJsonObject(at) ? ownMember(at, name) : undefined;
  return typeof at === "string" ? at : undefined;
}

/** `POST host/path`. */
export function parseHeld(text: string): Pick<Held, "method" | "host" | "target"> {
  const [method = "", place = ""] = text.split(" ");
  const at = place.indexOf("/");
  return { method, host: place.slice(0, at), target: place.slice(at) };
}

/** The person's and agent's claims as evidence, where each door looks for them. */
export function evidenceAt(
  door: HeldDoor,
  person: JsonObject,
  agent: JsonObject,
): Pick<HeldParts, "headers" | "verified"> {
  return door === "ext_authz_grpc"
    ? { headers: {}, verified: { person, agent } }
    : { headers: { "x-person": payloadOf(person), "x-agent": payloadOf(agent) } };
}

export interface HeldParts extends Held {
  readonly headers: Record<string, string>;
  /** What Envoy's `jwt_authn` wrote into dynamic metadata; gRPC only. */
  readonly verified?: JsonObject;
}

export async function askHeld(door: HeldDoor, address: string, held: HeldParts): Promise<Heard> {
  if (door === "ext_authz_grpc") return await askGrpc(address, held);
  return hearHttp(door, await call(address, askedBy[door](held)));
}

function hearHttp(door: DialectName, { status, headers, text }: Answer): Heard {
  const token = headers.authorization?.replace(/^Bearer /, "");
  if (status === 200) return { outcome: "allow", code: undefined, decisionId: undefined, token, seen: nothing };
  const problem: unknown = JSON.parse(text);
  const told = isJsonObject(problem) ? problem : {};
  const all = Object.entries(headers).map(([name, value]) => [name, String(value)] as const);
  // nginx hands on the challenge and keeps the rest of a subrequest's answer to itself.
  const passed = door === "auth_request" ? all.filter(([name]) => name === "www-authenticate") : all;
  return {
    outcome: textIn(told, "title") === "approval_required" ? "approval_required" : "deny",
    code: headers["x-chaperone-code"]?.toString(),
    decisionId: textIn(told, "decision_id"),
    token,
    seen: { status, headers: Object.fromEntries(passed), body: text },
  };
}

async function askGrpc(address: string, held: HeldParts): Promise<Heard> {
  const { error, bytes } = await connectGrpc(address).call(encodeHeld(held));
  if (error !== undefined) throw error;
  return hearGrpc(decodeAnswer(bytes));
}

/** As Envoy sends it. */
export function encodeHeld({ method, host, target: path, headers, verified, body }: HeldParts): Buffer {
  const request = { http: { method, host, path, headers, ...(body === undefined ? {} : { body }) } };
  if (verified === undefined) return encodeCheck({ request });
  return encodeCheck({ request, metadataContext: { filterMetadata: { [jwtAuthn]: { fields: toFields(verified) } } } });
}

export function hearGrpc(answer: JsonObject): Heard {
  const metadata = fromFields(answer["dynamicMetadata"]);
  const ok = answer["okResponse"];
  const denied = answer["deniedResponse"];
  const decisionId = textIn(metadata, "decision_id");
  const { code = 0 } = isJsonObject(answer["status"]) ? answer["status"] : {};
  if (code === 0) {
    const token = headersOf(ok)["authorization"]?.replace(/^Bearer /, "");
    return {
      outcome: "allow",
      code: undefined,
      decisionId,
      token,
      seen: { headers: headersOf(ok, "responseHeadersToAdd"), body: "" },
    };
  }
  if (!isJsonObject(denied)) throw new TypeError("a denial without its response");
  const { code: status } = isJsonObject(denied["status"]) ? denied["status"] : {};
  const body = textIn(denied, "body") ?? "";
  return {
    outcome: /\bapproval_required\b/.test(body) ? "approval_required" : "deny",
    code: textIn(metadata, "code"),
    decisionId,
    token: undefined,
    seen: { ...(typeof status === "number" ? { status } : {}), headers: headersOf(denied), body },
  };
}

function headersOf(response: Json | undefined, field = "headers"): Record<string, string> {
  const listed = isJsonObject(response) ? response[field] : undefined;
  const entries = isJsonArray(listed) ? listed : [];
  return Object.fromEntries(
    entries.map((each: Json) => [textIn(each, "header", "key") ?? "", textIn(each, "header", "value") ?? ""]),
  );
}

/** google.protobuf.Struct, as a message that protobufjs encodes. */
function toFields(object: JsonObject): object {
  return Object.fromEntries(Object.entries(object).map(([name, value]) => [name, toValue(value)]));
}

function toValue(value: Json): object {
  if (value === null) return { nullValue: 0 };
  if (typeof value === "string") return { stringValue: value };
  if (typeof value === "number") return { numberValue: value };
  if (typeof value === "boolean") return { boolValue: value };
  if (isJsonObject(value)) return { structValue: { fields: toFields(value) } };
  return { listValue: { values: value.map(toValue) } };
}

/** Its texts, by name. */
export function fromFields(struct: Json | undefined): JsonObject {
  const fields = isJsonObject(struct) && isJsonObject(struct["fields"]) ? struct["fields"] : {};
  return Object.fromEntries(Object.keys(fields).map((name) => [name, textIn(fields, name, "stringValue") ?? null]));
}
