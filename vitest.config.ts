import { availableParallelism } from "node:os";
import { configDefaults, defineConfig } from "vitest/config";
import { ReportCounts } from "./test/report-counts.ts";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    // `npm run test:keycloak`, `npm run test:mesh`.
    exclude: [...configDefaults.exclude, "test/keycloak/**", "test/mesh/**"],
    globalSetup: ["test/prepare-tools.ts"],
    testTimeout: 30_000,
    hookTimeout: 120_000,
    // All processors: vitest would leave one to itself, which on two is half of them.
    maxWorkers: availableParallelism(),
    passWithNoTests: false,
    allowOnly: false,
    reporters: ["default", new ReportCounts()],
  },
});
