/** The promise of the Announcer port, kept by the assembled house: each event is on record and in the log. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Writable } from "node:stream";
import { afterEach, beforeEach, expect, test } from "vitest";
import { assemble } from "../../src/assemble.ts";
import { type Config, loadConfig } from "../../src/config/index.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "chaperone-announcer-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function load(): Config {
  const readFile = (path: string): string => readFileSync(path, "utf8");
  const config = loadConfig({ flags: { state: join(folder, "state") }, environment: {}, readFile });
  if ("stateFolder" in config) return config;
  throw new TypeError(config.map(({ code }) => code).join());
}

test("what changes what decisions mean is told to both, in the same order", async () => {
  const logged: string[] = [];
  const log = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      logged.push(chunk.toString("utf8"));
      done();
    },
  });
  const house = await assemble(load(), { version: "test", log });
  await house.close();
  const eventsIn = (text: string) => [...text.matchAll(/"event":"(\w+)"/g)].map(([, event]) => event);
  const audit = join(folder, "state", "audit");
  const recorded = readdirSync(audit)
    .filter((name) => name.endsWith(".jsonl"))
    .flatMap((name) => eventsIn(readFileSync(join(audit, name), "utf8")));
  expect(recorded).toEqual(["policy_activated", "key_published", "key_activated", "started", "stopped"]);
  expect(eventsIn(logged.join(""))).toEqual(recorded);
});
