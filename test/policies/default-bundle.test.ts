/** The committed bundle: what it is, and that it is what policies/ says. */
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { loadBundle } from "../../src/policy/load-bundle.ts";
import { PolicyInstance } from "../../src/policy/policy-instance.ts";
import { createPolicyRoom } from "../../src/policy/index.ts";
import { readArchive } from "../../src/policy/read-archive.ts";
import { buildBundle } from "../../src/toolchain/index.ts";
import {
  codesOf,
  defaultBundle,
  findOpaLoudly,
  loadPolicy,
  objectOf,
  opaSecondsMax,
  policiesFolder,
  samplesOf,
} from "./loaded-policy.ts";

const policy = await loadPolicy(defaultBundle);
const samples = samplesOf(policy);
const founding = samples.find((sample) => sample.name === "founding")?.input ?? {};

describe("the committed bundle", () => {
  let opa = "";
  beforeAll(async () => {
    opa = await findOpaLoudly();
  }, opaSecondsMax * 1000);

  test("is byte for byte what the pinned OPA builds from policies/, also elsewhere and twice", async () => {
    const folder = await mkdtemp(join(tmpdir(), "policy-build-"));
    onTestFinished(() => rm(folder, { recursive: true, force: true }));
    const committed = await readFile(defaultBundle);
    const revisions = new Set<string>();
    for (const name of ["one.tar.gz", "two.tar.gz"]) {
      const built = await buildBundle({ source: policiesFolder, out: join(folder, name), opa });
      revisions.add(built.revision);
      const bytes = await readFile(built.path);
      expect(bytes.equals(committed), "run npm run policy:build and commit bundle/default.tar.gz").toBe(true);
    }
    expect(revisions.size).toBe(1);
    expect(await readdir(folder)).toEqual(["one.tar.gz", "two.tar.gz"]);
  });

  test("holds rules, data and manifest, and neither tests nor examples", async () => {
    const entries = await readArchive(await readFile(defaultBundle));
    const names = [...entries.keys()];
    for (const needed of ["policy.wasm", "data.json", ".manifest"]) expect(names).toContain(needed);
    expect(names.filter((name) => name.endsWith(".rego")).length).toBeGreaterThan(8);
    expect(names.filter((name) => /_test\.rego$|examples|schemas/.test(name))).toEqual([]);
  });

  test("needs no built-in of its host, so any engine runs it", async () => {
    const { wasm, data } = loadBundle(await readArchive(await readFile(defaultBundle)));
    const instance = new PolicyInstance(await WebAssembly.compile(wasm), JSON.stringify(data));
    expect(instance.builtinNames).toEqual([]);
  });

  test("is activated by the engine", async () => {
    const room = await createPolicyRoom(
      { id: "default", path: defaultBundle, signature: { mode: "none" }, deadlineMilliseconds: 10_000, watch: false },
      {
        clock: { read: () => ({ epochSeconds: 1_781_092_800, isReliable: true }) },
        announcer: { announce: () => undefined },
      },
    );
    onTestFinished(() => room.close());
    expect(room.state().rejection).toBeUndefined();
    expect(room.snapshot(0).catalogue.size).toBe(10);
  });

  test.each(samples.map((sample) => [sample.name, sample] as const))("answers its sample %s", (_name, sample) => {
    expect(policy.ask(sample.input).outcome).toBe(sample.outcome);
  });

  test("has samples of every outcome and of every phase", () => {
    expect(new Set(samples.map((sample) => sample.outcome))).toEqual(new Set(["allow", "deny", "approval_required"]));
    expect(new Set(samples.map((sample) => sample.input["phase"]))).toEqual(new Set(["issue", "delegate", "use"]));
  });
});

describe("the founding request", () => {
  test("is allowed as flight-booker at the flights API for sixty seconds", () => {
    const verdict = policy.ask(founding);
    if (verdict.outcome !== "allow") return expect(verdict.outcome).toBe("allow");
    expect(verdict.role).toBe("flight-booker");
    expect(verdict.permissions.toArray()).toEqual(["flights:book"]);
    expect(verdict.ceiling).toBe("catalogue");
    expect(verdict.ttlSeconds).toBe(60);
    const roles = objectOf(objectOf(policy.data["chaperone"])["roles"]);
    expect(objectOf(roles["flight-booker"])["audience"]).toBe("https://flights.example/api");
  });

  test("is allowed in every hour of a week and at odd times", () => {
    const times = Array.from({ length: 168 }, (_, hour) => 1_781_092_800 + hour * 3600);
    for (const time of [...times, 0, 1, 1.5, 2 ** 40]) {
      expect(policy.ask({ ...founding, time }).outcome, String(time)).toBe("allow");
    }
  });

  test("is denied for Marketing with a code and a sentence that names what was wanted", () => {
    const subject = { ...objectOf(founding["subject"]), departments: ["Marketing"] };
    const verdict = policy.ask({ ...founding, subject });
    expect(verdict.outcome).toBe("deny");
    expect(codesOf(verdict)).toEqual(["capability_not_permitted"]);
    expect(verdict.reasons[0]?.message).toBe("No rule permits this agent to do this for this person: book_flight");
  });
});

describe("the examples", () => {
  test("are samples by the same name, so that their outcome is known", async () => {
    const files = (await readdir(join(policiesFolder, "examples"))).filter((name) => name.endsWith(".json"));
    expect(files.length).toBeGreaterThan(3);
    for (const file of files) {
      const name = file.replace(/\.json$/, "").replaceAll("-", "_");
      const example: unknown = JSON.parse(await readFile(join(policiesFolder, "examples", file), "utf8"));
      expect(samples.find((sample) => sample.name === name)?.input, file).toEqual(example);
    }
  });
});
