/** `npm run policy:build`: the committed default bundle, from policies/. */
import { join } from "node:path";
import { buildBundle, findOpa, ToolchainError } from "../src/toolchain/index.ts";

const root = join(import.meta.dirname, "..");
try {
  const opa = await findOpa({ tell: (line) => console.error(line) });
  const { revision } = await buildBundle({
    source: join(root, "policies"),
    out: join(root, "bundle", "default.tar.gz"),
    opa,
  });
  console.log(`bundle/default.tar.gz, revision ${revision}`);
} catch (error) {
  if (!(error instanceof ToolchainError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
