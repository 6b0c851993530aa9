/** policies/README.md promises a first rule in ten minutes: the one on that page is written and tested as it stands. */
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { beforeAll, expect, onTestFinished, test } from "vitest";
import { loadEntrypoints } from "../../src/policy/index.ts";
import { buildBundle, testPolicies } from "../../src/toolchain/index.ts";
import {
  codesOf,
  findOpaLoudly,
  loadPolicy,
  objectOf,
  opaSecondsMax,
  policiesFolder,
  samplesOf,
} from "./loaded-policy.ts";

let opa = "";
beforeAll(async () => {
  opa = await findOpaLoudly();
}, opaSecondsMax * 1000);

test("the rule of policies/README.md passes everything as printed, and denies what it says", async () => {
  const page = await readFile(join(policiesFolder, "README.md"), "utf8");
  const steps = [...page.matchAll(/\*\*\d\. [^`]*`(chaperone\/[^`]+)`[^]*?```\w+\n([^]*?)```/g)];
  expect(steps.map((step) => step[1])).toEqual([
    "chaperone/settings/agent_type/data.json",
    "chaperone/guards/agent_type/agent_type.rego",
    "chaperone/guards/agent_type/agent_type_test.rego",
  ]);
  const folder = await mkdtemp(join(tmpdir(), "first-rule-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const source = join(folder, "policies");
  await cp(policiesFolder, source, { recursive: true });
  for (const [, path = "", text = ""] of steps) {
    await mkdir(dirname(join(source, path)), { recursive: true });
    await writeFile(join(source, path), text);
  }

  const report = await testPolicies({ source, opa, load: (path) => loadEntrypoints(path, 1_781_000_000) });
  expect(report.steps.flatMap((step) => step.details)).toEqual([]);
  expect(report.isPassed).toBe(true);

  const policy = await loadPolicy((await buildBundle({ source, out: join(folder, "bundle.tar.gz"), opa })).path);
  const restart = samplesOf(policy).find((sample) => sample.name === "restart_in_working_hours")?.input ?? {};
  expect(policy.ask(restart).outcome).toBe("allow");
  const scripted = policy.ask({ ...restart, actor: { ...objectOf(restart["actor"]), type: "script" } });
  expect([scripted.outcome, codesOf(scripted)]).toEqual(["deny", ["agent_type"]]);
}, 120_000);
