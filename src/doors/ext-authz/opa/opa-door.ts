/** The door for gateways that asked opa-envoy-plugin: the policy is another's, and nothing is minted. */
import type { GrpcDoor } from "../../door.ts";
import { ListenerError } from "../../listener-error.ts";
import { createOpaCheckMethod } from "./opa-check-method.ts";

export const extAuthzOpaDoor: GrpcDoor = {
  admits: "gateway",
  methods: (site, { name, opa }) => {
    const { decideCall } = site.house;
    if (decideCall === undefined || opa === undefined) {
      throw new ListenerError("listener_doors_wrong", name, "no policy is configured for the calls held there");
    }
    return [createOpaCheckMethod(site, decideCall, opa)];
  },
};
