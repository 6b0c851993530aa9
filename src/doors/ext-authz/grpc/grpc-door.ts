/** The ext_authz door over gRPC: Envoy, Istio, agentgateway and others ask here about every call they hold. */
import type { GrpcDoor } from "../../door.ts";
import { openHeldCalls } from "../open-held-calls.ts";
import { createCheckMethod } from "./check-method.ts";

export const extAuthzGrpcDoor: GrpcDoor = {
  admits: "gateway",
  methods: (site, options) => [createCheckMethod(openHeldCalls(options, site), site.answers)],
};
