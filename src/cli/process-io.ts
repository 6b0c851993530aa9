/** The real process as commands see it. */
import { readFileSync } from "node:fs";
import { installedPath } from "../config/installation.ts";
import type { CliIo } from "./command.ts";
import { exitCodes } from "./exit-codes.ts";

export function processIo(): CliIo {
  // A reader that goes away (`chaperone --help | head -1`, a log collector that restarts) must not end the process.
  for (const stream of [process.stdout, process.stderr]) stream.on("error", () => {});
  return {
    stdin: process.stdin,
    stdout: process.stdout,
    stderr: process.stderr,
    environment: process.env,
    version: readVersion(),
    onSignal: (signal, callback) => {
      process.on(signal, callback);
      return () => void process.off(signal, callback);
    },
    onCrash: (callback) => {
      const crash = (cause: unknown): void => {
        callback(cause);
        // What failed is unknown, so nothing that is left can be trusted to decide; what was answered is on record.
        process.exit(exitCodes.unavailable);
      };
      process.on("uncaughtException", crash);
      return () => void process.off("uncaughtException", crash);
    },
  };
}

function readVersion(): string {
  const parsed: unknown = JSON.parse(readFileSync(installedPath("package.json"), "utf8"));
  return typeof parsed === "object" && parsed !== null && "version" in parsed && typeof parsed.version === "string"
    ? parsed.version
    : "unknown";
}
