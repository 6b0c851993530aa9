/** Base64url (RFC 4648 §5) as JOSE has it, in its one spelling: what was verified is what is read (P11). */

/** Undefined when the text is another alphabet's, or a second spelling of its bytes. */
export function decodeBase64url(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, "base64url");
  return bytes.toString("base64url") === text ? bytes : undefined;
}
