/**
 * Chaperone as an operator sets it up for the realm of travel-realm.json: the realm as issuer, its agents as clients,
 * and the shipped policy with the realm's own agents as those that may act next.
 */
import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  allowInsecureRequests,
  ClientSecretBasic,
  discovery,
  genericGrantRequest,
  ResponseBodyError,
  type TokenEndpointResponse,
} from "openid-client";
import { isJsonObject, type JsonObject } from "../../src/domain/json.ts";
import { buildBundle, findOpa } from "../../src/toolchain/index.ts";
import { makeFolder, readRecords, serve, type ServedHouse } from "../acceptance/served-house.ts";
import { findFreePort } from "../fakes/free-port.ts";
import { root } from "../house/source-tree.ts";

export const flights = "https://flights.example/api";

/** The agents of the realm, with the secrets that they have there and here. */
export const agents = {
  "travel-planner": "travel-planner-test-secret-0123456789",
  "flight-search": "flight-search-test-secret-0123456789ab",
  "price-watch": "price-watch-test-secret-0123456789abcd",
} as const;
export type AgentName = keyof typeof agents;

export interface TravelHouse {
  /** Its issuer, and where it is. */
  readonly url: string;
  readonly house: ServedHouse;
  /** Through an unmodified OAuth client that found the endpoint by itself. */
  exchange(as: AgentName, asked: Exchange): Promise<TokenEndpointResponse>;
  /** The OAuth error of an exchange, with the code and the reasons on record. Throws when there was a token. */
  refuse(as: AgentName, asked: Exchange): Promise<Refused>;
  recordOf(decisionId: unknown): JsonObject | undefined;
  remove(): Promise<void>;
}

export interface Exchange {
  readonly subject: string;
  readonly actor: string;
  readonly scope?: string;
  readonly subjectType?: "access_token" | "id_token";
}

export interface Refused {
  readonly status: number;
  readonly error: string;
  readonly code: unknown;
  /** The first reason's text. */
  readonly reason: unknown;
}

/** `issuerSettings` is what stands in the list `identity.issuers`. */
export async function serveTravelHouse(realm: string, issuerSettings: string): Promise<TravelHouse> {
  const folder = makeFolder();
  const port = await findFreePort();
  const url = `http://127.0.0.1:${port}`;
  const clients = Object.entries(agents).map(([id, secret]) => {
    const file = join(folder.path, `${id}.secret`);
    writeFileSync(file, secret, { mode: 0o600 });
    return `  - { id: ${id}, issuer: "${realm}", authentication: secret_file, secret_file: ${file} }\n`;
  });
  const settings =
    `  - { name: exchange, address: "127.0.0.1:${port}", doors: [token, public], callers: open }\n` +
    `issuer: "${url}"\npolicy: { bundle: ${await buildPolicy(folder.path, realm)} }\nkeys: { kind: development }\n` +
    `clients:\n${clients.join("")}identity:\n  unnamed_parties: deny\n  issuers:\n${issuerSettings}`;
  const house = await serve(folder.path, settings);
  const recordOf = (decisionId: unknown): JsonObject | undefined =>
    readRecords(join(folder.path, "state", "audit")).find((record) => record["decision_id"] === decisionId);
  const exchange: TravelHouse["exchange"] = (as, asked) => requestToken(url, as, asked);
  return {
    url,
    house,
    exchange,
    refuse: async (as, asked) => {
      const answered = await exchange(as, asked).catch((error: unknown) => error);
      if (!(answered instanceof ResponseBodyError))
        throw new Error("the exchange was not refused", { cause: answered });
      const record = recordOf(answered.cause["decision_id"]);
      return { status: answered.status, error: answered.error, code: record?.["code"], reason: firstReason(record) };
    },
    recordOf,
    remove: async () => {
      await house.kill();
      folder.remove();
    },
  };
}

async function requestToken(url: string, as: AgentName, asked: Exchange): Promise<TokenEndpointResponse> {
  const { subject, actor, scope, subjectType = "access_token" } = asked;
  const client = await discovery(new URL(url), as, undefined, ClientSecretBasic(agents[as]), {
    algorithm: "oauth2",
    execute: [allowInsecureRequests],
  });
  return genericGrantRequest(client, "urn:ietf:params:oauth:grant-type:token-exchange", {
    subject_token: subject,
    subject_token_type: `urn:ietf:params:oauth:token-type:${subjectType}`,
    actor_token: actor,
    actor_token_type: "urn:ietf:params:oauth:token-type:access_token",
    resource: flights,
    ...(scope === undefined ? {} : { scope }),
  });
}

/** The shipped policy names the next actors of an example's issuer; an operator names those of their own. */
async function buildPolicy(folder: string, realm: string): Promise<string> {
  const source = join(folder, "policies");
  cpSync(join(root, "policies"), source, { recursive: true });
  const settings = join(source, "chaperone", "settings", "delegation", "data.json");
  writeFileSync(settings, readFileSync(settings, "utf8").replaceAll("https://idp.example", realm));
  const { path } = await buildBundle({ source, out: join(folder, "bundle.tar.gz"), opa: await findOpa() });
  return path;
}

function firstReason(record: JsonObject | undefined): unknown {
  const reasons = record?.["reasons"];
  const first: unknown = Array.isArray(reasons) ? reasons[0] : undefined;
  return isJsonObject(first) ? first["message"] : undefined;
}
