/** `chaperone check-config`: everything that is wrong with the configuration, without starting anything. */
import { type Config, withoutSecrets } from "../config/index.ts";
import type { Run } from "./command.ts";
import { exitCodes } from "./exit-codes.ts";
import { isConfig, printConfigErrors, readConfig } from "./read-config.ts";
import { renderJson, renderRows } from "./terminal.ts";

export const checkConfig: Run = async (given, io) => {
  const loaded = readConfig(given, io);
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
