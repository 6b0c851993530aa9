/** `chaperone operations from-openapi`: a listener's table of operations, as far as an OpenAPI document tells it. */
import { readFile } from "node:fs/promises";
import { OpenApiError } from "../config/openapi/openapi-document.ts";
import { renderOperationsYaml } from "../config/openapi/render-operations.ts";
import { type TakenOperation, takeOperations, type TakenOperations } from "../config/openapi/take-operations.ts";
import { escapeHidden } from "../domain/hidden-text.ts";
import type { CliIo, Given, Run } from "./command.ts";
import { exitCodes } from "./exit-codes.ts";
import { renderJson } from "./terminal.ts";

export const operationsFromOpenapi: Run = async (given, io) => {
  const taken = await take(given, io);
  if (typeof taken === "string") return refuse([taken], io);
  if (taken.refused.length > 0) return refuse(taken.refused, io);
  if (taken.operations.length === 0) return refuse(["the document has no operations"], io);
  const open = taken.operations.filter(({ missing }) => missing.length > 0).length;
  io.stdout.write(
    given.has("json") ? renderJson(describe(taken.operations)) : escapeHidden(renderOperationsYaml(taken.operations)),
  );
  if (open === 0) return exitCodes.yes;
  io.stderr.write(`chaperone: ${open} of ${taken.operations.length} operations have to be filled in\n`);
  return exitCodes.no;
};

/** What was taken, or what is wrong with what was given. */
async function take(given: Given, io: CliIo): Promise<TakenOperations | string> {
  const scopeIs = given.text("scope-is") ?? "permission";
  if (scopeIs !== "permission" && scopeIs !== "action") return "--scope-is is permission or action";
  const content = await readDocument(given.operands[0] ?? "-", io);
  if (content === undefined) return "the document cannot be read";
  try {
    return takeOperations(content, { scopeIs, server: given.text("server") });
  } catch (cause) {
    if (cause instanceof OpenApiError) return cause.message;
    throw cause;
  }
}

async function readDocument(path: string, io: CliIo): Promise<string | undefined> {
  if (path === "-") return Buffer.concat(await io.stdin.toArray()).toString("utf8");
  return await readFile(path, "utf8").catch(() => undefined);
}

function refuse(reasons: readonly string[], io: CliIo): typeof exitCodes.wrong {
  for (const reason of reasons) io.stderr.write(`chaperone: ${escapeHidden(reason)}\n`);
  return exitCodes.wrong;
}

function describe(operations: readonly TakenOperation[]): object {
  return {
    operations: operations.filter(({ missing }) => missing.length === 0).map(({ line }) => line),
    fill_in: operations
      .filter(({ missing }) => missing.length > 0)
      .map(({ from, line, missing }) => ({ from, line, missing })),
  };
}
