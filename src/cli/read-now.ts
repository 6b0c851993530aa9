/** The time for commands that work on files beside a running sidecar; decisions have a clock of their own. */
export function readNow(): number {
  return Math.floor(Date.now() / 1000);
}
