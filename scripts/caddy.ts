/** Caddy as Debian packages it. */
import { versions } from "../src/toolchain/versions.ts";
import { fetchDebianProgram } from "./debian-program.ts";

/** The program. */
export function fetchCaddy(): Promise<string> {
  return fetchDebianProgram({
    name: "caddy",
    version: versions.caddy,
    path: "usr/bin/caddy",
    versionArgs: ["version"],
    libraries: "libzstd1 and libc6",
  });
}
