/** What lies in a log folder: numbered files, read and written in the order of their numbers. */
import { readdirSync } from "node:fs";

export function fileName(number: number): string {
  return `audit-${String(number).padStart(8, "0")}.jsonl`;
}

const namePattern = /^audit-([0-9]{8})\.jsonl$/;

/** Ascending. */
export function listFileNumbers(folder: string): readonly number[] {
  return readdirSync(folder)
    .flatMap((name) => namePattern.exec(name)?.slice(1, 2) ?? [])
    .map(Number)
    .filter((number) => number > 0)
    .sort((one, other) => one - other);
}

/** What recovery cut from the end of a file, kept under the hash of its bytes. */
export function partialName(number: number, digest: string): string {
  return `${fileName(number)}.${digest.slice(0, 16)}.partial`;
}

/** The first number that is missing between the lowest and the highest. */
export function firstGap(numbers: readonly number[]): number | undefined {
  const [lowest] = numbers;
  if (lowest === undefined) return undefined;
  const at = numbers.findIndex((number, index) => number !== lowest + index);
  return at === -1 ? undefined : lowest + at;
}
