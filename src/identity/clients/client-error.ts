/** Why a client cannot be configured like this: closed codes, said at the start. */
const clientErrors = {
  client_duplicate: "Two clients have one identifier, or one certificate name.",
  client_unnameable: "A client with keys has an identifier that cannot stand in `iss`.",
  secret_too_short: "The client's secret is shorter than 32 characters.",
  certificate_name_untyped: "The certificate's name has no type; write it like URI:spiffe://….",
} as const;

export type ClientErrorCode = keyof typeof clientErrors;

export class ClientError extends Error {
  readonly code: ClientErrorCode;

  constructor(code: ClientErrorCode, client: string) {
    super(`${code}: ${clientErrors[code]} (${client})`);
    this.name = "ClientError";
    this.code = code;
  }
}
