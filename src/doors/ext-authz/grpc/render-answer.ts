/**
 * Renders an answer as Envoy's CheckResponse. Zero bytes, or a status of 0, let the call through wherever they are read,
 * so a denial is read back before it leaves, and what is let through says so in a status of its own.
 */
import type { Header, HeldCallAnswer, LetThrough, TurnedAway, TurnedAwayStatus } from "../held-call.ts";
import { extAuthzLimits } from "../limits.ts";
import { problemMediaType, renderProblem, renderProblemLine } from "../problem.ts";
import { grpcStatus } from "./grpc-status.ts";
import { tagOf, WireReader } from "./wire-reader.ts";
import { WireWriter } from "./wire-writer.ts";
import { writeStruct } from "./write-struct.ts";

const checkResponse = { status: 1, deniedResponse: 2, okResponse: 3, dynamicMetadata: 4 } as const;
const status = { code: 1, message: 2 } as const;
const deniedResponse = { status: 1, headers: 2, body: 3 } as const;
const okResponse = { headers: 2, headersToRemove: 5 } as const;
const headerOption = { header: 1, appendAction: 3 } as const;
const headerValue = { key: 1, value: 2 } as const;

/** OVERWRITE_IF_EXISTS_OR_ADD: with any other action what the client sent may survive beside ours. */
const overwrite = 2;

export type AnswerForm = "http" | "grpc";

/** `form`: what the held call speaks. Throws rather than render an answer that could be read as another one. */
export function renderAnswer(answer: HeldCallAnswer, form: AnswerForm): Buffer {
  switch (answer.kind) {
    case "turned_away":
      return renderDenial(answer, form);
    case "let_through":
      return renderPass(answer);
  }
}

const codeOf: Readonly<Record<TurnedAwayStatus, number>> = {
  401: grpcStatus.unauthenticated,
  403: grpcStatus.permission_denied,
  429: grpcStatus.resource_exhausted,
};

function renderDenial(answer: TurnedAway, form: AnswerForm): Buffer {
  const writer = new WireWriter();
  const code = codeOf[answer.status];
  writer.message(checkResponse.dynamicMetadata, () => writeStruct(writer, metadataOf(answer)));
  writer.message(checkResponse.deniedResponse, () => {
    // For gRPC Envoy makes `grpc-status` from the status and `grpc-message` from the body, on a type of its own.
    writer.text(deniedResponse.body, form === "grpc" ? renderProblemLine(answer) : renderProblem(answer));
    writeHeaders(writer, deniedResponse.headers, headersOf(answer, form));
    writer.message(deniedResponse.status, () => writer.varint(1, answer.status));
  });
  writer.message(checkResponse.status, () => {
    writer.text(status.message, answer.code);
    writer.varint(status.code, code);
  });
  const bytes = writer.finish();
  assertDenial(bytes, code);
  return bytes;
}

function metadataOf({ code, decisionId }: TurnedAway): Readonly<Record<string, string>> {
  return decisionId === undefined ? { code } : { code, decision_id: decisionId };
}

function headersOf({ status }: TurnedAway, form: AnswerForm): readonly Header[] {
  const headers = [{ name: "cache-control", value: "no-store" }];
  if (form === "http") headers.push({ name: "content-type", value: problemMediaType });
  if (status === 401) headers.push({ name: "www-authenticate", value: "Bearer" });
  return headers;
}

/** As a gateway would read it. */
export function readStatusCode(bytes: Buffer): number | undefined {
  const response = new WireReader(bytes);
  let code: number | undefined;
  for (let tag = response.next(); tag !== undefined; tag = response.next()) {
    if (tag !== tagOf(checkResponse.status, "delimited")) {
      response.skip(tag);
      continue;
    }
    const message = response.message();
    code = 0;
    for (let inner = message.next(); inner !== undefined; inner = message.next()) {
      if (inner === tagOf(status.code, "varint")) code = message.varint();
      else message.skip(inner);
    }
  }
  return code;
}

/** Throws for a denial that a gateway would read as a pass. */
export function assertDenial(bytes: Buffer, code: number): void {
  if (code === 0 || readStatusCode(bytes) !== code) throw new Error("a denial would not be read as one");
}

function renderPass({ headersToSet, headersToRemove, metadata }: LetThrough): Buffer {
  checkDisjoint(headersToSet, headersToRemove);
  const writer = new WireWriter();
  writer.message(checkResponse.dynamicMetadata, () => writeStruct(writer, metadata));
  writer.message(checkResponse.okResponse, () => {
    for (const name of headersToRemove.toReversed()) writer.text(okResponse.headersToRemove, name);
    writeHeaders(writer, okResponse.headers, headersToSet);
  });
  writer.message(checkResponse.status, () => writer.varint(status.code, grpcStatus.ok));
  return writer.finish();
}

/** Envoy sets first, agentgateway removes first: a name in both lists would be lost in one and kept in the other. */
function checkDisjoint(headersToSet: readonly Header[], headersToRemove: readonly string[]): void {
  const names = [...headersToSet.map(({ name }) => name), ...headersToRemove].map((name) => name.toLowerCase());
  if (!names.every((name) => fieldName.test(name))) throw new Error("a header's name is not one");
  if (new Set(names).size !== names.length) throw new Error("a header would be set or removed twice");
}

const fieldName = /^[a-z0-9!#$%&'*+.^_`|~-]+$/;
/** Not empty: Envoy drops such a header instead of setting it. */
const fieldValue = /^[\t\x20-\x7e]+$/;

function writeHeaders(writer: WireWriter, field: number, headers: readonly Header[]): void {
  for (const { name, value } of headers.toReversed()) {
    if (value.length > extAuthzLimits.headerValueBytesMax || !fieldValue.test(value)) {
      throw new Error("a header's value is longer or other than a gateway takes");
    }
    writer.message(field, () => {
      writer.varint(headerOption.appendAction, overwrite);
      writer.message(headerOption.header, () => {
        writer.text(headerValue.value, value);
        writer.text(headerValue.key, name.toLowerCase());
      });
    });
  }
}
