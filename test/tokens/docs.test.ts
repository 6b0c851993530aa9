/** docs/tokens.md lists claims and codes, and shows how to verify; it is held to what the room does. */
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { decodeJwt } from "jose";
import { expect, onTestFinished, test, vi } from "vitest";
import { parseAudience, parseIssuer, parsePartyId } from "../../src/domain/identifiers.ts";
import { type TokenRoom, tokenRoomErrors } from "../../src/tokens/index.ts";
import { known, testTime } from "../fakes/path-ports.ts";
import { createTokenWorld, developmentOptions, mint, openRoom } from "../fakes/token-world.ts";

const page = readFileSync(join(import.meta.dirname, "../../docs/tokens.md"), "utf8");
const example = readFileSync(join(import.meta.dirname, "verify-role-token.example.ts"), "utf8");

function rowsUnder(heading: string): string[][] {
  const section = page.split(/^## /m).find((text) => text.startsWith(heading)) ?? "";
  const rows = [...section.matchAll(/^\| `.*$/gm)].map(([row]) =>
    row.split(" | ").map((cell) => cell.replaceAll(/^\| | \|$/g, "")),
  );
  expect(rows.length, heading).toBeGreaterThan(10);
  return rows;
}

test("the claim table lists every claim that is minted and no other, and which are always there", async () => {
  const room = await openRoom(await developmentOptions());
  const next = { issuer: known(parseIssuer("https://idp.example")), id: known(parsePartyId("next")) };
  const audiences = [known(parseAudience("https://hotels.example"))];
  const most = decodeJwt(
    await mint(room, testTime, { depthMax: 2, delegation: { mayAct: [next], audiences, depthMax: 2 } }),
  );
  const least = decodeJwt(await mint(room, testTime, { isRoleNamed: false }));
  const rows = rowsUnder("What it says");
  const names = (some: string[][]): string[] => some.map(([name = ""]) => name.replaceAll("`", ""));
  expect(names(rows).toSorted()).toEqual(Object.keys(most).toSorted());
  expect(names(rows.filter(([, , present]) => present === "always")).toSorted()).toEqual(Object.keys(least).toSorted());
});

test("the code table lists every code with its text", () => {
  const rows = rowsUnder("What can be wrong with keys");
  expect(rows).toEqual(Object.entries(tokenRoomErrors).map(([code, text]) => [`\`${code}\``, text]));
});

test("the example on the page is the one that is run here, and it verifies", async () => {
  expect(page).toContain(`\`\`\`ts\n${example}\`\`\``);
  const now = Math.floor(Date.now() / 1000);
  let room: TokenRoom | undefined;
  const listener = createServer(({ url }, response) => {
    response.statusCode = url === "/.well-known/jwks.json" ? 200 : 404;
    response.end(JSON.stringify({ keys: room?.keys.publicKeys(now) }));
  });
  await new Promise<void>((resolve) => void listener.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void listener.close());
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a TCP listener's address is an object.
  const issuer = `http://127.0.0.1:${(listener.address() as AddressInfo).port}`;
  room = await openRoom(await developmentOptions({ issuer }), createTokenWorld(now));
  vi.stubEnv("CHAPERONE_ISSUER", issuer);
  onTestFinished(() => void vi.unstubAllEnvs());
  const { verifyRoleToken } = await import("./verify-role-token.example.ts");
  const token = await mint(room, now);
  await expect(verifyRoleToken(token)).resolves.toMatchObject({ payload: { sub: "alice" } });
  const elsewhere = await mint(room, now, { audience: known(parseAudience("https://hotels.example")) });
  await expect(verifyRoleToken(elsewhere)).rejects.toThrow(/aud/);
});
