/** What an ext_authz listener is told: on which side it stands, where evidence is, and what each call asks for. */
import { z } from "zod";
import { parseAudience, parsePermission } from "../domain/identifiers.ts";
import { evidenceSchema } from "./ext-authz-evidence.ts";
import { headerNamePattern, parsed, path, text } from "./field.ts";
import { limits } from "./limits.ts";

const headerName = () =>
  z.string().regex(headerNamePattern, "must be a header's name in lower case: letters, digits and dashes");
const audience = () => parsed(parseAudience, "must be an audience, a URI without spaces");

const bodyPath = () => z.array(text(limits.nameLengthMax)).min(1).max(limits.claimPathMax);

const conditionsOf = () => ({
  headers: z
    .array(
      z.strictObject({
        name: headerName().describe("Lower case."),
        value: text(limits.nameLengthMax).describe("Exactly this."),
      }),
    )
    .max(limits.conditionsMax)
    .default([])
    .describe("Headers that the call must have, once each."),
  body: z
    .array(
      z.strictObject({
        path: bodyPath().describe("Member names from the outside in, like `[params, name]`."),
        value: text(limits.nameLengthMax).describe("Exactly this text."),
      }),
    )
    .max(limits.conditionsMax)
    .default([])
    .describe(
      "Members that the call's JSON or gRPC body must have, as of a JSON-RPC method. The gateway must send bodies; a body that cannot be judged is turned away, never taken for another operation.",
    ),
});

/** A name that Rego reads after a dot. */
const propertyName = z.string().regex(/^[A-Za-z][A-Za-z0-9_]{0,63}$/, "must be a name of letters, digits and `_`");

export const propertiesSchema = z
  .record(propertyName, bodyPath())
  .refine((properties) => Object.keys(properties).length > 0, "must name one at least")
  .refine((properties) => Object.keys(properties).length <= limits.propertiesMax, `at most ${limits.propertiesMax}`);

export const operationSchema = z.strictObject({
  method: z
    .string()
    .regex(/^[A-Z][A-Z-]{0,31}$/, "must be an HTTP method")
    .describe("HTTP method."),
  host: text(limits.nameLengthMax).describe(
    "Host in lower case, with its port unless that is 80 or 443; `*`: any, when no line names the call's own.",
  ),
  path: text(limits.pathLengthMax).describe(
    "Segments as they are after decoding; `{name}` is one whole segment. `/flights/{id}`.",
  ),
  ...conditionsOf(),
  action: text(limits.nameLengthMax)
    .optional()
    .describe("The capability that the call takes of the agent. For the position `issue`."),
  permission: parsed(parsePermission, "must be a permission")
    .optional()
    .describe(
      "The permission that the call takes. For the position `use`, and for `issue` when no capability is meant.",
    ),
  properties: propertiesSchema
    .optional()
    .describe(
      "What policy gets as `action.properties`: by name, the members of the call's JSON or gRPC body that lead to it, like `{ amount: [payment, amount] }`. A member that is not there is left out; one that cannot be told is no operation. Needs `action` in the position `issue`, and a gateway that sends bodies.",
    ),
  resource: z
    .strictObject({
      type: text(limits.nameLengthMax).describe("What kind of thing the call is about."),
      id: text(limits.nameLengthMax).optional().describe("Which parameter of the path names it."),
    })
    .optional()
    .describe("What the call is about."),
  audience: audience().optional().describe("Which of `audiences` the call is for; needed when there are several."),
});

export const extAuthzSchema = z
  .strictObject({
    position: z
      .enum(["issue", "use"])
      .describe(
        "`issue`: on the agent's side; evidence becomes a role token on the call that goes on. `use`: on the resource's side; only a role token of `audiences` counts, and nothing is minted.",
      ),
    audiences: z.array(audience()).min(1).max(limits.listMax).describe("Whom the gateway sends to, or stands before."),
    token_header: headerName()
      .default("authorization")
      .describe("Gets the role token (`issue`) or holds it (`use`), as `Bearer`."),
    evidence: evidenceSchema,
    operations: z
      .array(operationSchema)
      .min(1)
      .max(limits.operationsMax)
      .describe(
        "What each call asks for, here or in `operations_file`. A call that fits none, or two alike, is turned away.",
      ),
    operations_file: path()
      .optional()
      .describe(
        "YAML or JSON file that holds `operations` and nothing else, up to 1 MiB, like what `chaperone operations from-openapi` prints. Read at the start.",
      ),
    protobuf_descriptors: path()
      .optional()
      .describe(
        "Serialized `FileDescriptorSet` (`protoc --include_imports --descriptor_set_out`), up to 4 MiB: what the messages of gRPC calls say. Without it, or where the gateway sends no raw bytes, their bodies are opaque. Read at the start.",
      ),
  })
  .optional()
  .describe("What the listener of a door for held calls needs, and no other.");

export type ExtAuthzSettings = NonNullable<z.output<typeof extAuthzSchema>>;
