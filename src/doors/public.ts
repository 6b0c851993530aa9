/** The public door, for resource servers: the keys that verify role tokens and the issuer's metadata (RFC 8414). */
import { detailType } from "../domain/authorization-detail.ts";
import { createAnswer } from "./express-answer.ts";
import type { Door, DoorSite, GuardedRoute } from "./door.ts";
import { grantTypes } from "./token-errors.ts";
import { wellKnown } from "./well-known.ts";

export const publicDoor: Door = {
  admits: "anyone",
  routes: (site) => {
    const { house } = site;
    const { metadataPath, jwksPath } = wellKnown(house.issuer);
    return [
      reading(site, metadataPath, () => renderMetadata(site)),
      reading(site, jwksPath, () => ({ keys: house.keys.publicKeys(house.clock.read().epochSeconds) })),
    ];
  },
};

function reading(site: DoorSite, path: string, render: () => object): GuardedRoute {
  const cacheControl = `public, max-age=${site.house.jwksCacheSeconds}`;
  return {
    admits: "anyone",
    path,
    methods: ["GET", "HEAD"],
    answer: createAnswer(site, (response) => {
      const body = render();
      response.set("Cache-Control", cacheControl).json(body);
    }),
  };
}

/**
 * Only what is on: a token endpoint where a listener serves one. The empty lists are written out against RFC 8414 §3.2:
 * the first is a required member, and the second, left out, would claim the authorization code and implicit grants (§2).
 */
function renderMetadata({ house, servesTokens }: DoorSite): object {
  const { issuer, clients } = house;
  const { jwksUri, tokenEndpoint } = wellKnown(issuer);
  const shown = { issuer, jwks_uri: jwksUri, response_types_supported: [] };
  return clients === undefined || !servesTokens
    ? { ...shown, grant_types_supported: [] }
    : {
        ...shown,
        token_endpoint: tokenEndpoint,
        grant_types_supported: Object.values(grantTypes),
        token_endpoint_auth_methods_supported: clients.methods,
        ...(clients.signingAlgorithms.length === 0
          ? {}
          : { token_endpoint_auth_signing_alg_values_supported: clients.signingAlgorithms }),
        authorization_details_types_supported: [detailType],
      };
}
