/** A listener with the gRPC door alone, in front of whatever answers the held calls; closed when the test ends. */
import { onTestFinished } from "vitest";
import { Answers } from "../../src/doors/answers.ts";
import { createCallers } from "../../src/doors/callers.ts";
import { createCheckMethod } from "../../src/doors/ext-authz/grpc/check-method.ts";
import { openGrpcListener } from "../../src/doors/ext-authz/grpc/grpc-listener.ts";
import { GrpcReception } from "../../src/doors/ext-authz/grpc/grpc-reception.ts";
import type { AnswerHeldCall, HeldCall, LetThrough, TurnedAway } from "../../src/doors/ext-authz/held-call.ts";
import type { DoorsHouse, ListenerOptions } from "../../src/doors/index.ts";
import { type DoorLimits, doorLimits } from "../../src/doors/limits.ts";
import type { Listener } from "../../src/doors/listener.ts";
import { createFakeHouse, type FakeHouse } from "./doors-house.ts";
import { createFolder, socketListener } from "./open-house.ts";

export const passed: LetThrough = {
  kind: "let_through",
  headersToSet: [{ name: "authorization", value: "Bearer role-token" }],
  headersToRemove: ["x-agent-token"],
  metadata: { decision_id: "decision-1" },
};

export const denied: TurnedAway = {
  kind: "turned_away",
  status: 403,
  title: "denied",
  decisionId: "decision-1",
  code: "policy_denied",
};

export interface CheckListener extends Listener {
  readonly house: FakeHouse;
  readonly held: { readonly call: HeldCall; readonly gateway: string }[];
}

export interface CheckListenerParts {
  readonly options?: Partial<ListenerOptions>;
  readonly limits?: Partial<DoorLimits>;
  readonly house?: Partial<DoorsHouse>;
  readonly answer?: AnswerHeldCall;
}

/** At a socket, and letting everything through, unless `parts` say otherwise. */
export async function openCheckListener(parts: CheckListenerParts = {}): Promise<CheckListener> {
  const options = socketListener(await createFolder(), { doors: ["ext_authz_grpc"], ...parts.options });
  const house = createFakeHouse(parts.house);
  const limits = { ...doorLimits, ...parts.limits };
  const answers = new Answers(options.name, house.observer);
  const held: CheckListener["held"] = [];
  const answer: AnswerHeldCall = (call, gateway) => {
    held.push({ call, gateway });
    return parts.answer?.(call, gateway) ?? Promise.resolve(passed);
  };
  const reception = new GrpcReception({
    methods: [createCheckMethod(answer, answers)],
    isReady: () => house.readiness().ready,
    identifyGateway: createCallers(options, house.credentials),
    concurrencyMax: options.concurrencyMax,
    answers,
    limits,
  });
  const listener = await openGrpcListener(options, reception, answers, limits);
  onTestFinished(() => listener.drain(0));
  return { ...listener, house, held };
}
