/** What a resource server in Python believes with PyJWT: our tokens, and nothing else that the issuer's key signed. */
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { beforeAll, describe, expect, onTestFinished, test } from "vitest";
import type { JsonObject } from "../../src/domain/json.ts";
import { createForger, type Forger, signWithHmac } from "../fakes/forger.ts";
import { flights } from "../fakes/path-ports.ts";
import { createPythonVerifier } from "../fakes/python-verifier.ts";
import { root } from "../house/source-tree.ts";

const issuer = "https://chaperone.example";
let verifyInPython: Awaited<ReturnType<typeof createPythonVerifier>>;

beforeAll(async () => {
  verifyInPython = await createPythonVerifier();
});

/** Alive now. */
function claimsOf({ claims }: Forger): JsonObject {
  const now = Math.floor(Date.now() / 1000);
  return { ...claims, iat: now, nbf: now, exp: now + 60 };
}

async function ask({ keys }: Forger, tokens: readonly string[]): Promise<readonly unknown[]> {
  const server = createServer((_, response) => void response.end(JSON.stringify(keys)));
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a TCP listener's address is an object.
  const { port } = server.address() as AddressInfo;
  const shown = tokens.map((token) => ({ token, issuer, audience: flights }));
  const answers = await verifyInPython(`http://127.0.0.1:${port}/jwks`, shown);
  return answers.map(({ refused }) => refused);
}

test("docs/tokens.md shows the function that is run here", () => {
  const script = readFileSync(join(root, "test/fakes/verify_role_token.py"), "utf8");
  const shown = script.slice(script.indexOf("required = "), script.indexOf("def main")).trimEnd();
  expect(shown).toContain("def verify(");
  expect(readFileSync(join(root, "docs/tokens.md"), "utf8")).toContain(`\`\`\`python\n${shown}\n\`\`\``);
});

describe("PyJWT", () => {
  test.each(["ES256", "EdDSA"] as const)("believes a role token signed with %s", async (algorithm) => {
    const forger = await createForger({}, algorithm);
    expect(await ask(forger, [forger.sign(forger.header, claimsOf(forger))])).toEqual([undefined]);
  });

  test("refuses what is no role token of this moment for this server, whoever signed it", async () => {
    const forger = await createForger();
    const { header, keys, sign } = forger;
    const claims = claimsOf(forger);
    const now = Number(claims["iat"]);
    const { exp: _exp, ...immortal } = claims;
    const { act: _act, ...impersonating } = claims;
    const { typ: _typ, ...untyped } = header;
    const cases: readonly (readonly [string, string])[] = [
      [sign({ ...header, typ: "JWT" }, claims), "InvalidTokenError"],
      [sign({ ...header, typ: "txntoken+jwt" }, claims), "InvalidTokenError"],
      [sign(untyped, claims), "InvalidTokenError"],
      [sign(header, { ...claims, exp: now - 1 }), "ExpiredSignatureError"],
      [sign(header, { ...claims, nbf: now + 60 }), "ImmatureSignatureError"],
      [sign(header, immortal), "MissingRequiredClaimError"],
      [sign(header, impersonating), "MissingRequiredClaimError"],
      [sign(header, { ...claims, aud: [flights, "https://hotels.example"] }), "InvalidAudienceError"],
      [sign({ ...header, kid: "another" }, claims), "PyJWKClientError"],
      [signWithHmac({ ...header, alg: "HS256" }, claims, JSON.stringify(keys.keys[0])), "InvalidAlgorithmError"],
    ];
    expect(
      await ask(
        forger,
        cases.map(([token]) => token),
      ),
    ).toEqual(cases.map(([, refused]) => refused));
  });
});
