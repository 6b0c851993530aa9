/** The configuration as it may be shown and put on record: everything but secrets. */
import { createHash } from "node:crypto";
import type { Config } from "./config.ts";

export function withoutSecrets({ credentials: _credentials, clients, ...open }: Config): object {
  return {
    ...open,
    clients: clients.map(({ authentication: way, ...client }) => ({
      ...client,
      authentication: way.kind === "secret" ? { kind: way.kind } : way,
    })),
  };
}

/** Two starts with one digest were configured alike. */
export function digestConfig(config: Config): string {
  return createHash("sha256")
    .update(JSON.stringify(withoutSecrets(config)))
    .digest("hex");
}
