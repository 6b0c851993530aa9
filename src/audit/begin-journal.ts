/** From what a folder held to a journal that continues it. */
import { randomBytes } from "node:crypto";
import type { EventRecord } from "../domain/record.ts";
import { ChainDraft, type ChainState } from "./chain.ts";
import { Journal, type JournalTerms } from "./journal.ts";
import { LogFile } from "./log-file.ts";
import type { RecoveredFolder } from "./recover-folder.ts";

/** Throws a Fault when the first line of a file cannot be written. */
export function beginJournal(settings: Omit<JournalTerms, "writer">, found: RecoveredFolder): Journal {
  const terms = { ...settings, writer: found.writer ?? randomBytes(16).toString("hex") };
  const time = terms.clock.read().epochSeconds;
  const { oldest } = found;
  const pendingEvents = renderRecoveries(found, time);
  const begun = found.sizeBytes === 0 ? beginFile(terms, found, time) : continueFile(terms, found);
  const journal = new Journal(terms, { ...begun, oldest, pendingEvents });
  if (pendingEvents.length > 0) journal.tryToCatchUp();
  return journal;
}

interface BegunFile {
  readonly chain: ChainState;
  readonly file: LogFile;
}

function beginFile(terms: JournalTerms, { fileNumber, chain, oldest }: RecoveredFolder, time: number): BegunFile {
  const file = LogFile.create(terms.folder, fileNumber);
  try {
    const draft = new ChainDraft(terms, chain);
    draft.addFileHeader({ number: fileNumber, oldest, time });
    file.append(draft.text);
    return { chain: draft.state, file };
  } catch (cause) {
    file.close();
    throw cause;
  }
}

function continueFile({ folder }: JournalTerms, { fileNumber, sizeBytes, chain }: RecoveredFolder): BegunFile {
  return { chain, file: LogFile.open(folder, fileNumber, sizeBytes) };
}

function renderRecoveries({ chain, recoveries }: RecoveredFolder, time: number): readonly EventRecord[] {
  return recoveries.map(({ cause, file, cutBytes, cutDigest, keptAs }) => {
    const detail = {
      cause,
      file,
      unsealed_lines: chain.position.sequence - (chain.head?.sequence ?? 0),
      cut_bytes: cutBytes,
      ...(cutDigest === undefined ? {} : { cut_sha256: cutDigest }),
      ...(keptAs === undefined ? {} : { kept_as: keptAs }),
    };
    return { type: "event", event: "recovered", time, detail };
  });
}
