/**
 * Reads a log as somebody who trusts nothing in it. Offline, streaming: memory does not grow with the log,
 * and a log that is being written meanwhile is read as far as it goes.
 */
import { join } from "node:path";
import { causeOf } from "./audit-error.ts";
import type { AuditReport } from "./audit-report.ts";
import { ChainReader, type VerifyOptions } from "./chain-reader.ts";
import { readLines } from "./line-reader.ts";
import { fileName, listFileNumbers } from "./log-folder.ts";

export type { VerifyOptions } from "./chain-reader.ts";

/** Never rejects: what cannot be read is a finding. */
export async function verifyAuditFolder(folder: string, options: VerifyOptions = {}): Promise<AuditReport> {
  const reader = new ChainReader(options);
  try {
    const numbers = listFileNumbers(folder);
    for (const [index, number] of numbers.entries()) {
      reader.beginFile(number, index === numbers.length - 1);
      for await (const group of readLines(join(folder, fileName(number)))) {
        for (const line of group) reader.take(line);
      }
    }
  } catch (cause) {
    reader.reportUnreadable(causeOf(cause));
  }
  return reader.report();
}
