/** Help, for the terminal and for docs/cli.md, from the table of commands. */
import type { Command, OptionHelp } from "./command.ts";
import { exitCodes, exitMeanings } from "./exit-codes.ts";

type Commands = Readonly<Record<string, Command>>;

export function renderHelp(commands: Commands): string {
  const width = Math.max(...Object.keys(commands).map((name) => name.length));
  return [
    "usage: chaperone <command> [options]",
    "",
    ...Object.entries(commands).map(([name, { summary }]) => `  ${name.padEnd(width)}  ${summary}`),
    "",
    "chaperone <command> --help tells its options; chaperone --version the version.",
    "",
  ].join("\n");
}

export function renderCommandHelp(name: string, { summary, operands, options }: Command): string {
  const all = Object.entries({ ...options, help: helpOption }).map(
    ([option, help]) => [renderOption(option, help), help.help] as const,
  );
  const width = Math.max(...all.map(([option]) => option.length));
  return [
    `usage: chaperone ${name}${operands.usage === "" ? "" : ` ${operands.usage}`} [options]`,
    "",
    summary,
    "",
    ...all.map(([option, help]) => `  ${option.padEnd(width)}  ${help}`),
    "",
  ].join("\n");
}

const helpOption: OptionHelp = { help: "Tell this." };

function renderOption(name: string, { value }: OptionHelp): string {
  return value === undefined ? `--${name}` : `--${name} <${value}>`;
}

/** docs/cli.md. */
export function renderCliReference(commands: Commands): string {
  return `${[
    "# Command line",
    "",
    "<!-- Printed by `npm run docs:cli` from src/cli; a test fails when it is out of step. -->",
    "",
    "`bin/chaperone` runs these; in the image it is the entrypoint. Configuration is read as [config.md](config.md) tells.",
    "",
    ...Object.entries(commands).flatMap(([name, command]) => [
      `## \`chaperone ${name}\``,
      "",
      "```",
      renderCommandHelp(name, command).trimEnd(),
      "```",
      "",
    ]),
    "## Exit codes",
    "",
    "| Code | Meaning |",
    "|---|---|",
    ...Object.entries(exitMeanings).map(([name, meaning]) => `| ${codeOf(name)} | ${meaning} |`),
  ].join("\n")}\n`;
}

function codeOf(name: string): number | undefined {
  return Object.entries(exitCodes).find(([known]) => known === name)?.[1];
}
