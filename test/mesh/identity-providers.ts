/** The two identity providers of the mesh, real ones, and what a gateway and a sidecar are told of them. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { JsonObject } from "../../src/domain/json.ts";
import { typed } from "../fakes/envoy.ts";
import { startOpenidProvider } from "../fakes/openid-provider.ts";

/** Whom their tokens are for: the gateway of the agents. */
const gateway = "https://gateway.example";

export interface IdentityProviders {
  /** Headers of a call: the person's token in one, the agent's in another. */
  tokens(person: Person): Promise<Readonly<Record<string, string>>>;
  /** Envoy's filter that verifies tokens and leaves their payloads there. `both_or_none`: what shows none passes it too. */
  jwtAuthn(payloads: "metadata" | "headers", whose?: "both" | "both_or_none" | "person"): JsonObject;
  /** The section `identity`. */
  readonly settings: string;
  close(): Promise<void>;
}

type Person = "alice" | "mark" | "erin";

export const personHeader = "x-person-token";
export const agentName = "travel-agent";
/** Whom Erin lets act for her, and Mark beside the other: a workload by its name, as the gateway's party. */
export const agentWorkload = "spiffe://mesh.example/ns/edge/sa/agent";

export async function startIdentityProviders(folder: string): Promise<IdentityProviders> {
  const agents = await startOpenidProvider({
    algorithm: "RS256",
    agents: { [agentName]: { Capabilities: "book_flight" } },
  });
  const agent = { iss: agents.issuer, sub: agentName };
  const workload = { iss: "urn:chaperone:gateway", sub: agentWorkload };
  const people = await startOpenidProvider({
    algorithm: "ES256",
    people: {
      alice: { Role: "Director", Department: "Operations", may_act: agent },
      mark: { Role: "Director", Department: "Marketing", may_act: [agent, workload] },
      erin: { Role: "Director", Department: "Operations", may_act: workload },
    } satisfies Record<Person, JsonObject>,
  });
  const keyFile = (name: string): string => join(folder, `${name}.jwks.json`);
  await Promise.all([people.saveKeys(keyFile("people")), agents.saveKeys(keyFile("agents"))]);
  const verifiedBy = (name: "people" | "agents", issuer: string): JsonObject => ({
    issuer,
    audiences: [gateway],
    local_jwks: { inline_string: readFileSync(keyFile(name), "utf8") },
  });
  return {
    tokens: async (person) => ({
      [personHeader]: (await people.signIn(person, gateway)).accessToken,
      authorization: `Bearer ${await agents.logIn(agentName, gateway)}`,
    }),
    jwtAuthn: (payloads, whose = "both") => {
      const person = { provider_name: "people" };
      const both = { requires_all: { requirements: [person, { provider_name: "agents" }] } };
      const requires = {
        person,
        both,
        both_or_none: { requires_any: { requirements: [both, { allow_missing: {} }] } },
      }[whose];
      const leaves = (name: string): JsonObject =>
        payloads === "metadata" ? { payload_in_metadata: name } : { forward_payload_header: `x-${name}` };
      const providers = {
        people: {
          ...verifiedBy("people", people.issuer),
          from_headers: [{ name: personHeader }],
          ...leaves("person"),
        },
        agents: {
          ...verifiedBy("agents", agents.issuer),
          from_headers: [{ name: "authorization", value_prefix: "Bearer " }],
          ...leaves("agent"),
        },
      };
      const type = typed("extensions.filters.http.jwt_authn.v3.JwtAuthentication");
      const rules = [{ match: { prefix: "/" }, requires }];
      return { name: "jwt_authn", typed_config: { "@type": type, providers, rules } };
    },
    settings: `identity:
  vouched_issuers: ["${people.issuer}", "${agents.issuer}"]
  issuers:
    - { issuer: "${people.issuer}", jwks_file: "${keyFile("people")}", algorithms: [ES256], audiences: ["${gateway}"],
        vouches_for: subjects, departments: { path: [Department] }, roles: { path: [Role] } }
    - { issuer: "${agents.issuer}", jwks_file: "${keyFile("agents")}", algorithms: [RS256], audiences: ["${gateway}"],
        vouches_for: actors, capabilities: { path: [Capabilities], separator: space } }
`,
    close: async () => {
      await Promise.all([people.close(), agents.close()]);
    },
  };
}
