/** Each kind of tampering at each place, on real files: found and named, or stated to be beyond what a folder can show. */
import { generateKeyPairSync } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import {
  type AuditHead,
  type AuditReport,
  type Finding,
  openDecisionLog,
  parseAuditPublicKey,
  verifyAuditFolder,
} from "../../src/audit/index.ts";
import { beforeFirst, type ChainPosition, parseLine, renderLine } from "../../src/audit/chained-line.ts";
import { numbered, recordTime } from "../fakes/audit-records.ts";
import { createAuditWorld, testOptions } from "../fakes/audit-world.ts";
import { rechain } from "../fakes/forged-lines.ts";

interface Sample {
  readonly files: ReadonlyMap<string, string>;
  readonly publicKey: string;
  /** Checkpoints that were kept elsewhere, one per stop. */
  readonly heads: readonly AuditHead[];
}

let sample: Sample;

/** Three files or more, checkpoints in each, two processes, and an end of some unsealed lines. */
beforeAll(async () => {
  const root = mkdtempSync(join(tmpdir(), "audit-sample-"));
  const folder = join(root, "log");
  const clock = { read: () => ({ epochSeconds: recordTime, isReliable: true }) };
  const heads: AuditHead[] = [];
  for (const from of [1, 16]) {
    const log = await openDecisionLog({ ...testOptions, folder, checkpointEvery: 6, rotateBytes: 4_500 }, { clock });
    for (let number = from; number < from + 15; number += 1) await log.record(numbered(number, "some text"));
    await log.close();
    const head = log.head();
    if (head !== undefined) heads.push(head);
  }
  const newest = readdirSync(folder).filter(isLog).sort().at(-1) ?? "";
  const lines = readFileSync(join(folder, newest), "utf8").trimEnd().split("\n");
  writeFileSync(join(folder, newest), `${lines.slice(0, -1).join("\n")}\n`);
  sample = {
    files: new Map(
      readdirSync(folder)
        .filter(isLog)
        .sort()
        .map((name) => [name, readFileSync(join(folder, name), "utf8")]),
    ),
    publicKey: parseAuditPublicKey(readFileSync(join(root, "audit-key.pub"), "utf8")) ?? "",
    heads,
  };
  rmSync(root, { recursive: true, force: true });
});

const isLog = (name: string): boolean => name.endsWith(".jsonl");
const fileOf = (number: number): string => `audit-${String(number).padStart(8, "0")}.jsonl`;

class Forgery {
  readonly folder: string;
  constructor() {
    const world = createAuditWorld();
    this.folder = world.root;
    for (const [name, text] of sample.files) writeFileSync(join(this.folder, name), text);
  }

  lines(file: string): string[] {
    return readFileSync(join(this.folder, file), "utf8").trimEnd().split("\n");
  }

  edit(file: string, change: (lines: string[]) => readonly string[]): void {
    writeFileSync(
      join(this.folder, file),
      change(this.lines(file))
        .map((line) => `${line}\n`)
        .join(""),
    );
  }

  /** What somebody without the audit key does who knows the format: a change, and every hash after it made right again. */
  rehashFrom(sequence: number, change: (members: string) => string): void {
    let position: ChainPosition = beforeFirst;
    for (const name of readdirSync(this.folder).filter(isLog).sort()) {
      this.edit(name, (lines) =>
        lines.map((line) => {
          const parsed = parseLine(Buffer.from(line));
          if (typeof parsed === "string") throw new TypeError(parsed);
          const { writer: _writer, seq: _seq, prev: _prev, hash: _hash, ...members } = parsed.members;
          const text = JSON.stringify(members);
          const rendered = renderLine(parsed.writer, position, parsed.sequence === sequence ? change(text) : text);
          position = rendered;
          return rendered.text.trimEnd();
        }),
      );
    }
  }

  verify(head?: AuditHead): Promise<AuditReport> {
    return verifyAuditFolder(this.folder, { publicKeys: [sample.publicKey], head });
  }
}

const codesOf = (report: AuditReport): readonly string[] => report.findings.map(({ code }: Finding) => code);

