/** A Python package of PyPI in the user's cache folder, where `PYTHONPATH` finds it; no environment is changed. */
import { fetchTool, runOrThrow } from "./fetch-tool.ts";

/** The folder. `beside` are packages that go into the same one, as `name==version`. */
export function fetchWheel(name: string, version: string, beside: readonly string[] = []): Promise<string> {
  return fetchTool({
    name,
    // Another companion is another folder.
    version: [version, ...beside.map((each) => each.replace("==", "-"))].join("+"),
    make: async (target) => {
      const packages = [`${name}==${version}`, ...beside];
      await runOrThrow("python3", ["-m", "pip", "install", "--quiet", "--target", target, ...packages], {
        remedy: "It needs Python 3 with pip.",
      });
    },
  });
}
