/** One issuer whose tokens are evidence. Its keys may be fetched; what its tokens mean here is what stands here. */
import { z } from "zod";
import { bounds } from "../domain/bounds.ts";
import { parsePermission } from "../domain/identifiers.ts";
import { issuerName, parsed, partyName, path, text, whole } from "./field.ts";
import { limits } from "./limits.ts";
import { workloadsSchema } from "./workloads.ts";

const names = () => z.array(text(limits.nameLengthMax)).max(limits.listMax);
const separators = z.enum(["space", "comma", "space_or_comma", "none"]);

const claimSchema = (what: string) =>
  z
    .strictObject({
      path: names()
        .min(1)
        .max(limits.claimPathMax)
        .describe("Member names from the outside in; a list, because a member's name may hold a dot."),
      separator: separators.default("none").describe("What separates names in one string; a list is never split."),
    })
    .optional()
    .describe(`Where ${what} stand in its tokens. Absent, and not in the table: the issuer says nothing of them.`);

const kinds = () => z.array(z.enum(["at+jwt", "jwt", "absent"])).max(3);

const typSchema = z
  .strictObject({
    access_token: kinds().optional().describe("Accepted for a token shown as an access token."),
    jwt: kinds().optional().describe("Accepted for a token shown as a JWT."),
    id_token: kinds()
      .optional()
      .describe("Accepted for a token shown as an ID token. Empty: never, as for the others."),
  })
  .prefault({})
  .describe(
    "Which header `typ` is accepted, never one that the product's tokens do not have. Absent, with `oidc`: `at+jwt` for access tokens and JWTs, and no ID token. Other than `at+jwt`, access tokens and JWTs need `clients`, because such a `typ` says little.",
  );

const actorSchema = z.strictObject({
  issuer: issuerName().describe("Whose party the actor is."),
  id: partyName().describe(
    "Its name as its issuer's table has it: `sub`, but `client_id` with `keycloak` and `azp` with `entra`; a client's `id` where that acts itself, a peer's URI with the issuer that `identity.workloads` gives it.",
  ),
});

const oneOfThem = "Exactly one of `jwks_file`, `jwks_url` and `discovery`.";

/** Where an issuer's public keys come from. */
const keySettings = {
  jwks_file: path()
    .optional()
    .describe(
      `Its public keys, a JWK set. Read at the start only: after the issuer changed its keys, restart. Missing or malformed: no start. ${oneOfThem}`,
    ),
  jwks_url: text(bounds.uriLengthMax)
    .optional()
    .describe("Where its public keys are fetched (docs/identity/keys.md): https, or http on this machine."),
  discovery: z
    .literal(true)
    .optional()
    .describe(
      "Fetches the keys that its discovery document names, and takes nothing else from it. The document's `issuer` must be this one.",
    ),
  jwks_refresh_seconds: whole(30, 3600)
    .default(300)
    .describe(
      "Fetched keys are asked for again after this time, or after a shorter `max-age` of the issuer: how long a key that it took back may still count.",
    ),
  jwks_stale_seconds: whole(30, 86_400)
    .default(3600)
    .describe(
      "While the issuer does not answer rightly, fetched keys count for this long after its last right answer; then its tokens are denied. At least `jwks_refresh_seconds`.",
    ),
};

