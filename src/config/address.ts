/** `unix:<path>` or `<ip or localhost>:<port>`, as one text, because that is how people say where something listens. */
import { isIP } from "node:net";

export type Address =
  | { readonly kind: "unix"; readonly path: string }
  | { readonly kind: "tcp"; readonly host: string; readonly port: number };

export function parseAddress(value: string): Address | undefined {
  if (value.startsWith("unix:")) {
    const path = value.slice("unix:".length);
    return path === "" || path.includes("\0") ? undefined : { kind: "unix", path };
  }
  const match = /^(?:\[([^\]]+)\]|([^:]+)):(0|[1-9]\d{0,4})$/.exec(value);
  if (match === null) return undefined;
  const [, six, four, digits] = match;
  const host = six ?? four ?? "";
  const port = Number(digits);
  if (port > 65_535) return undefined;
  const isKnown = six === undefined ? host === "localhost" || isIP(host) === 4 : isIP(host) === 6;
  return isKnown ? { kind: "tcp", host, port } : undefined;
}

export function renderAddress(address: Address): string {
  if (address.kind === "unix") return `unix:${address.path}`;
  return address.host.includes(":") ? `[${address.host}]:${address.port}` : `${address.host}:${address.port}`;
}
