/** What the pages tell an operator to write for Envoy, in a real Envoy. What they say for nginx is what every test here runs. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { parse } from "yaml";
import { blocks } from "../acceptance/followed-page.ts";
import { gatewayCredential } from "../acceptance/served-house.ts";
import { isJsonObject, type JsonObject } from "../../src/domain/json.ts";
import { startEnvoy } from "../fakes/envoy.ts";
import { root } from "../house/source-tree.ts";
import { booking, host, startTravelMesh, type TravelMesh } from "./travel-mesh.ts";

let mesh: TravelMesh;
beforeAll(async () => {
  mesh = await startTravelMesh();
});
afterAll(() => mesh.close());

/** The one filter that the page shows; somebody who measures nothing waits longer than it does. */
function filterOf(page: string): JsonObject {
  const [text = ""] = blocks("yaml", readFileSync(join(root, "docs", "doors", `${page}.md`), "utf8"));
  const shown = text.replace("…", gatewayCredential).replace("timeout: 0.2s", "timeout: 2s");
  const found: unknown = parse(shown);
  const filters: unknown = isJsonObject(found) ? found["http_filters"] : undefined;
  const filter: unknown = Array.isArray(filters) ? filters[0] : undefined;
  if (!isJsonObject(filter) || !isJsonObject(filter["typed_config"])) throw new Error(`${page} shows no filter`);
  return filter["typed_config"];
}

test.each([
  ["ext_authz_grpc", "grpc"],
  ["ext_authz_http", "http"],
] as const)("docs/doors/%s.md", async (page, way) => {
  const envoy = await startEnvoy({ ...mesh.asks(way), filter: filterOf(page) });
  const alice = await envoy.send(booking, { host, ...(await mesh.providers.tokens("alice")) }, "");
  expect(alice.status).toBe(200);
  expect(await mesh.verify(alice.received?.headers["authorization"])).toMatchObject({ sub: "alice" });
  const mark = await envoy.send(booking, { host, ...(await mesh.providers.tokens("mark")) }, "");
  expect(mark).toMatchObject({ status: 403, received: undefined });
});
