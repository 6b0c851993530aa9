/** What `chaperone serve` tells the person who started it: where it listens, what decides, and one line to try it with. */
import type { Config } from "../config/index.ts";
import type { OpenListeners } from "../doors/index.ts";
import type { House } from "../assemble.ts";
import { isJsonObject, type Json } from "../domain/json.ts";
import { renderRows } from "./terminal.ts";

/** The request that started it all (MISSION): it must always work exactly as written. */
const foundingRequest =
  '{"input":{"actor":{"claims":{"Capabilities":"book_flight"}},"subject":{"claims":{"Department":"Operations","Role":"Director"}}}}';

export function renderGreeting(config: Config, house: House, { addresses }: OpenListeners): string {
  const { ready, checks } = house.readiness();
  const failing = Object.entries(checks).filter(([, { ok }]) => !ok);
  const rows = renderRows([
    ["chaperone", ready ? "is ready" : "is NOT READY and denies"],
    ...failing.map(([name, { detail }]) => ["not ready", `${name}: ${detail ?? "unknown"}`] as const),
    ...addresses.map((open) => [`listener ${open.name}`, renderAddress(open)] as const),
    ["policy", renderPolicy(house)],
    ["state", config.stateFolder],
  ]);
  return [rows, renderDefaults(config), renderTrial(config)].filter((part) => part !== "").join("\n");
}

function renderAddress({ address, doors, withheld }: OpenListeners["addresses"][number]): string {
  const closed = withheld.length === 0 ? "" : `; closed without a credential: ${withheld.join(", ")}`;
  return `${address ?? "not opened"}${doors.length === 0 ? "" : ` (${doors.join(", ")})`}${closed}`;
}

function renderPolicy(house: House): string {
  const active = member(member(house.status(), "policy"), "active");
  const [id, revision] = [member(active, "id"), member(active, "revision")];
  return typeof id === "string" && typeof revision === "string" ? `${id}, revision ${revision}` : "none is active";
}

function member(value: Json | undefined, name: string): Json | undefined {
  return isJsonObject(value) ? value[name] : undefined;
}

function renderDefaults({ developmentDefaults }: Config): string {
  if (developmentDefaults.length === 0) return "";
  return [
    "These are DEVELOPMENT DEFAULTS, never for production (docs/config.md):",
    ...developmentDefaults.map((used) => `  - ${used}`),
    "",
  ].join("\n");
}

/** Only for the unix socket: over TCP the line would hold a credential. */
function renderTrial({ listeners }: Config): string {
  for (const { address, doors } of listeners) {
    if (address.kind !== "unix" || !doors.includes("authorize")) continue;
    const curl = `curl --unix-socket ${quoteForShell(address.path)} http://localhost/v1/authorize`;
    return `Try it:\n\n${curl} -H 'Content-Type: application/json' -d '${foundingRequest}'\n\n`;
  }
  return "";
}

function quoteForShell(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