test("the sample is what it should be", async () => {
  const report = await new Forgery().verify();
  expect(report).toMatchObject({ isIntact: true, findings: [], endsWithStop: false, isHeadConfirmed: false });
  expect(report.files).toBeGreaterThanOrEqual(3);
  expect(report.unsealedLines).toBeGreaterThan(0);
  expect(report.records).toBe(30);
  expect(sample.heads).toHaveLength(2);
});

describe("without a head, on every line of every file", () => {
  /** Every line: file, index in it, its sequence. */
  function* places(): Generator<{ file: string; at: number; sequence: number; isLast: boolean; isFileEnd: boolean }> {
    let sequence = 0;
    const total = [...sample.files.values()].join("").trimEnd().split("\n").length;
    for (const [file, text] of sample.files) {
      const lines = text.trimEnd().split("\n");
      for (const at of lines.keys()) {
        sequence += 1;
        yield { file, at, sequence, isLast: sequence === total, isFileEnd: at === lines.length - 1 };
      }
    }
  }

  test("a changed record is named by file, line and sequence", async () => {
    for (const { file, at, sequence } of places()) {
      const forgery = new Forgery();
      forgery.edit(file, (lines) => lines.with(at, (lines[at] ?? "").replace('"time":1', '"time":2')));
      const report = await forgery.verify();
      expect(report.findings[0], `sequence ${sequence}`).toMatchObject({
        code: "record_changed",
        file,
        line: at + 1,
        sequence,
      });
      expect(report.findings.length, "only that one, and its checkpoint").toBeLessThanOrEqual(2);
      expect(report.sealedTo?.sequence ?? 0).toBeLessThan(sequence);
    }
  });

  test("a removed record is named by its sequence; only the very last line can go unseen, and the report says so", async () => {
    for (const { file, at, sequence, isLast } of places()) {
      const forgery = new Forgery();
      forgery.edit(file, (lines) => lines.toSpliced(at, 1));
      const report = await forgery.verify();
      if (isLast) {
        expect(report).toMatchObject({ isIntact: true });
        expect(report.blindSpots).toContain("end_unknown");
        continue;
      }
      expect(report.isIntact, `sequence ${sequence}`).toBe(false);
      const missing = report.findings.find(({ code }) => code === "record_missing");
      expect(missing?.message).toContain(`sequence ${sequence})`);
    }
  });

  test("a record exchanged with the next one is named", async () => {
    for (const { file, at, sequence, isFileEnd } of places()) {
      if (isFileEnd) continue;
      const forgery = new Forgery();
      forgery.edit(file, (lines) => lines.with(at, lines[at + 1] ?? "").with(at + 1, lines[at] ?? ""));
      const report = await forgery.verify();
      expect(codesOf(report), `sequence ${sequence}`).toContain("record_misplaced");
      expect(report.findings.find(({ code }) => code === "record_misplaced")).toMatchObject({
        file,
        line: at + 2,
        sequence,
      });
    }
  });

  test("a record that stands there twice is named", async () => {
    for (const { file, at, sequence } of places()) {
      const forgery = new Forgery();
      forgery.edit(file, (lines) => lines.toSpliced(at + 1, 0, lines[at] ?? ""));
      const repeated = (await forgery.verify()).findings.find(({ code }) => code === "record_repeated");
      expect(repeated, `sequence ${sequence}`).toMatchObject({ file, line: at + 2, sequence });
    }
  });

  test("a foreign line put in between is named, and nothing but it", async () => {
    for (const { file, at, isLast } of places()) {
      if (isLast) continue;
      const forgery = new Forgery();
      forgery.edit(file, (lines) => lines.toSpliced(at + 1, 0, '{"type":"decision"}'));
      expect((await forgery.verify()).findings).toEqual([
        expect.objectContaining({ code: "record_malformed", file, line: at + 2 }),
      ]);
    }
  });

  test("a rewritten record with its own hash made right breaks the link behind it", async () => {
    for (const { file, at, sequence, isLast } of places()) {
      const forgery = new Forgery();
      forgery.edit(file, (lines) => {
        const parsed = parseLine(Buffer.from(lines[at] ?? ""));
        if (typeof parsed === "string") throw new TypeError(parsed);
        const { writer: _writer, seq: _seq, prev: _prev, hash: _hash, ...members } = parsed.members;
        const before = { sequence: sequence - 1, hash: parsed.previousHash };
        const forged = JSON.stringify({ ...members, time: 1 });
        return lines.with(at, renderLine(parsed.writer, before, forged).text.trimEnd());
      });
      const report = await forgery.verify();
      // The end is unsealed, which the report says.
      if (isLast) expect(report.blindSpots).toContain("tail_unsealed");
      else
        expect(report.findings.map(({ code, sequence: named }) => `${code} ${named}`)).toContain(
          `chain_broken ${sequence + 1}`,
        );
    }
  });

  test("a chain rewritten from any sealed record on fails at the next checkpoint", async () => {
    const sealedTo = (await new Forgery().verify()).sealedTo?.sequence ?? 0;
    for (const { sequence } of places()) {
      if (sequence > sealedTo) continue;
      const forgery = new Forgery();
      forgery.rehashFrom(sequence, (members) => members.replace('"time":1', '"time":2'));
      const report = await forgery.verify();
      expect(codesOf(report), `sequence ${sequence}`).toContain("signature_wrong");
      expect(report.sealedTo?.sequence ?? 0).toBeLessThan(sequence);
    }
  });
});

