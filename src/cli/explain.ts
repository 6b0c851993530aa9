/** What `chaperone decide` shows of a rehearsed decision, for programs and for people. */
import type { Decision } from "../domain/decision.ts";
import type { PermissionSet } from "../domain/exact-set.ts";
import type { PolicyInput } from "../domain/policy-input.ts";
import { faults } from "../domain/refusal.ts";
import type { Role } from "../domain/role-catalogue.ts";
import { type ExitCode, exitCodes } from "./exit-codes.ts";
import type { Rehearsal } from "./rehearsal.ts";
import { renderRows, renderTime } from "./terminal.ts";

/** Which roles would have done, and why this one. */
interface RoleChoice {
  readonly needed: readonly string[];
  /** The least first: what covers the needed permissions, of the asked audience when one was asked. */
  readonly covering: readonly {
    readonly role: string;
    readonly audience: string;
    readonly permissions: readonly string[];
  }[];
  readonly catalogueSize: number;
}

export interface Explanation {
  readonly outcome: Decision["outcome"];
  readonly code: string | undefined;
  readonly reasons: Decision["reasons"];
  readonly policy: Decision["policy"];
  readonly grant: ReturnType<typeof describeGrant> | undefined;
  readonly role_choice: RoleChoice | undefined;
  /** The document that the policy read; absent when the request did not come that far. */
  readonly input: PolicyInput | undefined;
  readonly time: number;
  /** What had to work and did not, for whoever mends it. */
  readonly trouble: readonly string[];
}

export function explain({ decision, time, asked, faults, rejection }: Rehearsal): Explanation {
  return {
    outcome: decision.outcome,
    code: decision.outcome === "deny" ? decision.code : undefined,
    reasons: decision.reasons,
    policy: decision.policy,
    grant: decision.outcome === "allow" ? describeGrant(decision.grant) : undefined,
    role_choice:
      asked?.verdict?.outcome === "allow"
        ? chooseAmong(asked.catalogue.values(), asked.verdict.permissions, asked)
        : undefined,
    input: asked?.input,
    time,
    trouble: [
      ...faults.map((fault) => `${fault.code}: ${fault.detail}`),
      ...(rejection === undefined ? [] : [`${rejection.code}: ${rejection.detail}`]),
    ],
  };
}

/** A fault's code means that nobody could tell; everything else that is no allow is an answer. */
export function exitOf({ outcome, code }: Explanation): ExitCode {
  switch (outcome) {
    case "allow":
      return exitCodes.yes;
    case "approval_required":
      return exitCodes.approvalRequired;
    case "deny":
      return code !== undefined && code in faults ? exitCodes.unavailable : exitCodes.no;
  }
}

function describeGrant(grant: Extract<Decision, { outcome: "allow" }>["grant"]): {
  readonly subject: string;
  readonly actor: string;
  readonly role: string;
  readonly audience: string;
  readonly permissions: readonly string[];
  readonly expires_in: number;
  readonly may_be_delegated: boolean;
} {
  return {
    subject: grant.subject.id,
    actor: grant.actor.id,
    role: grant.role,
    audience: grant.audience,
    permissions: grant.permissions.toArray(),
    expires_in: grant.expiresAt - grant.issuedAt,
    may_be_delegated: grant.delegation !== undefined,
  };
}

function chooseAmong(
  roles: Iterable<Role>,
  needed: PermissionSet,
  { input, catalogue }: NonNullable<Rehearsal["asked"]>,
): RoleChoice {
  const covering = [...roles]
    .filter(({ permissions, audience }) => permissions.covers(needed) && (input.audience ?? audience) === audience)
    .toSorted((left, right) => left.permissions.size - right.permissions.size || (left.name < right.name ? -1 : 1));
  return {
    needed: needed.toArray(),
    covering: covering.map(({ name, audience, permissions }) => ({
      role: name,
      audience,
      permissions: permissions.toArray(),
    })),
    catalogueSize: catalogue.size,
  };
}

export function renderExplanation(explanation: Explanation): string {
  const { outcome, code, reasons, policy, grant, role_choice: choice, input, time, trouble } = explanation;
  return renderRows([
    ["outcome", code === undefined ? outcome : `${outcome} (${code})`],
    ...reasons.map((reason) => ["because", `${reason.code}: ${reason.message}`] as const),
    ...trouble.map((text) => ["trouble", text] as const),
    ...(grant === undefined ? [] : rowsOfGrant(grant)),
    ...(choice === undefined ? [] : [["role choice", renderChoice(choice, grant?.role)] as const]),
    ["policy", policy === undefined ? "none active" : `${policy.id} ${policy.revision}`],
    ["time", renderTime(time)],
    ...(input === undefined ? [] : [["policy input", JSON.stringify(input, null, 2)] as const]),
    ["token", "none: this command explains, it does not mint"],
  ]);
}

function rowsOfGrant(grant: NonNullable<Explanation["grant"]>): (readonly [string, string])[] {
  return [
    ["role", `${grant.role} at ${grant.audience}`],
    ["permissions", grant.permissions.join(" ")],
    ["for", `${grant.actor}, on behalf of ${grant.subject}`],
    ["lifetime", `${grant.expires_in} s`],
    ["delegation", grant.may_be_delegated ? "may be handed on" : "ends here"],
  ];
}

function renderChoice({ needed, covering, catalogueSize }: RoleChoice, chosen: string | undefined): string {
  const lines = covering.slice(0, 10).map(({ role, permissions }) => {
    const size = permissions.length === 1 ? "1 permission" : `${permissions.length} permissions`;
    return `${role === chosen ? "→" : " "} ${role} (${size})`;
  });
  return [
    `needed ${needed.join(" ")}; ${covering.length} of ${catalogueSize} roles cover it, the least first:`,
    ...lines,
    ...(covering.length > lines.length ? [`  and ${covering.length - lines.length} more`] : []),
  ].join("\n");
}
