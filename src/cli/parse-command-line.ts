/** Reads arguments strictly: an option that a command does not have is an error, with the nearest one that it has. */
import { parseArgs } from "node:util";
import { findNearest } from "../config/nearest.ts";
import type { Command, Given } from "./command.ts";

/** Why the arguments do not fit the command; text for a person. */
export class UsageError {
  readonly message: string;
  constructor(message: string) {
    this.message = message;
  }
}

export function parseCommandLine(command: Command, args: readonly string[]): Given | UsageError {
  const parsed = parseArgs({
    args: [...args],
    options: { ...optionsOf(command), help: { type: "boolean", short: "h" } },
    allowPositionals: true,
    strict: false,
    tokens: true,
  });
  const known = [...Object.keys(command.options), "help"];
  const seen = new Set<string>();
  for (const token of parsed.tokens) {
    if (token.kind !== "option") continue;
    const wrong = checkOption(command, known, token);
    if (wrong !== undefined) return new UsageError(wrong);
    if (seen.has(token.name)) return new UsageError(`--${token.name} is given twice`);
    seen.add(token.name);
  }
  const { values, positionals } = parsed;
  const { min, max } = command.operands;
  const isHelp = values["help"] === true;
  if (!isHelp && positionals.length < min) return new UsageError(`it needs ${command.operands.usage}`);
  if (!isHelp && positionals.length > max) return new UsageError("too many arguments");
  return {
    operands: positionals,
    has: (option) => values[option] === true,
    text: (option) => {
      const value = values[option];
      return typeof value === "string" ? value : undefined;
    },
  };
}

function optionsOf({ options }: Command): Record<string, { type: "string" | "boolean" }> {
  return Object.fromEntries(
    Object.entries(options).map(([name, { value }]) => [name, { type: value === undefined ? "boolean" : "string" }]),
  );
}

interface OptionToken {
  readonly name: string;
  readonly rawName: string;
  readonly value?: string | undefined;
}

function checkOption(
  { options }: Command,
  known: readonly string[],
  { name, rawName, value }: OptionToken,
): string | undefined {
  if (!known.includes(name)) {
    const nearest = findNearest(name, known);
    return `there is no option ${rawName}${nearest === undefined ? "" : `; did you mean --${nearest}?`}`;
  }
  const isSwitch = name === "help" || options[name]?.value === undefined;
  if (isSwitch && value !== undefined) return `${rawName} takes no value`;
  if (!isSwitch && (value === undefined || value === "" || value.startsWith("--"))) return `${rawName} needs a value`;
  return undefined;
}
