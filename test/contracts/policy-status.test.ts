/** The promise of the PolicyStatus port, kept by the policy room: what is active, and why the newest is not. */
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createPolicyRoom } from "../../src/policy/index.ts";
import { testTime } from "../fakes/path-ports.ts";
import { createRecordingAnnouncer } from "../fakes/recording-announcer.ts";
import { root } from "../house/source-tree.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "chaperone-status-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const open = (path: string) =>
  createPolicyRoom(
    { id: "status", path, signature: { mode: "none" }, deadlineMilliseconds: 10_000, watch: false },
    { clock: { read: () => ({ epochSeconds: testTime, isReliable: true }) }, announcer: createRecordingAnnouncer() },
  );

test("nothing is active while the bundle is missing, and the state says why and since when", async () => {
  const room = await open(join(folder, "none.tar.gz"));
  expect(room.state()).toMatchObject({
    active: undefined,
    activatedAt: undefined,
    rejection: { code: "bundle_missing", at: testTime },
  });
  await room.close();
});

test("a refused newer bundle stands beside the active one, and goes when a good one comes", async () => {
  const path = join(folder, "bundle.tar.gz");
  copyFileSync(join(root, "bundle/default.tar.gz"), path);
  const room = await open(path);
  const good = room.state();
  expect(good).toMatchObject({ active: { id: "status" }, activatedAt: testTime, rejection: undefined });
  writeFileSync(path, "no bundle");
  await room.reload();
  expect(room.state()).toMatchObject({ active: good.active, rejection: { code: "bundle_unreadable" } });
  copyFileSync(join(root, "bundle/default.tar.gz"), path);
  await room.reload();
  expect(room.state()).toMatchObject({ active: good.active, rejection: undefined });
  await room.close();
});
