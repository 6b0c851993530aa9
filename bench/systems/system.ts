/** What is measured: one question in the system's own words, and how its answer is judged. */
import type { ServerCommand } from "../server-process.ts";
import type { Target } from "../target.ts";

export interface System {
  readonly name: string;
  /** Asked first, until it answers, where the question needs something that only the running system gives. */
  readonly introduction?: { readonly target: Target; readonly take: (answer: string) => void };
  readonly target: Target;
  /** Called before each load, where what is sent must be made for it. */
  prepareLoad?(requests: number): Promise<void>;
  /** What the server asks for each request; starts before it and is measured on its own. */
  companion?(): Promise<ServerCommand>;
  /** Each call prepares a start of its own, with empty state. */
  command(): Promise<ServerCommand>;
  /** Throws unless this is the right answer, read as a caller would. */
  assertRight(answer: string): Promise<void>;
}

/** The founding request, asked by parties that have names. */
export const founding = {
  subject: { sub: "alice", Department: "Operations", Role: "Director" },
  actor: { sub: "travel-agent", Capabilities: "book_flight" },
} as const;
