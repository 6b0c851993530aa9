/** nginx as Debian packages it. */
import { versions } from "../src/toolchain/versions.ts";
import { fetchDebianProgram } from "./debian-program.ts";

/** The program. */
export function fetchNginx(): Promise<string> {
  return fetchDebianProgram({
    name: "nginx",
    version: versions.nginx,
    path: "usr/sbin/nginx",
    versionArgs: ["-v"],
    libraries: "libpcre2-8-0, libssl3, zlib1g and libcrypt1",
  });
}
