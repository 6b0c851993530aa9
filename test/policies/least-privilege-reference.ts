/**
 * The least-privilege rule of DESIGN §4 once more, in another language and without looking at the Rego: what the
 * compiled policy is held to. Deliberately naive.
 */
export interface Permit {
  readonly capability: string;
  readonly audience: string;
  readonly permissions: readonly string[];
}

export interface CatalogueRole {
  readonly audience: string;
  readonly permissions: readonly string[];
  readonly max_ttl_seconds: number;
  readonly enforced_by: "role" | "scope";
}

export interface Question {
  readonly capabilities: readonly string[];
  readonly permissions: readonly string[];
  readonly audience: string | undefined;
}

export type Catalogue = Readonly<Record<string, CatalogueRole>>;

/** Every role that covers the question at an audience where all of it is permitted. */
export function coveringRoles(catalogue: Catalogue, permits: readonly Permit[], question: Question): string[] {
  return Object.keys(catalogue).filter((name) => {
    const role = catalogue[name];
    return role !== undefined && isCovering(role, permits, question);
  });
}

export function isCovering(role: CatalogueRole, permits: readonly Permit[], question: Question): boolean {
  if (question.capabilities.length === 0) return false;
  if (question.audience !== undefined && question.audience !== role.audience) return false;
  const here = permits.filter((permit) => permit.audience === role.audience);
  const asked = here.filter((permit) => question.capabilities.includes(permit.capability));
  if (!question.capabilities.every((name) => asked.some((permit) => permit.capability === name))) return false;
  if (question.permissions.length > 0) {
    const given = asked.flatMap((permit) => permit.permissions);
    return question.permissions.every((one) => given.includes(one) && role.permissions.includes(one));
  }
  return question.capabilities.every((name) =>
    asked.some((permit) => permit.capability === name && isSubset(permit.permissions, role.permissions)),
  );
}

export function isSubset(some: readonly string[], all: readonly string[]): boolean {
  return some.every((one) => all.includes(one));
}

/** The name of the least-privilege role, or the reason's code. */
export function chooseRole(
  catalogue: Catalogue,
  permits: readonly Permit[],
  question: Question,
): { readonly role: string } | { readonly refused: "ambiguous" | "none" } {
  const covering = coveringRoles(catalogue, permits, question);
  const audiences = new Set(covering.map((name) => catalogue[name]?.audience));
  if (audiences.size > 1) return { refused: "ambiguous" };
  const size = (name: string): number => catalogue[name]?.permissions.length ?? 0;
  const [least] = covering.sort((left, right) => size(left) - size(right) || (left < right ? -1 : 1));
  return least === undefined ? { refused: "none" } : { role: least };
}
