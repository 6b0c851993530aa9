/** Prints the path of the pinned OPA, building it into the user's cache folder when nobody has it. */
import { findOpa, ToolchainError } from "../src/toolchain/index.ts";

try {
  console.log(await findOpa({ tell: (line) => console.error(line) }));
} catch (error) {
  if (!(error instanceof ToolchainError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
