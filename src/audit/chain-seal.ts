/** What the signed checkpoints of a chain vouch for. */
import type { FindingCode } from "./audit-report.ts";
import { isSignedBy } from "./audit-key.ts";
import { type ChainedLine, signedBytes } from "./chained-line.ts";
import { limits } from "./limits.ts";
import { type AuditHead, checkpointHead, numberMember } from "./checkpoint.ts";

export class ChainSeal {
  readonly #accepted: readonly string[];
  readonly #seen = new Set<string>();
  #sealedTo: AuditHead | undefined;
  /** Undefined until the chain made a first promise. */
  #due: number | undefined;

  /** With no accepted keys, every key is taken at its own word. */
  constructor(accepted: readonly string[]) {
    this.#accepted = accepted;
  }

  get publicKeys(): readonly string[] {
    return [...this.#seen];
  }

  get sealedTo(): AuditHead | undefined {
    return this.#sealedTo;
  }

  /** `isWhole`: nothing was found wrong so far, so that a right checkpoint seals all of it. */
  take(line: ChainedLine, bytes: Buffer, isWhole: boolean): FindingCode | undefined {
    if (line.type !== "checkpoint") return this.#countDown(line);
    this.#due = promiseOf(line);
    const finding = this.#check(line, bytes);
    if (finding === undefined && isWhole) this.#sealedTo = checkpointHead(line);
    return finding;
  }

  #countDown(line: ChainedLine): FindingCode | undefined {
    // Only the first header in sight says what was promised before it; a later one must not renew the promise.
    if (line.type === "file") this.#due ??= promiseOf(line);
    if (this.#due === undefined) return undefined;
    this.#due -= 1;
    return this.#due === -1 ? "checkpoint_missing" : undefined;
  }

  #check({ members }: ChainedLine, bytes: Buffer): FindingCode | undefined {
    const { key, signature } = members;
    if (typeof key !== "string" || typeof signature !== "string") return "signature_wrong";
    this.#seen.add(key);
    if (this.#accepted.length > 0 && !this.#accepted.includes(key)) return "key_unknown";
    return isSignedBy(key, signedBytes(bytes), signature) ? undefined : "signature_wrong";
  }
}

function promiseOf({ members }: ChainedLine): number {
  return Math.min(Math.max(numberMember(members, "next_within") ?? 0, 0), limits.checkpointWithinMax);
}
