/** What went wrong with an external tool; `message` is for the person at the terminal. */
export type ToolchainErrorCode = "opa_missing" | "opa_version_wrong" | "opa_build_failed" | "opa_command_failed";

export class ToolchainError extends Error {
  readonly code: ToolchainErrorCode;

  constructor(code: ToolchainErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "ToolchainError";
    this.code = code;
  }
}
