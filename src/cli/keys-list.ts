/** `chaperone keys list`: the signing keys as the files have them, also while a sidecar uses them. */
import { type KeyView, listKeys } from "../tokens/index.ts";
import type { Run } from "./command.ts";
import { exitCodes } from "./exit-codes.ts";
import { requireConfig } from "./read-config.ts";
import { renderJson, renderRows, renderTime } from "./terminal.ts";
import { readNow } from "./read-now.ts";

export const keysList: Run = async (given, io) => {
  const config = requireConfig(given, io);
  if (config === undefined) return exitCodes.wrong;
  const state = await listKeys(config.tokens, readNow());
  if (given.has("json")) {
    io.stdout.write(renderJson(state));
  } else {
    io.stdout.write(
      renderRows([
        ["signs", state.active === undefined ? "none" : renderKey(state.active)],
        ...state.next.map((key) => ["next", renderKey(key)] as const),
        ...state.retiring.map((key) => ["retiring", renderKey(key)] as const),
        ...(state.isExposed ? [["exposed", "others on this machine may read a key file"] as const] : []),
        ...(state.problem === undefined ? [] : [["problem", state.problem.detail] as const]),
      ]),
    );
  }
  return state.active === undefined ? exitCodes.unavailable : exitCodes.yes;
};

function renderKey({ kid, algorithm, signsFrom, publishedUntil }: KeyView): string {
  const times = [
    ...(signsFrom === undefined ? [] : [`from ${renderTime(signsFrom)}`]),
    ...(publishedUntil === undefined ? [] : [`published until ${renderTime(publishedUntil)}`]),
  ];
  return [kid, algorithm, ...times].join("  ");
}
