/** Our Dockerfile, rehearsed in a folder below the system's temporary one, readable by any user. */
import { chmod, cp, mkdir, mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readDockerfile, rehearse, type Stage } from "./dockerfile.ts";

export interface RehearsedImage {
  readonly stages: readonly Stage[];
  /** The folder that stands for the image's root; beside it lie the other stages. */
  readonly image: string;
  /** Stands for the image's /usr/local/bin: the Node that the tests run on, where any user may start it. */
  readonly nodeFolder: string;
}

const root = join(import.meta.dirname, "..", "..");

export async function rehearseImage(): Promise<RehearsedImage> {
  const stages = await readDockerfile(join(root, "Dockerfile"));
  const folder = await mkdtemp(join(tmpdir(), "chaperone-image-"));
  await chmod(folder, 0o755);
  const nodeFolder = join(folder, "usr-local-bin");
  await mkdir(nodeFolder);
  await cp(process.execPath, join(nodeFolder, "node"));
  return { stages, nodeFolder, image: await rehearse(stages, { context: root, folder, nodeFolder }) };
}
