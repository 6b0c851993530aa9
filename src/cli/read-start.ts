/** The beginning of an input that can be endless: what is kept is at most one byte more than the limit. */
import { open } from "node:fs/promises";
import type { Readable } from "node:stream";

export async function readStreamStart(stream: Readable, sizeBytesMax: number): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let sizeBytes = 0;
  for await (const chunk of stream) {
    const bytes: unknown = chunk;
    if (!(bytes instanceof Uint8Array)) throw new TypeError("a stream of bytes is read here");
    chunks.push(bytes);
    sizeBytes += bytes.byteLength;
    if (sizeBytes > sizeBytesMax) break;
  }
  return Buffer.concat(chunks).subarray(0, sizeBytesMax + 1);
}

/** Undefined when it is no file that can be read; a pipe will do. */
export async function readFileStart(path: string, sizeBytesMax: number): Promise<Buffer | undefined> {
  try {
    await using file = await open(path);
    return await readStreamStart(file.createReadStream({ end: sizeBytesMax }), sizeBytesMax);
  } catch {
    return undefined;
  }
}
