/** Where a held call's proof of person and agent stands, for the position `issue`: its settings, what is wrong with them, what they come to. */
import { z } from "zod";
import { clientCertificateHeader, type IssueEvidenceOptions } from "../doors/index.ts";
import { headerNamePattern, text } from "./field.ts";
import { limits } from "./limits.ts";

export const evidenceSchema = z
  .strictObject({
    from: z
      .enum(["metadata", "payload_headers", "tokens"])
      .describe(
        "`metadata`: claims that Envoy's `jwt_authn` verified and wrote into dynamic metadata (gRPC). `payload_headers`: the same, in headers that it sets and clients cannot (`forward_payload_header`). `tokens`: headers whose tokens the sidecar verifies itself, by `identity.issuers`.",
      ),
    namespace: text(limits.nameLengthMax)
      .default("envoy.filters.http.jwt_authn")
      .describe("Metadata only: the filter that wrote it."),
    subject: text(limits.nameLengthMax).describe(
      "Where the person's stand: the key under `namespace` (`payload_in_metadata`), or a header's name in lower case.",
    ),
    actor: text(limits.nameLengthMax)
      .optional()
      .describe("Where the agent's stand, likewise. Exactly one of `actor` and `peer`."),
    peer: z
      .enum(["principal", "x_forwarded_client_cert"])
      .optional()
      .describe(
        "The agent is whom mutual TLS proved to the gateway, known by the URI in its certificate alone (`identity.workloads`). `principal`: as `source.principal` of the Check (door `ext_authz_grpc`). `x_forwarded_client_cert`: as the header of that name, which Envoy must replace (`SANITIZE_SET`; door `ext_authz_http`).",
      ),
  })
  .optional()
  .describe("Where the gateway's proof of person and agent stands. For the position `issue`, and there required.");

export type EvidenceSettings = NonNullable<z.output<typeof evidenceSchema>>;

/** `door` is the one of the listener. */
export function checkEvidence(settings: EvidenceSettings, door: string, hasIssuers: boolean): string[] {
  const { from, subject, actor, peer } = settings;
  const isGrpc = door === "ext_authz_grpc";
  const names = [subject, actor].filter((name) => name !== undefined);
  const rules: readonly (readonly [boolean, string])[] = [
    [(actor === undefined) === (peer === undefined), "evidence: says who the agent is by one of actor and peer"],
    [peer === "principal" && !isGrpc, "evidence.peer: a principal comes with ext_authz_grpc alone"],
    [
      peer === "x_forwarded_client_cert" && door !== "ext_authz_http",
      "evidence.peer: x_forwarded_client_cert is read at ext_authz_http alone",
    ],
    [
      subject === actor || (peer === "x_forwarded_client_cert" && subject === clientCertificateHeader),
      "evidence: person and agent cannot stand in one place",
    ],
    [from === "metadata" && !isGrpc, "evidence.from: metadata comes with gRPC alone"],
    [
      from !== "metadata" && !names.every((name) => headerNamePattern.test(name)),
      "evidence: a header's name is lower-case letters, digits and dashes",
    ],
    [from === "tokens" && !hasIssuers, "evidence.from: tokens need identity.issuers"],
  ];
  return rules.flatMap(([isWrong, message]) => (isWrong ? [`ext_authz.${message}`] : []));
}

export function renderEvidence({ from, namespace, subject, ...rest }: EvidenceSettings): IssueEvidenceOptions {
  const actor = renderActor(rest);
  return from === "metadata" ? { kind: from, namespace, subject, actor } : { kind: from, subject, actor };
}

/** The check takes exactly one of the two. */
function renderActor({ actor, peer }: Pick<EvidenceSettings, "actor" | "peer">): IssueEvidenceOptions["actor"] {
  if (peer !== undefined) return { kind: "peer", by: peer };
  if (actor !== undefined) return { kind: "shown", at: actor };
  throw new TypeError("evidence without an actor passed the check");
}
