/** `chaperone policy build`: from a folder of Rego and data to the bundle that the sidecar loads. */
import { buildBundle, findOpa } from "../toolchain/index.ts";
import { type Command, jsonOption } from "./command.ts";
import { exitCodes } from "./exit-codes.ts";
import { renderJson, renderRows } from "./terminal.ts";

export const policyBuild: Command = {
  summary: "Compile a folder of Rego into a bundle, with the pinned OPA.",
  operands: { usage: "[folder, default policies]", min: 0, max: 1 },
  options: {
    out: { value: "file", help: "The bundle to write. Default: bundle/default.tar.gz." },
    ...jsonOption,
  },
  run: async (given, io) => {
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
  },
};
