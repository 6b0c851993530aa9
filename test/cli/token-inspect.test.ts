/** Issue 4.10: a token explained to a person and a program, and why it would be refused now, by the code that refuses. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseAuthorizationDetails } from "../../src/domain/authorization-detail.ts";
import { ExactSet } from "../../src/domain/exact-set.ts";
import {
  parseAudience,
  parseGrantId,
  parseIssuer,
  parsePartyId,
  parsePermission,
} from "../../src/domain/identifiers.ts";
import { isJsonArray, isJsonObject, type JsonObject } from "../../src/domain/json.ts";
import { json, openKeyServer } from "../fakes/key-server.ts";
import { flights, known } from "../fakes/path-ports.ts";
import { agentsIssuer, here, makeIdentities, peopleIssuer, type ServedIdentities } from "../fakes/served-identities.ts";
import { defaultOptions, mint, openRoom, createTokenWorld } from "../fakes/token-world.ts";
import { cli, createFolder, type Ended, root, start } from "./command-line.ts";

const now = (): number => Math.floor(Date.now() / 1000);

interface World {
  readonly folder: string;
  readonly identities: ServedIdentities;
  /** A role token of alice through planner and searcher, minted now. */
  readonly roleToken: (parts?: Parameters<typeof mint>[2]) => Promise<string>;
  readonly inspect: (token: string, ...options: string[]) => Promise<Ended>;
  readonly inspectJson: (token: string, ...options: string[]) => Promise<JsonObject>;
}

const settings = (folder: string): string => `state: ${folder}/state
identity:
  issuers:
    - { issuer: "${peopleIssuer}", jwks_file: ${folder}/people.jwks.json, algorithms: [ES256], audiences: ["${here}"],
        vouches_for: subjects, roles: { path: [realm, roles] } }
    - { issuer: "${agentsIssuer}", jwks_file: ${folder}/agents.jwks.json, algorithms: [ES256], audiences: ["${here}"],
        vouches_for: actors }
`;

const party = (sub: string, iss = agentsIssuer) => ({ id: known(parsePartyId(sub)), issuer: known(parseIssuer(iss)) });

async function openWorld(yaml = settings): Promise<World> {
  const folder = createFolder();
  const identities = await makeIdentities(folder);
  const config = join(folder, "chaperone.yaml");
  writeFileSync(config, yaml(folder));
  mkdirSync(join(folder, "state"));
  const keySet = { kind: "development", folder: join(folder, "state", "keys") } as const;

  const room = await openRoom({ ...defaultOptions, keySet }, createTokenWorld(now()));
  const inspect: World["inspect"] = (token, ...options) =>
    cli(["token", "inspect", "--config", config, ...options], { stdin: token });
  return {
    folder,
    identities,
    roleToken: (parts = {}) =>
      mint(room, now(), {
        subject: party("alice", peopleIssuer),
        actor: { ...party("flight-search"), type: "ai_agent" },
        inner: [party("travel-planner")],
        lineage: [known(parseGrantId("g-0"))],
        depth: 2,
        depthMax: 3,
        delegation: {
          mayAct: [party("price-watch")],
          audiences: [known(parseAudience(flights))],
          depthMax: 3,
        },
        ...parts,
      }),
    inspect,
    inspectJson: async (token, ...options) => {
      const { out } = await inspect(token, "--json", ...options);
      const told: unknown = JSON.parse(out);
      if (!isJsonObject(told)) throw new TypeError("no JSON object was printed");
      return told;
    },
  };
}

const judgementsOf = (told: JsonObject): readonly string[] =>
  (isJsonArray(told["judgements"]) ? told["judgements"] : [])
    .filter(isJsonObject)
    .map(({ as, answer, code }) => [as, answer, code].filter((part) => typeof part === "string").join(" "));

const secretPartOf = (token: string): string => token.slice(token.lastIndexOf(".") + 1);

