/** What this room takes and what it gives. */
import type { DecisionLog } from "../ports/decision-log.ts";
import type { AuditHead } from "./checkpoint.ts";
import type { Failing } from "./journal.ts";
import type { Recovery } from "./recover-folder.ts";

export const durabilities = ["process", "disk"] as const;
export type Durability = (typeof durabilities)[number];

export interface AuditOptions {
  /** Created when missing; belongs to one process at a time. */
  readonly folder: string;
  /** `process`: written to the file when the decision is answered. `disk`: on the disk as well. */
  readonly durability: Durability;
  /** A file that has grown this far is followed by a new one. */
  readonly rotateBytes: number;
  /** A signed checkpoint at least every so many lines. */
  readonly checkpointEvery: number;
  /** Older files are deleted; undefined: none ever is. */
  readonly filesKeptMax?: number | undefined;
  /** The Ed25519 key that signs checkpoints, PKCS #8 PEM. Undefined: `audit-key` beside the folder, made when missing. */
  readonly keyFile?: string | undefined;
}

export interface AuditState {
  readonly writer: string;
  readonly folder: string;
  readonly file: string;
  /** Of the newest line. */
  readonly sequence: number;
  readonly head: AuditHead | undefined;
  /** The raw public key that checkpoints verify with. */
  readonly publicKey: string;
  /** Set while records are refused. */
  readonly failing: Failing | undefined;
  /** Why the current file cannot be followed by a new one; nothing is lost meanwhile. */
  readonly rotationFailing: string | undefined;
  /** What was found at opening when the process before did not stop in order; empty otherwise. */
  readonly recovered: readonly Recovery[];
}

export interface AuditRoom extends DecisionLog {
  state(): AuditState;
  /** The newest checkpoint; kept elsewhere, it shows later that nothing up to it was cut or rewritten. */
  head(): AuditHead | undefined;
  /** Epoch seconds of the newest record found at opening. */
  readonly lastRecordedTime: number | undefined;
  /** Seals and flushes. Rejects with a Fault when that failed; the folder is given up either way. */
  close(): Promise<void>;
}
