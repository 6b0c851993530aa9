/** A "no" over HTTP, as the caller of the gateway may see it. */
import type { TurnedAway } from "../held-call.ts";
import { problemMediaType, renderProblem } from "../problem.ts";
import type { RenderedAnswer } from "./dialect.ts";

export function renderTurnedAway(answer: TurnedAway): RenderedAnswer {
  const challenge = answer.status === 401 ? ["www-authenticate", "Bearer"] : [];
  return {
    status: answer.status,
    headers: ["content-type", problemMediaType, ...challenge],
    body: renderProblem(answer),
  };
}
