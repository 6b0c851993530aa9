/**
 * Keycloak, fetched with Maven and built once into the user's cache folder. It is started from there without another
 * build, each time with a folder, a database in memory and a port of its own.
 */
import { mkdir, readdir, symlink } from "node:fs/promises";
import { join } from "node:path";
import { runCommand } from "../src/toolchain/run-command.ts";
import { versions } from "../src/toolchain/versions.ts";
import { fetchTool, runOrThrow } from "./fetch-tool.ts";

export const keycloakAdmin = { name: "admin", password: "keycloak-test-admin-password" } as const;

export interface KeycloakPlace {
  /** An empty folder of this Keycloak's own. */
  readonly folder: string;
  readonly port: number;
  /** Of the Java virtual machine. Absent: a quick start; a Keycloak under measurement wants other ones. */
  readonly javaOptions?: readonly string[];
}

export interface KeycloakCommand {
  readonly file: string;
  readonly args: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
}

/** One process without a shell script around it, so who ends it ends Keycloak. It serves `http://127.0.0.1:<port>`. */
export async function prepareKeycloak(place: KeycloakPlace): Promise<KeycloakCommand> {
  const { folder, port, javaOptions = quickStart } = place;
  const distribution = await fetchKeycloak();
  // Its state is its own; everything else is only read, by any number of them.
  for (const name of (await readdir(distribution)).filter((each) => each !== "data")) {
    await symlink(join(distribution, name), join(folder, name));
  }
  await mkdir(join(folder, "data"));
  const address = `http://127.0.0.1:${port}`;
  const listening = ["--http-enabled=true", "--http-host=127.0.0.1", `--http-port=${port}`, `--hostname=${address}`];
  return {
    file: java(),
    args: [...heap, ...javaOptions, ...program(folder), "start", "--optimized", "--cache=local", ...listening],
    environment: {
      KC_BOOTSTRAP_ADMIN_USERNAME: keycloakAdmin.name,
      KC_BOOTSTRAP_ADMIN_PASSWORD: keycloakAdmin.password,
    },
  };
}

/** As much as bin/kc.sh gives it. */
const heap = ["-Xms64m", "-Xmx512m", "-XX:MaxMetaspaceSize=256m"];
/** A server that lives for a minute gains nothing from the optimizing compiler. */
const quickStart = ["-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"];

/** What bin/kc.sh runs. */
function program(home: string): readonly string[] {
  const threads = "io.quarkus.bootstrap.forkjoin.QuarkusForkJoinWorkerThreadFactory";
  return [
    "-XX:+ExitOnOutOfMemoryError",
    "-Dfile.encoding=UTF-8",
    "-Duser.language=en",
    "-Duser.country=US",
    "-Djava.util.logging.manager=org.jboss.logmanager.LogManager",
    `-Djava.util.concurrent.ForkJoinPool.common.threadFactory=${threads}`,
    "-Dpicocli.disable.closures=true",
    "--add-opens=java.base/java.util=ALL-UNNAMED",
    "--add-opens=java.base/java.util.concurrent=ALL-UNNAMED",
    "--add-opens=java.base/java.security=ALL-UNNAMED",
    `-Dkc.home.dir=${home}`,
    `-Djboss.server.config.dir=${join(home, "conf")}`,
    "-cp",
    join(home, "lib", "quarkus-run.jar"),
    "io.quarkus.bootstrap.runner.QuarkusEntryPoint",
  ];
}

/** The folder of a Keycloak that is built: 160 MB are fetched and built once, in about a minute. */
async function fetchKeycloak(): Promise<string> {
  await requireJava();
  const name = `keycloak-${versions.keycloak}`;
  const folder = await fetchTool({
    name: "keycloak",
    version: versions.keycloak,
    make: async (target) => {
      const plugin = `org.apache.maven.plugins:maven-dependency-plugin:${versions.mavenDependencyPlugin}`;
      const artifact = `org.keycloak:keycloak-quarkus-dist:${versions.keycloak}:zip`;
      const options = ["--batch-mode", "--no-transfer-progress", "--strict-checksums"];
      const unpack = [`${plugin}:unpack`, `-Dartifact=${artifact}`, `-DoutputDirectory=${target}`];
      await runOrThrow("mvn", [...options, ...unpack], {
        // It keeps notes of what it unpacked below the working directory.
        cwd: target,
        remedy: "It needs Maven on the PATH (https://maven.apache.org/install.html; Debian: apt-get install maven).",
      });
      // It would be built at each start otherwise.
      await runOrThrow(java(), [...quickStart, ...program(join(target, name)), "build", "--db=dev-mem"]);
    },
  });
  return join(folder, name);
}

function java(): string {
  const home = process.env["JAVA_HOME"];
  return home === undefined || home === "" ? "java" : join(home, "bin", "java");
}

async function requireJava(): Promise<void> {
  const { exitCode, stderr } = await runCommand(java(), ["-version"]);
  const version = /version "(\d+)/.exec(stderr)?.[1];
  if (exitCode === 0 && Number(version) >= 17) return;
  const found = exitCode === 0 ? `Java ${version ?? "of an unknown version"}` : "no Java";
  throw new Error(
    `Keycloak ${versions.keycloak} needs Java 17 or newer, and ${found} is on the PATH or in $JAVA_HOME ` +
      "(https://adoptium.net; Debian: apt-get install openjdk-17-jdk-headless).",
  );
}
