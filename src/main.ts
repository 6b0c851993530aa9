/** The program: runs one command line and leaves with its exit code. */
import { enableCompileCache } from "node:module";
import { installedPath } from "./config/installation.ts";

// Compiled code is kept from one start to the next, beside the packages: whoever could put other code there could change
// the packages as well, which is not true of the system's temporary folder. Only for the sources, of which there are two
// hundred: what is built starts as fast without it, and holds less memory.
if (import.meta.filename.endsWith(".ts")) enableCompileCache(installedPath("node_modules", ".cache", "chaperone"));
const { run } = await import("./cli/index.ts");

process.exitCode = await run(process.argv.slice(2));
