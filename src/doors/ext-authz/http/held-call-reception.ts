/** What happens to every request of a listener of held calls: caller, concurrency, dialect. Any path and method is one. */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { BrokenSite } from "../../broken-connection.ts";
import type { Gateway, IdentifyGateway } from "../../callers.ts";
import { turnAwayUnread } from "../turned-away.ts";
import { type AnswerSite, answerHttp, tell } from "./answer-http.ts";

export interface HeldCallReceptionRules extends AnswerSite {
  readonly identifyGateway: IdentifyGateway;
  readonly concurrencyMax: number;
}

export class HeldCallReception {
  readonly #rules: HeldCallReceptionRules;
  readonly renderBroken: BrokenSite["renderBroken"];
  isStopping = false;

  constructor(rules: HeldCallReceptionRules) {
    this.#rules = rules;
    // The gateway's client gets to read it, so it is a "no" like any other.
    this.renderBroken = (code) => rules.dialect.render(turnAwayUnread(code));
  }

  serve(request: IncomingMessage, response: ServerResponse): void {
    if (this.isStopping) response.shouldKeepAlive = false;
    void this.#serve(request, response);
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { identifyGateway, concurrencyMax, answers } = this.#rules;
    let gateway: Gateway | undefined;
    try {
      gateway = identifyGateway(request);
      if (gateway === undefined) return tell(this.#rules, response, "credential_required");
      gateway.inFlight += 1;
      if (gateway.inFlight > concurrencyMax) return tell(this.#rules, response, "busy");
      await answerHttp(this.#rules, request, response, gateway.name);
    } catch (cause) {
      answers.report(cause);
      tell(this.#rules, response, "internal_fault");
    } finally {
      if (gateway !== undefined) gateway.inFlight -= 1;
    }
  }
}
