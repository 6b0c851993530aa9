/** What every bench is given. */
import type { LoadGenerator } from "./load.ts";
import type { System } from "./systems/system.ts";

export interface BenchWorld {
  readonly root: string;
  /** Gone when the bench ends. */
  readonly folder: string;
  readonly generator: LoadGenerator;
  /** Only to see that all still works. */
  readonly isShort: boolean;
}

/** A missing peer takes a row from the table of a short run and nothing from what is asserted about Chaperone. */
export async function createPeerOrSayWhyNot(
  name: string,
  isShort: boolean,
  create: () => Promise<System>,
): Promise<readonly System[]> {
  try {
    return [await create()];
  } catch (error) {
    if (!isShort) throw error;
    console.log(`${name} is not measured, because it could not be fetched: ${String(error)}`);
    return [];
  }
}
