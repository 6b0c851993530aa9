/** What configuration says of an ext_authz listener; none of it is ever read from a call. */
import type { Audience, Permission } from "../../domain/identifiers.ts";

interface Common {
  /** Whom the gateway stands in front of, or sends to. */
  readonly audiences: readonly Audience[];
  readonly operations: readonly OperationOptions[];
  /** File with a `google.protobuf.FileDescriptorSet`: what gRPC calls there may say. Absent: their bodies are opaque. */
  readonly protobufDescriptors?: string;
}

/** On the agent's side: evidence is read, and a role token replaces it on the call that goes on. */
export interface IssueOptions extends Common {
  readonly position: "issue";
  readonly evidence: IssueEvidenceOptions;
  /** Lower case; gets `Bearer <role token>`. */
  readonly tokenHeader: string;
}

/** On the resource's side: only a role token counts. */
export interface UseOptions extends Common {
  readonly position: "use";
  /** Lower case; holds `Bearer <role token>`. */
  readonly tokenHeader: string;
}

export type ExtAuthzOptions = IssueOptions | UseOptions;

/**
 * Where the gateway's proof of the two parties stands. `metadata`: decoded claims that Envoy's `jwt_authn` wrote into
 * dynamic metadata under these keys. `payload_headers`: the same, base64url, in headers that the gateway sets and takes
 * from clients. `tokens`: headers with tokens that the sidecar verifies itself.
 */
export type IssueEvidenceOptions =
  | { readonly kind: "metadata"; readonly namespace: string; readonly subject: string; readonly actor: ActorPlace }
  | { readonly kind: "payload_headers"; readonly subject: string; readonly actor: ActorPlace }
  | { readonly kind: "tokens"; readonly subject: string; readonly actor: ActorPlace };

/** At a place of the same kind as the subject's, or whom mutual TLS proved to the gateway. */
export type ActorPlace =
  | { readonly kind: "shown"; readonly at: string }
  | { readonly kind: "peer"; readonly by: PeerPlace };

/** Where a gateway says whom it proved: `source.principal` of a Check, or Envoy's `x-forwarded-client-cert`. */
export type PeerPlace = "principal" | "x_forwarded_client_cert";

/** One thing that a call can be, and what it then asks for. */
export interface OperationOptions {
  readonly method: string;
  /** Lower case, with a port only when it is no default one; `*`: any. */
  readonly host: string;
  /** `/flights/{id}/seats`: segments byte for byte, `{name}` is one whole segment. */
  readonly path: string;
  /** Every one must hold; a call that could hold it or not is turned away. */
  readonly conditions: readonly ConditionOptions[];
  readonly asks:
    | { readonly kind: "action"; readonly name: string }
    | { readonly kind: "permission"; readonly permission: Permission };
  /** Absent: policy is not told any. */
  readonly properties?: PropertyPaths;
  /** `id` names a parameter of the path. */
  readonly resource?: { readonly type: string; readonly id?: string };
  /** One of the listener's. The token is for it, or was: so a token never leaves for where the gateway does not send. */
  readonly audience: Audience;
}

/** By a property's name, the members of a JSON or gRPC body that lead to it, from the outside in. */
export type PropertyPaths = Readonly<Record<string, readonly string[]>>;

/** `body`: a member of a JSON or gRPC body, from the outside in, is exactly this text. */
export type ConditionOptions =
  | { readonly on: "header"; readonly name: string; readonly value: string }
  | { readonly on: "body"; readonly path: readonly string[]; readonly value: string };
