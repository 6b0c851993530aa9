/** `chaperone policy build`: from a folder of Rego and data to the bundle that the sidecar loads. */
import { buildBundle, findOpa } from "../toolchain/index.ts";
import type { Run } from "./command.ts";
import { exitCodes } from "./exit-codes.ts";
import { renderJson, renderRows } from "./terminal.ts";

export const policyBuild: Run = async (given, io) => {
  const opa = await findOpa({ environment: io.environment, tell: (line) => void io.stderr.write(`${line}\n`) });
  const built = await buildBundle({
    source: given.operands[0] ?? "policies",
    out: given.text("out") ?? "bundle/default.tar.gz",
    opa,
  });
  io.stdout.write(
    given.has("json")
      ? renderJson(built)
      : renderRows([
          ["bundle", built.path],
          ["revision", built.revision],
        ]),
  );
  return exitCodes.yes;
};
