/** A bundle from a tar.gz: unpacked in memory within limits, never onto the disk. Links and devices refuse it whole. */
import { buffer } from "node:stream/consumers";
import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import { extract } from "tar-stream";
import { BundleRejected } from "./bundle-rejected.ts";
import { normaliseEntryName } from "./entry-name.ts";
import { policyLimits } from "./policy-limits.ts";

/** The entries of a bundle by normalised name. */
export type BundleEntries = ReadonlyMap<string, Buffer>;

const unzip = promisify(gunzip);

export async function readArchive(archive: Buffer): Promise<BundleEntries> {
  const tar = await unpack(archive);
  const entries = new Map<string, Buffer>();
  const reader = extract();
  reader.end(tar);
  try {
    let seen = 0;
    for await (const entry of reader) {
      const { name, type, size } = entry.header;
      seen += 1;
      if (seen > policyLimits.entriesMax) throw new BundleRejected("bundle_too_large", "too many entries");
      if (type === "directory") {
        entry.resume();
        continue;
      }
      if (type !== "file" && type !== "contiguous-file") {
        throw new BundleRejected("bundle_entry_refused", `${JSON.stringify(name.slice(0, 80))} is a ${type}`);
      }
      const normalised = normaliseEntryName(name);
      if (entries.has(normalised)) throw new BundleRejected("bundle_entry_refused", `${normalised} occurs twice`);
      if (size > policyLimits.entryBytesMax) {
        throw new BundleRejected("bundle_too_large", `${normalised} is too large`);
      }
      entries.set(normalised, await buffer(entry));
    }
  } catch (cause) {
    if (cause instanceof BundleRejected) throw cause;
    throw new BundleRejected("bundle_unreadable", "the tar stream is broken", { cause });
  }
  return entries;
}

async function unpack(archive: Buffer): Promise<Buffer> {
  try {
    return await unzip(archive, { maxOutputLength: policyLimits.unpackedBytesMax });
  } catch (cause) {
    if (cause instanceof RangeError) {
      throw new BundleRejected("bundle_too_large", "unpacks to more than is allowed", { cause });
    }
    throw new BundleRejected("bundle_unreadable", "not a gzip stream", { cause });
  }
}
