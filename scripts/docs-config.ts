/** Prints docs/config.md from the schema: `npm run docs:config`. */
import { writeFileSync } from "node:fs";
import { renderReference } from "../src/config/index.ts";

writeFileSync(new URL("../docs/config.md", import.meta.url), renderReference());
