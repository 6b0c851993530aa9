/**
 * Vault (and OpenBao): its OIDC provider's ID tokens are people's, its identity tokens are agents'. Both name an entity,
 * and no claim says whether that is a person; so the issuer tells, and each of the two vouches for one side only.
 */
import { type Issuer, parseIssuer } from "../../domain/identifiers.ts";
import { listAt, type ProfileTable, usualTable, wordsAt } from "./profile-table.ts";

const issuerForm = /^https?:\/\/[^/?#]+\/v1\/(?:[^?#]+\/)?identity\/oidc(?:\/provider\/[^/?#]+)?$/;
const providerPath = /\/provider\/[^/]+$/;

export const vault: ProfileTable = {
  ...usualTable,
  isIssuer: (issuer) => issuerForm.test(issuer),
  shapeOf: () => ({
    pins: [],
    // There is one kind of token, an ID token, and templates put `scope` and `client_id` into it.
    marks: { idToken: [], accessToken: [] },
    fetched: [],
    addressedBy: "aud",
  }),
  kinds: { access_token: [], jwt: ["absent"], id_token: ["absent"] },
  kindsPossible: { access_token: [], jwt: ["absent"], id_token: ["absent"] },
  vouchesFor: (issuer) => (isProvider(issuer) ? "subjects" : "actors"),
  client: "audience",
  partyOf: undefined,
  placesFor: () => ({
    capabilities: wordsAt("capabilities"),
    departments: listAt("departments"),
    roles: listAt("roles"),
    scopes: wordsAt("scope"),
    agentScopes: wordsAt("scope"),
  }),
  // Its `may_act` names entities, which show themselves by identity tokens of the same address and namespace.
  actorIssuers(issuer) {
    const agents = parseIssuer(issuer.replace(providerPath, ""));
    return agents === undefined ? [] : [agents];
  },
};

function isProvider(issuer: Issuer): boolean {
  return providerPath.test(issuer);
}
