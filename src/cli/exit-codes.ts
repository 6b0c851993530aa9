/** What the command line's exit codes mean; docs/cli.md prints this table. */
export const exitCodes = {
  yes: 0,
  no: 1,
  wrong: 2,
  unavailable: 3,
  approvalRequired: 4,
} as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

export const exitMeanings: Readonly<Record<keyof typeof exitCodes, string>> = {
  yes: "It was done, or the answer is yes.",
  no: "The answer is no: denied, a policy does not compile or a test fails, a log is not intact, a key already waits, an operation has to be filled in.",
  wrong: "The command line, the request or the configuration is wrong.",
  unavailable: "Could not tell: something that had to work did not.",
  approvalRequired: "`decide` only: a person must be asked.",
};