describe("files", () => {
  test("a missing one is named, wherever it was", async () => {
    const names = [...sample.files.keys()];
    for (const name of names.slice(0, -1)) {
      const forgery = new Forgery();
      rmSync(join(forgery.folder, name));
      const report = await forgery.verify();
      expect(
        report.findings.find(({ code }) => code === "file_missing"),
        name,
      ).toMatchObject({ file: name });
    }
  });

  test("the newest one missing is a cut: unseen without a head, and the report says so", async () => {
    const forgery = new Forgery();
    rmSync(join(forgery.folder, fileOf(sample.files.size)));
    const report = await forgery.verify();
    expect(report).toMatchObject({ isIntact: true, endsWithStop: false });
    expect(report.blindSpots).toContain("end_unknown");
    expect(codesOf(await forgery.verify(sample.heads.at(-1)))).toEqual(["head_missing"]);
  });

  test("two with exchanged names are found", async () => {
    const forgery = new Forgery();
    const [one, two, aside] = [fileOf(1), fileOf(2), "aside"].map((name) => join(forgery.folder, name));
    renameSync(String(one), String(aside));
    renameSync(String(two), String(one));
    renameSync(String(aside), String(two));
    expect(codesOf(await forgery.verify())).toEqual(expect.arrayContaining(["header_wrong", "record_missing"]));
  });

  test("one that was cut in the middle of a line, with others behind it, is named", async () => {
    const forgery = new Forgery();
    const path = join(forgery.folder, fileOf(1));
    truncateSync(path, readFileSync(path).length - 20);
    const report = await forgery.verify();
    expect(report.findings[0]).toMatchObject({ code: "half_written", file: fileOf(1) });
  });

  test("an empty folder, a missing folder and one with empty files are never intact", async () => {
    const world = createAuditWorld();
    expect(codesOf(await verifyAuditFolder(world.root))).toEqual(["log_empty"]);
    expect(codesOf(await verifyAuditFolder(world.folder))).toEqual(["folder_unreadable", "log_empty"]);
    writeFileSync(join(world.root, fileOf(1)), "");
    expect(codesOf(await verifyAuditFolder(world.root))).toEqual(["log_empty"]);
    writeFileSync(join(world.root, fileOf(1)), "x".repeat(9_000_000));
    expect(await verifyAuditFolder(world.root)).toMatchObject({ isIntact: false, halfWrittenBytes: 9_000_000 });
  });
});

