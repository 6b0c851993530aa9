/** docs/deployment.md says what k8s/ and the Dockerfile say. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";

const root = join(import.meta.dirname, "..", "..");
const read = (path: string): Promise<string> => readFile(join(root, path), "utf8");

test("the table of users, groups and modes is the one of the manifests", async () => {
  const [page, deployment, settings] = await Promise.all([
    read("docs/deployment.md"),
    read("k8s/base/deployment.yaml"),
    read("k8s/base/chaperone.yaml"),
  ]);
  const row = page.split("\n").find((line) => line.startsWith("| user : group")) ?? "";
  const told = [...row.matchAll(/(\d+) : \*{0,2}(\d+)/g)].map(([, user, group]) => `${user}:${group}`);
  const given = [...deployment.matchAll(/runAsUser: (\d+)\s+(?:#[^\n]*\s+)?runAsGroup: (\d+)/g)];
  expect(given.length).toBe(3);
  expect(told.toSorted()).toEqual(given.map(([, user, group]) => `${user}:${group}`).toSorted());
  const [, folderMode = "", mode = "", group = ""] = /folder (\d{4}), socket (\d{4}), group (\d+)/.exec(page) ?? [];
  expect(settings).toContain(`folder_mode: "${folderMode}"`);
  expect(settings).toContain(`mode: "${mode}"`);
  expect(settings).toContain(`group: ${group}`);
});

test("images, ports, paths and names on the page exist in what ships", async () => {
  const page = await read("docs/deployment.md");
  const shipped = (
    await Promise.all(
      ["Dockerfile", ".dockerignore", "package.json", "k8s/base/deployment.yaml", "k8s/base/service.yaml"].map(read),
    )
  ).join("\n");
  const named = [
    "node:26.10.0-trixie-slim",
    "65532:65532",
    "chaperone:0.1.0",
    "127.0.0.1:8283",
    "registry.k8s.io/pause",
    "chaperone-public",
    "chaperone-policy",
    "chaperone-keys",
    "/run/chaperone",
    "/var/lib/chaperone",
    "supplementalGroupsPolicy",
  ];
  for (const name of named) {
    expect(page).toContain(name);
    expect(shipped).toContain(name);
  }
});
