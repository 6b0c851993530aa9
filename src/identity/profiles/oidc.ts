/** Any issuer of JWTs as OpenID Connect and RFC 9068 have them. */
import { type ProfileTable, usualShape, usualTable } from "./profile-table.ts";

/** Nothing is known of the product: what its tokens are is said by configuration alone. */
export const oidc: ProfileTable = {
  ...usualTable,
  isIssuer: () => true,
  shapeOf: () => usualShape,
  kinds: { access_token: ["at+jwt"], jwt: ["at+jwt"], id_token: [] },
  kindsPossible: {
    access_token: ["at+jwt", "jwt", "absent"],
    jwt: ["at+jwt", "jwt", "absent"],
    id_token: ["at+jwt", "jwt", "absent"],
  },
  partyOf: undefined,
  placesFor: () => ({}),
};
