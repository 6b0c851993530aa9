/** What ships, started with settings and an empty state folder each time. */
import { mkdtemp, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { ServerCommand } from "../server-process.ts";
import type { System } from "./system.ts";

export interface ChaperoneWorld {
  readonly root: string;
  /** A folder of the bench's own. */
  readonly folder: string;
}

export interface Chaperone extends System {
  /** Throws when fewer are on record since the last start: a figure of unrecorded answers would be worthless. */
  assertRecorded(answered: number): Promise<void>;
}

export type ChaperoneProcess = Pick<Chaperone, "command" | "assertRecorded">;

export async function createChaperoneProcess(
  root: string,
  folder: string,
  settings: object,
  environment: ServerCommand["environment"] = {},
): Promise<ChaperoneProcess> {
  const config = join(folder, "chaperone.yaml");
  // A deny because a starved machine kept an evaluation waiting would be a right answer to another question.
  const asDelivered = { log: { level: "error" }, policy: { deadline_milliseconds: 1000 } };
  // JSON is YAML.
  await writeFile(config, JSON.stringify({ ...settings, ...asDelivered }));
  let state = "";
  return {
    command: async () => {
      state = await mkdtemp(join(folder, "state-"));
      return {
        file: process.execPath,
        args: ["--max-semi-space-size=4", join(root, "dist", "main.js"), "serve", "--config", config, "--state", state],
        environment,
      };
    },
    assertRecorded: async (answered) => {
      const recorded = await countRecords(join(state, "audit"));
      if (!(recorded >= answered)) throw new Error(`${answered} were answered and ${recorded} recorded`);
    },
  };
}

async function countRecords(folder: string): Promise<number> {
  const names = await readdir(folder, { recursive: true });
  const logs = await Promise.all(
    names.filter((name) => name.endsWith(".jsonl")).map((name) => readFile(join(folder, name), "utf8")),
  );
  return logs
    .join("")
    .split("\n")
    .filter((line) => line.includes('"decision_id"')).length;
}
