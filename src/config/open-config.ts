/** The configuration as it may be shown and put on record: everything but secrets. */
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
