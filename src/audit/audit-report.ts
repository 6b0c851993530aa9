/** What `verify` says about a folder: what it counted, what it found wrong, and what no look at the folder can show. */
import type { AuditHead } from "./checkpoint.ts";

/** Everything that can be wrong, one sentence each. */
export const findings = {
  folder_unreadable: "The folder or a file in it cannot be read.",
  log_empty: "There is no whole record here.",
  file_missing: "A file is missing that the log did not delete itself.",
  header_wrong: "The first line of the file is not the header of this file.",
  record_malformed: "The line is not a record of this log.",
  record_changed: "The line's bytes are not those that its hash was made of.",
  record_missing: "Records between the line before and this one are missing.",
  record_repeated: "The record stands here a second time.",
  record_misplaced: "The record stands behind one that came after it.",
  chain_broken: "The line continues another record than the one before it, which was rewritten or exchanged.",
  writer_changed: "The record belongs to another writer's chain.",
  signature_wrong: "The checkpoint's signature is not that of its bytes.",
  key_unknown: "The checkpoint is signed with a key that was not given.",
  checkpoint_missing: "More lines than promised stand here without a checkpoint.",
  seal_missing: "Nothing here is sealed with the key that was given, so nothing shows that any of it is genuine.",
  half_written: "A file that was followed by another one ends in the middle of a line.",
  head_missing: "The chain does not reach, or no longer holds, the checkpoint that was kept elsewhere.",
  head_differs: "The chain holds another record at the place of the checkpoint that was kept elsewhere.",
} as const;

export type FindingCode = keyof typeof findings;

export interface Finding {
  readonly code: FindingCode;
  readonly message: string;
  readonly file?: string;
  /** From 1. */
  readonly line?: number;
  readonly sequence?: number;
}

/** What a look at the folder cannot show, each only where it applies. */
export const blindSpots = {
  tail_unsealed: "Lines behind the newest checkpoint: whoever can write to the folder can change, rewrite or cut them.",
  end_unknown:
    "Whether more was recorded behind the last line: a log that was cut there looks like one whose process was killed there. Only a head from behind the cut shows it.",
  key_unvouched:
    "Whose key signed: no public key was given, so anybody with a key of their own can have written all of it anew.",
  key_holder:
    "What somebody with the audit key itself wrote anew: only a head that was kept elsewhere shows it, up to that head.",
  beginning_deleted: "Files that the log deleted itself: its first line here continues records that are gone.",
  content: "Whether a record tells the truth: the chain shows only that it was not changed afterwards.",
} as const;

export type BlindSpot = keyof typeof blindSpots;

export interface AuditReport {
  /** True when something was read and nothing was found wrong. */
  readonly isIntact: boolean;
  readonly writer: string | undefined;
  readonly files: number;
  /** Whole lines, with the log's own. */
  readonly lines: number;
  /** Of them decisions, failed signatures and events. */
  readonly records: number;
  readonly firstSequence: number | undefined;
  readonly lastSequence: number | undefined;
  /** The newest checkpoint with a right signature: everything up to it is as it was signed. */
  readonly sealedTo: AuditHead | undefined;
  readonly unsealedLines: number;
  /** True when the last line is the checkpoint of a stop in order; false: running, killed, or cut. */
  readonly endsWithStop: boolean;
  /** Bytes behind the last whole line of the newest file. */
  readonly halfWrittenBytes: number;
  /** Times that the log says it recovered from a crash or a failing disk. */
  readonly recoveries: number;
  /** Raw public keys that signed checkpoints here, in order of appearance. */
  readonly publicKeys: readonly string[];
  readonly isHeadConfirmed: boolean;
  readonly findings: readonly Finding[];
  /** Findings beyond those listed. */
  readonly findingsNotListed: number;
  readonly blindSpots: readonly BlindSpot[];
}
