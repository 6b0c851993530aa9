/** Issuers of real tokens: real keys and signatures, and any header and payload that a test wants, also as raw text. */
import { generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { DecisionRequest } from "../../src/domain/decision-request.ts";
import type { ShownToken, TokensEvidence } from "../../src/domain/evidence.ts";
import type { VerifiedEvidence } from "../../src/domain/delegation-chain.ts";
import { ExactSet } from "../../src/domain/exact-set.ts";
import { parseIssuer, parsePartyId } from "../../src/domain/identifiers.ts";
import type { Json, JsonObject } from "../../src/domain/json.ts";
import { Refusal } from "../../src/domain/refusal.ts";
import { evidenceVerifiers, type DeclaredProfileOptions, type ProfileOptions } from "../../src/identity/index.ts";
import type { EvidenceVerifier } from "../../src/ports/evidence-verifier.ts";
import type { PublicJwk } from "../../src/ports/published-keys.ts";
import { known, ownIssuer, testTime } from "./path-ports.ts";
import { testOrigin } from "./requests.ts";

export interface FakeIssuer {
  readonly name: string;
  readonly privateKey: KeyObject;
  readonly jwk: PublicJwk;
  /** `undefined` takes a member out. Text goes in as it stands. */
  issue(claims: Changes | string, header?: Changes | string): string;
}

type Changes = { readonly [member: string]: Json | undefined };

export const here = "https://chaperone.example";
const base64url = (value: string | Buffer): string => Buffer.from(value).toString("base64url");

export function createFakeIssuer(name: string, keyId = `key-of-${name}`): FakeIssuer {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const { x = "", y = "" } = publicKey.export({ format: "jwk" });
  return {
    name,
    privateKey,
    jwk: { kty: "EC", crv: "P-256", x, y, kid: keyId, alg: "ES256", use: "sig" },
    issue(claims, header = {}) {
      const whole = { iss: name, aud: here, iat: testTime - 10, exp: testTime + 300 };
      const payload = typeof claims === "string" ? claims : JSON.stringify({ ...whole, ...claims });
      const top = { alg: "ES256", typ: "at+jwt", kid: keyId };
      const head = typeof header === "string" ? header : JSON.stringify({ ...top, ...header });
      const signed = `${base64url(head)}.${base64url(payload)}`;
      const signature = sign("sha256", Buffer.from(signed), { key: privateKey, dsaEncoding: "ieee-p1363" });
      return `${signed}.${base64url(signature)}`;
    },
  };
}

export const people = createFakeIssuer("https://people.example");
export const agents = createFakeIssuer("https://agents.example");
/** Signs as the sidecar does. */
export const ourselves = createFakeIssuer(ownIssuer);

export function profileOf(issuer: FakeIssuer, changes: Partial<DeclaredProfileOptions> = {}): DeclaredProfileOptions {
  return {
    kind: "oidc",
    issuer: known(parseIssuer(issuer.name)),
    keys: { kind: "static", jwks: { keys: [{ ...issuer.jwk }] } },
    algorithms: ["ES256"],
    kinds: { access_token: ["at+jwt"], jwt: ["at+jwt"], id_token: [] },
    audiences: [here],
    multipleAudiences: "refuse",
    clients: [],
    vouchesFor: "both",
    capabilities: { path: ["capabilities"], separator: "space" },
    departments: { path: ["departments"], separator: "none" },
    roles: { path: ["realm_access", "roles"], separator: "none" },
    scopes: { path: ["scope"], separator: "space" },
    permissions: { flights: ["flights:book", "flights:cancel"] },
    chainSource: "sid",
    allowedActors: [],
    actorIssuers: [],
    leewaySeconds: 30,
    lifetimeSecondsMax: 3600,
    ...changes,
  };
}

export const usualProfiles: readonly ProfileOptions[] = [
  profileOf(people, { vouchesFor: "subjects" }),
  profileOf(agents, { vouchesFor: "actors" }),
  { kind: "chaperone", leewaySeconds: 5 },
];

export const createVerifier = (issuers: readonly ProfileOptions[] = usualProfiles): EvidenceVerifier =>
  evidenceVerifiers.tokens({
    kind: "tokens",
    issuers,
    own: { issuer: ownIssuer, keys: { publicKeys: () => [ourselves.jwk] } },
  });

export const agentName = { iss: agents.name, sub: "travel-agent" };
export const subjectToken = (changes: Changes = {}, header: Changes = {}): string =>
  people.issue({ sub: "alice", may_act: agentName, ...changes }, header);
export const actorToken = (changes: Changes = {}, header: Changes = {}): string =>
  agents.issue({ sub: "travel-agent", capabilities: "book_flight", ...changes }, header);

const shown = (compact: string, type: ShownToken["type"] = "access_token"): ShownToken => ({ compact, type });

export interface Showing {
  readonly subject?: string;
  /** Null: the client is the actor. */
  readonly actor?: string | null;
  readonly client?: string;
  readonly subjectType?: ShownToken["type"];
  readonly actorType?: ShownToken["type"];
}

export function exchangeOf(showing: Showing = {}): DecisionRequest {
  const { subject = subjectToken(), actor = actorToken(), client = "gateway" } = showing;
  const asker = { id: known(parsePartyId(client)), issuer: ownIssuer };
  const evidence: TokensEvidence = {
    kind: "tokens",
    subject: shown(subject, showing.subjectType),
    actor:
      actor === null
        ? { kind: "client", client: asker }
        : { kind: "token", token: shown(actor, showing.actorType), client: asker },
    isOnwardAccepted: true,
  };
  return DecisionRequest.exchange(testOrigin, evidence, {
    permissions: ExactSet.of([]),
    details: [],
    audience: undefined,
  });
}

/** The evidence, or the code of the refusal with what its reason says. */
export async function judge(
  showing: Showing,
  issuers?: readonly ProfileOptions[],
  now = testTime,
): Promise<VerifiedEvidence | string> {
  const answer = await createVerifier(issuers).verify(exchangeOf(showing), now);
  return answer instanceof Refusal ? `${answer.code}: ${answer.reasons[0]?.message ?? ""}` : answer;
}

/** A role token of ours that names `agentName` as the next actor. */
export function roleToken(changes: Changes = {}, delegation: JsonObject = {}, header: Changes = {}): string {
  return ourselves.issue(roleTokenClaims(changes, delegation), header);
}

/** The same of another issuer's making. */
export const roleTokenOf = (issuer: FakeIssuer, changes: Changes = {}): string =>
  issuer.issue(roleTokenClaims(changes, {}));

function roleTokenClaims(changes: Changes, delegation: JsonObject): Changes {
  return {
    aud: "https://flights.example/api",
    sub: "alice",
    sub_id: { format: "iss_sub", iss: people.name, sub: "alice" },
    client_id: "planner",
    act: { iss: agents.name, sub: "planner", sub_profile: "ai_agent" },
    nbf: testTime - 10,
    exp: testTime + 50,
    jti: "t-1",
    txn: "c-1",
    scope: "flights:book flights:search",
    may_act: agentName,
    delegation: { v: 1, grant_id: "g-1", lineage: [], depth: 1, max_depth: 3, audiences: [], ...delegation },
    policy: { id: "chaperone", revision: "a".repeat(64) },
    decision_id: "d-1",
    ...changes,
  };
}
