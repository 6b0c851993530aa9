/** What a gRPC call says, as far as the operator's descriptors name it: a value, or a fact about why there is none. */
import type { Json } from "../../../domain/json.ts";

export interface GrpcMessages {
  /** `path` is the call's, `/package.Service/Method`; `framed` is its body, frame and all. Never throws. */
  read(path: string, framed: Uint8Array, emits: Emits): GrpcReading;
  /** As what that method's message can have a member, from the outside in. Undefined: there is no such method. */
  toldAs(path: string, member: readonly string[]): Told | undefined;
  /** Whether a message that means this text there says it. For a member that is told as text. */
  isSurelyTold(path: string, member: readonly string[], text: string): boolean;
}

/** `nothing`: there is no such member, or none that could be found. */
export type Told = "text" | "other" | "nothing";

/** ProtoJSON leaves out what is not set. `implicit`: but not what a message cannot say that it is unset, so a 0 is there. */
export type Emits = "set" | "implicit";

/**
 * `unnamed`: the descriptors name no method of that path that takes one message. `unseen`: the message says something
 * that they do not name, or is compressed. `truncated`: there is less than it says. `malformed`: it is no message.
 */
export type GrpcReading =
  | { readonly kind: "value"; readonly value: Json }
  | { readonly kind: "unnamed" | "unseen" | "truncated" | "malformed" };
