/** What an HTTP dialect of ext_authz is: where a gateway writes the call that it holds, and which answers it understands. */
import type { IncomingMessage } from "node:http";
import type { HeldBody, HeldCall, HeldCallAnswer } from "../held-call.ts";

export interface Dialect {
  /** Whether the gateway sends the held call's body along. */
  readonly sendsBody: boolean;
  /** Undefined: the gateway did not say which call it holds, or said it twice. */
  read(request: IncomingMessage, body: HeldBody): HeldCall | undefined;
  render(answer: HeldCallAnswer): RenderedAnswer;
}

export interface RenderedAnswer {
  readonly status: number;
  /** Name, value, name, value. */
  readonly headers: readonly string[];
  readonly body: string;
}
