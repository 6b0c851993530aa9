/** Operations as the YAML that a listener's `ext_authz` takes; what is missing is said in comments and left out. */
import type { PropertyPaths } from "../../doors/index.ts";
import type { OperationLine, TakenOperation } from "./take-operations.ts";

export function renderOperationsYaml(operations: readonly TakenOperation[]): string {
  const whole = operations.filter(({ missing }) => missing.length === 0);
  const open = operations.filter(({ missing }) => missing.length > 0);
  const renamed = new Map(operations.flatMap((operation) => [...operation.renamed]));
  const counted = open.length === 0 ? "" : `, and ${open.length} to fill in, whose calls are turned away until then`;
  return [
    `# Printed by \`chaperone operations from-openapi\`: ${whole.length} operations${counted}.`,
    ...[...renamed].map(([name, spelled]) => `# {${JSON.stringify(name).slice(1, -1)}} is spelled {${spelled}}.`),
    "operations:",
    ...whole.map(({ line }) => `  - ${renderLine(line)}`),
    ...open.flatMap(({ from, line, missing }) => [
      `  # ${from}: fill in ${missing.map(({ member, why }) => `${member} (${why})`).join(", ")}`,
      `  # - ${renderLine(line)}`,
    ]),
    "",
  ].join("\n");
}

/** Text in JSON's quotes is text in YAML's. */
function renderLine({ method, path, properties, resource, ...rest }: OperationLine): string {
  const { host, permission, action, audience } = rest;
  const told = properties && `{ ${renderPaths(properties)} }`;
  const about =
    resource &&
    `{ ${renderMembers([
      ["type", resource.type],
      ["id", resource.id],
    ])} }`;
  const members = renderMembers([
    ["host", host],
    ["path", path],
    ["permission", permission],
    ["action", action],
    ["audience", audience],
  ]);
  return `{ method: ${method}, ${[members, ...named("properties", told), ...named("resource", about)].join(", ")} }`;
}

const named = (name: string, flow: string | undefined): string[] => (flow === undefined ? [] : [`${name}: ${flow}`]);

function renderPaths(properties: PropertyPaths): string {
  return Object.entries(properties)
    .map(([name, path]) => `${JSON.stringify(name)}: ${JSON.stringify(path)}`)
    .join(", ");
}

function renderMembers(members: readonly (readonly [string, string | undefined])[]): string {
  return members.flatMap(([name, text]) => (text === undefined ? [] : `${name}: ${JSON.stringify(text)}`)).join(", ");
}
