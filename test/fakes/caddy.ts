/** Debian's Caddy itself, with the site that a test or a page gives it. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fetchCaddy } from "../../scripts/caddy.ts";
import { type GatewayPlace, type RunningGateway, runGateway } from "./gateway-process.ts";

/** Runs until it is stopped. `site` is what stands in the site's block. */
export function runCaddy(site: string): Promise<RunningGateway> {
  return runGateway(async (place) => {
    const path = join(place.folder, "Caddyfile");
    await writeFile(path, configure(site, place));
    // It keeps what it loaded and what it was issued at home.
    const environment = { HOME: place.folder, XDG_DATA_HOME: place.folder, XDG_CONFIG_HOME: place.folder };
    return { file: await fetchCaddy(), args: ["run", "--config", path, "--adapter", "caddyfile"], environment };
  });
}

function configure(site: string, { port }: GatewayPlace): string {
  return `{
    admin off
    auto_https off
    log {
        level PANIC
    }
}
http://:${port} {
    bind 127.0.0.1
    ${site}
}
`;
}
