import { createRemoteJWKSet, type JWTVerifyResult, jwtVerify } from "jose";

const issuer = process.env["CHAPERONE_ISSUER"] ?? "http://localhost:8181";
const keys = createRemoteJWKSet(new URL(`${issuer}/.well-known/jwks.json`));

export const verifyRoleToken = (token: string): Promise<JWTVerifyResult> =>
  jwtVerify(token, keys, {
    issuer,
    audience: "https://flights.example/api", // your own identifier, and nobody else's
    typ: "at+jwt",
    algorithms: ["ES256"],
    requiredClaims: ["exp", "iat", "sub", "jti", "client_id"],
  });
