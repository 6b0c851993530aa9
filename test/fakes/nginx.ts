/** Debian's nginx itself, with the locations that a test or a page gives it. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fetchNginx } from "../../scripts/nginx.ts";
import { type GatewayPlace, type RunningGateway, runGateway } from "./gateway-process.ts";

export interface NginxParts {
  /** What stands in `server`; it calls the upstream `http://flights`. */
  readonly locations: string;
  /** Where that is. */
  readonly upstream: string;
}

/** Runs until it is stopped. */
export function runNginx(parts: NginxParts): Promise<RunningGateway> {
  return runGateway(async (place) => {
    const path = join(place.folder, "nginx.conf");
    await writeFile(path, configure(parts, place));
    return { file: await fetchNginx(), args: ["-p", place.folder, "-c", path, "-e", "stderr"] };
  });
}

const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];

/** One process, so that none is left when it is ended. */
function configure({ locations, upstream }: NginxParts, { folder, port }: GatewayPlace): string {
  return `daemon off;
master_process off;
pid ${folder}/nginx.pid;
error_log stderr emerg;
events {}
http {
    access_log off;
    ${temporary.map((name) => `${name}_temp_path ${folder}/${name};`).join("\n    ")}
    upstream flights { server ${new URL(upstream).host}; }
    server {
        listen 127.0.0.1:${port};
        ${locations}
    }
}
`;
}
