/** What a command is: its help is printed from the same table that its arguments are read with. */
import type { Readable, Writable } from "node:stream";
import type { Environment } from "../config/environment.ts";
import type { ExitCode } from "./exit-codes.ts";

/** What a command sees of the process. */
export interface CliIo {
  readonly stdin: Readable;
  readonly stdout: Writable;
  readonly stderr: Writable;
  readonly environment: Environment;
  readonly version: string;
  /** Calls back for every such signal, until the returned function is called. */
  readonly onSignal: (signal: CliSignal, callback: () => void) => () => void;
  /** Calls back when something failed that nobody waits for; the process then ends. Until the returned function is called. */
  readonly onCrash: (callback: (cause: unknown) => void) => () => void;
}

export type CliSignal = "SIGTERM" | "SIGINT" | "SIGHUP";

export interface OptionHelp {
  /** Names the value in the help; undefined: the option is a switch. */
  readonly value?: string;
  readonly help: string;
}

/** What a command does. */
export type Run = (given: Given, io: CliIo) => Promise<ExitCode>;

export interface Command {
  readonly summary: string;
  /** Positional arguments as the help shows them, and how many there may be. */
  readonly operands: { readonly usage: string; readonly min: number; readonly max: number };
  readonly options: Readonly<Record<string, OptionHelp>>;
  /** Its work, and with it everything that only this command needs. */
  readonly load: () => Promise<Run>;
}

/** The command line as it was given, already known to fit the command. */
export interface Given {
  readonly operands: readonly string[];
  readonly text: (option: string) => string | undefined;
  readonly has: (option: string) => boolean;
}

export const noOperands: Command["operands"] = { usage: "", min: 0, max: 0 };

export const configOptions: Readonly<Record<string, OptionHelp>> = {
  config: { value: "file", help: "The configuration file. Default: CHAPERONE_CONFIG, else none." },
  state: { value: "folder", help: "The state folder. Default: CHAPERONE_STATE, else .chaperone." },
};

export const jsonOption: Readonly<Record<string, OptionHelp>> = {
  json: { help: "Print one JSON document on standard output." },
};
