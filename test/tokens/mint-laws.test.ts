/** Laws of minting (MK-*), for any grant that attenuation can make. */
import fc from "fast-check";
import { decodeJwt } from "jose";
import { beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { ExactSet } from "../../src/domain/exact-set.ts";
import type { Grant } from "../../src/domain/grant.ts";
import { parsePermission } from "../../src/domain/identifiers.ts";
import { Fault } from "../../src/domain/refusal.ts";
import { createRoleTokenMinter } from "../../src/tokens/role-token-minter.ts";
import type { RoleTokenClaims } from "../../src/tokens/role-token-claims.ts";
import { createSigningKey, type SigningKey } from "../../src/tokens/signing-key.ts";
import { generateKeyPairSync } from "node:crypto";
import { anyGrant } from "../fakes/grants.ts";
import { known, ownIssuer } from "../fakes/path-ports.ts";

let key: SigningKey;
beforeAll(async () => {
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  key = await createSigningKey({ privateKey, activateAt: 0, place: "test" }, "ES256");
});

interface Minted {
  readonly grant: Grant;
  readonly claims: RoleTokenClaims;
  readonly raw: string;
}

/** Claims as a verifier decodes them. Grants too large for a header are refused, which other tests state. */
function mintAny(grant: Grant): Minted | undefined {
  try {
    const token = createRoleTokenMinter(ownIssuer, () => key)
      .prepare(grant)
      .sign();
    if (typeof token !== "string") throw new TypeError("signing is synchronous here");
    const [, payload = ""] = token.split(".");
    const raw = Buffer.from(payload, "base64url").toString("utf8");
    return { grant, claims: decodeJwt<RoleTokenClaims>(token), raw };
  } catch (cause) {
    if (cause instanceof Fault && cause.detail === "the token would be too large") return undefined;
    throw cause;
  }
}

function holds(law: (minted: Minted) => void): void {
  let minted = 0;
  onTestFinished(() => expect(minted).toBeGreaterThan(150));
  fc.assert(
    fc.property(anyGrant, (grant) => {
      const one = mintAny(grant);
      if (one === undefined) return;
      minted += 1;
      law(one);
    }),
    { numRuns: 200 },
  );
}

describe("for every grant", () => {
  test("MK-1: the scope is exactly the permissions granted, each once and whole", () => {
    holds(({ grant, claims }) => {
      const scopes = claims.scope.split(" ").map((scope) => known(parsePermission(scope)));
      expect(new Set(scopes).size).toBe(scopes.length);
      expect(ExactSet.of(scopes).equals(grant.permissions)).toBe(true);
      expect(claims.roles).toEqual(grant.isRoleNamed ? [grant.role] : undefined);
    });
  });

  test("MK-3: times are whole, begin at the decision, and end within the grant and 300 seconds", () => {
    holds(({ grant, claims: { iat, nbf, exp } }) => {
      expect([iat, nbf, exp].every((time) => Number.isSafeInteger(time))).toBe(true);
      expect([iat, nbf]).toEqual([grant.issuedAt, grant.issuedAt]);
      expect(exp).toBe(grant.expiresAt);
      expect(exp - iat).toBeLessThanOrEqual(300);
    });
  });

  test("MK-4 and MK-5: the depth is the number of actors, current one first, and is within its bound", () => {
    holds(({ grant, claims }) => {
      const actors: string[] = [];
      for (let act: RoleTokenClaims["act"] | undefined = claims.act; act !== undefined; act = act.act) {
        actors.push(JSON.stringify([act.iss, act.sub]));
      }
      const chain = [...grant.inner, grant.actor].map(({ issuer, id }) => JSON.stringify([issuer, id]));
      expect(actors).toEqual(chain.toReversed());
      expect(claims.delegation.depth).toBe(actors.length);
      expect(claims.delegation.depth).toBeLessThanOrEqual(claims.delegation.max_depth);
      expect(claims.delegation.max_depth).toBeLessThanOrEqual(8);
    });
  });

  test("MK-5: subject, chain and lineage are the grant's own, byte for byte", () => {
    holds(({ grant, claims }) => {
      expect(claims.sub).toBe(grant.subject.id);
      expect(claims.sub_id).toEqual({ format: "iss_sub", iss: grant.subject.issuer, sub: grant.subject.id });
      expect(claims.txn).toBe(grant.chainId);
      expect(claims.delegation.grant_id).toBe(grant.id);
      expect(claims.delegation.lineage).toEqual(grant.lineage);
    });
  });

  test("MK-8: there is one audience, and it is the granted one", () => {
    holds(({ grant, claims }) => expect(claims.aud).toBe(grant.audience));
  });

  test("nobody may act next unless the grant says who, and then nobody else may", () => {
    holds(({ grant, claims }) => {
      const named = claims.may_act === undefined ? (claims.delegation.may_act ?? []) : [claims.may_act];
      const granted = grant.delegation?.mayAct.map(({ issuer: iss, id: sub }) => ({ iss, sub })) ?? [];
      expect(named).toEqual(granted);
      expect(claims.may_act === undefined || claims.delegation.may_act === undefined).toBe(true);
      expect(claims.delegation.audiences).toEqual(grant.delegation?.audiences);
    });
  });

  test("no claim stands in the token beside those that the grant fills", () => {
    const allowed = new Set(
      "iss aud sub sub_id client_id act iat nbf exp jti txn scope roles may_act delegation policy decision_id".split(
        " ",
      ),
    );
    holds(({ claims }) => expect(Object.keys(claims).filter((name) => !allowed.has(name))).toEqual([]));
  });

  test("P35: nothing a party is called can add a member: what is decoded is what was granted", () => {
    holds(({ claims, raw }) => {
      expect(JSON.stringify(JSON.parse(raw))).toBe(raw);
      expect(Object.keys(claims.act).every((name) => ["iss", "sub", "sub_profile", "act"].includes(name))).toBe(true);
    });
  });
});

test("MK-13: two mints of one grant never share a jti", () => {
  const minter = createRoleTokenMinter(ownIssuer, () => key);
  const [grant] = fc.sample(anyGrant, { numRuns: 1, seed: 7 });
  const ids = new Set(Array.from({ length: 100_000 }, () => minter.prepare(known(grant)).jti));
  expect(ids.size).toBe(100_000);
});
