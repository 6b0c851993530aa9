/** Headers as they were sent, every value of each: Node folds some repeated ones together and drops others. */
import type { IncomingMessage } from "node:http";

/** Between the gateway and this sidecar; not the held call's, and never handed on. */
export const credentialHeader = "x-chaperone-gateway-credential";

export function groupHeaders({ rawHeaders }: IncomingMessage): Map<string, string[]> {
  const headers = new Map<string, string[]>();
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at]?.toLowerCase() ?? "";
    const values = headers.get(name) ?? [];
    values.push(rawHeaders[at + 1] ?? "");
    headers.set(name, values);
  }
  headers.delete(credentialHeader);
  return headers;
}

/** The one value of a header that the gateway sets; a second one is a client's. */
export function takeOnly(headers: Map<string, string[]>, name: string): string | undefined {
  const values = headers.get(name);
  headers.delete(name);
  return values?.length === 1 ? values[0] : undefined;
}
