/** Several rounds of one figure: the middle one, and how far the others lie from it. */
export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

export function spreadOf(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle];
  const lower = sorted[sorted.length % 2 === 0 ? middle - 1 : middle];
  const [min] = sorted;
  const max = sorted.at(-1);
  if (upper === undefined || lower === undefined || min === undefined || max === undefined) {
    throw new Error("no values to look at");
  }
  return { median: (upper + lower) / 2, min, max };
}

/** Round by round, because what disturbs one system in a round disturbs the others too. */
export function ratioOf(values: readonly number[], floor: readonly number[]): Spread {
  return spreadOf(compareRounds(values, floor, (value, other) => value / other));
}

/** One value per round, likewise. */
export function differenceOf(values: readonly number[], floor: readonly number[]): readonly number[] {
  return compareRounds(values, floor, (value, other) => value - other);
}

function compareRounds(
  values: readonly number[],
  floor: readonly number[],
  compare: (value: number, other: number) => number,
): readonly number[] {
  if (values.length !== floor.length) throw new Error("different numbers of rounds");
  return values.map((value, round) => compare(value, floor[round] ?? Number.NaN));
}
