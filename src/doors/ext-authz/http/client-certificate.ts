/**
 * Envoy's `x-forwarded-client-cert`: elements by comma, one for each proxy that saw a certificate, and in each pairs by
 * semicolon. A client can write one too, so it says something only while Envoy replaces it (`SANITIZE_SET`) and nothing
 * in it can be read in two ways.
 */

export const clientCertificateHeader = "x-forwarded-client-cert";

/** By lower-case name: whether one element may have several. Of the client's URIs a certificate may have more; nobody here. */
const keys: ReadonlyMap<string, boolean> = new Map([
  ["by", true],
  ["hash", false],
  ["cert", false],
  ["chain", false],
  ["subject", false],
  ["uri", false],
  ["dns", true],
]);

/**
 * One pair and what ends it; a comma, which begins another element, does not. A value that holds `,`, `;`, `=` or `"` is
 * quoted, with `\"` for a quote. Two backslashes are refused: who reads them as an escape ends the value elsewhere.
 */
const pair = /([A-Za-z]+)=(?:"((?:[ !#-[\]-~]|\\[ -[\]-~])*)"|([!#-+\--:<>-[\]-~]*))(;|$)/y;

/** The URI of the one certificate in there. Undefined: there is none, there are several, or not every byte was understood. */
export function readOnlyUri(field: string): string | undefined {
  const seen = new Set<string>();
  let uri: string | undefined;
  pair.lastIndex = 0;
  for (;;) {
    const found = pair.exec(field);
    if (found === null) return undefined;
    const [, name = "", quoted, plain, end] = found;
    const key = name.toLowerCase();
    const mayRepeat = keys.get(key);
    if (mayRepeat === undefined || (seen.has(key) && !mayRepeat)) return undefined;
    seen.add(key);
    if (key === "uri") uri = quoted ?? plain;
    if (end === "") return uri;
  }
}
