/** Findings as they come, the first ones kept and all counted: a hostile log must not fill the memory. */
import { type Finding, type FindingCode, findings as texts } from "./audit-report.ts";
import { limits } from "./limits.ts";

/** Where a finding is. */
export interface Place {
  readonly file?: string;
  readonly line?: number;
  readonly sequence?: number | undefined;
}

export class FindingList {
  readonly #listed: Finding[] = [];
  #count = 0;

  get count(): number {
    return this.#count;
  }

  get listed(): readonly Finding[] {
    return this.#listed;
  }

  add(code: FindingCode, { file, line, sequence }: Place, detail?: string): void {
    this.#count += 1;
    if (this.#listed.length >= limits.findingsListedMax) return;
    this.#listed.push({
      code,
      message: detail === undefined ? texts[code] : `${texts[code]} (${detail})`,
      ...(file === undefined ? {} : { file }),
      ...(line === undefined ? {} : { line }),
      ...(sequence === undefined ? {} : { sequence }),
    });
  }
}
