/** What happens to every request of a listener before a door sees it: host, route, method, caller, concurrency. */
import type { IncomingMessage, ServerResponse } from "node:http";
import { RequestError, type RequestErrorCode } from "../domain/request-error.ts";
import type { Answers } from "./answers.ts";
import { renderWithCode } from "./broken-connection.ts";
import type { Gateway, IdentifyGateway } from "./callers.ts";
import type { BearerCredentials } from "./credentials.ts";
import type { ClientRoute, GatewayRoute, Route } from "./door.ts";
import { isFromBrowser } from "./headers.ts";
import type { HostCheck } from "./hosts.ts";

export interface ReceptionRules {
  readonly routes: readonly Route[];
  readonly isHostAccepted: HostCheck;
  readonly identifyGateway: IdentifyGateway;
  /** Which gateway may vouch for a client. */
  readonly identifyVoucher: IdentifyGateway;
  readonly operators: BearerCredentials<"operator">;
  readonly concurrencyMax: number;
  readonly answers: Answers;
}

export class Reception {
  readonly #rules: ReceptionRules;
  readonly #routes: ReadonlyMap<string, Route>;
  /** Clients that no gateway stands for share one count: who they are is known only after the work of finding out. */
  readonly #strangers: Pick<Gateway, "inFlight"> = { inFlight: 0 };
  readonly renderBroken = renderWithCode;
  isStopping = false;

  constructor(rules: ReceptionRules) {
    this.#rules = rules;
    this.#routes = new Map(rules.routes.map((route) => [route.path, route]));
  }

  serve(request: IncomingMessage, response: ServerResponse): void {
    if (this.isStopping) response.shouldKeepAlive = false;
    const { isHostAccepted, operators } = this.#rules;
    if (!isHostAccepted(request)) return this.#turnAway(response, "host_not_accepted");
    const route = this.#routes.get(request.url ?? "");
    if (route === undefined) return this.#turnAway(response, "route_unknown");
    if (!route.methods.includes(request.method ?? "")) {
      return this.#turnAway(response, "method_not_allowed", ["Allow", route.methods.join(", ")]);
    }
    if (route.admits === "anyone") return route.answer(request, response);
    if (isFromBrowser(request)) return this.#turnAway(response, "origin_not_accepted");
    if (route.admits === "gateway") {
      void this.#serveGateway(route, request, response);
      return;
    }
    if (route.admits === "client") {
      void this.#serveClient(route, request, response);
      return;
    }
    if (operators.ownerOf(request) === undefined) return this.#turnAway(response, "credential_required");
    route.answer(request, response);
  }

  async #serveGateway(route: GatewayRoute, request: IncomingMessage, response: ServerResponse): Promise<void> {
    let gateway: ReturnType<IdentifyGateway>;
    try {
      gateway = this.#rules.identifyGateway(request);
      if (gateway === undefined) return this.#turnAway(response, "credential_required");
      gateway.inFlight += 1;
      if (gateway.inFlight > this.#rules.concurrencyMax) return this.#turnAway(response, "busy");
      await route.answer(request, response, gateway.name);
    } catch (cause) {
      this.#rules.answers.fail(response, cause);
    } finally {
      if (gateway !== undefined) gateway.inFlight -= 1;
    }
  }

  async #serveClient(route: ClientRoute, request: IncomingMessage, response: ServerResponse): Promise<void> {
    let party: Pick<Gateway, "inFlight"> | undefined;
    try {
      const gateway = this.#rules.identifyVoucher(request);
      party = gateway ?? this.#strangers;
      party.inFlight += 1;
      if (party.inFlight > this.#rules.concurrencyMax) return this.#turnAway(response, "busy");
      await route.answer(request, response, gateway?.name);
    } catch (cause) {
      this.#rules.answers.fail(response, cause);
    } finally {
      if (party !== undefined) party.inFlight -= 1;
    }
  }

  #turnAway(response: ServerResponse, code: RequestErrorCode, extra?: readonly string[]): void {
    this.#rules.answers.turnAway(response, new RequestError(code), extra);
  }
}
