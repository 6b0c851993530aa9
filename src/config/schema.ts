/**
 * Every setting there is, once, with its reason. Unknown keys stop the start; docs/config.md and the environment names
 * are made from here. Settings are what an operator writes; config.ts turns them into what the rooms take.
 */
import { z } from "zod";
import { bounds } from "../domain/bounds.ts";
import { parseIssuer } from "../domain/identifiers.ts";
import { signatureAlgorithms } from "../policy/index.ts";
import { extAuthzOpaSchema } from "./ext-authz-opa.ts";
import { parsed, path, text, whole } from "./field.ts";
import { clientSchema } from "./client-schema.ts";
import { identitySchema } from "./issuer-schema.ts";
import { limits } from "./limits.ts";
import { listenerSchema } from "./listener-schema.ts";

const signatureKeySchema = z.strictObject({
  id: text(limits.nameLengthMax).describe("What the signature's `kid` names."),
  algorithm: z.enum(signatureAlgorithms).describe("The only algorithm accepted for this key."),
  public_key_file: path().describe("PEM file with the public key or certificate, or a public JWK."),
  scope: text(limits.nameLengthMax)
    .optional()
    .describe("What the signature's `scope` must be. Absent: it must have none."),
});

const policySchema = z
  .strictObject({
    bundle: path()
      .optional()
      .describe(
        "The bundle (tar.gz or folder) that decides. Absent: see `defaults`. Configured but missing: not ready.",
      ),
    id: text(64).default("chaperone").describe("The policy's name in tokens, records and metrics."),
    signature: z
      .enum(["none", "required"])
      .default("none")
      .describe("Whether a bundle must be signed with one of `signature_keys`. Bundles from files may be unsigned."),
    signature_keys: z
      .array(signatureKeySchema)
      .max(limits.listMax)
      .default([])
      .describe("The keys that may have signed it."),
    signature_key_id: text(limits.nameLengthMax)
      .optional()
      .describe("The one key that must have signed it, whatever the signature says of itself."),
    deadline_milliseconds: whole(1, 1000)
      .default(100)
      .describe("An evaluation that takes longer is denied; below the 200 ms that Envoy waits."),
    age_seconds_max: whole(1, 31_536_000)
      .optional()
      .describe(
        "Everything is denied once the bundle has not been confirmed as the newest for so long. Absent: never.",
      ),
    reload: z
      .enum(["on_change", "on_signal"])
      .default("on_change")
      .describe("Whether changes of the file or folder are followed, or only looked for at SIGHUP."),
  })
  .prefault({})
  .describe("The policy that decides.");

const keysSchema = z
  .strictObject({
    kind: z
      .enum(["development", "jwks", "pem"])
      .optional()
      .describe(
        "Where signing keys come from: `jwks` a file with a JWK set, `pem` a folder with PEM files, `development` one made in the state folder (loopback issuer only). Absent: see `defaults`.",
      ),
    path: path().optional().describe("The file (`jwks`) or folder (`pem`); followed when it changes."),
    algorithm: z.enum(["ES256", "EdDSA"]).default("ES256").describe("What role tokens are signed with."),
    jwks_cache_seconds: whole(0, 86_400)
      .default(300)
      .describe(
        "How long a resource server may keep our keys; a new key is published longer than this before it signs.",
      ),
  })
  .prefault({})
  .describe("The keys that sign role tokens.");

const tokensSchema = z
  .strictObject({
    lifetime_seconds_max: whole(1, bounds.lifetimeSecondsMax)
      .default(bounds.lifetimeSecondsMax)
      .describe("No role token lives longer, whatever policy and role say."),
    depth_max: whole(1, bounds.chainDepthMax).default(4).describe("How many actors a delegation chain may have."),
    clock_leeway_seconds: whole(0, 5)
      .default(5)
      .describe("What verifiers of our tokens may allow past `exp`: a retired key stays published that much longer."),
  })
  .prefault({})
  .describe("What role tokens may be.");

const auditSchema = z
  .strictObject({
    folder: path().optional().describe("Where the decision log is written. Absent: `audit` in the state folder."),
    durability: z
      .enum(["process", "disk"])
      .default("process")
      .describe(
        "When a record counts as written: `process` survives the end of the process (write), `disk` that of the machine (fsync).",
      ),
    file_bytes_max: whole(65_536, 1_099_511_627_776)
      .default(67_108_864)
      .describe("A file that has grown this far is followed by a new one."),
    checkpoint_every: whole(1, 1_000_000)
      .default(1000)
      .describe("A signed checkpoint at least every so many lines: what lies behind the newest can be cut unseen."),
    files_kept_max: whole(1, 99_999_999).optional().describe("Older files are deleted. Absent: none ever is."),
    key_file: path()
      .optional()
      .describe(
        "The Ed25519 key that signs checkpoints (PKCS #8 PEM). Absent: `audit-key` beside the folder, made when missing.",
      ),
  })
  .prefault({})
  .describe("The decision log.");

export const schema = z.strictObject({
  defaults: z
    .enum(["allowed", "forbidden"])
    .default("allowed")
    .describe(
      "With `allowed`, and when neither issuer, policy nor keys are configured, the sidecar starts with what is built in for development: sample policy, generated key, loopback issuer. `forbidden` refuses to start on any of them.",
    ),
  state: path()
    .default(".chaperone")
    .describe("The state folder: socket, development key, audit. It belongs to one process at a time."),
  issuer: parsed(parseIssuer, "must be a URI without spaces")
    .optional()
    .describe("`iss` of every role token. Anything but a loopback address is https and needs a key set."),
  policy: policySchema,
  ext_authz_opa: extAuthzOpaSchema,
  keys: keysSchema,
  tokens: tokensSchema,
  identity: identitySchema,
  clients: z
    .array(clientSchema)
    .max(limits.clientsMax)
    .default([])
    .describe("The OAuth clients of the door `token`. A client that is not listed gets nothing."),
  listeners: z
    .array(listenerSchema)
    .min(1)
    .max(limits.listenersMax)
    .optional()
    .describe(
      "Where it listens. Absent: the unix socket and the probe, `127.0.0.1:8181` for gateways with a credential and public reads, `127.0.0.1:8282` for operators with theirs.",
    ),
  audit: auditSchema,
  ledger: z
    .strictObject({
      kind: z.enum(["memory"]).default("memory").describe("What keeps revocations: this process's memory."),
    })
    .prefault({})
    .describe("Revocations and uses."),
  clock: z
    .strictObject({
      step_back_tolerated_seconds: whole(0, 60)
        .default(5)
        .describe("A clock that steps back further makes every lifetime doubtful, so everything is denied."),
    })
    .prefault({})
    .describe("The clock."),
  log: z
    .strictObject({
      level: z
        .enum(["off", "error", "warn", "info", "debug"])
        .default("info")
        .describe("What is logged to standard error; `debug` adds a line per decision, without claims."),
    })
    .prefault({})
    .describe("Log lines."),
});

export type Settings = z.output<typeof schema>;
