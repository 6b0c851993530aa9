/** The command line: chooses from the table, reads the arguments, runs the command and says what went wrong. */
import { escapeHidden } from "../domain/hidden-text.ts";
import type { CliIo, Command } from "./command.ts";
import { commands } from "./command-table.ts";
import { type ExitCode, exitCodes } from "./exit-codes.ts";
import { renderCommandHelp, renderHelp } from "./help.ts";
import { parseCommandLine, UsageError } from "./parse-command-line.ts";
import { processIo } from "./process-io.ts";
import { describeFailure } from "./failure.ts";
import { ToolchainError } from "../toolchain/toolchain-error.ts";

/** Runs one command line to its end. Never rejects: what nobody foresaw is told and is "could not tell". */
export async function run(argv: readonly string[], io: CliIo = processIo()): Promise<ExitCode> {
  const chosen = chooseCommand(argv);
  if (chosen === undefined) return runWithoutCommand(argv, io);
  const { name, command, args } = chosen;
  const given = parseCommandLine(command, args);
  if (given instanceof UsageError) {
    io.stderr.write(`chaperone ${name}: ${escapeHidden(given.message)}\nchaperone ${name} --help tells more\n`);
    return exitCodes.wrong;
  }
  if (given.has("help")) {
    io.stdout.write(renderCommandHelp(name, command));
    return exitCodes.yes;
  }
  try {
    const work = await command.load();
    return await work(given, io);
  } catch (cause) {
    io.stderr.write(`chaperone ${name}: ${escapeHidden(describeFailure(cause))}\n`);
    return isNo(cause) ? exitCodes.no : exitCodes.unavailable;
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

/** Rego that does not compile is an answer about the policy, not a tool that failed. */
function isNo(cause: unknown): boolean {
  return cause instanceof ToolchainError && cause.code === "opa_command_failed";
}
