/** What headers say of who is asking and through what; read raw where Node would fold duplicates away. */
import type { IncomingMessage } from "node:http";

/** True when the header stands there more than once: two readers of such a request may disagree. */
export function hasDuplicate({ rawHeaders }: Pick<IncomingMessage, "rawHeaders">, lowerCaseName: string): boolean {
  let seen = 0;
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at];
    if (name?.length === lowerCaseName.length && name.toLowerCase() === lowerCaseName) seen += 1;
  }
  return seen > 1;
}

/** Browsers say so themselves, and a page's script cannot take these headers away. */
export function isFromBrowser({ headers }: IncomingMessage): boolean {
  return headers.origin !== undefined || headers["sec-fetch-site"] !== undefined;
}