describe("a role token", () => {
  test("is explained to a person: what it is good for, who acts for whom, until when, what for", async () => {
    const { inspect, roleToken } = await openWorld();
    const { code, out, err } = await inspect(await roleToken());
    expect([code, err]).toEqual([0, ""]);
    expect(out).toMatch(/^token +a role token/m);
    expect(out).toMatch(/^signature +good/m);
    expect(out).toMatch(/^as subject +accepted/m);
    expect(out).toMatch(/^as actor +REFUSED, evidence_untrusted: .*does not vouch for this party/m);
    expect(out).toMatch(/^at a resource +accepted when its own identifier is https:\/\/flights\.example\/api$/m);
    const chain = [
      `acts for +alice of ${peopleIssuer}`,
      ` +└─ travel-planner of ${agentsIssuer}`,
      ` +└─ flight-search of ${agentsIssuer}  acts now`,
    ];
    expect(out).toMatch(new RegExp(`^${chain.join("\\n")}$`, "m"));
    expect(out).toMatch(/^expires +\d{4}-\d\d-\d\dT[\d:]+Z {2}\(\d+, in (?:5 min|4 min 5\d s)\)$/m);
    expect(out).toMatch(/^permissions +flights:book flights:search$/m);
    expect(out).toMatch(/^grant +g-1 derived from g-0$/m);
    expect(out).toMatch(/^depth +2 of at most 3$/m);
    expect(out).toMatch(/^may act next +.*price-watch/m);
    expect(out).toMatch(/^onward to +.*flights\.example/m);
    expect(out).toMatch(/^policy +.*chaperone.*a{64}/m);
    expect(out).toMatch(/^decision +d-1$/m);
    expect(out).toMatch(/^cannot see +revocations/m);
  });

  test("says permissions with strings attached in words", async () => {
    const { inspect, roleToken } = await openWorld();
    const details = known(
      parseAuthorizationDetails([
        {
          type: "chaperone_action",
          locations: [flights],
          actions: ["flights:book"],
          identifier: "trip-1",
          constraints: { max_amount: { amount: "600.00", currency: "EUR" }, one_of: { values: ["a", "b"] } },
        },
      ]),
    );
    const permissions = ExactSet.of([known(parsePermission("flights:search"))]);
    const { code, out } = await inspect(await roleToken({ details, permissions, isRoleNamed: false }));
    expect(code).toBe(0);
    expect(out).toMatch(/^with strings +flights:book, only for trip-1, at most 600\.00 EUR, one of a, b$/m);
    expect(out).toMatch(/^at a resource +accepted .*each call is held to the strings attached$/m);
  });

  test("tells what its holder cannot do with it", async () => {
    const { inspectJson, roleToken } = await openWorld();
    const leaf = await inspectJson(await roleToken({ delegation: undefined, depthMax: 2 }));
    expect(judgementsOf(leaf)).toEqual([
      "subject refused actor_not_named",
      "actor refused evidence_untrusted",
      "resource accepted",
    ]);
    const elsewhere = await inspectJson(await roleToken(), "--as", "resource", "--audience", "https://hotels.example");
    expect(judgementsOf(elsewhere)).toEqual(["resource refused audience_wrong"]);
    const other = await inspectJson(await roleToken(), "--as", "resource", "--issuer", "https://other.example");
    expect(judgementsOf(other)).toEqual(["resource refused issuer_wrong"]);
    const idToken = await inspectJson(await roleToken(), "--as", "subject", "--type", "id_token");
    expect(judgementsOf(idToken)).toEqual(["subject refused evidence_untrusted"]);
  });

  test("is over when it is over, at the door and at a resource, and says since when", async () => {
    const { inspect, roleToken } = await openWorld();
    const later = ["--time", String(now() + 3600)];
    const { code, out } = await inspect(await roleToken(), ...later);
    expect(code).toBe(1);
    expect(out).toMatch(/^as subject +REFUSED, claims_expired/m);
    expect(out).toMatch(/^at a resource +REFUSED, token_expired/m);
    expect(out).toMatch(/^expires +.*, (?:55 min|54 min 5\d s) ago\)$/m);
    expect(out).toMatch(/^signature +good/m);
  });

  test("with a wrong signature is nobody's word, and says so first", async () => {
    const { inspect, roleToken } = await openWorld();
    const token = await roleToken();
    const [header = "", , signature = ""] = token.split(".");
    const claims = JSON.stringify({ iss: here, sub: "mallory", delegation: {} });
    const forged = [header, Buffer.from(claims).toString("base64url"), signature].join(".");
    const { code, out } = await inspect(forged);
    expect(code).toBe(1);
    expect(out).toMatch(/^signature +WRONG/m);
    expect(out).toMatch(/^as subject +REFUSED, evidence_untrusted: .*not signed with a key of its issuer/m);
    expect(out).toMatch(/^at a resource +REFUSED, signature_wrong/m);
  });

  test("without keys cannot be judged, and is explained all the same: 3", async () => {
    const { roleToken } = await openWorld();
    const token = await roleToken();
    const { code, out } = await cli(["token", "inspect", "--state", join(createFolder(), "none")], { stdin: token });
    expect(code).toBe(3);
    expect(out).toMatch(/^signature +NOT checked/m);
    expect(out).toMatch(/^at a resource +cannot tell, key_set_missing/m);
    expect(out).toMatch(/^as subject +REFUSED, evidence_not_accepted/m);
    expect(out).toContain("alice of");
  });

  test("is judged with keys that are given: a file, and an address that is fetched", async () => {
    const { roleToken, folder } = await openWorld();
    const token = await roleToken();
    const set = await keysOf(folder);
    const file = join(createFolder(), "jwks.json");
    writeFileSync(file, JSON.stringify(set));
    const server = await openKeyServer(json(set));
    const url = `${server.origin}/jwks`;
    const elsewhere = ["token", "inspect", "--as", "resource", "--state", join(createFolder(), "none")];
    for (const keys of [file, url]) {
      const { code, out } = await cli([...elsewhere, "--jwks", keys], { stdin: token });
      expect(out).toMatch(/^signature +good/m);
      expect(code).toBe(0);
    }
    const other = join(folder, "people.jwks.json");
    const { code, out } = await cli([...elsewhere, "--jwks", other], { stdin: token });
    expect([code, /^signature +NOT checked/m.test(out), /REFUSED, key_unknown/.test(out)]).toEqual([1, true, true]);
    await server.close();
    const gone = await cli([...elsewhere, "--jwks", `${url}2`], { stdin: token });
    expect([gone.code, /cannot tell, keys_unavailable/.test(gone.out)]).toEqual([3, true]);
  });
});

