import { type Issuer, parseIssuer } from "../domain/identifiers.ts";

/** Whose parties those are whom a gateway names without an issuer that it may vouch for. */
export const gatewayIssuer = assertIssuer("urn:chaperone:gateway");

function assertIssuer(text: string): Issuer {
  const issuer = parseIssuer(text);
  if (issuer === undefined) throw new TypeError("not an issuer");
  return issuer;
}
