/**
 * A unix socket that nobody can reach before it is meant to be reached: it is bound in a folder of ours, and only then
 * are folder and socket opened as far as configured. A socket left by a dead process is replaced; a live one never.
 */
import { once } from "node:events";
import { chmod, chown, lstat, mkdir, unlink } from "node:fs/promises";
import { connect } from "node:net";
import { dirname } from "node:path";
import { socketPathBytesMax } from "./limits.ts";
import { ListenerError } from "./listener-error.ts";
import type { UnixAddress } from "./options.ts";

const permissionBits = 0o777;
const othersBits = 0o007;

/** Leaves the path free to bind, inside a folder that only its owner (and the configured group) can enter. */
export async function prepareSocket(address: UnixAddress): Promise<{ readonly isFolderNew: boolean }> {
  const { path, folderMode, socketMode } = address;
  // Linux takes such a path for an abstract name, which has no folder and no mode to guard it.
  if (path === "" || path.includes("\0")) {
    throw new ListenerError("listener_address_unusable", "unix socket", "the path is empty or has a NUL in it");
  }
  if (Buffer.byteLength(path) > socketPathBytesMax) {
    const advice = `the path has more than ${socketPathBytesMax} bytes, which is all that a socket address holds`;
    throw new ListenerError("socket_path_too_long", path, advice);
  }
  if (((folderMode | socketMode) & othersBits) !== 0) {
    throw new ListenerError("socket_mode_refused", path, "neither folder nor socket may be open to everybody");
  }
  const isFolderNew = await makeFolder(dirname(path));
  if (!isFolderNew) await checkFolder(dirname(path), folderMode);
  await removeStale(path);
  return { isFolderNew };
}

/** After `listen`: the socket first, its folder last. */
export async function openSocket(address: UnixAddress, isFolderNew: boolean): Promise<void> {
  const { path, folderMode, socketMode, group } = address;
  const folder = dirname(path);
  if (group !== undefined) await chown(path, -1, group);
  await chmod(path, socketMode);
  if (!isFolderNew) return;
  if (group !== undefined) await chown(folder, -1, group);
  await chmod(folder, folderMode);
}

async function makeFolder(folder: string): Promise<boolean> {
  await mkdir(dirname(folder), { recursive: true });
  try {
    await mkdir(folder, { mode: 0o700 });
    return true;
  } catch (cause) {
    if (isErrno(cause, "EEXIST")) return false;
    throw cause;
  }
}

/** An existing folder is never opened or closed for others: it may hold more than our socket. */
async function checkFolder(folder: string, folderMode: number): Promise<void> {
  const found = await lstat(folder);
  const isOurs = found.isDirectory() && found.uid === process.getuid?.();
  if (!isOurs) throw new ListenerError("socket_folder_refused", folder, "it must be a folder of this process's user");
  if ((found.mode & permissionBits & ~folderMode) !== 0) {
    const advice = `its mode is wider than ${folderMode.toString(8)}; narrow it, or name a folder that does not exist yet`;
    throw new ListenerError("socket_folder_refused", folder, advice);
  }
}

async function removeStale(path: string): Promise<void> {
  const found = await lstat(path).catch((cause: unknown) => {
    if (isErrno(cause, "ENOENT")) return undefined;
    throw cause;
  });
  if (found === undefined) return;
  if (!found.isSocket()) throw new ListenerError("socket_path_taken", path, "something that is no socket is there");
  if (await isAnswered(path)) {
    throw new ListenerError("listener_address_in_use", path, "another process answers on this socket");
  }
  await unlink(path);
}

/** Only a refused connection proves that nobody listens; any other failure is thrown. */
async function isAnswered(path: string): Promise<boolean> {
  const probe = connect(path);
  try {
    await once(probe, "connect");
    return true;
  } catch (cause) {
    if (isErrno(cause, "ECONNREFUSED")) return false;
    throw cause;
  } finally {
    probe.destroy();
  }
}

export function isErrno(cause: unknown, code: string): boolean {
  return cause instanceof Error && "code" in cause && cause.code === code;
}
