/** A bundle from a tar.gz: unpacked in memory within limits, never onto the disk. Links and devices refuse it whole. */
import { buffer } from "node:stream/consumers";
import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import { extract, type Header } from "tar-stream";
import { BundleRejected } from "./bundle-rejected.ts";
import { normaliseEntryName } from "./entry-name.ts";
import { policyLimits } from "./policy-limits.ts";

/** The entries of a bundle by normalised name. */
export type BundleEntries = ReadonlyMap<string, Buffer>;

const unzip = promisify(gunzip);

export async function readArchive(archive: Buffer): Promise<BundleEntries> {
  const tar = await unpack(archive);
  checkEnd(tar);
  const entries = new Map<string, Buffer>();
  const reader = extract();
  reader.end(tar);
  try {
    let seen = 0;
    for await (const entry of reader) {
      const { name, type, size } = entry.header;
      seen += 1;
      if (seen > policyLimits.entriesMax) throw new BundleRejected("bundle_too_large", "too many entries");
      checkSizeField(entry.header);
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

/** Readers disagree about these, and with it about where the archive ends. */
function checkSizeField({ type, size, pax }: Header): void {
  if (Object.hasOwn(pax ?? {}, "size")) {
    throw new BundleRejected("bundle_entry_refused", "a size outside its header");
  }
  if (type === "directory" && size > 0) {
    throw new BundleRejected("bundle_entry_refused", "a folder with content of its own");
  }
}

const blockBytes = 512;
const sizeField = { start: 124, end: 136 };

/**
 * An archive ends at its first empty block: that is where OPA and `tar -t` stop, while the reader here reads on. What
 * stands behind it would decide though nobody who looks at the archive sees it.
 */
function checkEnd(tar: Buffer): void {
  for (let at = 0; at + blockBytes <= tar.length; ) {
    if (isEmpty(tar.subarray(at, at + blockBytes))) {
      if (isEmpty(tar.subarray(at))) return;
      throw new BundleRejected("bundle_entry_refused", "something stands behind the end of the archive");
    }
    const text = tar.toString("latin1", at + sizeField.start, at + sizeField.end);
    const size = /^ *([0-7]{1,12})[ \0]*$/.exec(text)?.[1];
    if (size === undefined) throw new BundleRejected("bundle_unreadable", "an entry states no size");
    at += blockBytes + Math.ceil(Number.parseInt(size, 8) / blockBytes) * blockBytes;
  }
}

function isEmpty(bytes: Buffer): boolean {
  return bytes.every((byte) => byte === 0);
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
