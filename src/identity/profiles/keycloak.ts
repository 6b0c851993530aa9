/**
 * Keycloak: people are users, agents are clients with a service account. One realm issues the tokens of both, and a
 * service account is a user too; so what is proved by name and by claim must agree, or the token is nobody's.
 */
import { type JsonObject, ownMember } from "../../domain/json.ts";
import { listAt, type PartyKind, type ProfileTable, usualMarks, usualTable, wordsAt } from "./profile-table.ts";

const serviceAccount = "service-account-";

export const keycloak: ProfileTable = {
  ...usualTable,
  isIssuer: (issuer) => /^https?:\/\/[^?#]+\/realms\/[^/?#]+$/.test(issuer),
  shapeOf: () => ({
    pins: [
      { claim: "typ", values: ["Bearer"], types: ["access_token", "jwt"] },
      { claim: "typ", values: ["ID"], types: ["id_token"] },
    ],
    marks: usualMarks,
    fetched: [],
    addressedBy: "aud",
  }),
  kinds: { access_token: ["jwt", "at+jwt"], jwt: ["jwt", "at+jwt"], id_token: [] },
  kindsPossible: { access_token: ["jwt", "at+jwt"], jwt: ["jwt", "at+jwt"], id_token: ["jwt"] },
  partyOf,
  // The client is the agent; its service account is a user whose id says nothing to a person who reads a record.
  ids: { subject: "sub", actor: "client_id" },
  placesFor: ([audience, ...others]) => ({
    // Roles of the client that the token is for, where that is one.
    ...(audience === undefined || others.length > 0
      ? {}
      : { capabilities: listAt("resource_access", audience, "roles") }),
    departments: listAt("groups"),
    roles: listAt("realm_access", "roles"),
    scopes: wordsAt("scope"),
    agentScopes: wordsAt("scope"),
  }),
  chainSource: "sid",
};

/** Only the scope `service_account` writes `client_id`; only its user is called like this, in lower case as all are. */
function partyOf(claims: JsonObject): PartyKind | undefined {
  const client = ownMember(claims, "client_id");
  const name = ownMember(claims, "preferred_username");
  if (typeof name !== "string" || name === "") return undefined;
  if (client === undefined) return name.toLowerCase().startsWith(serviceAccount) ? undefined : "person";
  return typeof client === "string" && name === serviceAccount + client.toLowerCase() ? "agent" : undefined;
}
