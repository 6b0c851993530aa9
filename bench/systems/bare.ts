/** The bare process, for cold start and memory: what it costs to load the same packages and bundle at all. */
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { foundingInput } from "./opa.ts";
import type { System } from "./system.ts";

const manifestSchema = z.object({ dependencies: z.record(z.string(), z.string()) });
const answerSchema = z.object({
  verdict: z.tuple([z.object({ result: z.looseObject({ role: z.literal("flight-booker") }) })]),
  token: z.string(),
});

export async function createBareProcess(root: string, folder: string): Promise<System> {
  // Built like what ships, and beside it, from where the packages are found.
  const script = join(root, "dist", "bench", "bare-process.js");
  const manifest = manifestSchema.parse(JSON.parse(await readFile(join(root, "package.json"), "utf8")));
  const packages = Object.keys(manifest.dependencies).join(",");
  const socketPath = join(folder, "bare.sock");
  const bundle = join(root, "bundle", "default.tar.gz");
  return {
    name: "bare process",
    target: {
      address: { socketPath },
      path: "/",
      headers: {},
      body: JSON.stringify({ input: foundingInput }),
      marks: ['"outcome":"allow"', '"token":"eyJ'],
    },
    command: async () => {
      await rm(socketPath, { force: true });
      return {
        file: process.execPath,
        args: ["--max-semi-space-size=4", script, socketPath, bundle, packages, JSON.stringify(foundingInput)],
      };
    },
    assertRight: async (answer) => {
      answerSchema.parse(JSON.parse(answer));
    },
  };
}
