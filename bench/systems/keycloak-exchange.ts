/**
 * Keycloak's own token exchange (standard, version 2) in the realm bench/keycloak: its ES256 key, the same client
 * authentication, its memory database and no cluster, with the Java options that its start script has as delivered.
 * It takes no actor token, so it verifies one token where the others verify two; and it records nothing.
 */
import { createRemoteJWKSet, jwtVerify } from "jose";
import { cp, mkdir, mkdtemp } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { prepareKeycloak } from "../../scripts/keycloak.ts";
import { findFreePort } from "../server-process.ts";
import type { Target } from "../target.ts";
import { answerMarks, exchanged, formHeaders } from "./exchange.ts";
import type { System } from "./system.ts";

export interface KeycloakWorld {
  readonly root: string;
  /** A folder of the bench's own. */
  readonly folder: string;
}

/** What bin/kc.sh gives it beside its heap. */
const javaOptions = ["-XX:MetaspaceSize=96M", "-XX:+UseG1GC"];
/** On a machine that is busy. */
const startSecondsMax = 600;
const portal = { id: "portal", secret: "bench-portal-secret-of-32-characters-or-more" } as const;
const target = "flights";

const answerSchema = z.looseObject({ access_token: z.string() });
const claimsSchema = z.looseObject({ azp: z.literal("agent-gateway"), preferred_username: z.literal("alice") });

export async function createKeycloakExchange({ root, folder: parent }: KeycloakWorld): Promise<System> {
  const folder = await mkdtemp(join(parent, "keycloak-"));
  const port = await findFreePort();
  const command = await prepareKeycloak({ folder, port, javaOptions });
  const imported = join(folder, "data", "import");
  await mkdir(imported, { recursive: true });
  await cp(join(root, "bench", "keycloak", "bench-realm.json"), join(imported, "bench-realm.json"));
  const realm = "/realms/bench";
  const issuer = `http://127.0.0.1:${port}${realm}`;
  const endpoint = { address: { host: "127.0.0.1", port }, path: `${realm}/protocol/openid-connect/token` };
  let exchange: Target | undefined;
  return {
    name: "Keycloak",
    introduction: {
      target: { ...endpoint, ...renderLogin() },
      take: (answer) => {
        const { access_token: subject } = answerSchema.parse(JSON.parse(answer));
        exchange = { ...endpoint, headers: formHeaders, body: renderForm(subject), marks: answerMarks };
      },
    },
    get target() {
      if (exchange === undefined) throw new Error("Keycloak has no token to exchange before it runs");
      return exchange;
    },
    // Its database is in memory, so every start is an empty one.
    command: async () => ({ ...command, args: [...command.args, "--import-realm"], startSecondsMax }),
    assertRight: async (answer) => {
      const { access_token: token } = answerSchema.parse(JSON.parse(answer));
      const keys = createRemoteJWKSet(new URL(`${issuer}/protocol/openid-connect/certs`));
      const { payload } = await jwtVerify(token, keys, { issuer, audience: target, algorithms: ["ES256"] });
      claimsSchema.parse(payload);
    },
  };
}

/** How the person's token comes to be: by a password, at the client that the person uses. */
function renderLogin(): Pick<Target, "headers" | "body" | "marks"> {
  const password = { username: "alice", password: "bench-password-of-alice" };
  const form = { grant_type: "password", client_id: portal.id, client_secret: portal.secret, ...password };
  const headers = { "content-type": "application/x-www-form-urlencoded" };
  return { headers, body: new URLSearchParams(form).toString(), marks: ['"access_token":"eyJ'] };
}

function renderForm(subject: string): string {
  return new URLSearchParams({
    grant_type: exchanged.grantType,
    subject_token: subject,
    subject_token_type: exchanged.tokenType,
    audience: target,
  }).toString();
}
