import { configDefaults, defineConfig } from "vitest/config";
import { ReportCounts } from "./test/report-counts.ts";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    // `npm run test:keycloak`.
    exclude: [...configDefaults.exclude, "test/keycloak/**"],
    globalSetup: ["test/prepare-tools.ts"],
    testTimeout: 30_000,
    hookTimeout: 120_000,
    passWithNoTests: false,
    allowOnly: false,
    reporters: ["default", new ReportCounts()],
  },
});
