/** Where a gateway of Debian's cannot be fetched, it is said what is missing, and nothing half is left behind. */
import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { makeFolder } from "../acceptance/served-house.ts";
import { root } from "../house/source-tree.ts";

test.each([
  ["nginx", "fetchNginx"],
  ["caddy", "fetchCaddy"],
])("without apt-get the error says what %s needs and where it is pinned", (name, fetcher) => {
  const folder = makeFolder();
  onTestFinished(() => folder.remove());
  mkdirSync(join(folder.path, "empty"));
  const module = JSON.stringify(join(root, `scripts/${name}.ts`));
  const program = `const { ${fetcher} } = await import(${module}); await ${fetcher}();`;
  const { status, stderr } = spawnSync(process.execPath, ["--input-type=module", "--eval", program], {
    env: { PATH: join(folder.path, "empty"), XDG_CACHE_HOME: folder.path },
    encoding: "utf8",
  });
  expect(status).toBe(1);
  expect(stderr).toContain("spawn apt-get ENOENT");
  expect(stderr).toMatch(new RegExp(`Debian 12.*apt-get, dpkg.*apt-cache policy ${name}.*src/toolchain/versions\\.ts`));
  expect(readdirSync(join(folder.path, "chaperone"))).toEqual([]);
});
