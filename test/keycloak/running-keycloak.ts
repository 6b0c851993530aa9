/**
 * A real Keycloak on a free port of the loopback interface, with its database in memory. It ends with `stop`, and when
 * the process that started it ends, whatever way: its life hangs on a pipe.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { type KeycloakPlace, keycloakAdmin, prepareKeycloak } from "../../scripts/keycloak.ts";
import { isJsonObject, type JsonObject } from "../../src/domain/json.ts";
import { findFreePort } from "../fakes/free-port.ts";
import { textOf } from "../fakes/gateway.ts";

export interface RunningKeycloak {
  /** `http://127.0.0.1:<port>` */
  readonly url: string;
  /** As `iss` has it. */
  issuer(realm: string): string;
  /** The admin REST API below `/admin/realms`; throws when it refuses. Undefined where it answers nothing. */
  admin(method: "GET" | "POST" | "PUT" | "DELETE", path: string, body?: JsonObject): Promise<unknown>;
  /** Of the realm `master`; it lives for a minute. */
  adminToken(): Promise<string>;
  stop(): Promise<void>;
}

/** Kills the server as soon as nobody holds the other end of standard input, and takes its folder ($0) away. */
const leash = `
exec 3<&0
"$@" 3<&- &
server=$!
exec >/dev/null 2>&1
(cat <&3; kill -9 $server) &
exec 3<&-
wait $server
rm -rf "$0"
`;

/** Ten are usual; two cores with twelve busy processes took a hundred. */
const startSecondsMax = 300;

export async function startKeycloak(options: Pick<KeycloakPlace, "javaOptions"> = {}): Promise<RunningKeycloak> {
  const folder = await mkdtemp(join(tmpdir(), "chaperone-keycloak-"));
  const port = await findFreePort();
  const { file, args, environment } = await prepareKeycloak({ folder, port, ...options }).catch(
    async (error: unknown) => {
      await rm(folder, { recursive: true });
      throw error;
    },
  );
  const child = spawn("/bin/sh", ["-c", leash, folder, file, ...args], {
    env: { PATH: process.env["PATH"], ...environment },
    stdio: ["pipe", "pipe", "pipe"],
  });
  const exited = once(child, "exit");
  const stop = async (): Promise<void> => {
    child.stdin.destroy();
    await exited;
  };
  const said: string[] = [];
  const late = setTimeout(() => child.stdin.destroy(), startSecondsMax * 1000);
  try {
    await new Promise<void>((resolve, reject) => {
      for (const stream of [child.stdout, child.stderr]) {
        createInterface({ input: stream }).on("line", (line) => {
          said.push(line);
          if (said.length > 40) said.shift();
          if (line.includes("Listening on: ")) resolve();
        });
      }
      void exited.then(() => reject(new Error(`Keycloak ended before it listened:\n${said.join("\n")}`)));
    });
  } catch (error) {
    await stop();
    throw error;
  } finally {
    clearTimeout(late);
  }
  const url = `http://127.0.0.1:${port}`;
  return {
    url,
    issuer: (realm) => `${url}/realms/${realm}`,
    admin: (method, path, body) => administer(url, { method, path, body }),
    adminToken: () => logInAsAdmin(url),
    stop,
  };
}

interface AdminRequest {
  readonly method: string;
  readonly path: string;
  readonly body: JsonObject | undefined;
}

async function administer(url: string, { method, path, body }: AdminRequest): Promise<unknown> {
  const response = await fetch(`${url}/admin/realms${path}`, {
    method,
    headers: { authorization: `Bearer ${await logInAsAdmin(url)}`, "content-type": "application/json" },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`Keycloak answered ${method} ${path} with ${response.status}: ${text}`);
  const answer: unknown = text === "" ? undefined : JSON.parse(text);
  return answer;
}

async function logInAsAdmin(url: string): Promise<string> {
  const response = await fetch(`${url}/realms/master/protocol/openid-connect/token`, {
    method: "POST",
    body: new URLSearchParams({
      grant_type: "password",
      client_id: "admin-cli",
      username: keycloakAdmin.name,
      password: keycloakAdmin.password,
    }),
  });
  const answer: unknown = await response.json();
  if (!isJsonObject(answer)) throw new TypeError("Keycloak's answer is no object");
  return textOf(answer, "access_token");
}