/** The public halves of the development keys. */
async function keysOf(folder: string): Promise<JsonObject> {
  const keySet = { kind: "development", folder: join(folder, "state", "keys") } as const;
  const room = await openRoom({ ...defaultOptions, keySet }, createTokenWorld(now()));
  return { keys: room.keys.publicKeys(now()).map((jwk) => ({ ...jwk })) };
}

describe("a token of another issuer", () => {
  test("is judged by its issuer's profile, as the door would", async () => {
    const { identities, inspect, inspectJson } = await openWorld();
    const person = await identities.person({
      sub: "alice",
      realm: { roles: ["Director"] },
      may_act: { iss: agentsIssuer, sub: "travel-planner" },
    });
    const { code, out } = await inspect(person);
    expect(code).toBe(0);
    expect(out).toMatch(/^token +no role token/m);
    expect(out).toMatch(/^signature +good/m);
    expect(out).toMatch(/^as subject +accepted/m);
    expect(out).toMatch(/^as actor +REFUSED, evidence_untrusted: .*does not vouch for this party/m);
    expect(out).not.toMatch(/^at a resource/m);
    expect(out).toMatch(/^also says +realm \{"roles":\["Director"\]\}$/m);
    const agent = await inspectJson(await identities.agent({ sub: "travel-planner" }));
    expect(judgementsOf(agent)).toEqual(["subject refused evidence_untrusted", "actor accepted"]);
  });

  test.each<[string, JsonObject, string]>([
    ["that names nobody who may act", {}, "actor_not_named"],
    ["for another audience", { aud: "https://other.example" }, "evidence_untrusted"],
    ["without a subject", { sub: 7 }, "claim_malformed"],
    ["of a reserved name", { sub: "urn:chaperone:x", may_act: { iss: agentsIssuer, sub: "x" } }, "party_reserved"],
    ["through a party twice", { may_act: { iss: agentsIssuer, sub: "x" }, act: { sub: "alice" } }, "chain_cycle"],
    ["through too many actors", { may_act: { iss: agentsIssuer, sub: "x" }, act: nested(6) }, "chain_too_deep"],
    ["with an act that is none", { may_act: { iss: agentsIssuer, sub: "x" }, act: "planner" }, "claim_malformed"],
  ])("%s is refused as subject: 1, with the door's own code", async (_what, claims, refusal) => {
    const { identities, inspect } = await openWorld();
    const { code, out } = await inspect(await identities.person({ sub: "alice", ...claims }), "--as", "subject");
    expect(code).toBe(1);
    expect(out).toMatch(new RegExp(`^as subject +REFUSED, ${refusal}: .{20,}`, "m"));
  });

  test("of a reserved name is refused as actor too, as the door would", async () => {
    const { identities, inspect } = await openWorld();
    const { code, out } = await inspect(await identities.agent({ sub: "urn:chaperone:x" }), "--as", "actor");
    expect(out).toMatch(/^as actor +REFUSED, party_reserved: /m);
    expect(code).toBe(1);
  });

  test("that is over is refused also within the leeway: nothing made from it could live", async () => {
    const { identities, inspectJson } = await openWorld();
    const over = { exp: now() - 10, iat: now() - 60 };
    const person = { sub: "alice", may_act: { iss: agentsIssuer, sub: "x" }, ...over };
    const judged = [
      await inspectJson(await identities.person(person), "--as", "subject"),
      await inspectJson(await identities.agent({ sub: "x", ...over }), "--as", "actor"),
    ];
    expect(judged.map(judgementsOf)).toEqual([
      ["subject refused lifetime_exhausted"],
      ["actor refused lifetime_exhausted"],
    ]);
  });

  test("is not called its issuer's because another issuer's keys, that were given, fit", async () => {
    const { identities, folder, inspectJson } = await openWorld();
    const token = await identities.person({ iss: "https://unknown.example", sub: "alice" });
    const told = await inspectJson(token, "--issuer", peopleIssuer, "--jwks", join(folder, "people.jwks.json"));
    expect(judgementsOf(told)).toContain("resource refused issuer_wrong");
    expect(told["signature"]).toMatchObject({ state: "not_checked" });
  });

  test("is judged with keys that its issuer publishes; while those cannot be had, nobody can tell: 3", async () => {
    const server = await openKeyServer();
    const { identities, inspect, folder } = await openWorld((at) =>
      settings(at).replace(`jwks_file: ${at}/agents.jwks.json`, `jwks_url: "${server.origin}/jwks"`),
    );
    server.answer = json(JSON.parse(readFileSync(join(folder, "agents.jwks.json"), "utf8")));
    const agent = await identities.agent({ sub: "travel-planner" });
    const good = await inspect(agent, "--as", "actor");
    expect([good.code, /^signature +good/m.test(good.out)]).toEqual([0, true]);
    await server.close();
    const { code, out } = await inspect(agent, "--as", "actor");
    expect(code).toBe(3);
    expect(out).toMatch(/^signature +NOT checked/m);
    expect(out).toMatch(/^as actor +cannot tell, issuer_keys_unavailable/m);
  });

  test("of which nothing is known is explained, and not believed", async () => {
    const { identities } = await openWorld();
    const token = await identities.person({ sub: "alice" });
    const { code, out } = await cli(["token", "inspect", "--state", join(createFolder(), "none")], { stdin: token });
    expect(code).toBe(1);
    expect(out).toMatch(/^signature +NOT checked/m);
    expect(out).toMatch(/^as actor +REFUSED, evidence_not_accepted/m);
  });
});