const issuerObject = z.strictObject({
  profile: z
    .enum(["oidc", "keycloak", "vault", "entra", "auth0", "cognito"])
    .default("oidc")
    .describe(
      "The product that it is, whose tokens are known by a table (docs/issuers); `oidc` knows nothing beyond OpenID Connect and RFC 9068. Settings that are absent are as the table has them.",
    ),
  issuer: issuerName().describe(
    "Byte for byte as in `iss`. Never this sidecar's own: its tokens are read without a profile.",
  ),
  ...keySettings,
  algorithms: z
    .array(
      z.enum(["ES256", "ES384", "ES512", "EdDSA", "Ed25519", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512"]),
    )
    .min(1)
    .max(limits.listMax)
    .describe("The only signatures accepted; what a token says of itself chooses among these alone."),
  typ: typSchema,
  audiences: names()
    .min(1)
    .describe("`aud` is exactly one of these: a token for somebody else is not shown here with its holder's will."),
  multiple_audiences: z
    .enum(["refuse", "accept"])
    .default("refuse")
    .describe("With `accept` one of `audiences` among others will do, and those others can replay the token here."),
  clients: names()
    .default([])
    .describe("Clients to which the token may have been issued (`client_id`, else `azp`). Empty: any."),
  vouches_for: z
    .enum(["subjects", "actors", "both"])
    .describe(
      "Whether its tokens prove a person, an agent or either: an issuer of agents must not be able to make people.",
    ),
  capabilities: claimSchema("an agent's capabilities"),
  departments: claimSchema("a person's departments"),
  roles: claimSchema("a person's roles"),
  scopes: claimSchema("the token's scopes"),
  permissions: z
    .record(text(limits.nameLengthMax), z.array(parsed(parsePermission, "must be a permission")).max(limits.listMax))
    .default({})
    .describe(
      "What each scope allows, for policies with the ceiling `scopes`; a scope that is not listed allows nothing.",
    ),
  chain_source: text(limits.nameLengthMax)
    .optional()
    .describe(
      "The claim that names a chain's beginning, such as `sid`. Absent, and not in the table: each decision begins one.",
    ),
  allowed_actors: z
    .array(actorSchema)
    .max(limits.listMax)
    .default([])
    .describe(
      "Who may act for its people when a token has no `may_act`. Empty: nobody. It names no person: whoever is listed can exchange every person's token that it gets hold of, so `audiences` and `clients` should take only tokens that people meant for agents.",
    ),
  actor_issuers: z
    .array(issuerName())
    .max(limits.listMax)
    .prefault([])
    .describe("Beside its own, whose agents a `may_act` without `iss` may mean."),
  leeway_seconds: whole(0, 30).default(30).describe("Tolerance on `exp`, `nbf` and `iat`."),
  lifetime_seconds_max: whole(1, 86_400)
    .default(3600)
    .describe("A token that lives longer from `iat` to `exp` is refused: it could be stolen for as long."),
});

interface KeySettings {
  readonly jwks_file?: string | undefined;
  readonly jwks_url?: string | undefined;
  readonly discovery?: true | undefined;
  readonly jwks_refresh_seconds: number;
  readonly jwks_stale_seconds: number;
}

/** Keys come from one place, and are not given up before they are asked for again. */
function checkKeys(settings: KeySettings, context: z.RefinementCtx): void {
  const refuse = (name: keyof KeySettings, message: string): void => {
    context.addIssue({ code: "custom", path: [name], message });
  };
  const given = [settings.jwks_file, settings.jwks_url, settings.discovery].filter((each) => each !== undefined);
  if (given.length === 0) refuse("jwks_file", "it, jwks_url or discovery is required");
  if (given.length > 1) refuse("jwks_file", "only one of it, jwks_url and discovery");
  if (settings.jwks_stale_seconds < settings.jwks_refresh_seconds) {
    refuse("jwks_stale_seconds", "must be at least jwks_refresh_seconds");
  }
}

export const issuerSchema = issuerObject.superRefine(checkKeys);

/** Another Chaperone, or a fleet of them under one issuer. */
const roleTokenIssuerSchema = z
  .strictObject({
    issuer: issuerName().describe(
      "Byte for byte as in `iss`. Never this sidecar's own, whose role tokens always count.",
    ),
    ...keySettings,
  })
  .superRefine(checkKeys);

export const identitySchema = z
  .strictObject({
    unnamed_parties: z
      .enum(["allow", "deny"])
      .default("allow")
      .describe("Whether a request may name nobody (no `sub`). Its token is then used, never exchanged."),
    capability_separators: separators
      .default("space_or_comma")
      .describe("What separates capabilities in one string. Departments and roles are never split."),
    vouched_issuers: z
      .array(issuerName())
      .max(limits.listMax)
      .prefault([])
      .describe("Issuers whose people and agents the gateway may vouch for by naming them in `iss`."),
    leeway_seconds: whole(0, 30).default(30).describe("Tolerance on `exp` and `nbf` of what the gateway shows."),
    issuers: z
      .array(issuerSchema)
      .max(limits.issuersMax)
      .default([])
      .describe(
        "Whose tokens the sidecar verifies itself, for the door `token`. A token of any other issuer is refused; its own role tokens are read beside these, to be exchanged onward.",
      ),
    role_token_issuers: z
      .array(roleTokenIssuerSchema)
      .max(limits.listMax)
      .default([])
      .describe(
        "Other Chaperones whose role tokens count at a listener with the position `use`, so that a resource's sidecar needs no signing key of theirs. Nowhere else: nothing is issued for them.",
      ),
    workloads: workloadsSchema,
  })
  .prefault({})
  .describe("How a gateway's claims are read, and whose tokens are believed.");
