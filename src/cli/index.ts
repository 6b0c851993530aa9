/** The command line: one table of commands, read and helped from the same place. docs/cli.md is printed from it. */
import { auditVerify } from "./audit-verify.ts";
import { checkConfig } from "./check-config.ts";
import type { CliIo, Command } from "./command.ts";
import { decideCommand } from "./decide.ts";
import { type ExitCode, exitCodes } from "./exit-codes.ts";
import { renderCommandHelp, renderHelp } from "./help.ts";
import { keysList } from "./keys-list.ts";
import { keysRotate } from "./keys-rotate.ts";
import { parseCommandLine, UsageError } from "./parse-command-line.ts";
import { policyBuild } from "./policy-build.ts";
import { policyTest } from "./policy-test.ts";
import { processIo } from "./process-io.ts";
import { serve } from "./serve.ts";
import { plain } from "./terminal.ts";

export const commands = {
  serve,
  "check-config": checkConfig,
  decide: decideCommand,
  "policy build": policyBuild,
  "policy test": policyTest,
  "keys list": keysList,
  "keys rotate": keysRotate,
  "audit verify": auditVerify,
} as const satisfies Readonly<Record<string, Command>>;

/** Runs one command line to its end. Resolves with the exit code; rejects only for what nobody foresaw. */
export async function run(argv: readonly string[], io: CliIo = processIo()): Promise<ExitCode> {
  const chosen = chooseCommand(argv);
  if (chosen === undefined) return runWithoutCommand(argv, io);
  const { name, command, args } = chosen;
  const given = parseCommandLine(command, args);
  if (given instanceof UsageError) {
    io.stderr.write(`chaperone ${name}: ${plain(given.message)}\nchaperone ${name} --help tells more\n`);
    return exitCodes.wrong;
  }
  if (given.has("help")) {
    io.stdout.write(renderCommandHelp(name, command));
    return exitCodes.yes;
  }
  try {
    return await command.run(given, io);
  } catch (cause) {
    if (!isForeseen(cause)) throw cause;
    io.stderr.write(`chaperone ${name}: ${plain(describe(cause))}\n`);
    return exitCodes.unavailable;
  }
}

interface Chosen {
  readonly name: string;
  readonly command: Command;
  readonly args: readonly string[];
}

function chooseCommand(argv: readonly string[]): Chosen | undefined {
  const table: Readonly<Record<string, Command>> = commands;
  for (const words of [2, 1]) {
    const name = argv.slice(0, words).join(" ");
    const command = Object.hasOwn(table, name) ? table[name] : undefined;
    if (command !== undefined && argv.length >= words) return { name, command, args: argv.slice(words) };
  }
  return undefined;
}

function runWithoutCommand([first]: readonly string[], io: CliIo): ExitCode {
  if (first === "--version") {
    io.stdout.write(`${io.version}\n`);
    return exitCodes.yes;
  }
  const isAsked = first === "--help" || first === "-h" || first === "help";
  (isAsked ? io.stdout : io.stderr).write(renderHelp(commands));
  return isAsked ? exitCodes.yes : exitCodes.wrong;
}

/** What rooms throw on purpose carries a code (theirs, or the system's); anything else is a bug and stays loud. */
function isForeseen(cause: unknown): cause is Error & { readonly code: string } {
  return cause instanceof Error && "code" in cause && typeof cause.code === "string" && !cause.code.startsWith("ERR_");
}

function describe(cause: Error & { readonly code: string }): string {
  return cause.message.startsWith(cause.code) ? cause.message : `${cause.code}: ${cause.message}`;
}
