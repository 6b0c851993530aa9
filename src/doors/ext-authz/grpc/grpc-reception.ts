/** What happens to every gRPC request of a listener before a method sees it: head, method, caller, concurrency, size. */
import type { IncomingHttpHeaders, ServerHttp2Stream } from "node:http2";
import type { Socket } from "node:net";
import type { Answers } from "../../answers.ts";
import type { Gateway, IdentifyGateway } from "../../callers.ts";
import type { DoorLimits } from "../../limits.ts";
import type { GrpcConnection } from "./grpc-connections.ts";
import type { GrpcFailure } from "./grpc-status.ts";
import { createHealthMethod } from "./health-method.ts";
import type { GatewayMethod, OpenMethod, UnaryMethod } from "./unary-method.ts";
import {
  checkHead,
  discardRest,
  limitTime,
  readMessage,
  readPatience,
  respondHttp,
  respondMessage,
  respondStatus,
} from "./unary-stream.ts";

export interface GrpcReceptionRules {
  readonly methods: readonly UnaryMethod[];
  readonly isReady: () => boolean;
  readonly identifyGateway: IdentifyGateway;
  readonly concurrencyMax: number;
  readonly answers: Answers;
  readonly limits: DoorLimits;
}

export interface GrpcRequest {
  readonly stream: ServerHttp2Stream;
  readonly headers: IncomingHttpHeaders;
  readonly rawHeaders: string[];
  readonly socket: Socket;
  readonly connection: Pick<GrpcConnection, "prove">;
}

export class GrpcReception {
  readonly #rules: GrpcReceptionRules;
  readonly #methods: ReadonlyMap<string | undefined, UnaryMethod>;

  constructor(rules: GrpcReceptionRules) {
    this.#rules = rules;
    const services = rules.methods.map(({ path }) => path.slice(1, path.lastIndexOf("/")));
    const health = createHealthMethod(services, rules.isReady);
    this.#methods = new Map([...rules.methods, health].map((method) => [method.path, method]));
  }

  serve(request: GrpcRequest): void {
    const { stream, headers } = request;
    const { limits } = this.#rules;
    const patience = readPatience(headers, limits.requestMilliseconds);
    limitTime(stream, patience ?? limits.requestMilliseconds);
    const wrong = checkHead(headers) ?? (patience === undefined ? "invalid_argument" : undefined);
    const method = this.#methods.get(headers[":path"]);
    if (wrong === 405 || wrong === 415) respondHttp(stream, wrong);
    else if (wrong !== undefined) respondStatus(stream, wrong);
    else if (method === undefined) respondStatus(stream, "unimplemented");
    else {
      void this.#answer(method, request);
      return;
    }
    this.#rules.answers.count(method === undefined ? "route_unknown" : "request_malformed");
    discardRest(stream, limits.discardBytesMax);
  }

  async #answer(method: UnaryMethod, request: GrpcRequest): Promise<void> {
    const { answers } = this.#rules;
    try {
      if (method.admits === "anyone") await this.#answerAnyone(method, request.stream);
      else await this.#answerGateway(method, request);
    } catch (cause) {
      answers.report(cause);
      respondStatus(request.stream, "internal");
    }
  }

  async #answerAnyone(method: OpenMethod, stream: ServerHttp2Stream): Promise<void> {
    const read = await readMessage(stream, method.messageBytesMax);
    if (read === undefined) return;
    const answer = Buffer.isBuffer(read) ? method.answer(read) : read;
    if (Buffer.isBuffer(answer)) respondMessage(stream, answer);
    else this.#refuse(stream, answer);
  }

  async #answerGateway(
    method: GatewayMethod,
    { stream, headers, rawHeaders, socket, connection }: GrpcRequest,
  ): Promise<void> {
    const { identifyGateway, answers, limits, concurrencyMax } = this.#rules;
    const gateway = identifyGateway({ headers, rawHeaders, socket });
    if (gateway === undefined) {
      answers.count("credential_required");
      respondStatus(stream, "unauthenticated");
      discardRest(stream, limits.discardBytesMax);
      return;
    }
    connection.prove();
    gateway.inFlight += 1;
    try {
      if (gateway.inFlight <= concurrencyMax) await this.#answerMessage(method, gateway, stream);
      else {
        answers.count("busy");
        respondMessage(stream, method.refuse("busy"));
        discardRest(stream, limits.discardBytesMax);
      }
    } finally {
      gateway.inFlight -= 1;
    }
  }

  async #answerMessage(method: GatewayMethod, gateway: Gateway, stream: ServerHttp2Stream): Promise<void> {
    const read = await readMessage(stream, method.messageBytesMax);
    if (read === undefined) return;
    if (Buffer.isBuffer(read)) {
      const answer = await this.#answerRead(method, read, gateway.name);
      if (Buffer.isBuffer(answer)) respondMessage(stream, answer);
      else respondStatus(stream, answer);
    } else if (read === "resource_exhausted") {
      this.#rules.answers.count("body_too_large");
      respondMessage(stream, method.refuse("body_too_large"));
      discardRest(stream, this.#rules.limits.discardBytesMax);
    } else this.#refuse(stream, read);
  }

  /** Whatever a message makes throw is a denial too. */
  async #answerRead(method: GatewayMethod, message: Buffer, gateway: Gateway["name"]): Promise<Buffer | GrpcFailure> {
    try {
      return await method.answer(message, gateway);
    } catch (cause) {
      this.#rules.answers.report(cause);
      return method.refuse("internal_fault");
    }
  }

  #refuse(stream: ServerHttp2Stream, status: GrpcFailure): void {
    const { answers, limits } = this.#rules;
    answers.count("request_malformed");
    respondStatus(stream, status);
    discardRest(stream, limits.discardBytesMax);
  }
}
