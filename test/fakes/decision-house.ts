/**
 * A house where everything that decides is real: the shipped bundle, the configuration's own reading of YAML, keys,
 * signatures, the path and every door at a socket. Only its clock is a test's, and it remembers what policy was asked.
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Config, loadConfig } from "../../src/config/index.ts";
import { openListeners } from "../../src/doors/index.ts";
import type { PolicyInput } from "../../src/domain/policy-input.ts";
import type { AuditRecord, DecisionRecord } from "../../src/domain/record.ts";
import { createIdentityRoom } from "../../src/identity/index.ts";
import { ledgers, type Revocations } from "../../src/ledger/index.ts";
import { decide } from "../../src/pdp/decide.ts";
import type { PathPorts } from "../../src/pdp/path-ports.ts";
import { createPolicyRoom } from "../../src/policy/index.ts";
import type { PolicyEngine } from "../../src/ports/policy-engine.ts";
import { createIdentifierSource, createTokenRoom, type TokenRoom } from "../../src/tokens/index.ts";
import { createTestGuard } from "./clients.ts";
import { createFakeHouse, type FakeHouse } from "./doors-house.ts";
import { known } from "./path-ports.ts";
import { createRecordingAnnouncer } from "./recording-announcer.ts";
import type { MovableClock } from "./token-world.ts";

export interface DecisionHouse {
  readonly clock: MovableClock;
  readonly configPath: string;
  readonly records: readonly DecisionRecord[];
  /** What policy was asked, in order. */
  readonly inputs: readonly PolicyInput[];
  readonly revocations: Revocations;
  readonly tokens: TokenRoom;
  readonly watched: Pick<FakeHouse, "faults" | "turnedAway">;
  address(listener: string): string;
  close(): Promise<void>;
}

/** `yaml` is the listeners' part of a configuration; everything else is as shipped. */
export async function openDecisionHouse(folder: string, yaml: string, time: number): Promise<DecisionHouse> {
  const configPath = join(folder, "chaperone.yaml");
  writeFileSync(configPath, yaml);
  const config = load(configPath, folder);
  mkdirSync(config.stateFolder, { mode: 0o700 });
  const clock: MovableClock = { time, read: () => ({ epochSeconds: clock.time, isReliable: true }) };
  const announcer = createRecordingAnnouncer();
  await using opened = new AsyncDisposableStack();
  const policy = await createPolicyRoom({ ...config.policy, watch: false }, { clock, announcer });
  opened.defer(() => policy.close());
  const own = await createTokenRoom(config.tokens, { clock, announcer });
  opened.defer(() => own.close());
  const { evidence: claims, workloads, issuers, roleTokens, clients } = config;
  const identity = createIdentityRoom(
    { claims, workloads, issuers, roleTokens, own, clients, audiences: [own.issuer] },
    { clock, announcer, replayGuard: createTestGuard() },
  );
  opened.defer(() => identity.close());
  const ledger = ledgers.memory({ kind: "memory" });
  const records: AuditRecord[] = [];
  const inputs: PolicyInput[] = [];
  const watched = createFakeHouse();
  const ports: PathPorts = {
    clock,
    identifiers: createIdentifierSource(),
    evidence: identity.evidence,
    ledger,
    policy: witness(policy, inputs),
    minter: own.minter,
    log: { record: (entry) => void records.push(entry) },
    observer: watched.observer,
    rules: config.rules,
  };
  const listeners = await openListeners(config.listeners, {
    ...watched,
    decide: (request) => decide(request, ports),
    decideUse: (request) => decide(request, ports),
    issuer: own.issuer,
    keys: own.keys,
    clock,
  });
  opened.defer(() => listeners.drain(0));
  const close = opened.move();
  return {
    clock,
    configPath,
    get records() {
      return records.filter((entry) => entry.type === "decision");
    },
    inputs,
    revocations: ledger,
    tokens: own,
    watched,
    address: (listener) => known(listeners.addresses.find(({ name }) => name === listener)?.address),
    close: () => close.disposeAsync(),
  };
}

function load(path: string, folder: string): Config {
  const config = loadConfig({
    flags: { config: path, state: join(folder, "state") },
    environment: {},
    readFile: (name) => readFileSync(name, "utf8"),
  });
  if ("stateFolder" in config) return config;
  throw new TypeError(config.map(({ code, detail }) => `${code}: ${detail}`).join("\n"));
}

function witness(policy: PolicyEngine, inputs: PolicyInput[]): PolicyEngine {
  return {
    snapshot(now) {
      const snapshot = policy.snapshot(now);
      const { reference, catalogue } = snapshot;
      return {
        reference,
        catalogue,
        evaluate(input) {
          inputs.push(input);
          return snapshot.evaluate(input);
        },
      };
    },
  };
}
