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
import type { CliIo, Given, Run } from "./command.ts";
import { type ExitCode, exitCodes } from "./exit-codes.ts";
import { requireConfig } from "./read-config.ts";
import { plain, renderJson, renderRows } from "./terminal.ts";

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
  else printReport(folder, report, io);
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

function exitOf({ isIntact, findings }: AuditReport): ExitCode {
  if (isIntact) return exitCodes.yes;
  const isUnread = findings.every(({ code }) => code === "folder_unreadable" || code === "log_empty");
  return isUnread ? exitCodes.unavailable : exitCodes.no;
}

function printReport(folder: string, report: AuditReport, io: CliIo): void {
  const { isIntact, files, records, sealedTo, unsealedLines, endsWithStop } = report;
  io.stdout.write(
    renderRows([
      ["log", folder],
      ["verdict", isIntact ? "intact, as far as can be seen" : "NOT INTACT"],
      ["read", `${records} records in ${files} files`],
      ["sealed to", sealedTo === undefined ? "nothing" : renderHead(sealedTo)],
      ["unsealed", `${unsealedLines} lines`],
      ["last stop", endsWithStop ? "in order" : "not in order: running, killed or cut"],
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
  return plain(`${code}${place.length === 0 ? "" : ` at ${place.join(", ")}`}: ${message}`);
}
