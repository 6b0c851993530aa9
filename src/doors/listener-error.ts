/** Why a listener could not be opened: a closed code, and a message that names the place and the way out. */
export const listenerErrorCodes = [
  "listener_address_in_use",
  "listener_address_unusable",
  "listener_permission_denied",
  "listener_callers_wrong",
  "listener_descriptors_unusable",
  "listener_doors_wrong",
  "listener_exposed",
  "listener_name_wrong",
  "listener_tls_unusable",
  "socket_path_too_long",
  "socket_path_taken",
  "socket_folder_refused",
  "socket_mode_refused",
  "credential_unusable",
  "issuer_unusable",
] as const;
export type ListenerErrorCode = (typeof listenerErrorCodes)[number];

export class ListenerError extends Error {
  readonly code: ListenerErrorCode;

  /** `where` is the listener's name or address; never a secret. */
  constructor(code: ListenerErrorCode, where: string, advice: string, options?: ErrorOptions) {
    super(`${code}: ${where}: ${advice}`, options);
    this.name = "ListenerError";
    this.code = code;
  }
}
