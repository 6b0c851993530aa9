/** Files of a Go module in the user's cache folder; nothing of it is built, and the module itself is not kept. */
import { createHash } from "node:crypto";
import { cp, mkdir, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fetchTool, runOrThrow } from "./fetch-tool.ts";

/** The folder, in which `paths` of the module stand where they stood. */
export function fetchGoModule(module: string, version: string, paths: readonly string[]): Promise<string> {
  return fetchTool({
    name: `${module.replaceAll("/", "-")}-files`,
    // Other files are another folder.
    version: `${version}-${createHash("sha256").update(paths.join("\n")).digest("hex").slice(0, 8)}`,
    make: async (target) => {
      const modules = join(target, "modules");
      const said = await runOrThrow("go", ["mod", "download", "-json", `${module}@v${version}`], {
        cwd: target,
        environment: { GOMODCACHE: modules, GOFLAGS: "-modcacherw" },
        remedy: "Install Go (https://go.dev/dl/).",
      });
      const folder = /"Dir": "([^"]+)"/.exec(said)?.[1];
      if (folder === undefined) throw new Error(`go did not say where ${module} is`);
      for (const path of paths) {
        const to = join(target, path);
        await mkdir(dirname(to), { recursive: true });
        await cp(join(folder, path), to, { recursive: true });
      }
      await rm(modules, { recursive: true, force: true });
    },
  });
}
