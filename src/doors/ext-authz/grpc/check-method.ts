/** `Authorization/Check`: reads a held call, asks, renders the answer. It judges nothing. */
import { type RequestErrorCode, RequestError } from "../../../domain/request-error.ts";
import type { Answers } from "../../answers.ts";
import type { AnswerHeldCall, HeldCall, TurnedAway } from "../held-call.ts";
import { turnAway } from "../turned-away.ts";
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
    refuse: (code) => (code === "busy" ? renderAnswer(turnAway(code), "http") : refuseUnread(code)),
  };
}

/** A message that is no CheckRequest. */
export function refuseUnread(code: RequestErrorCode): Buffer {
  const refused: TurnedAway = { kind: "turned_away", status: 403, title: "malformed", decisionId: undefined, code };
  return renderAnswer(refused, "http");
}

/** As Envoy tells a gRPC request. */
const grpcMediaType = /^application\/grpc(?:\+|$)/i;

function formOf({ headers }: HeldCall): AnswerForm {
  return grpcMediaType.test(headers.get("content-type")?.[0] ?? "") ? "grpc" : "http";
}
