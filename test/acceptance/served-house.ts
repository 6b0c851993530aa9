/** A real `chaperone serve` in a process and a temporary folder of its own, and a gateway that asks it. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { Agent } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { isJsonObject, type JsonObject } from "../../src/domain/json.ts";
import { type Answer, post, textOf } from "../fakes/gateway.ts";
import { root } from "../house/source-tree.ts";

export const gatewayCredential = "test-gateway-credential-0123456789abcdef";
export const operatorCredential = "test-operator-credential-0123456789abcd";

export interface ServedHouse {
  readonly folder: string;
  readonly socket: string;
  /** Where the named listener really listens: `http://127.0.0.1:port` or `unix:path`. */
  url(listener: string): string;
  readonly process: ChildProcess;
  /** Log lines so far, parsed. */
  readonly lines: readonly JsonObject[];
  /** POST /v1/authorize over the unix socket. Rejects when the connection breaks. */
  ask(input: JsonObject): Promise<Answer>;
  /** The same with any bytes as body. */
  send(body: Uint8Array): Promise<Answer>;
  kill(): Promise<void>;
  /** SIGTERM; resolves with the exit code. */
  stop(): Promise<number | null>;
}

export function makeFolder(): { readonly path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), "chaperone-served-"));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

/** The `jti` on record for each decision that was an allow, by its id. */
export function readGrants(audit: string): ReadonlyMap<string, string> {
  const grants = new Map<string, string>();
  for (const entry of readRecords(audit)) {
    if (isJsonObject(entry["grant"])) grants.set(textOf(entry, "decision_id"), textOf(entry["grant"], "jti"));
  }
  return grants;
}

/** Every whole line of the decision log. */
export function readRecords(audit: string): readonly JsonObject[] {
  const names = readdirSync(audit).filter((file) => file.endsWith(".jsonl"));
  const lines = names.flatMap((name) => readFileSync(join(audit, name), "utf8").split("\n"));
  return lines.map(parseLine).filter((record) => record !== undefined);
}

/** `settings` is YAML that is added to the state folder and the listeners; it may begin with more listeners. */
export async function serve(folder: string, settings = ""): Promise<ServedHouse> {
  const socket = join(folder, "run", "gateway.sock");
  const config = join(folder, "chaperone.yaml");
  const yaml = renderSettings(folder, socket) + settings;
  const listeners = yaml.match(/^ {2}- \{ name: /gm)?.length;
  writeFileSync(config, yaml);
  const child = spawn(process.execPath, [join(root, "src/main.ts"), "serve", "--config", config], {
    env: {
      PATH: process.env["PATH"],
      CHAPERONE_GATEWAY_CREDENTIAL: gatewayCredential,
      CHAPERONE_OPERATOR_CREDENTIAL: operatorCredential,
      // A test machine may be starved for longer than a gateway would wait; the deadline has tests of its own.
      CHAPERONE_POLICY_DEADLINE_MILLISECONDS: "1000",
    },
    stdio: ["ignore", "ignore", "pipe"],
  });
  const addresses = new Map<string, string>();
  const lines: JsonObject[] = [];
  const exit = once(child, "exit");
  await new Promise<void>((resolve, reject) => {
    const unparsed: string[] = [];
    createInterface({ input: child.stderr }).on("line", (line) => {
      const event = parseLine(line);
      if (event === undefined) return void unparsed.push(line);
      lines.push(event);
      if (event["event"] !== "listening") return;
      addresses.set(textOf(event, "listener"), textOf(event, "address"));
      if (addresses.size === listeners) resolve();
    });
    void exit.then(() =>
      reject(new Error(`the server ended before it listened: ${unparsed.join("\n")} ${JSON.stringify(lines)}`)),
    );
  });
  const agent = new Agent({ keepAlive: true, maxSockets: 16 });
  return {
    folder,
    socket,
    process: child,
    lines,
    url: (listener) => addresses.get(listener) ?? "",
    ask: (input) => post({ socketPath: socket, agent }, JSON.stringify({ input })),
    send: (body) => post({ socketPath: socket, agent }, body),
    kill: async () => {
      child.kill("SIGKILL");
      await exit;
      agent.destroy();
    },
    stop: async () => {
      child.kill("SIGTERM");
      await exit;
      agent.destroy();
      return child.exitCode;
    },
  };
}

function renderSettings(folder: string, socket: string): string {
  return `state: ${folder}/state
listeners:
  - { name: gateway, address: "unix:${socket}", doors: [authorize], callers: socket }
  - { name: gateway-tcp, address: "127.0.0.1:0", doors: [authorize, public], callers: credential }
  - { name: admin, address: "127.0.0.1:0", doors: [admin], callers: open }
  - { name: probe, address: "127.0.0.1:0", doors: [probe], callers: open }
`;
}

function parseLine(line: string): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return isJsonObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
