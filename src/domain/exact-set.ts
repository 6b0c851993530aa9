/**
 * A set of exact names that never grows. There is no union, no pattern and no way to add:
 * "never widen" is a missing method, not a rule (MISSION, invariant 2).
 */
import type { Capability, Permission } from "./identifiers.ts";

export class ExactSet<T extends string> {
  readonly #members: ReadonlySet<T>;

  private constructor(members: ReadonlySet<T>) {
    this.#members = members;
  }

  /** The members as given; duplicates count once. */
  static of<T extends string>(members: Iterable<T>): ExactSet<T> {
    return new ExactSet(new Set(members));
  }

  get size(): number {
    return this.#members.size;
  }

  has(member: T): boolean {
    return this.#members.has(member);
  }

  /** True when every member of `other` is a member of this set. */
  covers(other: ExactSet<T>): boolean {
    return other.#members.isSubsetOf(this.#members);
  }

  equals(other: ExactSet<T>): boolean {
    return other.size === this.size && this.covers(other);
  }

  /** Sorted, so that equal sets print equally. */
  toArray(): T[] {
    return [...this.#members].sort();
  }
}

export type CapabilitySet = ExactSet<Capability>;
export type PermissionSet = ExactSet<Permission>;
