/** `chaperone decide`: what would be decided, and why, without a server and without a token. */
import { mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Config } from "../config/index.ts";
import { DecisionRequest } from "../domain/decision-request.ts";
import { parseGatewayName } from "../domain/identifiers.ts";
import { RequestError, requestErrors } from "../domain/request-error.ts";
import { buildBundle, findOpa } from "../toolchain/index.ts";
import type { CliIo, Given, Run } from "./command.ts";
import { type ExitCode, exitCodes } from "./exit-codes.ts";
import { exitOf, explain, renderExplanation } from "./explain.ts";
import { requireConfig } from "./read-config.ts";
import { readTime } from "./read-now.ts";
import { rehearse } from "./rehearsal.ts";
import { renderJson } from "./terminal.ts";

export const decideOffline: Run = async (given, io) => {
  const config = requireConfig(given, io);
  const time = readTime(given);
  if (time === undefined) io.stderr.write("chaperone: --time is epoch seconds\n");
  if (config === undefined || time === undefined) return exitCodes.wrong;
  const body = await readBody(given.operands[0] ?? "-", io);
  if (body === undefined) {
    io.stderr.write("chaperone: the request cannot be read\n");
    return exitCodes.wrong;
  }
  const request = parseRequest(body);
  if (request instanceof RequestError) {
    const at = request.at === undefined ? "" : ` at ${request.at}`;
    io.stderr.write(`chaperone: ${request.code}${at}: ${requestErrors[request.code]}\n`);
    return exitCodes.wrong;
  }
  await using bundle = await chooseBundle(given, config, io);
  return await answer(given, { config: bundle.config, request, time }, io);
};

async function answer(
  given: Given,
  question: { readonly config: Config; readonly request: DecisionRequest; readonly time: number },
  io: CliIo,
): Promise<ExitCode> {
  const explanation = explain(await rehearse(question.config, question.request, question.time));
  io.stdout.write(given.has("json") ? renderJson(explanation) : renderExplanation(explanation));
  return exitOf(explanation);
}

async function readBody(path: string, io: CliIo): Promise<Uint8Array | undefined> {
  if (path === "-") return Buffer.concat(await io.stdin.toArray());
  return await readFile(path).catch(() => undefined);
}

function parseRequest(body: Uint8Array): DecisionRequest | RequestError {
  const gateway = parseGatewayName("command-line");
  if (gateway === undefined) throw new TypeError("a constant name does not parse");
  return DecisionRequest.parseBody({ door: "cli", listener: "cli", gateway }, body);
}

interface ChosenBundle extends AsyncDisposable {
  readonly config: Config;
}

/** `--policy` is what the author is working on: it is unsigned, and may still be Rego. */
async function chooseBundle(given: Given, config: Config, io: CliIo): Promise<ChosenBundle> {
  const path = given.text("policy");
  if (path === undefined) return { config, [Symbol.asyncDispose]: async () => {} };
  const withBundle = (bundle: string): Config => ({
    ...config,
    policy: { ...config.policy, path: bundle, signature: { mode: "none" } },
  });
  if (!(await isRegoFolder(path))) return { config: withBundle(path), [Symbol.asyncDispose]: async () => {} };
  const opa = await findOpa({ environment: io.environment, tell: (line) => void io.stderr.write(`${line}\n`) });
  const folder = await mkdtemp(join(tmpdir(), "chaperone-decide-"));
  const drop = (): Promise<void> => rm(folder, { recursive: true, force: true });
  try {
    const built = await buildBundle({ source: path, out: join(folder, "bundle.tar.gz"), opa });
    return { config: withBundle(built.path), [Symbol.asyncDispose]: drop };
  } catch (cause) {
    await drop();
    throw cause;
  }
}

/** A folder without compiled policy is taken for source. */
async function isRegoFolder(path: string): Promise<boolean> {
  const exists = (at: string): Promise<boolean> =>
    stat(at).then(
      () => true,
      () => false,
    );
  const isFolder = await stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
  return isFolder && !(await exists(join(path, "policy.wasm")));
}
