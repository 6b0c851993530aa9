/** Bearer credentials of gateways and of the operator, kept as digests and compared in constant time. */
import { hash, timingSafeEqual } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { hasDuplicate } from "./headers.ts";
import { credentialLengthMin } from "./limits.ts";
import { ListenerError } from "./listener-error.ts";

const bearer = /^Bearer +([\x21-\x7e]+)$/i;
const bare = /^([\x21-\x7e]+)$/;
const usable = /^[\x21-\x7e]+$/;

export interface OwnedSecret<Owner> {
  readonly owner: Owner;
  /** Where it was configured, for messages. */
  readonly name: string;
  readonly secret: string;
}

export class BearerCredentials<Owner> {
  readonly #field: string;
  readonly #known: readonly { readonly owner: Owner; readonly digest: Buffer }[];

  /** `field` in lower case. Throws a ListenerError `credential_unusable` for one that is short or cannot stand in a header. */
  constructor(secrets: readonly OwnedSecret<Owner>[], field = "authorization") {
    this.#field = field;
    this.#known = secrets.map(({ owner, name, secret }) => {
      if (secret.length < credentialLengthMin || !usable.test(secret)) {
        const advice = `needs at least ${credentialLengthMin} printable ASCII characters without spaces`;
        throw new ListenerError("credential_unusable", name, advice);
      }
      return { owner, digest: digestOf(secret) };
    });
  }

  /** Whose credential the request carries. Every known one is compared, so the time says nothing about which. */
  ownerOf(request: Pick<IncomingMessage, "headers" | "rawHeaders">): Owner | undefined {
    const header = request.headers[this.#field];
    // `Authorization` names a scheme; a field of its own holds the credential alone.
    const form = this.#field === "authorization" ? bearer : bare;
    const presented = typeof header === "string" ? form.exec(header)?.[1] : undefined;
    if (presented === undefined || hasDuplicate(request, this.#field)) return undefined;
    const digest = digestOf(presented);
    let owner: Owner | undefined;
    for (const known of this.#known) {
      if (timingSafeEqual(known.digest, digest)) owner = known.owner;
    }
    return owner;
  }
}

/** Equal lengths for the comparison, whatever was presented. As text first: Node makes that twice as fast. */
function digestOf(secret: string): Buffer {
  return Buffer.from(hash("sha256", secret, "hex"), "latin1");
}
