/** Prints docs/cli.md from the table of commands: `npm run docs:cli`. */
import { writeFileSync } from "node:fs";
import { renderCliReference } from "../src/cli/help.ts";
import { commands } from "../src/cli/command-table.ts";

writeFileSync(new URL("../docs/cli.md", import.meta.url), renderCliReference(commands));
