/**
 * nginx as Debian packages it, unpacked into the user's cache folder: nothing is installed, and nobody need be root. It
 * runs on the machine's own libraries, so on another release than Debian's 12 it may not be offered or not run.
 */
import { mkdir, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { versions } from "../src/toolchain/versions.ts";
import { fetchTool, runOrThrow } from "./fetch-tool.ts";

/** The program. */
export async function fetchNginx(): Promise<string> {
  const folder = await fetchTool({ name: "nginx", version: versions.nginx, make });
  return join(folder, "usr", "sbin", "nginx");
}

const remedy =
  `It needs nginx ${versions.nginx} from Debian 12 (bookworm) or a container of it, with apt-get, dpkg and the libraries ` +
  "libpcre2-8-0, libssl3, zlib1g and libcrypt1; on another release, pin the version that `apt-cache policy nginx` shows " +
  "in src/toolchain/versions.ts.";

async function make(folder: string): Promise<void> {
  const download = join(folder, "download");
  await fetchPackage(download);
  const name = (await readdir(download)).find((file) => file.endsWith(".deb")) ?? "";
  await runOrThrow("dpkg", ["-x", join(download, name), folder], { remedy });
  await rm(download, { recursive: true });
  await runOrThrow(join(folder, "usr", "sbin", "nginx"), ["-v"], { remedy });
}

/** Lists of packages of its own where the machine has none, or old ones: to read the machine's anew takes root. */
async function fetchPackage(folder: string): Promise<void> {
  const lists = join(folder, "lists");
  await mkdir(join(lists, "lists", "partial"), { recursive: true });
  // Debian's revisions of a version are its security fixes, and the archive keeps only the newest.
  const wanted = ["download", `nginx=${versions.nginx}-*`];
  try {
    await runOrThrow("apt-get", wanted, { cwd: folder });
  } catch {
    const own = [`Dir::State=${lists}`, `Dir::Cache=${lists}`, "Dir::State::status=/var/lib/dpkg/status"];
    const options = own.flatMap((option) => ["-o", option]);
    await runOrThrow("apt-get", [...options, "update"], { remedy });
    await runOrThrow("apt-get", [...options, ...wanted], { cwd: folder, remedy });
  }
}
