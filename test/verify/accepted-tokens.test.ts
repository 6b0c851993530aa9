/** A resource server accepts what the token room really mints, and reads the grant in it. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { AuthorizationDetail } from "../../src/domain/authorization-detail.ts";
import { bounds } from "../../src/domain/bounds.ts";
import { ExactSet } from "../../src/domain/exact-set.ts";
import {
  parseAudience,
  parseGrantId,
  parseIssuer,
  parsePartyId,
  parsePermission,
} from "../../src/domain/identifiers.ts";
import { Fault } from "../../src/domain/refusal.ts";
import {
  type LimitedUse,
  type RoleTokenErrorCode,
  type RoleTokenExpectations,
  verifyRoleToken,
} from "../../src/verify/index.ts";
import { createForger, type Forger } from "../fakes/forger.ts";
import { anyGrant } from "../fakes/grants.ts";
import { flights, known, testTime } from "../fakes/path-ports.ts";
import { mintFor } from "../fakes/token-world.ts";

const expecting = ({ keys }: Forger, parts: object = {}): RoleTokenExpectations => ({
  issuer: "https://chaperone.example",
  audience: flights,
  keys,
  now: testTime,
  ...parts,
});
const vault = known(parseIssuer("https://vault.example/v1/identity"));
const party = (name: string) => ({ id: known(parsePartyId(name)), issuer: vault });
const permissions = (...names: string[]) => ExactSet.of(names.map((name) => known(parsePermission(name))));
const refusal = (code: RoleTokenErrorCode) => ({ name: "RoleTokenError", code });

describe("a token of the token room", () => {
  test.each(["ES256", "EdDSA"] as const)("is read as the grant that it is (%s)", async (algorithm) => {
    const forger = await createForger({}, algorithm);
    expect(await verifyRoleToken(forger.token, expecting(forger))).toEqual({
      subject: { issuer: vault, id: "alice" },
      actor: { issuer: vault, id: "travel-agent" },
      chain: [{ issuer: vault, id: "travel-agent" }],
      permissions: ["flights:book", "flights:search"],
      roles: ["flight-booker"],
      details: [],
      grantId: "g-1",
      lineage: [],
      chainId: "c-1",
      expiresAt: testTime + 60,
      decisionId: "d-1",
    });
  });

  test("says its actors and its grants root first", async () => {
    const forger = await createForger({
      id: known(parseGrantId("g-3")),
      inner: [party("planner"), party("search")],
      lineage: [known(parseGrantId("g-1")), known(parseGrantId("g-2"))],
      depth: 3,
      depthMax: 4,
      delegation: { mayAct: [party("next")], audiences: [known(parseAudience(flights))], depthMax: 4 },
    });
    const { actor, chain, lineage, grantId } = await verifyRoleToken(forger.token, expecting(forger));
    expect(actor.id).toBe("travel-agent");
    expect(chain.map(({ id }) => id)).toEqual(["planner", "search", "travel-agent"]);
    expect([...lineage, grantId]).toEqual(["g-1", "g-2", "g-3"]);
  });

  test("is accepted of an agent that acts for itself, and of nobody by name", async () => {
    const alone = await createForger({ subject: party("travel-agent") });
    await expect(verifyRoleToken(alone.token, expecting(alone))).resolves.toMatchObject({ lineage: [] });
    const unnamed = await createForger({ subject: { id: "urn:chaperone:unnamed:d-1:subject", issuer: vault } });
    await expect(verifyRoleToken(unnamed.token, expecting(unnamed))).resolves.toMatchObject({
      subject: { id: "urn:chaperone:unnamed:d-1:subject" },
    });
  });

  test("lives from its first second to its last, and a tolerance of five more", async () => {
    const forger = await createForger();
    const at = (now: number, clockToleranceSeconds = 0) =>
      verifyRoleToken(forger.token, expecting(forger, { now, clockToleranceSeconds }));
    await expect(at(testTime + 59.9)).resolves.toBeDefined();
    await expect(at(testTime + 60)).rejects.toMatchObject(refusal("token_expired"));
    await expect(at(testTime + 64.9, 5)).resolves.toBeDefined();
    await expect(at(testTime + 65, 5)).rejects.toMatchObject(refusal("token_expired"));
    await expect(at(testTime - 5, 5)).resolves.toBeDefined();
    await expect(at(testTime - 0.1)).rejects.toMatchObject(refusal("token_premature"));
  });
});

test("every grant that a chain can hold is accepted once minted, at its audience only", async () => {
  const forger = await createForger();
  const counts = { accepted: 0, elsewhere: 0 };
  await fc.assert(
    fc.asyncProperty(anyGrant, async (grant) => {
      const links = [grant.subject, ...grant.inner, grant.actor].map(({ issuer, id }) => JSON.stringify([issuer, id]));
      fc.pre(new Set(links).size === links.length && grant.lineage.length < grant.depth);
      fc.pre(new Set([...grant.lineage, grant.id]).size === grant.lineage.length + 1);
      const token = await mintFor(forger.room, grant).catch((cause: unknown) => {
        if (cause instanceof Fault) return undefined;
        throw cause;
      });
      fc.pre(token !== undefined);
      const now = grant.issuedAt;
      const read = await verifyRoleToken(token, expecting(forger, { audience: grant.audience, now }));
      expect(read.permissions).toEqual(grant.permissions.toArray());
      expect(read.chain.length).toBe(grant.depth);
      expect(read.expiresAt).toBe(grant.expiresAt);
      counts.accepted += 1;
      const elsewhere = verifyRoleToken(token, expecting(forger, { audience: `${grant.audience}/`, now }));
      await expect(elsewhere).rejects.toMatchObject(refusal("audience_wrong"));
      counts.elsewhere += 1;
    }),
    { numRuns: 60 },
  );
  expect(counts.accepted).toBeGreaterThanOrEqual(60);
});

describe("what a call needs", () => {
  const detail: AuthorizationDetail = {
    locations: [flights],
    permissions: permissions("flights:book"),
    identifier: "trip-778",
    constraints: new Map([["max_amount", { amount: "600.00", currency: "EUR" }]]),
  };
  const tied = () => createForger({ permissions: permissions("flights:search"), details: [detail] });

  test("must be among the token's permissions", async () => {
    const forger = await createForger();
    const requiring = (...requirePermissions: string[]) =>
      verifyRoleToken(forger.token, expecting(forger, { requirePermissions, use: () => true }));
    await expect(requiring("flights:book")).resolves.toBeDefined();
    await expect(requiring("flights:search", "flights:book")).resolves.toBeDefined();
    for (const name of ["flights:cancel", "flights:boo", "flights:*", "Flights:book", "flights:book ", "g-1"]) {
      await expect(requiring("flights:book", name), name).rejects.toMatchObject(refusal("permission_missing"));
    }
  });

  test("is not met by a limited permission, unless something holds the call to the limit", async () => {
    const forger = await tied();
    const verify = (parts: object) => verifyRoleToken(forger.token, expecting(forger, parts));
    await expect(verify({})).rejects.toMatchObject(refusal("permission_limited"));
    await expect(verify({ use: () => true })).rejects.toMatchObject(refusal("permission_limited"));
    const booking = { requirePermissions: ["flights:book"] };
    await expect(verify(booking)).rejects.toMatchObject(refusal("permission_limited"));
    const uses: LimitedUse[] = [];
    const use = (one: LimitedUse): Promise<boolean> => Promise.resolve(uses.push(one) > 0);
    await expect(verify({ ...booking, use })).resolves.toMatchObject({ permissions: ["flights:search"] });
    expect(uses.map(({ permission, detail }) => [permission, detail])).toEqual([
      [
        "flights:book",
        {
          actions: ["flights:book"],
          identifier: "trip-778",
          constraints: { max_amount: { amount: "600.00", currency: "EUR" } },
        },
      ],
    ]);
    expect(uses[0]?.token.grantId).toBe("g-1");
  });

  test("is met by a free permission beside a limited one, and nothing is asked or counted", async () => {
    const forger = await tied();
    const use = (): never => {
      throw new Error("asked");
    };
    const searching = { requirePermissions: ["flights:search"] };
    for (const parts of [searching, { ...searching, use }]) {
      const read = await verifyRoleToken(forger.token, expecting(forger, parts));
      expect([read.permissions, read.details.length]).toEqual([["flights:search"], 1]);
    }
    const missing = expecting(forger, { requirePermissions: ["flights:book", "flights:cancel"], use });
    await expect(verifyRoleToken(forger.token, missing)).rejects.toMatchObject(refusal("permission_missing"));
  });

  test("is refused unless the answer is true and nothing else", async () => {
    const forger = await tied();
    const using = (use: () => unknown) =>
      verifyRoleToken(forger.token, expecting(forger, { requirePermissions: ["flights:book"], use }));
    for (const answer of [false, undefined, null, 1, "true", {}, Promise.resolve("yes")]) {
      await expect(using(() => answer)).rejects.toMatchObject(refusal("use_refused"));
    }
    const lost = new Error("no answer");
    await expect(using(() => Promise.reject(lost))).rejects.toMatchObject({ ...refusal("use_failed"), cause: lost });
  });

  test("may stand in any of several details", async () => {
    const other = { ...detail, identifier: "trip-779" };
    const forger = await createForger({ permissions: permissions(), details: [detail, other] });
    const use = ({ detail: one }: LimitedUse): boolean => one.identifier === "trip-779";
    const parts = { requirePermissions: ["flights:book"], use };
    await expect(verifyRoleToken(forger.token, expecting(forger, parts))).resolves.toMatchObject({ permissions: [] });
  });
});

test("the longest life that is minted is the longest that is accepted", async () => {
  const forger = await createForger({ expiresAt: testTime + bounds.lifetimeSecondsMax });
  await expect(verifyRoleToken(forger.token, expecting(forger))).resolves.toBeDefined();
});
