/** `chaperone audit verify`: reads a decision log as somebody who trusts nothing in it. Works offline and on a copy. */
import { readFileSync } from "node:fs";
import {
  type AuditReport,
  blindSpots,
  type Finding,
  parseAuditPublicKey,
  parseHead,
  renderHead,
  verifyAuditFolder,
  type VerifyOptions,
} from "../audit/index.ts";
import { escapeHidden } from "../domain/hidden-text.ts";
import type { CliIo, Given, Run } from "./command.ts";
import { type ExitCode, exitCodes } from "./exit-codes.ts";
import { requireConfig } from "./read-config.ts";
import { renderJson, renderRows } from "./terminal.ts";

export const auditVerify: Run = async (given, io) => {
  const folder = given.operands[0] ?? requireConfig(given, io)?.audit.folder;
  if (folder === undefined) return exitCodes.wrong;
  const options = readOptions(given);
  if (typeof options === "string") {
    io.stderr.write(`chaperone: ${options}\n`);
    return exitCodes.wrong;
  }
  const report = await verifyAuditFolder(folder, options);
  if (given.has("json")) io.stdout.write(renderJson(report));
  else printReport({ folder, options, report }, io);
  return exitOf(report);
};

/** The options, or what is wrong with them. */
function readOptions(given: Given): VerifyOptions | string {
  const headText = given.text("head");
  const head = headText === undefined ? undefined : parseHead(headText);
  if (headText !== undefined && head === undefined) return "--head is not a checkpoint as `audit verify` prints it";
  const file = given.text("public-key");
  if (file === undefined) return { head };
  const publicKey = readPublicKey(file);
  return publicKey === undefined
    ? "--public-key names no file with an Ed25519 public key"
    : { head, publicKeys: [publicKey] };
}

function readPublicKey(file: string): string | undefined {
  try {
    return parseAuditPublicKey(readFileSync(file, "utf8"));
  } catch {
    return undefined;
  }
}

/** These say that nothing could be told, not that something is wrong. A young log has no checkpoint yet. */
const untold: ReadonlySet<string> = new Set(["folder_unreadable", "log_empty", "seal_missing"]);

function exitOf({ isIntact, findings }: AuditReport): ExitCode {
  if (isIntact) return exitCodes.yes;
  return findings.every(({ code }) => untold.has(code)) ? exitCodes.unavailable : exitCodes.no;
}

const verdicts: Readonly<Partial<Record<ExitCode, string>>> = {
  [exitCodes.yes]: "intact, as far as can be seen",
  [exitCodes.no]: "NOT INTACT",
};

function describeHead({ isHeadConfirmed }: AuditReport, { head }: VerifyOptions): string {
  if (head === undefined) return "none was given";
  return isHeadConfirmed ? "confirmed" : "NOT confirmed";
}

interface Verified {
  readonly folder: string;
  readonly options: VerifyOptions;
  readonly report: AuditReport;
}

function printReport({ folder, options, report }: Verified, io: CliIo): void {
  const { files, records, sealedTo, unsealedLines, endsWithStop, halfWrittenBytes, recoveries } = report;
  io.stdout.write(
    renderRows([
      ["log", folder],
      ["verdict", verdicts[exitOf(report)] ?? "NOT SHOWN to be intact"],
      ["read", `${records} records in ${files} files`],
      ["sealed to", sealedTo === undefined ? "nothing" : renderHead(sealedTo)],
      ["unsealed", `${unsealedLines} lines`],
      ["head", describeHead(report, options)],
      ["last stop", endsWithStop ? "in order" : "not in order: running, killed or cut"],
      ["half-written", `${halfWrittenBytes} bytes behind the last line`],
      ["recoveries", `${recoveries}`],
      ...report.findings.map((finding) => ["found", renderFinding(finding)] as const),
      ...(report.findingsNotListed > 0 ? [["found", `${report.findingsNotListed} more`] as const] : []),
      ...report.blindSpots.map((spot) => ["cannot see", blindSpots[spot]] as const),
    ]),
  );
}

function renderFinding({ code, message, file, line, sequence }: Finding): string {
  const place = [
    ...(file === undefined ? [] : [line === undefined ? file : `${file}:${line}`]),
    ...(sequence === undefined ? [] : [`record ${sequence}`]),
  ];
  return escapeHidden(`${code}${place.length === 0 ? "" : ` at ${place.join(", ")}`}: ${message}`);
}
