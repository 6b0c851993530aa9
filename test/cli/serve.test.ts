/** The program itself: what a newcomer sees, how it stops, and what operators do beside it. */
import { execFile } from "node:child_process";
import { existsSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";
import { cli, createFolder, type Program, start, writeText } from "./command-line.ts";

const listeners = `listeners:
  - {name: gateway, address: "unix:.chaperone/run/gateway.sock", doors: [authorize], callers: socket}
  - {name: probe, address: "127.0.0.1:0", doors: [probe], callers: open}
`;

async function serve(
  folder: string,
  yaml = listeners,
): Promise<{ readonly program: Program; readonly greeting: string }> {
  writeText(folder, "c.yaml", yaml);
  const program = start(["serve", "--config", "c.yaml"], folder);
  return { program, greeting: await program.said("curl ").then(() => program.said("}}}}'")) };
}

const ask = (line: string, folder: string): Promise<{ readonly stdout: string }> =>
  promisify(execFile)("/bin/sh", ["-c", line], { cwd: folder });

describe("chaperone serve", () => {
  test("greets, answers the line that it prints, follows SIGHUP, refuses a second process, stops in order on SIGTERM", async () => {
    const folder = createFolder();
    const { program, greeting } = await serve(folder);
    expect(greeting).toContain("is ready");
    expect(greeting).toContain("unix:.chaperone/run/gateway.sock (authorize)");
    expect(greeting).toMatch(/policy +chaperone, revision [0-9a-f]{64}/);
    expect(greeting).toContain("DEVELOPMENT DEFAULTS");
    const line = greeting.split("\n").find((text) => text.startsWith("curl ")) ?? "";
    expect(line).toContain(
      `-d '{"input":{"actor":{"claims":{"Capabilities":"book_flight"}},"subject":{"claims":{"Department":"Operations","Role":"Director"}}}}'`,
    );
    const answered: unknown = JSON.parse((await ask(`${line} -s`, folder)).stdout);
    expect(answered).toMatchObject({ allow: true, outcome: "allow", role: "flight-booker" });

    program.child.kill("SIGHUP");
    await program.logged('"event":"reloading"');

    const second = await start(["serve", "--config", "c.yaml"], folder).ended;
    expect(second.code).toBe(3);
    expect(second.err).toContain("state_folder_in_use");

    program.child.kill("SIGTERM");
    const { code, err } = await program.ended;
    expect(code).toBe(0);
    expect(err).toContain('"event":"stopping"');
    expect(
      err
        .split("\n")
        .filter((text) => text !== "")
        .every((text) => text.startsWith('{"time":')),
    ).toBe(true);
    expect(existsSync(join(folder, ".chaperone/run/gateway.sock"))).toBe(false);
    const state = ["--state", join(folder, ".chaperone")];

    const listed = await cli(["keys", "list", "--json", ...state]);
    expect(listed.code).toBe(0);
    expect((await cli(["keys", "rotate", ...state])).code).toBe(0);
    const again = await cli(["keys", "rotate", ...state]);
    expect([again.code, again.err.includes("rotation_pending")]).toEqual([1, true]);

    const intact = await cli(["audit", "verify", "--json", ...state]);
    expect(intact.code).toBe(0);
    expect(JSON.parse(intact.out)).toMatchObject({ isIntact: true, endsWithStop: true });
    const audit = join(folder, ".chaperone/audit");
    const file = join(
      audit,
      readdirSync(audit).find((name) => readFileSync(join(audit, name), "utf8").includes("flight-booker")) ?? "",
    );
    writeFileSync(file, readFileSync(file, "utf8").replace('"flight-booker"', '"flight-broker"'));
    const changed = await cli(["audit", "verify", ...state]);
    expect(changed.code).toBe(1);
    expect(changed.out).toContain("record_changed");
  });

  test("3: a port that is taken is named, and the state folder is given up again", async () => {
    const folder = createFolder();
    const { program } = await serve(folder);
    const address =
      /"address":"http:\/\/(127\.0\.0\.1:\d+)"/.exec(await program.logged('"listener":"probe"'))?.[1] ?? "";
    const other = createFolder();
    writeText(other, "c.yaml", `listeners:\n  - {name: probe, address: "${address}", doors: [probe], callers: open}\n`);
    const { code, err } = await start(["serve", "--config", "c.yaml"], other).ended;
    expect(code).toBe(3);
    expect(err).toContain("listener_address_in_use");
    program.child.kill("SIGINT");
    expect((await program.ended).code).toBe(0);
  });

  test("2: a wrong configuration starts nothing and creates nothing", async () => {
    const folder = createFolder();
    writeText(folder, "c.yaml", "lisseners: []\n");
    const { code, out, err } = await start(["serve", "--config", "c.yaml"], folder).ended;
    expect([code, out]).toEqual([2, ""]);
    expect(err).toContain("c.yaml:1:1 lisseners: key_unknown: did you mean listeners?");
    expect(readdirSync(folder)).toEqual(["c.yaml"]);
  });

  test("a configured bundle that is missing is not replaced: it starts, says so, and denies", async () => {
    const folder = createFolder();
    const yaml = `policy: {bundle: none.tar.gz}\nkeys: {kind: development}\n${listeners}`;
    const { program, greeting } = await serve(folder, yaml);
    expect(greeting).toContain("is NOT READY and denies");
    expect(greeting).toContain("policy: bundle_missing");
    const line = greeting.split("\n").find((text) => text.startsWith("curl ")) ?? "";
    expect(JSON.parse((await ask(`${line} -s`, folder)).stdout)).toMatchObject({
      allow: false,
      reasons: [{ code: "policy_not_ready" }],
    });
    program.child.kill("SIGTERM");
    expect((await program.ended).code).toBe(0);
  });
});

test("the program lends itself to pipes: a reader that goes away is no crash", async () => {
  const folder = createFolder();
  const { stdout } = await ask(`${join(import.meta.dirname, "../../bin/chaperone")} --help | head -1`, folder);
  expect(stdout).toBe("usage: chaperone <command> [options]\n");
});
