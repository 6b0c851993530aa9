/**
 * What happens to the process, one function per event, one line each. Requests are not events: there is no line per
 * decision unless the debug level asks for it. No function takes a claim, a token or a key.
 */
import type { CallQuestion } from "../domain/call-question.ts";
import type { Allow, AllowedCall, AllowedUse, AnyDecision } from "../domain/decision.ts";
import type { AnyRequest } from "../domain/decision-request.ts";
import type { EventRecord } from "../domain/record.ts";
import type { Fault } from "../domain/refusal.ts";
import { limits } from "./limits.ts";
import type { Level, LineWriter } from "./line-writer.ts";

/** How much an announced event matters; a record, so that a new one does not compile until that is said. */
const announcedLevels: Readonly<Record<EventRecord["event"], Level>> = {
  started: "info",
  stopped: "info",
  policy_activated: "info",
  policy_refused: "error",
  key_activated: "info",
  key_published: "info",
  key_retired: "info",
  issuer_keys_activated: "info",
  issuer_keys_failed: "error",
  recovered: "warn",
};

export interface Events {
  /** Something that changed what decisions mean; it is on record as well. */
  announced(event: EventRecord): void;
  /** The start fell back to what is built in for development. */
  developmentDefaults(used: readonly string[]): void;
  listening(listener: { readonly name: string; readonly address: string; readonly doors: readonly string[] }): void;
  reloading(cause: "signal" | "file"): void;
  stopping(cause: string): void;
  /** A decision was denied because something did not work. `leftOut`: the same, since the last such line. */
  faulted(fault: Fault, leftOut: number): void;
  /** Whether {@link Events.decided} would write anything. */
  readonly writesDecisions: boolean;
  decided(request: AnyRequest | CallQuestion, decision: AnyDecision, milliseconds: number): void;
  /** Something outside a decision failed; `what` is a constant of the caller. */
  failed(what: string, cause: unknown): void;
}

export function createEvents({ write, writes }: LineWriter): Events {
  return {
    announced: ({ event, time, detail }) => write(announcedLevels[event], event, { at: time, detail }),
    developmentDefaults: (used) => write("warn", "development_defaults", { used }),
    listening: ({ name, address, doors }) => write("info", "listening", { listener: name, address, doors }),
    reloading: (cause) => write("info", "reloading", { cause }),
    stopping: (cause) => write("info", "stopping", { cause }),
    faulted: ({ code, detail, cause }, leftOut) =>
      write("error", "faulted", {
        code,
        detail,
        ...(cause === undefined ? {} : { cause: describeCause(cause) }),
        ...(leftOut === 0 ? {} : { left_out: leftOut }),
      }),
    writesDecisions: writes("debug"),
    decided: (request, decision, milliseconds) =>
      write("debug", "decided", {
        decision_id: decision.decisionId,
        door: request.origin.door,
        listener: request.origin.listener,
        outcome: decision.outcome,
        ...(decision.outcome === "deny" ? { code: decision.code } : {}),
        ...(decision.outcome === "allow" ? describeAllow(decision) : {}),
        milliseconds: Math.round(milliseconds * 1000) / 1000,
      }),
    failed: (what, cause) => write("error", "failed", { what, cause: describeCause(cause) }),
  };
}

function describeAllow(decision: Allow | AllowedUse | AllowedCall): Readonly<Record<string, string>> {
  if ("changes" in decision) return {};
  if ("used" in decision) return { grant_id: decision.used.id, audience: decision.used.audience };
  return { role: decision.grant.role, audience: decision.grant.audience };
}

/**
 * An error by somebody else, without its message: `JSON.parse` quotes its input, and that input is claims.
 * Its name, its system code and where it came from are enough to find it.
 */
function describeCause(cause: unknown): Readonly<Record<string, unknown>> {
  if (!(cause instanceof Error)) return { name: typeof cause };
  const code =
    "code" in cause && typeof cause.code === "string" && /^[A-Z0-9_]{1,64}$/.test(cause.code) ? cause.code : undefined;
  const frames = (cause.stack ?? "").split("\n").filter((line) => /^\s+at /.test(line));
  return {
    name: cause.name,
    ...(code === undefined ? {} : { code }),
    at: frames.slice(0, limits.framesMax).map((frame) => frame.trim()),
    ...(cause.cause instanceof Error ? { cause: { name: cause.cause.name } } : {}),
  };
}
