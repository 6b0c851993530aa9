/** Auth0: people by user id (`connection|id`), agents by machine-to-machine tokens, in either of its token profiles. */
import { isJsonArray, type JsonObject, ownMember } from "../../domain/json.ts";
import { listAt, type PartyKind, type ProfileTable, usualShape, usualTable, wordsAt } from "./profile-table.ts";

export const auth0: ProfileTable = {
  ...usualTable,
  isIssuer: (issuer) => /^https:\/\/[^/?#]+\/$/.test(issuer),
  shapeOf: () => usualShape,
  kinds: { access_token: ["jwt", "at+jwt"], jwt: ["jwt", "at+jwt"], id_token: [] },
  kindsPossible: { access_token: ["jwt", "at+jwt"], jwt: ["jwt", "at+jwt"], id_token: ["jwt"] },
  partyOf,
  // Roles and departments are custom claims under a namespace of the tenant's own: configuration says where.
  placesFor: () => ({
    capabilities: listAt("permissions"),
    scopes: wordsAt("scope"),
    agentScopes: wordsAt("scope"),
  }),
};

/** A client's subject is its own id with a suffix, which no user id can be: those have a `|`. `gty` may be absent. */
function partyOf(claims: JsonObject): PartyKind | undefined {
  const subject = ownMember(claims, "sub");
  const client = ownMember(claims, "client_id") ?? ownMember(claims, "azp");
  const grant = ownMember(claims, "gty") ?? [];
  const grants: readonly unknown[] = isJsonArray(grant) ? grant : [grant];
  if (typeof subject !== "string" || typeof client !== "string") return undefined;
  const isMachine = grants.includes("client-credentials");
  if (subject === `${client}@clients`) return isMachine || grants.length === 0 ? "agent" : undefined;
  return subject.includes("|") && !subject.endsWith("@clients") && !isMachine ? "person" : undefined;
}
