/** Where this program is installed: its package.json and the sample bundle lie there, whatever shape its code was built into. */
import { findPackageJSON } from "node:module";
import { dirname, join } from "node:path";

/** The path of a file of the installation. */
export function installedPath(...parts: readonly string[]): string {
  const manifest = findPackageJSON(import.meta.url);
  if (manifest === undefined) throw new Error("the program lies in no package");
  return join(dirname(manifest), ...parts);
}
