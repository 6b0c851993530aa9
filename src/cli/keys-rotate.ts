/** `chaperone keys rotate`: adds the next development key; a running sidecar follows, and signs with it once it is known. */
import { rotateKeys, TokenRoomError } from "../tokens/index.ts";
import { escapeHidden } from "../domain/hidden-text.ts";
import type { Run } from "./command.ts";
import { type ExitCode, exitCodes } from "./exit-codes.ts";
import { requireConfig } from "./read-config.ts";
import { readNow } from "./read-now.ts";
import { renderJson, renderRows, renderTime } from "./terminal.ts";

export const keysRotate: Run = async (given, io) => {
  const config = requireConfig(given, io);
  if (config === undefined) return exitCodes.wrong;
  try {
    const { kid, activateAt } = await rotateKeys(config.tokens, readNow());
    io.stdout.write(
      given.has("json")
        ? renderJson({ kid, activate_at: activateAt })
        : renderRows([
            ["next key", kid],
            ["signs from", renderTime(activateAt)],
          ]),
    );
    return exitCodes.yes;
  } catch (cause) {
    if (!(cause instanceof TokenRoomError)) throw cause;
    io.stderr.write(`chaperone: ${escapeHidden(cause.message)}\n`);
    return exitOf(cause);
  }
};

function exitOf({ code }: TokenRoomError): ExitCode {
  if (code === "rotation_pending") return exitCodes.no;
  return code === "rotation_not_ours" ? exitCodes.wrong : exitCodes.unavailable;
}
