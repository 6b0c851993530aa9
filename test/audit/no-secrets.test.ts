/** Nothing secret on record: not what callers show, not what is minted, not what a careless gateway puts into a name. */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { verifyAuditFolder } from "../../src/audit/index.ts";
import { withholdTokens } from "../../src/audit/withhold-tokens.ts";
import type { JsonObject } from "../../src/domain/json.ts";
import { decide } from "../../src/pdp/decide.ts";
import { createAuditWorld } from "../fakes/audit-world.ts";
import { createFakeWorld, flights } from "../fakes/path-ports.ts";
import { requestOf } from "../fakes/requests.ts";

const base64url = (text: string): string => Buffer.from(text).toString("base64url");
const part = fc.uint8Array({ minLength: 16, maxLength: 40 }).map((bytes) => Buffer.from(bytes).toString("base64url"));
const jwt = fc
  .tuple(fc.constantFrom("ES256", "RS256", "none"), part, part)
  .map(([alg, sub, signature]) => `${base64url(`{"alg":"${alg}"}`)}.${base64url(`{"sub":"${sub}"}`)}.${signature}`);
const jwe = fc
  .tuple(part, part, part, part)
  .map((parts) => [base64url('{"enc":"A256GCM","alg":"dir"}'), ...parts].join("."));
const secret = fc.uint8Array({ minLength: 24, maxLength: 24 }).map((bytes) => Buffer.from(bytes).toString("hex"));

/** Wherever a caller can put text that is not a name. */
function inputWith(text: string): JsonObject {
  return {
    actor: {
      claims: { sub: "travel-agent", Capabilities: "book_flight", access_token: text, nested: { deep: [text] } },
    },
    subject: {
      claims: { sub: "alice", Department: "Operations", Role: "Director", id_token: text, [text]: "as a name" },
    },
    action: { name: "book_flight", properties: { authorization: `Bearer ${text}` } },
    resource: { type: "flight", id: "LH400", properties: { cookie: text } },
    context: { headers: { authorization: text }, [text]: true },
    audience: flights,
  };
}

/** Wherever a caller can put text that goes on record as a name. */
function namesWith(text: string): JsonObject {
  return {
    actor: { claims: { sub: text, Capabilities: ["book_flight"] } },
    subject: { claims: { sub: `user ${text}`, Department: `Bearer ${text}`, Role: [`${text} `] } },
    action: { name: `glued${text}` },
    resource: { type: text, id: `\u000e${text}` },
  };
}

async function recordedText(inputs: readonly JsonObject[], token: string): Promise<string> {
  const audit = createAuditWorld();
  const log = await audit.open();
  const house = createFakeWorld();
  const minter = {
    prepare: (grant: Parameters<typeof house.minter.prepare>[0]) => ({
      ...house.minter.prepare(grant),
      sign: () => token,
    }),
  };
  for (const input of inputs) {
    const decision = await decide(requestOf(input), { ...house, log, minter });
    expect(decision.reasons.map(({ code }) => code)).not.toContain("audit_unavailable");
  }
  await log.close();
  const report = await verifyAuditFolder(audit.folder);
  expect(report).toMatchObject({ isIntact: true, records: inputs.length });
  return readFileSync(join(audit.folder, "audit-00000001.jsonl"), "utf8");
}

describe("what goes on record", () => {
  test("holds no claim, property, context or token, whatever they hold", async () => {
    const samples = fc.sample(fc.oneof(jwt, jwe, secret), 100);
    const token = fc.sample(jwt, 1)[0] ?? "";
    const text = await recordedText(samples.map(inputWith), token);
    expect(text).toContain('"outcome":"allow"');
    for (const sample of [...samples, token]) expect(text.includes(sample)).toBe(false);
    expect(text).not.toContain("Bearer");
  });

  test("withholds a token that stands where a name should, and still records the attempt", async () => {
    const samples = fc.sample(fc.oneof(jwt, jwe), 100);
    const text = await recordedText(samples.map(namesWith), "unused");
    for (const sample of samples) expect(text.includes(sample)).toBe(false);
    expect(text).toContain("[token withheld: sha256 ");
    expect(text).not.toMatch(/eyJ[A-Za-z0-9_-]{8,}\./);
  });
});

describe("token-shaped text", () => {
  test("is withheld with a short hash of itself, and what is around it stays the same", () => {
    const around = fc.string({ unit: "binary" }).map((text) => `${text} `);
    fc.assert(
      fc.property(fc.oneof(jwt, jwe), around, around, (token, before, after) => {
        const digest = createHash("sha256").update(token).digest("hex").slice(0, 16);
        const withheld = withholdTokens(JSON.stringify({ id: `${before}${token} ${after}` }));
        expect(JSON.parse(withheld)).toEqual({ id: `${before}[token withheld: sha256 ${digest}] ${after}` });
      }),
    );
  });

  test.each([
    "keyJson.v1.0.settings.production",
    "https://api.example/v1.2.3/keyJar.files.example",
    "eyJhbGciOiJFUzI1NiJ9",
    "eyJ.eyJ.eyJ",
  ])("is not what looks a little like it: %s", (text) => {
    const json = JSON.stringify({ id: text });
    expect(withholdTokens(json)).toBe(json);
  });

  test("of any make is looked through in one pass", () => {
    const hostile = JSON.stringify({ id: "eyJ".repeat(200_000), other: "JhbGci".repeat(100_000) });
    expect(withholdTokens(hostile)).toBe(hostile);
  }, 5_000);
});
