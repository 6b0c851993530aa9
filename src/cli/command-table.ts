/**
 * Every command: what its help says, what its arguments are read with, and where its work is. The work is loaded when it
 * is asked for, so that `serve` starts without what only the others need. docs/cli.md is printed from this table.
 */
import { type Command, configOptions, jsonOption, noOperands } from "./command.ts";

export const commands = {
  serve: {
    summary: "Serve decisions until SIGTERM or SIGINT; SIGHUP looks at policy and keys again.",
    operands: noOperands,
    options: configOptions,
    load: async () => (await import("./serve.ts")).serve,
  },
  "check-config": {
    summary: "Tell what is wrong with the configuration, or what would be served.",
    operands: noOperands,
    options: { ...configOptions, ...jsonOption },
    load: async () => (await import("./check-config.ts")).checkConfig,
  },
  decide: {
    summary:
      "Explain a decision without a server: outcome, reasons, role choice, policy input. Mints nothing, records nothing.",
    operands: { usage: "<request.json, or - for standard input>", min: 1, max: 1 },
    options: {
      policy: { value: "bundle", help: "Decide with this bundle, or with this folder of Rego (built with OPA first)." },
      time: { value: "seconds", help: "Decide as if it were this time, epoch seconds. Default: now." },
      ...configOptions,
      ...jsonOption,
    },
    load: async () => (await import("./decide.ts")).decideOffline,
  },
  "operations from-openapi": {
    summary:
      "Print a gateway's table of operations from an OpenAPI 3.0 or 3.1 document; what it does not tell is a comment.",
    operands: { usage: "<openapi.yaml or .json, or - for standard input>", min: 1, max: 1 },
    options: {
      "scope-is": {
        value: "member",
        help: "What a security scope is: a `permission` (default), or an `action` (a capability of the agent).",
      },
      server: { value: "url", help: "Where all of it is served, instead of the servers that the document declares." },
      ...jsonOption,
    },
    load: async () => (await import("./operations-from-openapi.ts")).operationsFromOpenapi,
  },
  "policy build": {
    summary: "Compile a folder of Rego into a bundle, with the pinned OPA.",
    operands: { usage: "[folder, default policies]", min: 0, max: 1 },
    options: {
      out: { value: "file", help: "The bundle to write. Default: bundle/default.tar.gz." },
      ...jsonOption,
    },
    load: async () => (await import("./policy-build.ts")).policyBuild,
  },
  "policy test": {
    summary:
      "Check, format-check and test a folder of Rego with full coverage, in OPA and in the WebAssembly that ships.",
    operands: { usage: "[folder, default policies]", min: 0, max: 1 },
    options: jsonOption,
    load: async () => (await import("./policy-test.ts")).policyTest,
  },
  "keys list": {
    summary: "Show which key signs, which come next and which are still published.",
    operands: noOperands,
    options: { ...configOptions, ...jsonOption },
    load: async () => (await import("./keys-list.ts")).keysList,
  },
  "keys rotate": {
    summary: "Add the next development key. A shared key set is rotated where it is kept, not here.",
    operands: noOperands,
    options: { ...configOptions, ...jsonOption },
    load: async () => (await import("./keys-rotate.ts")).keysRotate,
  },
  "token inspect": {
    summary: "Explain a token: who acts for whom, what it permits, how long it lives, and why it would be refused now.",
    operands: { usage: "[file, default standard input]", min: 0, max: 1 },
    options: {
      as: {
        value: "use",
        help: "Judge it as `subject` or `actor` at the token door, or at a `resource`. Default: all that may apply.",
      },
      type: { value: "type", help: "What it is shown as: `access_token` (default), `jwt` or `id_token`." },
      audience: { value: "identifier", help: "For `resource`: who it is shown to. Default: whom it is for." },
      issuer: { value: "issuer", help: "For `resource`: whose token is expected. Default: the configured issuer." },
      jwks: {
        value: "file or address",
        help: "For `resource`: the issuer's keys; an address is fetched. Default: the configured key set.",
      },
      time: { value: "seconds", help: "Judge as if it were this time, epoch seconds. Default: now." },
      ...configOptions,
      ...jsonOption,
    },
    load: async () => (await import("./token-inspect.ts")).tokenInspect,
  },
  "audit verify": {
    summary: "Find what was changed, removed, reordered, cut or rewritten in a decision log.",
    operands: { usage: "[folder]", min: 0, max: 1 },
    options: {
      head: {
        value: "checkpoint",
        help: "A checkpoint that was kept elsewhere: the log must still reach and hold it.",
      },
      "public-key": { value: "file", help: "The audit key's public half (PEM): no other key may have signed." },
      ...configOptions,
      ...jsonOption,
    },
    load: async () => (await import("./audit-verify.ts")).auditVerify,
  },
} as const satisfies Readonly<Record<string, Command>>;
