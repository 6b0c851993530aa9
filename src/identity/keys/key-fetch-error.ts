import { type IssuerKeysProblem, issuerKeysProblems } from "../../ports/issuer-keys-status.ts";

/** Nobody could tell which keys the issuer has; the message is free of what was answered. */
export class KeyFetchError extends Error {
  readonly code: IssuerKeysProblem;
  /** For operators: a status, or the system's own word for it. */
  readonly detail: string | undefined;

  constructor(code: IssuerKeysProblem, detail?: string, options?: ErrorOptions) {
    super(`${code}: ${issuerKeysProblems[code]}`, options);
    this.name = "KeyFetchError";
    this.code = code;
    this.detail = detail;
  }
}
