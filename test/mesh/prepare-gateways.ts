/** Before any test of the mesh: the gateways themselves, fetched into the user's cache folder when they are not there yet. */
import { fetchCaddy } from "../../scripts/caddy.ts";
import { fetchEnvoy } from "../../scripts/envoy.ts";
import { fetchNginx } from "../../scripts/nginx.ts";

export async function setup(): Promise<void> {
  await fetchEnvoy();
  await fetchNginx();
  await fetchCaddy();
}
