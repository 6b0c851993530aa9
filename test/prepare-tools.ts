/** Before any test: the pinned OPA, built once into the user's cache folder when it is not there yet (some minutes). */
import { findOpa } from "../src/toolchain/index.ts";

export async function setup(): Promise<void> {
  const opa = await findOpa({ tell: (line) => console.log(line) });
  console.log(`OPA: ${opa.split("/").at(-1)} is ready`);
}
