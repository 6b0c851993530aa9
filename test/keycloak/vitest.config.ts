/** `npm run test:keycloak`: a suite of its own, because it needs Java, Maven and, once, a minute to fetch Keycloak. */
import { join } from "node:path";
import { configDefaults, defineConfig } from "vitest/config";
import main from "../../vitest.config.ts";

export default defineConfig({
  test: {
    ...main.test,
    globalSetup: [join(import.meta.dirname, "..", "prepare-tools.ts")],
    include: ["test/keycloak/**/*.test.ts"],
    exclude: configDefaults.exclude,
    // Its files mostly wait, each for a Keycloak of its own.
    maxWorkers: 2,
    hookTimeout: 900_000,
  },
});
