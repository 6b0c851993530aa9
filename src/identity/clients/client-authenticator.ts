/** Who the clients of the token endpoint are. Each proves itself in its one configured way; every other way fails alike. */
import { hash, timingSafeEqual } from "node:crypto";
import type { AuthenticatedClient } from "../../domain/evidence.ts";
import { ExactSet } from "../../domain/exact-set.ts";
import { type Issuer, parseIssuer } from "../../domain/identifiers.ts";
import type { ClientAuthenticator, ClientProof } from "../../ports/client-authenticator.ts";
import type { ReplayGuard } from "../../ports/replay-guard.ts";
import type { IssuerKeys } from "../keys/issuer-keys.ts";
import { createStaticKeys } from "../keys/static-keys.ts";
import { type AssertionRules, assertionAlgorithms, verifyAssertion } from "./assertion-verifier.ts";
import { ClientError } from "./client-error.ts";
import { clientLimits } from "./limits.ts";
import type { ClientAuthentication, ClientOptions, ClientsOptions } from "./options.ts";

/** Throws a ClientError, or a ProfileError for keys that cannot be read. */
export function createClientAuthenticator(
  { clients, audiences }: ClientsOptions,
  replayGuard: ReplayGuard,
): ClientAuthenticator {
  const known = index(clients, ({ id }) => id);
  const named = index(clients, ({ authentication: way }) => (way.kind === "certificate" ? way.name : undefined));
  for (const client of clients) checkClient(client);
  const digests = new Map(clients.flatMap(readDigest));
  const keys = new Map(clients.flatMap(readKeys));
  const rules: AssertionRules = { audiences, replayGuard, keysOf: (client) => keys.get(client) };
  return {
    authenticate(proof: ClientProof, now: number) {
      switch (proof.kind) {
        case "secret":
          return isSecretOf(digests.get(proof.id), proof.secret) ? render(known.get(proof.id)) : undefined;
        case "assertion":
          return verifyAssertion(proof.compact, now, rules).then((id) =>
            id !== undefined && (proof.id ?? id) === id ? render(known.get(id)) : undefined,
          );
        case "certificate":
          return findNamed(named, proof);
        case "vouched":
          return findVouched(known, proof.id);
      }
    },
    methods: [...new Set(clients.flatMap(({ authentication }) => methodsOf[authentication.kind]))],
    signingAlgorithms: keys.size === 0 ? [] : assertionAlgorithms,
  };
}

/** As RFC 8414 and RFC 8705 register them; vouching is the listener's affair and has no name there. */
const methodsOf: Readonly<Record<ClientAuthentication["kind"], readonly string[]>> = {
  secret: ["client_secret_basic", "client_secret_post"],
  private_key_jwt: ["private_key_jwt"],
  certificate: ["tls_client_auth"],
  vouched: [],
};

function index(
  clients: readonly ClientOptions[],
  nameOf: (client: ClientOptions) => string | undefined,
): ReadonlyMap<string, ClientOptions> {
  const found = new Map<string, ClientOptions>();
  for (const client of clients) {
    const name = nameOf(client);
    if (name === undefined) continue;
    if (found.has(name)) throw new ClientError("client_duplicate", client.id);
    found.set(name, client);
  }
  return found;
}

const typedName = /^(?:URI|DNS|IP Address|email):./;

function checkClient({ id, authentication: way }: ClientOptions): void {
  if (way.kind === "secret" && way.secret.length < clientLimits.secretLengthMin) {
    throw new ClientError("secret_too_short", id);
  }
  if (way.kind === "certificate" && !typedName.test(way.name)) throw new ClientError("certificate_name_untyped", id);
}

function readDigest({ id, authentication: way }: ClientOptions): [string, Buffer][] {
  return way.kind === "secret" ? [[id, digestOf(way.secret)]] : [];
}

function readKeys({ id, authentication: way }: ClientOptions): [Issuer, IssuerKeys][] {
  if (way.kind !== "private_key_jwt") return [];
  const issuer = parseIssuer(id);
  if (issuer === undefined) throw new ClientError("client_unnameable", id);
  return [[issuer, createStaticKeys({ kind: "static", jwks: way.jwks }, id)]];
}

/** Equal lengths for the comparison, whatever was shown. */
function digestOf(secret: string): Buffer {
  return Buffer.from(hash("sha256", secret, "hex"), "latin1");
}

const nobodys = digestOf("no secret has this digest");

/** An unknown client takes as long as a wrong secret, and never succeeds (P32). */
function isSecretOf(digest: Buffer | undefined, secret: string): boolean {
  return timingSafeEqual(digest ?? nobodys, digestOf(secret)) && digest !== undefined;
}

/** A certificate that has the names of two clients is neither's, unless it says which. */
function findNamed(
  named: ReadonlyMap<string, ClientOptions>,
  { id, names }: Extract<ClientProof, { kind: "certificate" }>,
): AuthenticatedClient | undefined {
  const found = names.flatMap((name) => named.get(name) ?? []).filter((client) => id === undefined || client.id === id);
  const [client] = found;
  return found.every((other) => other === client) ? render(client) : undefined;
}

function findVouched(known: ReadonlyMap<string, ClientOptions>, id: string): AuthenticatedClient | undefined {
  const client = known.get(id);
  const found = client?.authentication.kind === "vouched" ? render(client) : undefined;
  return found && { ...found, isVouchedFor: true };
}

function render(client: ClientOptions | undefined): AuthenticatedClient | undefined {
  if (client === undefined) return undefined;
  const { id, issuer, capabilities } = client;
  return capabilities === undefined ? { id, issuer } : { id, issuer, capabilities: ExactSet.of(capabilities) };
}
