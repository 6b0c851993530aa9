/**
 * `chaperone check-config`: everything that is wrong with the configuration, without starting anything. Files of keys
 * are read as the start would read them; nothing is fetched.
 */
import { type Config, ConfigError, withoutSecrets } from "../config/index.ts";
import { ClientError, createIdentityRoom, ProfileError } from "../identity/index.ts";
import { replayGuards } from "../ledger/index.ts";
import type { Run } from "./command.ts";
import { exitCodes } from "./exit-codes.ts";
import { describeFailure } from "./failure.ts";
import { isConfig, printConfigErrors, readConfig } from "./read-config.ts";
import { readNow } from "./read-now.ts";
import { renderJson, renderRows } from "./terminal.ts";

export const checkConfig: Run = async (given, io) => {
  const read = readConfig(given, io);
  const loaded = isConfig(read) ? (findUnusable(read) ?? read) : read;
  const isRight = isConfig(loaded);
  if (given.has("json")) {
    io.stdout.write(renderJson(isRight ? { ok: true, config: describe(loaded) } : { ok: false, errors: loaded }));
  } else if (isRight) {
    io.stdout.write(renderRows(rowsOf(loaded)));
  } else {
    printConfigErrors(loaded, io);
  }
  return isRight ? exitCodes.yes : exitCodes.wrong;
};

/** What stops the start beyond the settings themselves. */
function findUnusable(config: Config): readonly ConfigError[] | undefined {
  const { evidence, workloads, issuers, roleTokens, clients, ledger } = config;
  const own = { issuer: evidence.ownIssuer, keys: { publicKeys: () => [] } };
  const clock = { read: () => ({ epochSeconds: readNow(), isReliable: true }) };
  const world = { clock, announcer: { announce: () => {} }, replayGuard: replayGuards[ledger.kind]({ clock }) };
  try {
    const parts = { claims: evidence, workloads, issuers, roleTokens, own, clients, audiences: [] };
    createIdentityRoom(parts, world);
    return undefined;
  } catch (cause) {
    if (!(cause instanceof ProfileError || cause instanceof ClientError)) throw cause;
    return [new ConfigError("identity_unusable", describeFailure(cause))];
  }
}

/** What the configuration comes to; secrets are left out, and credentials only counted. */
function describe(config: Config): object {
  const { credentials, policy } = config;
  return {
    ...withoutSecrets(config),
    policy: { ...policy, signature: policy.signature.mode },
    credentials: { gateways: credentials.gateways.length, operator: credentials.operator !== undefined },
  };
}

function rowsOf(config: Config): (readonly [string, string])[] {
  const { developmentDefaults, policy, tokens, listeners, audit } = config;
  return [
    ["configuration", "is right"],
    ["development defaults", developmentDefaults.length === 0 ? "none" : developmentDefaults.join("\n")],
    ["issuer", tokens.issuer],
    ["policy", policy.path],
    ["keys", `${tokens.keySet.kind} ${tokens.keySet.kind === "jwks" ? tokens.keySet.path : tokens.keySet.folder}`],
    ["audit", audit.folder],
    ...listeners.map(({ name, address, doors }) => {
      const where = address.kind === "unix" ? `unix:${address.path}` : `${address.host}:${address.port}`;
      return [`listener ${name}`, `${where} (${doors.join(", ")})`] as const;
    }),
  ];
}
