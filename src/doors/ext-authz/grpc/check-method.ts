/** `Authorization/Check`: reads a held call, asks, renders the answer. It judges nothing. */
import { RequestError, type RequestErrorCode } from "../../../domain/request-error.ts";
import type { Answers } from "../../answers.ts";
import type { AnswerHeldCall, HeldCall } from "../held-call.ts";
import { turnAway, turnAwayUnread } from "../turned-away.ts";
import { checkBytesMax } from "./limits.ts";
import { readCheck } from "./read-check.ts";
import { type AnswerForm, renderAnswer } from "./render-answer.ts";
import type { GatewayMethod } from "./unary-method.ts";

export const checkPath = "/envoy.service.auth.v3.Authorization/Check";

/** What a gateway's clients can bring about is a denial and no gRPC error, which a gateway may be told to let pass. */
export function createCheckMethod(answerHeldCall: AnswerHeldCall, answers: Answers): GatewayMethod {
  return {
    admits: "gateway",
    path: checkPath,
    messageBytesMax: checkBytesMax,
    answer: async (message, gateway) => {
      const call = readCheck(message);
      if (call instanceof RequestError) {
        answers.count(call.code);
        return refuseUnread(call.code);
      }
      return renderAnswer(await answerHeldCall(call, gateway), formOf(call));
    },
    refuse: (code) => (code === "body_too_large" ? refuseUnread(code) : renderAnswer(turnAway(code), "http")),
  };
}

/** A message that is no CheckRequest. */
export const refuseUnread = (code: RequestErrorCode): Buffer => renderAnswer(turnAwayUnread(code), "http");

/** As Envoy tells a gRPC request. */
const grpcMediaType = /^application\/grpc(?:\+|$)/i;

function formOf({ headers }: HeldCall): AnswerForm {
  return grpcMediaType.test(headers.get("content-type")?.[0] ?? "") ? "grpc" : "http";
}
