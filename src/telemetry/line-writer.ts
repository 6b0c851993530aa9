/** Winston behind one function: an event's name, its level and its detail become one JSON line. */
import type { Writable } from "node:stream";
import { createLogger, format, transports } from "winston";
import { createRedaction, renderLine } from "./redact.ts";

/** Most severe first. */
const levels = ["error", "warn", "info", "debug"] as const;
export type Level = (typeof levels)[number];

export type Detail = Readonly<Record<string, unknown>>;

export interface LineWriter {
  readonly write: (level: Level, event: string, detail: Detail) => void;
  /** Whether a line of this level would be written; asked before work that only the line needs. */
  readonly writes: (level: Level) => boolean;
}

export interface LineWriterOptions {
  readonly level: Level | "off";
  readonly secrets: readonly string[];
  readonly stream: Writable;
}

export function createLineWriter({ level, secrets, stream }: LineWriterOptions): LineWriter {
  const redact = createRedaction(secrets);
  const logger = createLogger({
    levels: { error: 0, warn: 1, info: 2, debug: 3 },
    level: "debug",
    format: format.combine(
      format.timestamp(),
      format.printf(({ timestamp, level, message, detail }) =>
        renderLine({ time: timestamp, level, event: message, ...(isDetail(detail) ? detail : {}) }),
      ),
    ),
    transports: [new transports.Stream({ stream, eol: "\n" })],
    exitOnError: false,
  });
  const mostVerbose = level === "off" ? -1 : levels.indexOf(level);
  const writes = (asked: Level): boolean => levels.indexOf(asked) <= mostVerbose;
  return {
    writes,
    write: (level, event, detail) => {
      if (writes(level)) logger.log({ level, message: event, detail: redact(detail) });
    },
  };
}

function isDetail(value: unknown): value is Detail {
  return typeof value === "object" && value !== null;
}
