/** What a person is told when a command could not do its work. */

interface CodedError extends Error {
  readonly code: string;
}

/**
 * What rooms and the system throw on purpose carries a code and a message for people. Anything else is a bug: its name
 * and where it came from, without a message that may quote what it was working on.
 */
export function describeFailure(cause: unknown): string {
  if (isCoded(cause)) {
    const said = cause.message.startsWith(cause.code) ? cause.message : `${cause.code}: ${cause.message}`;
    return isCoded(cause.cause) && !said.includes(cause.cause.code) ? `${said} (${cause.cause.code})` : said;
  }
  if (!(cause instanceof Error)) return `unexpected ${typeof cause}`;
  const frames = (cause.stack ?? "").split("\n").filter((line) => /^\s+at /.test(line));
  return ["unexpected ", cause.name, ...frames.map((frame) => `\n${frame}`)].join("");
}

/** Node's own `ERR_…` codes are for wrong calls, which are bugs. */
function isCoded(cause: unknown): cause is CodedError {
  return cause instanceof Error && "code" in cause && typeof cause.code === "string" && !cause.code.startsWith("ERR_");
}
