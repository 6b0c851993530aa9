/** `npm run test:mesh`: a suite of its own, because nginx and Caddy come from Debian, and because most of a minute is not for every run. */
import { join } from "node:path";
import { configDefaults, defineConfig } from "vitest/config";
import main from "../../vitest.config.ts";

export default defineConfig({
  test: {
    ...main.test,
    globalSetup: [
      join(import.meta.dirname, "..", "prepare-tools.ts"),
      join(import.meta.dirname, "prepare-gateways.ts"),
    ],
    include: ["test/mesh/**/*.test.ts"],
    exclude: configDefaults.exclude,
    // Its files mostly wait, each for gateways and sidecars of its own.
    maxWorkers: 2,
  },
});
