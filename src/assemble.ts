/** Builds the house from its configuration: one factory per room, in the order in which they need each other. */
import type { Writable } from "node:stream";
import { announceLife, createAnnouncer } from "./announcer.ts";
import { openDecisionLog } from "./audit/index.ts";
import { createClock } from "./clock/index.ts";
import { type Config, digestConfig } from "./config/index.ts";
import { type DoorsHouse, openListeners, type OpenListeners, wellKnown } from "./doors/index.ts";
import { createIdentityRoom, type IdentityRoom } from "./identity/index.ts";
import { ledgers, replayGuards } from "./ledger/index.ts";
import { decide } from "./pdp/decide.ts";
import { decideCall } from "./pdp/decide-call.ts";
import type { PathPorts } from "./pdp/path-ports.ts";
import { createCallPolicyRoom, createPolicyRoom } from "./policy/index.ts";
import type { Announcer } from "./ports/announcer.ts";
import type { Clock } from "./ports/clock.ts";
import { openStateFolder } from "./state/index.ts";
import { describeReadiness, describeStatus, type Rooms } from "./status.ts";
import { createTelemetry, type Telemetry } from "./telemetry/index.ts";
import { createIdentifierSource, createTokenRoom, type TokenRoom } from "./tokens/index.ts";

export interface AssemblyWorld {
  readonly version: string;
  /** Where log lines go. */
  readonly log: Writable;
}

export interface House extends DoorsHouse {
  readonly events: Telemetry["events"];
  /** Opens every configured listener, or none. */
  listen(): Promise<OpenListeners>;
  /** Looks at the bundle and the keys again; never rejects. */
  reload(): Promise<void>;
  /** Seals the decision log and gives the state folder up. Listeners are drained before. */
  close(): Promise<void>;
}

/** Everything that can be wrong at the start throws here, and what was opened before it is closed again. */
export async function assemble(config: Config, world: AssemblyWorld): Promise<House> {
  await using opened = new AsyncDisposableStack();
  const state = openStateFolder(config.stateFolder);
  opened.defer(() => state.close());

  const clock = createClock(config.clock);
  const audit = await openDecisionLog(config.audit, { clock });
  opened.defer(() => audit.close());
  if (audit.lastRecordedTime !== undefined) clock.noteCertain(audit.lastRecordedTime);

  let rooms: Rooms | undefined;
  const telemetry = openTelemetry(config, world, clock, () => rooms);
  const log = telemetry.countRecords(audit);
  const announcer = createAnnouncer(log, telemetry);

  const { policy, callPolicy } = await openPolicies(config, { clock, announcer }, opened);
  const tokens = await createTokenRoom(config.tokens, { clock, announcer });
  opened.defer(() => tokens.close());
  const identity = openIdentity(config, tokens, { clock, announcer });
  opened.defer(() => identity.close());

  const ports: PathPorts = {
    clock,
    identifiers: createIdentifierSource(),
    evidence: identity.evidence,
    ledger: ledgers[config.ledger.kind](config.ledger),
    policy,
    minter: tokens.minter,
    log,
    observer: telemetry.observer,
    rules: config.rules,
  };
  const built: Rooms = { policy, callPolicy, tokens, identity, audit, clock };
  rooms = built;
  const doors: DoorsHouse = {
    decide: (request) => decide(request, ports),
    decideUse: (request) => decide(request, ports),
    decideCall: callPolicy && ((question) => decideCall(question, { ...ports, policy: callPolicy })),
    issuer: tokens.issuer,
    keys: tokens.keys,
    jwksCacheSeconds: tokens.jwksCacheSeconds,
    clock,
    readiness: () => describeReadiness(built),
    status: () => describeStatus(built, world.version),
    metrics: telemetry.metrics,
    observer: telemetry.observer,
    credentials: config.credentials,
    clients: identity.clients,
  };
  const isDevelopment = config.developmentDefaults.length > 0;
  const start = { version: world.version, configuration: digestConfig(config), development_defaults: isDevelopment };
  opened.defer(announceLife(announcer, start, clock));
  const close = opened.move();
  return {
    ...doors,
    events: telemetry.events,
    listen: () => openListeners(config.listeners, doors),
    reload: async () => {
      await Promise.all([policy.reload(), callPolicy?.reload(), tokens.reload(), identity.refreshKeys()]);
    },
    close: () => close.disposeAsync(),
  };
}

async function openPolicies(
  { policy: options, callPolicy: callOptions }: Config,
  world: { readonly clock: Clock; readonly announcer: Announcer },
  opened: AsyncDisposableStack,
): Promise<Pick<Rooms, "policy" | "callPolicy">> {
  const policy = await createPolicyRoom(options, world);
  opened.defer(() => policy.close());
  const callPolicy = callOptions && (await createCallPolicyRoom(callOptions, world));
  opened.defer(() => callPolicy?.close());
  return { policy, callPolicy };
}

function openIdentity(config: Config, own: TokenRoom, world: { clock: Clock; announcer: Announcer }): IdentityRoom {
  const { evidence: claims, workloads, issuers, roleTokens, clients, ledger } = config;
  const audiences = [own.issuer, wellKnown(own.issuer).tokenEndpoint];
  const options = { claims, workloads, issuers, roleTokens, own, clients, audiences };
  const room = createIdentityRoom(options, { ...world, replayGuard: replayGuards[ledger.kind](world) });
  // Nobody waits for it: an issuer that is out of reach holds up its own tokens only.
  void room.refreshKeys();
  return room;
}

function openTelemetry(
  { telemetry, credentials, clients }: Config,
  { version, log }: AssemblyWorld,
  clock: Clock,
  rooms: () => Rooms | undefined,
): Telemetry {
  const ofClients = clients.flatMap(({ authentication: way }) => (way.kind === "secret" ? way.secret : []));
  const secrets = [...credentials.gateways.map(({ secret }) => secret), credentials.operator ?? [], ofClients].flat();
  return createTelemetry(telemetry, {
    version,
    stream: log,
    secrets,
    policyState: () => rooms()?.policy.state(),
    issuerKeys: () => rooms()?.identity.states() ?? [],
    now: () => clock.read().epochSeconds,
  });
}
