/** What keeps a listener from opening, each by its name; and what it leaves alone while finding out. */
import { once } from "node:events";
import { chmod, lstat, mkdir, readdir, readFile, stat, symlink, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { spawn } from "node:child_process";
import { dirname, join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import {
  type DoorsHouse,
  type ListenerErrorCode,
  type ListenerOptions,
  openListeners,
  type UnixAddress,
} from "../../src/doors/index.ts";
import { parseGatewayName, parseIssuer } from "../../src/domain/identifiers.ts";
import { compileDescriptors } from "../fakes/descriptor-sets.ts";
import { createFakeHouse, foundingBody, gatewayCredential, operatorCredential } from "../fakes/doors-house.ts";
import { byPayload } from "../fakes/held-operations.ts";
import { call, createFolder, open, socketListener, tcpListener } from "../fakes/open-house.ts";
import { known } from "../fakes/path-ports.ts";

async function expectRefused(
  code: ListenerErrorCode,
  listeners: readonly ListenerOptions[],
  parts: Partial<DoorsHouse> = {},
): Promise<void> {
  const opened = openListeners(listeners, createFakeHouse(parts)).then(async (open) => {
    await open.drain(0);
    return "it opened";
  });
  await expect(opened).rejects.toMatchObject({ name: "ListenerError", code });
}

const unix = (path: string, parts: Partial<UnixAddress> = {}): UnixAddress => ({
  kind: "unix",
  path,
  folderMode: 0o700,
  socketMode: 0o600,
  ...parts,
});
const modeOf = async (path: string): Promise<number> => (await stat(path)).mode & 0o777;

describe("a unix socket", () => {
  test("lies in a folder of its own and is open to its owner alone, whatever the umask", async () => {
    const before = process.umask(0);
    onTestFinished(() => void process.umask(before));
    const folder = await createFolder();
    const { addresses } = await open(createFakeHouse(), [socketListener(folder)]);
    expect(addresses).toEqual([
      { name: "socket", doors: ["authorize"], address: `unix:${join(folder, "run", "gateway.sock")}`, withheld: [] },
    ]);
    expect(await modeOf(join(folder, "run"))).toBe(0o700);
    expect(await modeOf(join(folder, "run", "gateway.sock"))).toBe(0o600);
  });

  test("can be given to a group, folder and socket alike", async () => {
    const folder = await createFolder();
    const path = join(folder, "run", "gateway.sock");
    const group = known(process.getgid?.());
    const address = unix(path, { folderMode: 0o710, socketMode: 0o660, group });
    await open(createFakeHouse(), [socketListener(folder, { address })]);
    expect([await modeOf(dirname(path)), await modeOf(path)]).toEqual([0o710, 0o660]);
    expect((await stat(path)).gid).toBe(group);
  });

  test.each([{ folderMode: 0o711 }, { socketMode: 0o666 }])("is never open to everybody: %o", async (mode) => {
    const folder = await createFolder();
    const address = unix(join(folder, "run", "gateway.sock"), mode);
    await expectRefused("socket_mode_refused", [socketListener(folder, { address })]);
  });

  test("is gone when its listener is closed", async () => {
    const folder = await createFolder();
    const { drain } = await openListeners([socketListener(folder)], createFakeHouse());
    await drain(0);
    expect(await readdir(join(folder, "run"))).toEqual([]);
  });

  test("has a path of at most 107 bytes, which the kernel would otherwise cut silently", async () => {
    const folder = await createFolder();
    const fits = join(folder, "r", "x".repeat(107 - folder.length - 3));
    expect(fits).toHaveLength(107);
    await open(createFakeHouse(), [socketListener(folder, { address: unix(fits) })]);
    await expectRefused("socket_path_too_long", [socketListener(folder, { address: unix(`${fits}x`) })]);
    const umlauts = join(folder, "u", "ü".repeat(50));
    await expectRefused("socket_path_too_long", [socketListener(folder, { address: unix(umlauts) })]);
  });

  test("left behind by a killed process is replaced", async () => {
    const folder = await createFolder();
    const path = join(folder, "run", "gateway.sock");
    await mkdir(dirname(path), { mode: 0o700 });
    const child = spawn(process.execPath, [
      "-e",
      `require("net").createServer().listen(${JSON.stringify(path)},()=>console.log("up"))`,
    ]);
    await once(child.stdout, "data");
    child.kill("SIGKILL");
    await once(child, "exit");
    expect((await lstat(path)).isSocket()).toBe(true);
    const { addresses } = await open(createFakeHouse(), [socketListener(folder)]);
    expect((await call(addresses[0]?.address, { body: foundingBody })).status).toBe(200);
  });

  test("of a live process is respected", async () => {
    const folder = await createFolder();
    const { addresses } = await open(createFakeHouse(), [socketListener(folder)]);
    await expectRefused("listener_address_in_use", [socketListener(folder)]);
    expect((await call(addresses[0]?.address, { body: foundingBody })).status).toBe(200);
  });

  test("never replaces what is no socket", async () => {
    const folder = await createFolder();
    const run = join(folder, "run");
    await mkdir(run, { mode: 0o700 });
    await writeFile(join(run, "gateway.sock"), "precious");
    await writeFile(join(run, "target"), "precious too");
    await symlink(join(run, "target"), join(run, "link.sock"));
    await expectRefused("socket_path_taken", [socketListener(folder)]);
    await expectRefused("socket_path_taken", [socketListener(folder, { address: unix(join(run, "link.sock")) })]);
    expect(await readFile(join(run, "gateway.sock"), "utf8")).toBe("precious");
    expect(await readFile(join(run, "target"), "utf8")).toBe("precious too");
  });

  test("is not put where others can reach it, and nobody's folder is closed for its sake", async () => {
    const folder = await createFolder();
    const run = join(folder, "run");
    await mkdir(run);
    await chmod(run, 0o755);
    await expectRefused("socket_folder_refused", [socketListener(folder)]);
    expect(await modeOf(run)).toBe(0o755);
    await symlink(folder, join(folder, "elsewhere"));
    const address = unix(join(folder, "elsewhere", "gateway.sock"));
    await expectRefused("socket_folder_refused", [socketListener(folder, { address })]);
  });

  test.each(["", "\0abstract", "run/\0"])("is a file and no abstract name: %j", async (path) => {
    await expectRefused("listener_address_unusable", [socketListener("", { address: unix(path) })]);
  });

  test("is not put where this user may write nothing, be it root", async () => {
    const address = unix("/sys/chaperone-of-the-test/gateway.sock");
    await expectRefused("listener_permission_denied", [socketListener("", { address })]);
  });

  test("needs a folder, not a file, on the way to it", async () => {
    const folder = await createFolder();
    await writeFile(join(folder, "run"), "");
    await expectRefused("socket_folder_refused", [socketListener(folder)]);
    const address = unix(join(folder, "run", "deeper", "gateway.sock"));
    await expectRefused("listener_address_unusable", [socketListener(folder, { address })]);
  });
});

describe("a TCP address", () => {
  test("that is busy is named", async () => {
    const other = createServer().listen(0, "127.0.0.1");
    await once(other, "listening");
    onTestFinished(() => void other.close());
    const bound = other.address();
    const port = typeof bound === "object" && bound !== null ? bound.port : 0;
    await expectRefused("listener_address_in_use", [
      tcpListener({ address: { kind: "tcp", host: "127.0.0.1", port } }),
    ]);
  });

  test("that this host does not have is named", async () => {
    const address = { kind: "tcp", host: "192.0.2.1", port: 0 } as const;
    await expectRefused("listener_address_unusable", [tcpListener({ address, doors: ["public"] })]);
  });

  test.each(["example.org", "127.1", "", "*"])("is literal, so that no resolver can move it: %s", async (host) => {
    await expectRefused("listener_address_unusable", [tcpListener({ address: { kind: "tcp", host, port: 0 } })]);
  });

  test.each(["0.0.0.0", "::", "10.0.0.1", "128.0.0.1"])(
    "on a network serves no guarded door without mTLS: %s",
    async (host) => {
      const address = { kind: "tcp", host, port: 0 } as const;
      await expectRefused("listener_exposed", [tcpListener({ address })]);
      await expectRefused("listener_exposed", [tcpListener({ address, doors: ["admin", "probe"] })]);
    },
  );

  test("on a network serves the open doors", async () => {
    const address = { kind: "tcp", host: "0.0.0.0", port: 0 } as const;
    const { addresses } = await open(createFakeHouse(), [
      tcpListener({ address, doors: ["public", "probe"], callers: { kind: "open" } }),
    ]);
    const port = new URL(known(addresses[0]?.address)).port;
    expect((await call(`http://127.0.0.1:${port}`, { path: "/healthz" })).status).toBe(200);
  });
});

describe("a listener's configuration", () => {
  const wrong: [string, ListenerErrorCode, Partial<ListenerOptions>][] = [
    ["a door for gateways where nobody proves anything", "listener_callers_wrong", { callers: { kind: "open" } }],
    ["a socket's proof at a TCP address", "listener_callers_wrong", { callers: { kind: "socket", gateway: "x" } }],
    ["a certificate's proof without mTLS", "listener_callers_wrong", { callers: { kind: "mtls" } }],
    ["no concurrency", "listener_callers_wrong", { concurrencyMax: 0 }],
    ["endless concurrency", "listener_callers_wrong", { concurrencyMax: Infinity }],
    ["no door", "listener_doors_wrong", { doors: [] }],
    ["one door twice", "listener_doors_wrong", { doors: ["public", "public"] }],
    ["no name", "listener_name_wrong", { name: "" }],
  ];
  test.each(wrong)("is refused with %s", async (_what, code, parts) => {
    await expectRefused(code, [tcpListener(parts)]);
  });

  test("is refused when two listeners have one name", async () => {
    await expectRefused("listener_name_wrong", [tcpListener(), tcpListener()]);
  });

  test.each(["missing.pem", import.meta.filename])("is refused with TLS material that is none: %s", async (file) => {
    const mtls = { certFile: file, keyFile: file, caFile: file, allowedNames: ["DNS:x"] };
    const address = { kind: "tcp", host: "127.0.0.1", port: 0, mtls } as const;
    await expectRefused("listener_tls_unusable", [tcpListener({ address, callers: { kind: "mtls" } })]);
  });

  describe("is refused with descriptors of gRPC messages", () => {
    const listenerWith = async (
      protobufDescriptors: string,
      door: "ext_authz_grpc" | "ext_authz_opa",
    ): Promise<ListenerOptions> =>
      socketListener(await createFolder(), {
        doors: [door],
        ...(door === "ext_authz_grpc"
          ? { extAuthz: { ...byPayload, protobufDescriptors } }
          : { opa: { errors: "deny", requestTime: "object", parsesBody: true, protobufDescriptors } }),
      });
    const house: Partial<DoorsHouse> = { decideCall: () => Promise.reject(new Error("nobody is asked")) };

    const write = async (bytes: Uint8Array): Promise<string> => {
      const path = join(await createFolder(), "set.pb");
      await writeFile(path, bytes);
      return path;
    };
    const wrong: [string, () => Promise<string>][] = [
      ["that are not there", () => Promise.resolve("missing.pb")],
      ["that are a folder", () => Promise.resolve(import.meta.dirname)],
      ["that are something else", () => Promise.resolve(import.meta.filename)],
      ["that are a device", () => Promise.resolve("/dev/zero")],
      ["that are too large", () => write(Buffer.alloc(4_194_305))],
      ["without what they import", async () => write(await compileDescriptors(["bank.proto"], []))],
    ];
    test.each(wrong)("%s", async (_what, make) => {
      const path = await make();
      for (const door of ["ext_authz_grpc", "ext_authz_opa"] as const) {
        await expectRefused("listener_descriptors_unusable", [await listenerWith(path, door)], house);
      }
    });

    test("and opens with good ones", async () => {
      const path = await write(await compileDescriptors());
      for (const door of ["ext_authz_grpc", "ext_authz_opa"] as const) {
        await open(createFakeHouse(house), [await listenerWith(path, door)]);
      }
    });
  });

  test("is refused with mTLS that names nobody", async () => {
    const mtls = { certFile: "a", keyFile: "b", caFile: "c", allowedNames: [] };
    const address = { kind: "tcp", host: "127.0.0.1", port: 0, mtls } as const;
    await expectRefused("listener_callers_wrong", [tcpListener({ address, callers: { kind: "mtls" } })]);
  });

  test.each([
    "urn:chaperone",
    "ftp://issuer.example",
    "https://",
    "https://issuer.example?x",
    "https://u@issuer.example",
  ])("is refused with an issuer that has no place on the web: %s", async (text) => {
    await expectRefused("issuer_unusable", [tcpListener()], { issuer: known(parseIssuer(text)) });
  });

  test("leaves nothing open when one of several listeners cannot open", async () => {
    const folder = await createFolder();
    const mtls = { certFile: "a", keyFile: "b", caFile: "c", allowedNames: ["DNS:x"] };
    const last = tcpListener({ address: { kind: "tcp", host: "127.0.0.1", port: 0, mtls }, callers: { kind: "mtls" } });
    await expectRefused("listener_tls_unusable", [socketListener(folder), last]);
    expect(await readdir(join(folder, "run"))).toEqual([]);
  });
});

describe("credentials", () => {
  const edge = known(parseGatewayName("edge"));
  test.each(["", "short", "x".repeat(31), `${"x".repeat(40)} with spaces`, "ü".repeat(40), `${"x".repeat(40)}\n`])(
    "that a person made up, or that no header can carry, are refused",
    async (secret) => {
      const credentials = { gateways: [{ name: edge, secret }], operator: undefined };
      await expectRefused("credential_unusable", [tcpListener()], { credentials });
      await expectRefused("credential_unusable", [tcpListener()], { credentials: { gateways: [], operator: secret } });
    },
  );

  test("belong to one owner each", async () => {
    const gateways = [{ name: edge, secret: gatewayCredential }];
    await expectRefused("credential_unusable", [tcpListener()], {
      credentials: { gateways, operator: gatewayCredential },
    });
    const twice = [...gateways, { name: known(parseGatewayName("other")), secret: gatewayCredential }];
    await expectRefused("credential_unusable", [tcpListener()], {
      credentials: { gateways: twice, operator: operatorCredential },
    });
  });

  test("that are not set leave only the socket, the probe and the public reads", async () => {
    const folder = await createFolder();
    const house = createFakeHouse({ credentials: { gateways: [], operator: undefined } });
    const { addresses } = await open(house, [
      socketListener(folder),
      tcpListener({ name: "gateways" }),
      tcpListener({ name: "admin", doors: ["admin"] }),
      tcpListener({ name: "probe", doors: ["probe"], callers: { kind: "open" } }),
    ]);
    expect(addresses.map((one) => [one.name, one.doors, one.address?.split(":")[0], one.withheld])).toEqual([
      ["socket", ["authorize"], "unix", []],
      ["gateways", ["public"], "http", ["authorize"]],
      ["admin", [], undefined, ["admin"]],
      ["probe", ["probe"], "http", []],
    ]);
    const answer = await call(addresses[1]?.address, { body: foundingBody });
    expect(answer.status).toBe(404);
    expect(answer.json).toMatchObject({ code: "route_unknown" });
  });
});
