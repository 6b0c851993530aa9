/** What the caller of a gateway gets to read when its call is turned away: as coarse as it is true (RFC 9457). */
import type { TurnedAway } from "./held-call.ts";

export const problemMediaType = "application/problem+json";

export function renderProblem({ title, status, decisionId }: TurnedAway): string {
  return JSON.stringify({ title, status, decision_id: decisionId });
}

/** For those who read one line: a gRPC client, whose gateway puts it into `grpc-message`. */
export function renderProblemLine({ title, decisionId }: TurnedAway): string {
  return decisionId === undefined ? title : `${title} (${decisionId})`;
}
