/**
 * Envoy's `x-forwarded-client-cert`: elements by comma, one for each proxy that saw a certificate, and in each pairs by
 * semicolon. A client can write one too, so it says something only while Envoy replaces it (`SANITIZE_SET`) and nothing
 * in it can be read in two ways.
 */

export const clientCertificateHeader = "x-forwarded-client-cert";

/**
 * By lower-case name: whether one element may have several. No `DNS`, because Envoy is told to write the URI alone, and
 * writes DNS names, which the certificate chooses, without quotes too.
 */
const keys: ReadonlyMap<string, boolean> = new Map([
  ["by", true],
  ["hash", false],
  ["cert", false],
  ["chain", false],
  ["subject", false],
]);

/**
 * One pair and the semicolon after it; a comma, which begins another element, ends none. A value that holds `,`, `;`,
 * `=` or `"` is quoted, with `\"` for a quote. Two backslashes are refused: who reads them as an escape ends the value
 * elsewhere.
 */
const pair = /([A-Za-z]+)=(?:"(?:[ !#-[\]-~]|\\[ -[\]-~])*"|[!#-+\--:<>-[\]-~]*);/y;

/** Envoy writes the name as the certificate has it, never in quotes of its own. */
const lastUri = /uri=([!#-+\--:<>-[\]-~]*)$/iy;

/**
 * The URI of the one certificate in there. It is all that follows the last pair before it: of a name that holds what ends
 * a pair, no part is taken for the whole. Undefined: there is none, there are several, or not every byte was understood.
 */
export function readSoleUri(field: string): string | undefined {
  const seen = new Set<string>();
  for (let at = 0; ; at = pair.lastIndex) {
    lastUri.lastIndex = at;
    const uri = lastUri.exec(field)?.[1];
    if (uri !== undefined) return uri;
    pair.lastIndex = at;
    const key = pair.exec(field)?.[1]?.toLowerCase() ?? "";
    const mayRepeat = keys.get(key);
    if (mayRepeat === undefined || (seen.has(key) && !mayRepeat)) return undefined;
    seen.add(key);
  }
}
