/** `Authorization/Check` in the place of opa-envoy-plugin: reads, asks another's policy, renders. It judges nothing. */
import type { CallDecision } from "../../../domain/decision.ts";
import type { CallQuestion } from "../../../domain/call-question.ts";
import type { GatewayName } from "../../../domain/identifiers.ts";
import { type JsonObject } from "../../../domain/json.ts";
import { RequestError, type RequestErrorCode } from "../../../domain/request-error.ts";
import type { DoorSite } from "../../door.ts";
import { checkPath, refuseUnread } from "../grpc/check-method.ts";
import type { GrpcFailure } from "../grpc/grpc-status.ts";
import { checkBytesMax } from "../grpc/limits.ts";
import { renderAnswer } from "../grpc/render-answer.ts";
import type { GatewayMethod } from "../grpc/unary-method.ts";
import { problemMediaType } from "../problem.ts";
import { turnAway } from "../turned-away.ts";
import { httpOf, memberOf, textAt } from "./members.ts";
import type { OpaOptions } from "./options.ts";
import { readAttributes } from "./read-attributes.ts";
import { renderPass, renderRefusal } from "./render-decision.ts";
import { renderInput } from "./render-input.ts";

export type DecideCall = (question: CallQuestion) => Promise<CallDecision>;

export function createOpaCheckMethod(
  { listener, answers, messages }: Pick<DoorSite, "listener" | "answers" | "messages">,
  decideCall: DecideCall,
  options: OpaOptions,
): GatewayMethod {
  const refuse = (code: RequestErrorCode, render: (code: RequestErrorCode) => Buffer): Buffer => {
    answers.count(code);
    return render(code);
  };
  return {
    admits: "gateway",
    path: checkPath,
    messageBytesMax: checkBytesMax,
    answer: async (message, gateway) => {
      const read = readAttributes(message);
      if (read instanceof RequestError) return refuse(read.code, refuseUnread);
      const attributes = memberOf(read, "attributes");
      const input = renderInput(attributes, options, messages);
      if (input instanceof RequestError) return refuse(input.code, renderUnparsed);
      const decision = await decideCall(ask(listener, gateway, attributes, input));
      return render(decision, options);
    },
    refuse: (code) => (code === "body_too_large" ? refuseUnread(code) : renderAnswer(turnAway(code), "http")),
  };
}

function ask(
  listener: string,
  gateway: GatewayName,
  attributes: JsonObject | undefined,
  input: JsonObject,
): CallQuestion {
  const http = httpOf(attributes);
  const [method, host] = [textAt(http, "method"), textAt(http, "host")];
  const isNamed = methodName.test(method) && hostName.test(host);
  return { origin: { door: "ext_authz_opa", listener, gateway }, http: isNamed ? { method, host } : undefined, input };
}

/** A client may write anything there; the policy sees it, and the record takes names alone. */
const methodName = /^[A-Za-z-]{1,32}$/;
const hostName = /^[A-Za-z0-9._:[\]-]{1,261}$/;

/** What the policy would have been asked about cannot be read: a 400, as the plugin answers it. */
function renderUnparsed(code: RequestErrorCode): Buffer {
  const body = `${JSON.stringify({ title: "malformed", status: 400 })}\n`;
  const headers = [{ name: "content-type", value: problemMediaType }];
  return renderRefusal({ status: 400, headers, body, metadata: { code } }, code);
}

function render(decision: CallDecision, { errors }: OpaOptions): Buffer | GrpcFailure {
  if (decision.outcome === "allow") return renderPass(decision.changes, decision.decisionId);
  if (decision.refusal !== undefined) return renderRefusal(decision.refusal, decision.code, decision.decisionId);
  if (errors === "grpc_error" && policyErrors.has(decision.code)) return "unknown";
  return renderAnswer(turnAway(decision.code, decision.decisionId), "http");
}

/** The plugin has no word for these. What else fails is ours, and denied in any case. */
const policyErrors: ReadonlySet<string> = new Set(["policy_fault", "policy_deadline", "policy_not_ready"]);
