/** One listener: an address, the doors behind it and who may call. Nothing of it is ever inferred from a request. */
import { z } from "zod";
import { parseAddress } from "./address.ts";
import { extAuthzSchema } from "./ext-authz-schema.ts";
import { parsed, path, text, whole } from "./field.ts";
import { limits } from "./limits.ts";

const mode = (): z.ZodString => z.string().regex(/^0[0-7]{3}$/, 'must be four octal digits in quotes, like "0600"');

const socketSchema = z
  .strictObject({
    mode: mode().default("0600").describe("Mode of the socket: who may connect is who may ask as the gateway."),
    folder_mode: mode()
      .default("0700")
      .describe("Mode of the folder that holds it; a looser folder that already exists is refused."),
    group: whole(0, 4_294_967_294)
      .optional()
      .describe("Numeric group that folder and socket are given to, when the gateway runs as another user."),
  })
  .prefault({})
  .describe("How a unix socket is guarded; ignored for TCP.");

const tlsSchema = z
  .strictObject({
    cert_file: path().describe("PEM file with the listener's certificate chain."),
    key_file: path().describe("PEM file with its private key."),
    ca_file: path().describe("PEM file with the authorities that gateways' certificates come from."),
    allowed_names: z
      .array(text(limits.pathLengthMax))
      .min(1)
      .max(limits.listMax)
      .describe(
        "Exact subject alternative names with their type, like `URI:spiffe://mesh.example/ns/edge/sa/gateway`. A mesh certificate alone proves nothing: the agent has one too.",
      ),
  })
  .optional()
  .describe("Mutual TLS on a TCP listener.");

export const listenerSchema = z.strictObject({
  name: z
    .string()
    .regex(/^[a-z][a-z0-9-]{0,31}$/, "must be lower-case letters, digits and dashes")
    .describe("Names the listener in records, metrics and messages."),
  address: parsed(parseAddress, "must be `unix:<path>` or `<ip or localhost>:<port>`").describe(
    "Where it listens: `unix:<path>` or `<ip or localhost>:<port>`.",
  ),
  doors: z
    .array(
      z.enum([
        "authorize",
        "token",
        "public",
        "probe",
        "admin",
        "ext_authz_grpc",
        "ext_authz_opa",
        "ext_authz_http",
        "auth_request",
        "forward_auth",
      ]),
    )
    .min(1)
    .max(5)
    .describe("Which protocols it serves. The last five hold calls, each on a listener of its own."),
  callers: z
    .enum(["socket", "mtls", "credential", "open"])
    .describe(
      "How a gateway proves itself: by opening the unix socket, by a certificate with an allowed name, by a bearer credential, or not at all (`open`: only where no door is for gateways; the admin door asks for the operator's credential by itself).",
    ),
  gateway: text(64).default("gateway").describe("What the caller of a unix socket is called on record."),
  client_field: z
    .string()
    .regex(/^x-[a-z0-9-]{1,64}$/i, "must begin with X- and hold letters, digits and dashes")
    .optional()
    .describe(
      "Header field in which the gateway of a `socket` or `mtls` listener names the client that it vouches for at the door `token`. Whoever can open that listener as the gateway can name any `vouched` client. Absent: no header names one.",
    ),
  concurrency_max: whole(1, 4096)
    .default(64)
    .describe("Requests of one gateway in flight at once; one more is answered 429."),
  ext_authz: extAuthzSchema,
  hosts: z
    .array(text(255))
    .max(limits.listMax)
    .default([])
    .describe("Names accepted in `Host` besides IP addresses, `localhost` and the issuer's host."),
  socket: socketSchema,
  tls: tlsSchema,
});

export type ListenerSettings = z.output<typeof listenerSchema>;
