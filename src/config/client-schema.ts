/** One OAuth client of the door `token`, and the one way in which it proves itself. */
import { z } from "zod";
import { parseCapability } from "../domain/identifiers.ts";
import { issuerName, parsed, partyName, path, text } from "./field.ts";
import { limits } from "./limits.ts";

export const clientSchema = z.strictObject({
  id: partyName().describe("Its `client_id`."),
  issuer: issuerName()
    .optional()
    .describe("Whose party the client is when it acts itself (jwt-bearer). Absent: this sidecar's own `issuer`."),
  capabilities: z
    .array(parsed(parseCapability, "must be a capability"))
    .max(limits.listMax)
    .optional()
    .describe(
      "What it is able to do when it acts itself (jwt-bearer), because no token of its own says so. Absent: nothing, and a policy that permits by capability begins no chain for it.",
    ),
  authentication: z
    .enum(["secret_file", "jwks_file", "certificate", "vouched"])
    .describe(
      "Its one way to prove itself, so that nobody can choose an easier one: a secret, a JWT signed with its keys, its certificate on a listener with `tls`, or the word of the listener's gateway (`client_field`).",
    ),
  secret_file: path()
    .optional()
    .describe("For `secret_file`: holds the secret, like the credentials below; a secret never stands in this file."),
  jwks_file: path()
    .optional()
    .describe("For `jwks_file`: its public keys, a JWK set. Read at the start only. Missing or malformed: no start."),
  certificate: text(limits.pathLengthMax)
    .regex(/^(?:URI|DNS|IP Address|email):./, "must have its type, like `URI:spiffe://…`")
    .optional()
    .describe(
      "For `certificate`: the exact subject alternative name with its type, like `URI:spiffe://mesh.example/agent`.",
    ),
});

export type ClientSettings = z.output<typeof clientSchema>;
