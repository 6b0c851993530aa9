/** Random rule sets as policy authors would write them: one file per permit and guard beside the shipped core. */
import { cp, mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import fc from "fast-check";
import { catalogues, permitLists } from "./least-privilege-cases.ts";
import type { Catalogue, Permit } from "./least-privilege-reference.ts";
import { policiesFolder } from "./loaded-policy.ts";

/** `context.level` is all that the random rules look at. */
export const levels = [0, 1, 2];

interface PermitRule {
  readonly permits: readonly Permit[];
  /** The levels at which it holds. */
  readonly at: readonly number[];
}

type GuardKind = "always" | "never" | "undefined_unless" | "default_unless" | "approval_above";
interface GuardRule {
  readonly kind: GuardKind;
  readonly level: number;
}

export interface RuleSet {
  readonly roles: Catalogue;
  readonly permits: readonly PermitRule[];
  readonly guards: readonly GuardRule[];
}

export const ruleSets: fc.Arbitrary<RuleSet> = fc.record({
  roles: catalogues,
  permits: fc.array(fc.record({ permits: permitLists, at: fc.subarray(levels, { minLength: 1 }) }), {
    minLength: 1,
    maxLength: 4,
  }),
  guards: fc.array(
    fc.record({
      kind: fc.oneof(
        { weight: 1, arbitrary: fc.constant<GuardKind>("never") },
        {
          weight: 9,
          arbitrary: fc.constantFrom<GuardKind>("always", "undefined_unless", "default_unless", "approval_above"),
        },
      ),
      level: fc.constantFrom(...levels),
    }),
    { maxLength: 3 },
  ),
});

/** The permits that hold at a level. */
export function permitsAt({ permits }: RuleSet, level: number): Permit[] {
  return permits.filter((rule) => rule.at.includes(level)).flatMap((rule) => rule.permits);
}

export function isClear({ kind, level }: GuardRule, now: number): boolean {
  switch (kind) {
    case "always":
      return true;
    case "never":
      return false;
    case "undefined_unless":
    case "default_unless":
      return now >= level;
    case "approval_above":
      return now <= level;
  }
}

export function isClearOnceApproved(guard: GuardRule, now: number): boolean {
  return isClear(guard, now) || guard.kind === "approval_above";
}

/** Writes the set as a policy folder. */
export async function writeRuleSet(folder: string, rules: RuleSet): Promise<void> {
  await rm(folder, { recursive: true, force: true });
  for (const part of ["decision.rego", "shape", "asked", "clearance", "objections", "least_privilege", "delegation"]) {
    await cp(join(policiesFolder, "chaperone", part), join(folder, "chaperone", part), { recursive: true });
  }
  const write = async (path: string, name: string, text: string) => {
    await mkdir(join(folder, "chaperone", path), { recursive: true });
    await writeFile(join(folder, "chaperone", path, name), text);
  };
  await write("roles", "data.json", JSON.stringify(rules.roles));
  for (const [index, rule] of rules.permits.entries()) {
    await write(`permits/p${index}`, `p${index}.rego`, renderPermits(`p${index}`, rule));
  }
  for (const [index, guard] of rules.guards.entries()) {
    await write(`guards/g${index}`, `g${index}.rego`, renderGuard(`g${index}`, guard));
  }
}

function renderPermits(name: string, { permits, at }: PermitRule): string {
  const rules = permits.map(
    (permit) => `permits contains ${JSON.stringify(permit)} if input.context.level in ${JSON.stringify(at)}\n`,
  );
  return `package chaperone.permits.${name}\n\n${rules.join("\n")}`;
}

function renderGuard(name: string, { kind, level }: GuardRule): string {
  const bodies: Readonly<Record<GuardKind, string>> = {
    always: "clear := true",
    never: "clear if input.context.nothing == true",
    undefined_unless: `clear if input.context.level >= ${level}`,
    default_unless: `default clear := false\n\nclear if input.context.level >= ${level}`,
    approval_above: `clear if input.context.level <= ${level}\n\nclear_with_approval if input.context.level > ${level}`,
  };
  return `package chaperone.guards.${name}\n\n${bodies[kind]}\n`;
}
