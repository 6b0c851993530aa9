/** What docs/doors/forward_auth.md tells an operator to write for Caddy, with the addresses of the test. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { blocks } from "../acceptance/followed-page.ts";
import { root } from "../house/source-tree.ts";

export interface CaddyPlace {
  /** As a listener tells it. */
  readonly address: string;
  readonly upstream: string;
}

export function caddySite(position: "use" | "issue", { address, upstream }: CaddyPlace): string {
  const page = readFileSync(join(root, "docs/doors/forward_auth.md"), "utf8");
  const [issue, use] = blocks("caddy", page);
  const site = position === "use" ? use : issue;
  if (site?.includes(shownAddress) !== true || !site.includes(shownUpstream))
    throw new Error("the page shows no Caddy");
  const asked = address.startsWith("unix:") ? `unix/${address.slice(5)}` : new URL(address).host;
  return site.replace(shownAddress, asked).replace(shownUpstream, new URL(upstream).host);
}

const shownAddress = "unix//run/chaperone/forward.sock";
const shownUpstream = "flights:8080";

/** What it tells an operator to write for an access log, which a test keeps at `path`. */
export function caddyLog(path: string): string {
  const page = readFileSync(join(root, "docs/doors/forward_auth.md"), "utf8");
  const log = blocks("caddy", page).find((block) => block.startsWith("log {"));
  if (log?.includes(shownLog) !== true) throw new Error("the page shows no access log");
  return log.replace(shownLog, path);
}

const shownLog = "/var/log/caddy/access.log";

/** A line that the page has beside it. */
export function withLine(site: string, after: string, line: string): string {
  if (!site.includes(after)) throw new Error("the site has no such line");
  return site.replace(after, `${after}\n${line}`);
}
