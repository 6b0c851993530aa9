/**
 * Renders what another's policy decided as Envoy's CheckResponse, as opa-envoy-plugin does it but for one thing: what is
 * set on the call that goes on replaces what the client sent, and does not stand beside it.
 */
import type { CallChanges, CallRefusal, FieldLine } from "../../../domain/call-verdict.ts";
import type { DecisionId } from "../../../domain/identifiers.ts";
import type { JsonObject } from "../../../domain/json.ts";
import { grpcStatus } from "../grpc/grpc-status.ts";
import { assertDenial } from "../grpc/render-answer.ts";
import { WireWriter } from "../grpc/wire-writer.ts";
import { writeStruct } from "../grpc/write-struct.ts";

const checkResponse = { status: 1, deniedResponse: 2, okResponse: 3, dynamicMetadata: 4 } as const;
const okResponse = {
  headers: 2,
  headersToRemove: 5,
  responseHeadersToAdd: 6,
  queryParametersToSet: 7,
  queryParametersToRemove: 8,
} as const;
const overwrite = 2;

export function renderPass(changes: CallChanges, decisionId: DecisionId): Buffer {
  const writer = new WireWriter();
  writeMetadata(writer, changes.metadata, decisionId);
  writer.message(checkResponse.okResponse, () => {
    for (const name of changes.queryParametersToRemove.toReversed()) {
      writer.text(okResponse.queryParametersToRemove, name);
    }
    for (const { name, value } of changes.queryParametersToSet.toReversed()) {
      writer.message(okResponse.queryParametersToSet, () => writePair(writer, name, value));
    }
    writeLines(writer, okResponse.responseHeadersToAdd, changes.responseHeadersToAdd);
    for (const name of changes.headersToRemove.toReversed()) writer.text(okResponse.headersToRemove, name);
    writeLines(writer, okResponse.headers, changes.headersToSet, overwrite);
  });
  writer.message(checkResponse.status, () => writer.varint(1, grpcStatus.ok));
  return writer.finish();
}

/** `code` is for the gateway alone; a decision that was not made has no id. */
export function renderRefusal(refusal: CallRefusal, code: string, decisionId?: DecisionId): Buffer {
  const writer = new WireWriter();
  writeMetadata(writer, refusal.metadata, decisionId);
  writer.message(checkResponse.deniedResponse, () => {
    writer.text(3, refusal.body);
    writeLines(writer, 2, refusal.headers, overwrite);
    writer.message(1, () => writer.varint(1, refusal.status));
  });
  writer.message(checkResponse.status, () => {
    writer.text(2, code);
    writer.varint(1, grpcStatus.permission_denied);
  });
  const bytes = writer.finish();
  assertDenial(bytes, grpcStatus.permission_denied);
  return bytes;
}

function writeMetadata(writer: WireWriter, metadata: JsonObject, decisionId: DecisionId | undefined): void {
  const whole = decisionId === undefined ? metadata : { ...metadata, decision_id: decisionId };
  writer.message(checkResponse.dynamicMetadata, () => writeStruct(writer, whole));
}

/** Without an action a line is added to those that are there, which is what the plugin leaves unsaid everywhere. */
function writeLines(writer: WireWriter, field: number, lines: readonly FieldLine[], action = 0): void {
  for (const { name, value } of lines.toReversed()) {
    writer.message(field, () => {
      if (action !== 0) writer.varint(3, action);
      writer.message(1, () => writePair(writer, name, value));
    });
  }
}

function writePair(writer: WireWriter, name: string, value: string): void {
  writer.text(2, value);
  writer.text(1, name);
}
