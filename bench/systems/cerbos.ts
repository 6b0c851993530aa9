/** Cerbos on the equivalent policy (bench/cerbos): it allows or denies, chooses no role, records and signs nothing. */
import { chmod, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { fetchTool, runOrThrow } from "../../scripts/fetch-tool.ts";
import { versions } from "../../src/toolchain/versions.ts";
import { findFreePort } from "../server-process.ts";
import { founding, type System } from "./system.ts";

export interface CerbosWorld {
  readonly root: string;
  /** A folder of the bench's own. */
  readonly folder: string;
}

const answerSchema = z.looseObject({
  results: z.tuple([
    z.looseObject({
      actions: z.object({ book_flight: z.literal("EFFECT_ALLOW") }),
      outputs: z.tuple([
        z.looseObject({ val: z.object({ role: z.literal("flight-booker"), ttl_seconds: z.number() }) }),
      ]),
    }),
  ]),
});

export async function createCerbos({ root, folder }: CerbosWorld): Promise<System> {
  const cerbos = await findCerbos();
  const port = await findFreePort();
  const config = join(folder, "cerbos.yaml");
  const settings = {
    server: { httpListenAddr: `127.0.0.1:${port}`, grpcListenAddr: `127.0.0.1:${await findFreePort()}` },
    storage: { driver: "disk", disk: { directory: join(root, "bench", "cerbos"), watchForChanges: false } },
    telemetry: { disabled: true },
  };
  // JSON is YAML.
  await writeFile(config, JSON.stringify(settings));
  return {
    name: "Cerbos",
    target: {
      address: { host: "127.0.0.1", port },
      path: "/api/check/resources",
      headers: {},
      body: JSON.stringify({
        requestId: "bench",
        principal: {
          id: founding.subject.sub,
          roles: ["Director"],
          attr: { departments: ["Operations"], actor: founding.actor.sub, capabilities: ["book_flight"] },
        },
        resources: [{ actions: ["book_flight"], resource: { kind: "flights", id: "any", attr: {} } }],
      }),
      marks: ['"book_flight":"EFFECT_ALLOW"'],
    },
    command: async () => ({ file: cerbos, args: ["server", "--config", config, "--log-level", "error"] }),
    assertRight: async (answer) => {
      answerSchema.parse(JSON.parse(answer));
    },
  };
}

/** 90 MB: into the cache folder, never a dependency. */
async function findCerbos(): Promise<string> {
  const platform = `cerbos-${process.platform}-${process.arch}`;
  const folder = await fetchTool({
    name: "cerbos",
    version: versions.cerbos,
    make: async (target) => {
      const wanted = `cerbos@${versions.cerbos}`;
      await runOrThrow("npm", ["install", "--prefix", target, "--no-audit", "--no-fund", "--ignore-scripts", wanted]);
    },
  });
  const binary = join(folder, "node_modules", "@cerbos", platform, platform);
  await chmod(binary, 0o755);
  return binary;
}