function nested(depth: number): JsonObject {
  let act: JsonObject = { sub: "root" };
  for (let at = 1; at < depth; at += 1) act = { sub: `agent-${at}`, act };
  return act;
}

describe("what it prints", () => {
  test("never holds the token, its signature, or a token inside a claim", async () => {
    const { identities, inspect, roleToken } = await openWorld();
    const inner = await identities.agent({ sub: "x" });
    const tokens = [
      await roleToken(),
      await identities.person({ sub: "alice", hint: `see ${inner}`, deep: [[inner]] }),
    ];
    for (const token of tokens) {
      for (const form of [[], ["--json"]]) {
        const { out, err } = await inspect(token, ...form);
        for (const part of [token, secretPartOf(token), inner, secretPartOf(inner)])
          expect(out + err).not.toContain(part);
        expect(out + err).not.toMatch(/eyJ/);
      }
    }
  });

  test("holds no token that hides in a header, and is there at once for text that looks like the beginning of many", async () => {
    const { identities, inspect } = await openWorld();
    const inner = await identities.agent({ sub: "x" });
    const { out } = await inspect(
      compact({ ...usual, kid: `x${inner}` }, JSON.stringify({ sub: "eyJhbGci".repeat(5000) })),
    );
    expect(out).not.toContain(secretPartOf(inner));
    expect(out).toContain("token withheld");
  });

  test("is JSON with every member that the page names", async () => {
    const { inspectJson, roleToken } = await openWorld();
    const told = await inspectJson(await roleToken());
    expect(Object.keys(told)).toEqual([
      "kind",
      "signature",
      "judgements",
      "header",
      "claims",
      "chain",
      "times",
      "time",
    ]);
    const page = readFileSync(join(root, "docs/inspect.md"), "utf8");
    const unreadable = await inspectJson("no token");
    for (const document of [told, unreadable]) {
      const inner = [document["chain"], document["times"]].filter(isJsonObject).flatMap(Object.keys);
      for (const name of [...Object.keys(document), ...inner]) expect(page).toContain(`\`${name}\``);
    }
    expect(Object.keys(unreadable)).toEqual(["kind", "unreadable", "signature", "judgements", "time"]);
    expect(told).toMatchObject({
      kind: "role_token",
      signature: { state: "good" },
      header: { alg: "ES256", typ: "at+jwt" },
      chain: {
        subject: { iss: peopleIssuer, sub: "alice" },
        actors: [
          { iss: agentsIssuer, sub: "travel-planner" },
          { iss: agentsIssuer, sub: "flight-search" },
        ],
        actors_left_out: 0,
      },
    });
  });

  test("takes the door's answer as it came, and a file", async () => {
    const { inspect, roleToken, folder } = await openWorld();
    const token = await roleToken();
    for (const answer of [
      { access_token: token, token_type: "Bearer" },
      { decision_id: "d", token },
    ]) {
      expect((await inspect(JSON.stringify(answer))).code).toBe(0);
    }
    const file = join(folder, "token.jwt");
    writeFileSync(file, `${token}\n`);
    expect((await inspect("", file)).code).toBe(0);
    expect((await inspect(`  ${token}\n\n`, "-")).code).toBe(0);
  });

  test("a token on the command line is refused, and not repeated: 2", async () => {
    const { inspect, roleToken } = await openWorld();
    const token = await roleToken();
    const { code, out, err } = await inspect("", token);
    expect([code, out]).toEqual([2, ""]);
    expect(err).toContain("standard input");
    expect(err).not.toContain(token.slice(0, 20));
  });

  test.each([
    [["--as", "king"], "--as is one of"],
    [["--type", "saml2"], "--type is one of"],
    [["--time", "noon"], "--time is epoch seconds"],
    [["--jwks", "/none/such.json"], "--jwks names no file"],
    [["--as", "resource", "--jwks", "http://keys.example/jwks"], "https"],
    [["--as", "subject", "--audience", "https://flights.example/api"], "for --as resource"],
    [["/none/such.jwt"], "cannot be read"],
  ])("%j is refused: 2", async (options, why) => {
    const { inspect, roleToken } = await openWorld();
    const { code, out, err } = await inspect(await roleToken(), ...options);
    expect([code, out]).toEqual([2, ""]);
    expect(err).toContain(why);
  });
});

