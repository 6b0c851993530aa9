/**
 * Microsoft Entra ID, one tenant, tokens of version 2: people by `oid`, applications and agent identities by `azp`. An
 * agent's user account signs in like a person and is none.
 */
import { type JsonObject, ownMember } from "../../domain/json.ts";
import { listAt, type PartyKind, type ProfileTable, usualMarks, usualTable, wordsAt } from "./profile-table.ts";

const issuerForm = /^https:\/\/[^/?#]+\/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\/v2\.0$/;
/** Facets of a subject that is an agent identity, and an agent's user account. */
const agentFacets = ["11", "13"];

export const entra: ProfileTable = {
  ...usualTable,
  isIssuer: (issuer) => issuerForm.test(issuer),
  shapeOf: (issuer) => ({
    pins: [
      { claim: "ver", values: ["2.0"], types: ["access_token", "jwt"] },
      { claim: "tid", values: issuer.split("/").slice(3, 4), types: ["access_token", "jwt"] },
    ],
    marks: usualMarks,
    // The overage of groups: asking Graph would be a second source of what the token says.
    fetched: ["_claim_names", "_claim_sources", "hasgroups"],
    addressedBy: "aud",
  }),
  kinds: { access_token: ["jwt"], jwt: ["jwt"], id_token: [] },
  kindsPossible: { access_token: ["jwt"], jwt: ["jwt"], id_token: [] },
  partyOf,
  // `sub` of a person is another one for each application.
  ids: { subject: "oid", actor: "azp" },
  placesFor: () => ({
    capabilities: listAt("roles"),
    departments: listAt("groups"),
    roles: listAt("roles"),
    scopes: wordsAt("scp"),
    agentScopes: listAt("roles"),
  }),
  chainSource: "sid",
};

/** Only a delegated token has `scp`. `idtyp` is optional for a person and says `app` where the application asked for it. */
function partyOf(claims: JsonObject): PartyKind | undefined {
  const type = ownMember(claims, "idtyp");
  const scopes = ownMember(claims, "scp");
  if (type === "app") return scopes === undefined ? "agent" : undefined;
  if (type !== undefined && type !== "user") return undefined;
  return typeof scopes === "string" && scopes !== "" && isPerson(ownMember(claims, "xms_sub_fct") ?? "")
    ? "person"
    : undefined;
}

function isPerson(facets: unknown): boolean {
  return typeof facets === "string" && !facets.split(" ").some((facet) => agentFacets.includes(facet));
}
