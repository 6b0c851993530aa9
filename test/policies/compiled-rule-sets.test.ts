/** The laws of the decision for rule sets that are not ours: written, compiled and asked. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { beforeAll, expect, onTestFinished, test } from "vitest";
import { buildBundle } from "../../src/toolchain/index.ts";
import {
  isClear,
  isClearOnceApproved,
  levels,
  permitsAt,
  type RuleSet,
  ruleSets,
  writeRuleSet,
} from "./compiled-rule-sets.ts";
import { expectLeastPrivilege, questions, renderInput } from "./least-privilege-cases.ts";
import { chooseRole, type Question } from "./least-privilege-reference.ts";
import { codesOf, findOpaLoudly, type LoadedPolicy, loadPolicy, opaSecondsMax } from "./loaded-policy.ts";

const ruleSetCount = 20;

/** The first of the sets, so that no run is without an approval. */
const ruleSetWithApproval: RuleSet = {
  roles: { reader: { audience: "https://one.example", permissions: ["a"], max_ttl_seconds: 60, enforced_by: "role" } },
  permits: [{ permits: [{ capability: "read", audience: "https://one.example", permissions: ["a"] }], at: levels }],
  guards: [{ kind: "approval_above", level: 0 }],
};
const readers: Question[] = Array.from({ length: 15 }, () => ({
  capabilities: ["read"],
  permissions: [],
  audience: undefined,
}));

let opa = "";
beforeAll(async () => {
  opa = await findOpaLoudly();
}, opaSecondsMax * 1000);

function expectLawful(policy: LoadedPolicy, rules: RuleSet, question: Question, level: number): string {
  const verdict = policy.ask(renderInput(question, { level }));
  const permits = permitsAt(rules, level);
  const names = rules.guards.map((guard, index) => ({ guard, name: `g${index}` }));
  const objecting = names.filter(({ guard }) => !isClearOnceApproved(guard, level)).map(({ name }) => name);
  if (objecting.length > 0) {
    expect(verdict.outcome).toBe("deny");
    expect(codesOf(verdict)).toEqual(expect.arrayContaining(objecting));
    return "guarded";
  }
  const toApprove = names.filter(({ guard }) => !isClear(guard, level)).map(({ name }) => name);
  if (toApprove.length > 0 && "role" in chooseRole(rules.roles, permits, question)) {
    expect(verdict.outcome).toBe("approval_required");
    expect(codesOf(verdict)).toEqual(toApprove);
    return "to approve";
  }
  return expectLeastPrivilege(verdict, rules.roles, permits, question);
}

test(`${ruleSetCount} compiled rule sets choose the least-privilege role and never pass an unclear guard`, async () => {
  const folder = await mkdtemp(join(tmpdir(), "rule-sets-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const source = join(folder, "policies");
  const counts: Record<string, number> = {};
  let built = 0;
  await fc.assert(
    fc.asyncProperty(ruleSets, fc.array(questions, { minLength: 15, maxLength: 15 }), async (rules, asked) => {
      await writeRuleSet(source, rules);
      const bundle = await buildBundle({ source, out: join(folder, "bundle.tar.gz"), opa });
      const policy = await loadPolicy(bundle.path);
      built += 1;
      for (const question of asked) {
        for (const level of levels) {
          const seen = expectLawful(policy, rules, question, level);
          counts[seen] = (counts[seen] ?? 0) + 1;
        }
      }
    }),
    { numRuns: ruleSetCount, endOnFailure: true, examples: [[ruleSetWithApproval, readers]] },
  );
  console.log(`${built} compiled rule sets, 45 questions each: ${JSON.stringify(counts)}`);
  expect(built).toBe(ruleSetCount);
  for (const seen of ["allowed", "denied", "guarded", "to approve"]) expect(counts[seen] ?? 0, seen).toBeGreaterThan(0);
}, 120_000);