// oxlint-disable-next-line no-control-regex -- control characters are what must not be there.
const obeyed = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069\u200b-\u200f]/;

const compact = (header: unknown, payload: string): string =>
  [JSON.stringify(header), payload, "signature"].map((part) => Buffer.from(part).toString("base64url")).join(".");
const usual = { alg: "ES256", typ: "at+jwt", kid: "k" };

describe("hostile input", () => {
  test.each<[string, string, RegExp]>([
    ["nothing but text", "hello", /unreadable +It is no compact JWS/],
    ["a JWE", "eyJhbGciOiJkaXIifQ..aXY.Y3Q.dGFn", /unreadable +It is encrypted/],
    ["four parts", "YQ.YQ.YQ.YQ", /unreadable +It is no compact JWS/],
    ["100,000 dots", ".".repeat(60_000), /unreadable +It is no compact JWS/],
    ["a second spelling of base64url", `${compact(usual, "{}")}=`, /unreadable +A part of it is no base64url/],
    ["a header that is a list", compact([], "{}"), /unreadable +Its header .* no object/],
    ["a claim twice", compact(usual, '{"sub":"a","sub":"b"}'), /unreadable +Its payload .*twice/],
    ["exp 1e400", compact(usual, '{"exp":1e400}'), /unreadable +Its payload/],
    ["5,000 act levels", compact(usual, `${'{"act":'.repeat(5000)}{}${"}".repeat(5000)}`), /unreadable +Its payload/],
    ["30 act levels", compact(usual, `${'{"act":'.repeat(30)}{}${"}".repeat(30)}`), /└─ \(18 more actors\)/],
    [
      "no algorithm",
      compact({ ...usual, alg: "none" }, '{"iss":"https://idp.example"}'),
      /REFUSED, evidence_untrusted/,
    ],
    ["a key in the header", compact({ ...usual, jwk: {} }, "{}"), /REFUSED, evidence_untrusted/],
    ["times that are none", compact(usual, '{"exp":"soon","iat":-1,"nbf":9000000000000000}'), /expires +"soon"/],
    ["the end of all dates", compact(usual, '{"exp":8640000000000}'), /expires +\+?\d+-/],
    ["a prototype", compact(usual, '{"__proto__":{"sub":"x"}}'), /unreadable +Its payload/],
    ["names of a prototype", compact(usual, '{"constructor":1,"toString":{"sub":"x"}}'), /also says +constructor 1/],
    ["details of no kind", compact(usual, '{"authorization_details":[{"type":"x"}]}'), /not of a kind that is known/],
  ])("%s is told, and refused: 1", async (_what, token, told) => {
    const { inspect } = await openWorld();
    const { code, out, err } = await inspect(token);
    expect([code, err]).toEqual([1, ""]);
    expect(out).toMatch(told);
    const json = await inspect(token, "--json");
    expect(() => JSON.parse(json.out) as unknown).not.toThrow();
  });

  test("10,000 act levels are longer than any token: 2", async () => {
    const { inspect } = await openWorld();
    const token = compact(usual, `${'{"act":'.repeat(10_000)}{}${"}".repeat(10_000)}`);
    expect(await inspect(token)).toMatchObject({ code: 2, out: "" });
  });

  test("a megabyte is not read to its end: 2", async () => {
    const { inspect, folder } = await openWorld();
    const huge = "x".repeat(1_048_576);
    const file = join(folder, "huge");
    writeFileSync(file, huge);
    for (const [stdin, operand] of [
      [huge, "-"],
      ["", file],
      ["", "/dev/zero"],
    ] as const) {
      const { code, out, err } = await inspect(stdin, operand);
      expect([code, out]).toEqual([2, ""]);
      expect(err).toContain("longer than 65536 bytes");
    }
  });

  test("a thousand claims, and claims without end, are cut for a person", async () => {
    const { inspect } = await openWorld();
    const claims = Object.fromEntries(Array.from({ length: 1000 }, (_, at) => [`claim-${at}`, "v".repeat(30)]));
    const { out } = await inspect(compact(usual, JSON.stringify(claims)));
    expect(out.split("\n").length).toBeLessThan(70);
    const long = await inspect(compact(usual, JSON.stringify({ sub: "x".repeat(40_000) })));
    expect(long.out.length).toBeLessThan(3000);
  });

  test("no claim moves the cursor, hides, or starts a line of its own", async () => {
    const { inspect } = await openWorld();
    const nasty = fc.array(
      fc.constantFrom("\u001b[2J", "\r", "\n", "\t", "\u202e", "\u009b31m", "\u0007", "as actor  accepted", "a"),
      {
        minLength: 1,
        maxLength: 6,
      },
    );
    const member = fc.constantFrom("sub", "iss", "aud", "scope", "txn", "decision_id", "x\ny", "client_id", "roles");
    await fc.assert(
      fc.asyncProperty(nasty, member, fc.boolean(), async (parts, name, isActor) => {
        const text = parts.join("");
        const claims = isActor ? { act: { sub: text, iss: text } } : { [name]: text };
        const plain = await inspect(compact({ ...usual, kid: text }, JSON.stringify(claims)), "--time", "1781000000");
        const json = await inspect(compact(usual, JSON.stringify(claims)), "--json", "--time", "1781000000");
        expect(plain.out + json.out).not.toMatch(obeyed);
        expect(plain.out.match(/^as actor /gm)).toHaveLength(1);
        expect(plain.out).not.toMatch(/^as actor +accepted/m);
      }),
      { numRuns: 40 },
    );
  });

  test("any three parts at all end with an answer", async () => {
    const { inspect } = await openWorld();
    await fc.assert(
      fc.asyncProperty(fc.json({ maxDepth: 3 }), fc.json({ maxDepth: 3 }), async (header, payload) => {
        const token = [header, payload, "s"].map((part) => Buffer.from(part).toString("base64url")).join(".");
        expect((await inspect(token)).code).toBe(1);
      }),
      { numRuns: 100 },
    );
  });
});

test("the program reads a pipe: a token that is echoed to it needs no file", async () => {
  const { roleToken, folder } = await openWorld();
  const program = start(["token", "inspect", "--config", join(folder, "chaperone.yaml"), "--as", "resource"], folder);
  program.child.stdin?.end(await roleToken());
  const { code, out } = await program.ended;
  expect(code).toBe(0);
  expect(out).toMatch(/^at a resource +accepted/m);
});
