/**
 * A program as Debian packages it, unpacked into the user's cache folder: nothing is installed, and nobody need be root. It
 * runs on the machine's own libraries, so on another release than Debian's 12 it may not be offered or not run.
 */
import { mkdir, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { fetchTool, runOrThrow } from "./fetch-tool.ts";

export interface DebianProgram {
  /** The package's, and the key of its version in src/toolchain/versions.ts. */
  readonly name: string;
  readonly version: string;
  /** Where the package has it. */
  readonly path: string;
  /** With these it says its version and ends. */
  readonly versionArgs: readonly string[];
  /** Packages without which it does not run. */
  readonly libraries: string;
}

/** The program. */
export async function fetchDebianProgram(program: DebianProgram): Promise<string> {
  const { name, version, path } = program;
  return join(await fetchTool({ name, version, make: (folder) => make(program, folder) }), path);
}

async function make(program: DebianProgram, folder: string): Promise<void> {
  const remedy = remedyOf(program);
  const download = join(folder, "download");
  await fetchPackage(program, download);
  const name = (await readdir(download)).find((file) => file.endsWith(".deb")) ?? "";
  await runOrThrow("dpkg", ["-x", join(download, name), folder], { remedy });
  await rm(download, { recursive: true });
  await runOrThrow(join(folder, program.path), program.versionArgs, { remedy });
}

function remedyOf({ name, version, libraries }: DebianProgram): string {
  return (
    `It needs ${name} ${version} from Debian 12 (bookworm) or a container of it, with apt-get, dpkg and the libraries ` +
    `${libraries}; on another release, pin the version that \`apt-cache policy ${name}\` shows in src/toolchain/versions.ts.`
  );
}

/** Lists of packages of its own where the machine has none, or old ones: to read the machine's anew takes root. */
async function fetchPackage(program: DebianProgram, folder: string): Promise<void> {
  const remedy = remedyOf(program);
  const lists = join(folder, "lists");
  await mkdir(join(lists, "lists", "partial"), { recursive: true });
  // Debian's revisions of a version are its security fixes, and the archive keeps only the newest.
  const wanted = ["download", `${program.name}=${program.version}-*`];
  try {
    await runOrThrow("apt-get", wanted, { cwd: folder });
  } catch {
    const own = [`Dir::State=${lists}`, `Dir::Cache=${lists}`, "Dir::State::status=/var/lib/dpkg/status"];
    const options = own.flatMap((option) => ["-o", option]);
    await runOrThrow("apt-get", [...options, "update"], { remedy });
    await runOrThrow("apt-get", [...options, ...wanted], { cwd: folder, remedy });
  }
}
