/** docs/guides/first-delegation.md, its part with Keycloak: the page's own lines, only the addresses are the test's. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { isJsonObject } from "../../src/domain/json.ts";
import { blocks, followPage } from "../acceptance/followed-page.ts";
import { start } from "../cli/command-line.ts";
import { findFreePort } from "../fakes/free-port.ts";
import { root } from "../house/source-tree.ts";
import { type RunningKeycloak, startKeycloak } from "./running-keycloak.ts";

let keycloak: RunningKeycloak;
beforeAll(async () => {
  keycloak = await startKeycloak();
});
afterAll(() => keycloak.stop());

test("every line of the page does what the page says", { timeout: 180_000 }, async () => {
  const [, page = ""] = readFileSync(join(root, "docs/guides/first-delegation.md"), "utf8").split("\n## With Keycloak");
  const port = String(await findFreePort());
  const { folder, run } = followPage(page, ["docs/guides/first-delegation-keycloak.yaml"], (text) =>
    text.replaceAll("8181", port).replaceAll("http://127.0.0.1:8080", keycloak.url),
  );
  const [realm = "", policy = "", secrets = "", serve = "", tokens = "", ...steps] = blocks("sh", page);
  const [exchange = "", beRefused = "", ...rest] = steps;
  expect(rest).toEqual([]);

  await run(realm);
  const file: unknown = JSON.parse(readFileSync(join(folder, ".chaperone/guide/import/travel-realm.json"), "utf8"));
  if (!isJsonObject(file)) throw new TypeError("the page made no realm");
  await keycloak.admin("POST", "", file);
  await run(policy);
  expect(await run(secrets)).toMatch(/^configuration +is right$/m);
  await start(serve.trim().split(" ").slice(1), folder).said("is ready");

  expect(await run(tokens)).toMatch(/^signature +good.*\nas subject +accepted.*\nas actor +REFUSED/m);
  const second = await run(exchange);
  expect(second).toMatch(/^at a resource +accepted/m);
  expect(second).toMatch(/└─ travel-planner of \S+\n +└─ flight-search of \S+ {2}acts now$/m);
  const refused = await run(beRefused);
  expect(refused).toContain('"error":"invalid_request"');
  expect(refused).toContain('"code":"actor_not_named"');
});
