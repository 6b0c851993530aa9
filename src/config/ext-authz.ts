/** Settings of an ext_authz listener become what its door takes; what could not work, or could be read twice, is refused. */
import {
  type ConditionOptions,
  createOperationTable,
  type DoorKind,
  type ExtAuthzOptions,
  type OperationOptions,
} from "../doors/index.ts";
import { checkEvidence, renderEvidence } from "./ext-authz-evidence.ts";
import type { ExtAuthzSettings } from "./ext-authz-schema.ts";
import type { ListenerSettings } from "./listener-schema.ts";

type OperationSettings = ExtAuthzSettings["operations"][number];
type Rule = readonly [boolean, string];

/** They hold calls for a gateway, which proves itself. */
export const heldCallDoors: ReadonlySet<string> = new Set([
  "ext_authz_grpc",
  "ext_authz_opa",
  "ext_authz_http",
  "auth_request",
  "forward_auth",
] satisfies DoorKind[]);

/** Their gateways ask about a call without its body. */
const bodilessDoors: ReadonlySet<string> = new Set(["auth_request", "forward_auth"] satisfies DoorKind[]);

export function checkExtAuthz({ doors, ext_authz: settings }: ListenerSettings, hasIssuers: boolean): string[] {
  const door = doors.find((kind) => heldCallDoors.has(kind));
  if (door === undefined) return settings === undefined ? [] : ["ext_authz: no door of this listener holds calls"];
  if (doors.length > 1) return [`doors: ${door} needs a listener of its own`];
  if (door === "ext_authz_opa") return settings === undefined ? [] : ["ext_authz: the door ext_authz_opa reads none"];
  if (settings === undefined) return [`ext_authz: the door ${door} needs it`];
  const problems = [
    ...checkTokenHeader(settings),
    ...checkPosition(settings, door, hasIssuers),
    ...checkOperations(settings),
    ...checkProperties(settings, door),
    ...checkDescriptors(settings, door),
  ];
  return problems.length > 0 ? problems : checkTable(settings);
}

/** What gateways, servers and this sidecar read themselves: a role token there would break the call, or steer the gateway. */
const reservedHeader =
  /^(?:host|connection|keep-alive|te|trailer|transfer-encoding|upgrade|x-forwarded-client-cert|(?:content|x-envoy|x-chaperone)-.*)$/;

function checkTokenHeader({ token_header: name }: ExtAuthzSettings): string[] {
  return messagesOf([[reservedHeader.test(name), "ext_authz.token_header: gateways read something else there"]]);
}

function checkPosition({ position, evidence }: ExtAuthzSettings, door: string, hasIssuers: boolean): string[] {
  if (evidence === undefined) {
    return position === "issue" ? ["ext_authz.evidence: the position issue needs it"] : [];
  }
  if (position === "use") return ["ext_authz.evidence: only a role token counts in the position use"];
  return checkEvidence(evidence, door, hasIssuers);
}

function checkOperations({ position, audiences, operations }: ExtAuthzSettings): string[] {
  return operations.flatMap(({ action, permission, audience, resource, path }, at) =>
    messagesOf([
      [
        (action === undefined) === (permission === undefined),
        `ext_authz.operations[${at}]: names one of action and permission`,
      ],
      [position === "use" && permission === undefined, `ext_authz.operations[${at}]: use takes a permission`],
      [audience === undefined && audiences.length > 1, `ext_authz.operations[${at}].audience: which of the audiences`],
      [
        audience !== undefined && !audiences.includes(audience),
        `ext_authz.operations[${at}].audience: is none of the listener's`,
      ],
      [
        resource?.id !== undefined && !path.split("/").includes(`{${resource.id}}`),
        `ext_authz.operations[${at}].resource.id: is no parameter of the path`,
      ],
    ]),
  );
}

/** What could only be turned away, or be asked of an agent as a capability that nobody has. */
function checkProperties({ position, operations }: ExtAuthzSettings, door: string): string[] {
  return operations.flatMap(({ action, properties }, at) =>
    messagesOf([
      [
        properties !== undefined && position === "issue" && action === undefined,
        `ext_authz.operations[${at}].properties: need an action in the position issue`,
      ],
      [
        properties !== undefined && bodilessDoors.has(door),
        `ext_authz.operations[${at}].properties: no body comes to the door ${door}`,
      ],
    ]),
  );
}

function checkDescriptors({ protobuf_descriptors: descriptors }: ExtAuthzSettings, door: string): string[] {
  const isUnread = descriptors !== undefined && bodilessDoors.has(door);
  return messagesOf([[isUnread, `ext_authz.protobuf_descriptors: no body comes to the door ${door}`]]);
}

function messagesOf(rules: readonly Rule[]): string[] {
  return rules.flatMap(([isWrong, message]) => (isWrong ? [message] : []));
}

function checkTable(settings: ExtAuthzSettings): string[] {
  try {
    createOperationTable(renderOperations(settings));
    return [];
  } catch (cause) {
    return cause instanceof RangeError ? [`ext_authz.${cause.message}`] : ["ext_authz.operations: cannot be read"];
  }
}

export function renderExtAuthz(settings: ExtAuthzSettings): ExtAuthzOptions {
  const { position, audiences, token_header: tokenHeader, evidence, protobuf_descriptors: descriptors } = settings;
  const base = {
    audiences,
    operations: renderOperations(settings),
    tokenHeader,
    ...(descriptors === undefined ? {} : { protobufDescriptors: descriptors }),
  };
  return position === "issue" && evidence !== undefined
    ? { position: "issue", ...base, evidence: renderEvidence(evidence) }
    : { position: "use", ...base };
}

function renderOperations({ audiences, operations }: ExtAuthzSettings): readonly OperationOptions[] {
  return operations.flatMap((settings) => {
    const { method, host, path, properties, resource } = settings;
    const audience = settings.audience ?? audiences[0];
    const asks = renderAsks(settings);
    if (audience === undefined || asks === undefined) return [];
    const { id, type } = resource ?? {};
    return {
      method,
      host,
      path,
      conditions: renderConditions(settings),
      asks,
      ...(properties === undefined ? {} : { properties }),
      ...(type === undefined ? {} : { resource: { type, ...(id === undefined ? {} : { id }) } }),
      audience,
    };
  });
}

function renderAsks({ action, permission }: OperationSettings): OperationOptions["asks"] | undefined {
  if (permission !== undefined) return { kind: "permission", permission };
  return action === undefined ? undefined : { kind: "action", name: action };
}

function renderConditions({ headers, body }: OperationSettings): readonly ConditionOptions[] {
  return [
    ...headers.map(({ name, value }) => ({ on: "header" as const, name, value })),
    ...body.map(({ path, value }) => ({ on: "body" as const, path, value })),
  ];
}