describe("checkpoints", () => {
  test("taken out, with all hashes made right again: the promise of the one before is broken", async () => {
    const forgery = new Forgery();
    let position: ChainPosition = beforeFirst;
    for (const [index, name] of [...sample.files.keys()].entries()) {
      forgery.edit(name, (lines) =>
        lines
          .filter((line) => index === 0 || !line.includes('"type":"checkpoint"'))
          .map((line) => {
            const parsed = parseLine(Buffer.from(line));
            if (typeof parsed === "string") throw new TypeError(parsed);
            const { writer: _writer, seq: _seq, prev: _prev, hash: _hash, ...members } = parsed.members;
            if (index === 0) {
              position = parsed;
              return line;
            }
            const rendered = renderLine(parsed.writer, position, JSON.stringify(members));
            position = rendered;
            return rendered.text.trimEnd();
          }),
      );
    }
    expect(codesOf(await forgery.verify())).toContain("checkpoint_missing");
  });

  test("left out behind a forged promise, or behind many new files, are missed all the same", async () => {
    const world = createAuditWorld();
    const log = await world.open({ checkpointEvery: 3 });
    await log.close();
    const before = parseLine(
      Buffer.from(
        readFileSync(join(world.folder, fileOf(1)), "utf8")
          .trimEnd()
          .split("\n")[1] ?? "",
      ),
    );
    if (typeof before === "string") throw new TypeError(before);
    let position: ChainPosition = before;
    for (let number = 2; number <= 6; number += 1) {
      const header = { type: "file", format: 1, file: number, oldest: 1, time: 1, next_within: 1e15 };
      const lines = [header, numbered(number)].map((members) => {
        const rendered = renderLine(before.writer, position, JSON.stringify(members));
        position = rendered;
        return rendered.text;
      });
      writeFileSync(join(world.folder, fileOf(number)), lines.join(""));
    }
    expect(codesOf(await verifyAuditFolder(world.folder))).toEqual(["checkpoint_missing"]);
  });

  test.each([-1, -2, -1_000_000])("left out behind a promise of %i lines are missed at once", async (promise) => {
    const world = createAuditWorld();
    await (await world.open()).close();
    const header = { type: "file", format: 1, file: 1, oldest: 1, time: 1, next_within: promise };
    const text = rechain("0".repeat(32), beforeFirst, [header, numbered(1), numbered(2), numbered(3)]);
    writeFileSync(join(world.folder, fileOf(1)), text);
    expect(codesOf(await verifyAuditFolder(world.folder))).toEqual(["checkpoint_missing"]);
  });

  test("of another key are found when the key is given; when it is not, the report says that nobody vouches", async () => {
    const stranger = generateKeyPairSync("ed25519").publicKey.export({ type: "spki", format: "pem" });
    const forgery = new Forgery();
    const given = await verifyAuditFolder(forgery.folder, { publicKeys: [parseAuditPublicKey(stranger) ?? ""] });
    expect(new Set(codesOf(given))).toEqual(new Set(["key_unknown"]));
    expect(given.sealedTo).toBeUndefined();
    const notGiven = await verifyAuditFolder(forgery.folder);
    expect(notGiven).toMatchObject({ isIntact: true, publicKeys: [sample.publicKey] });
    expect(notGiven.blindSpots).toContain("key_unvouched");
  });
});

describe("with a head that was kept elsewhere", () => {
  test("the chain that holds it is confirmed", async () => {
    const [first] = sample.heads;
    const report = await new Forgery().verify(first);
    expect(report).toMatchObject({ isIntact: true, isHeadConfirmed: true });
  });

  test("a chain that was cut before it, or rewritten by somebody with the audit key, is found", async () => {
    const [first, last] = sample.heads;
    // The sample lacks its last line, which is the last head: a cut that the folder alone does not show.
    expect(codesOf(await new Forgery().verify(last))).toEqual(["head_missing"]);
    const world = createAuditWorld();
    const log = await world.open();
    for (let number = 1; number < 40; number += 1) await log.record(numbered(number));
    await log.close();
    expect(await verifyAuditFolder(world.folder)).toMatchObject({ isIntact: true });
    expect(codesOf(await verifyAuditFolder(world.folder, { head: first }))).toEqual(["head_differs"]);
  });
});

test("a whole new log without one checkpoint is not intact for whoever gives the key", async () => {
  const world = createAuditWorld();
  const log = await world.open();
  await log.record(numbered(1));
  const given = await verifyAuditFolder(world.folder, { publicKeys: [log.state().publicKey] });
  expect(given).toMatchObject({ isIntact: false, sealedTo: undefined });
  expect(codesOf(given)).toEqual(["seal_missing"]);
  expect(await verifyAuditFolder(world.folder)).toMatchObject({ isIntact: true, sealedTo: undefined });
});
