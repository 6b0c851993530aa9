/**
 * Amazon Cognito user pools, also as the identity provider of Bedrock AgentCore: people are users, agents are app clients
 * with the client credentials grant. Its access tokens have no `aud` unless their client asked for a resource.
 */
import { type JsonObject, ownMember } from "../../domain/json.ts";
import { listAt, type PartyKind, type ProfileTable, usualMarks, usualTable, wordsAt } from "./profile-table.ts";

export const cognito: ProfileTable = {
  ...usualTable,
  isIssuer: (issuer) => /^https:\/\/[^/?#]+\/[a-z0-9-]+_[0-9A-Za-z]+$/.test(issuer),
  shapeOf: () => ({
    pins: [
      { claim: "token_use", values: ["access"], types: ["access_token", "jwt"] },
      { claim: "token_use", values: ["id"], types: ["id_token"] },
    ],
    marks: usualMarks,
    fetched: [],
    addressedBy: "aud_or_scopes",
  }),
  kinds: { access_token: ["absent"], jwt: ["absent"], id_token: [] },
  kindsPossible: { access_token: ["absent"], jwt: ["absent"], id_token: ["absent"] },
  partyOf,
  placesFor: () => ({
    capabilities: wordsAt("scope"),
    roles: listAt("cognito:groups"),
    scopes: wordsAt("scope"),
    agentScopes: wordsAt("scope"),
  }),
  chainSource: "origin_jti",
};

const userClaims = ["username", "cognito:username", "cognito:groups"];

/** A token of the client credentials grant has the client for its subject and says nothing of a user. */
function partyOf(claims: JsonObject): PartyKind | undefined {
  const subject = ownMember(claims, "sub");
  const client = ownMember(claims, "client_id");
  const name = ownMember(claims, "username") ?? ownMember(claims, "cognito:username");
  if (typeof subject !== "string") return undefined;
  if (subject === client) return userClaims.some((claim) => Object.hasOwn(claims, claim)) ? undefined : "agent";
  return typeof name === "string" && name !== "" ? "person" : undefined;
}
