/** Workloads that are actors by the name that mutual TLS proved: what they are able to do, because no token says so. */
import { z } from "zod";
import { parseCapability } from "../domain/identifiers.ts";
import { parseWorkloadName } from "../domain/workload-name.ts";
import type { WorkloadOptions } from "../identity/index.ts";
import { issuerName, parsed } from "./field.ts";
import { limits } from "./limits.ts";

const workloadSchema = z.strictObject({
  id: parsed(parseWorkloadName, "must be a SPIFFE ID of a workload, or another URI").describe(
    "The URI in its certificate, byte for byte: `spiffe://mesh.example/ns/agents/sa/travel-agent`. Never a part of one.",
  ),
  issuer: issuerName()
    .optional()
    .describe(
      "Whose party it is, as `may_act` and `allowed_actors` of the people's issuer name it. Absent: `urn:chaperone:gateway`. A workload that is one of `clients` too has the same issuer here and there, or it is two parties.",
    ),
  capabilities: z
    .array(parsed(parseCapability, "must be a capability"))
    .max(limits.listMax)
    .optional()
    .describe("What it is able to do. Absent: nothing by capability."),
});

export const workloadsSchema = z
  .array(workloadSchema)
  .max(limits.workloadsMax)
  .default([])
  .superRefine((listed, context) => {
    const ids = new Set<string>();
    for (const [at, { id }] of listed.entries()) {
      if (ids.has(id)) context.addIssue({ code: "custom", path: [at, "id"], message: "another workload has this one" });
      ids.add(id);
    }
  })
  .describe(
    "Agents that are known by their certificate's name alone (`ext_authz.evidence.peer`), and what they are able to do. One that is not listed is a party of the gateway without any capability: policy decides about it, and the shipped one, which permits by capability alone, denies it.",
  );

export function renderWorkloads(listed: z.output<typeof workloadsSchema>): readonly WorkloadOptions[] {
  return listed.map(({ id, issuer, capabilities }) => ({
    id,
    ...(issuer === undefined ? {} : { issuer }),
    ...(capabilities === undefined ? {} : { capabilities }),
  }));
}
