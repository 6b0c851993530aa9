/** kill -9 under load: every decision that was answered is in a chain that verifies, and none shares a jti with another. */
import { join } from "node:path";
import { decodeJwt } from "jose";
import { afterAll, expect, test } from "vitest";
import { verifyAuditFolder } from "../../src/audit/index.ts";
import { textOf } from "../fakes/gateway.ts";
import { foundingInput } from "../fakes/requests.ts";
import { makeFolder, readGrants, type ServedHouse, serve } from "./served-house.ts";

const rounds = 20;
const folder = makeFolder();
afterAll(() => folder.remove());

/** Eight gateways that ask until the server is gone. */
async function load(house: ServedHouse, answered: Map<string, string>): Promise<void> {
  const gateway = async (): Promise<void> => {
    for (;;) {
      const { body } = await house.ask(foundingInput);
      answered.set(textOf(body, "decision_id"), textOf(body, "token"));
    }
  };
  await Promise.allSettled(Array.from({ length: 8 }, gateway));
}

test(`after ${rounds} kills nothing that was answered for is lost`, { timeout: 180_000 }, async () => {
  const answered = new Map<string, string>();
  for (let round = 0; round < rounds; round += 1) {
    const house = await serve(folder.path);
    const running = load(house, answered);
    await new Promise((resolve) => setTimeout(resolve, 40 + ((round * 37) % 160)));
    await house.kill();
    await running;
  }
  const last = await serve(folder.path);
  expect((await last.ask(foundingInput)).body).toMatchObject({ allow: true });
  expect(await last.stop()).toBe(0);

  const audit = join(folder.path, "state", "audit");
  const report = await verifyAuditFolder(audit);
  expect(report).toMatchObject({ isIntact: true, findings: [], endsWithStop: true });
  const recorded = readGrants(audit);
  // Not only a record of the decision: the record of this very token.
  expect([...answered].filter(([id, token]) => recorded.get(id) !== decodeJwt(token).jti)).toEqual([]);
  const tokens = [...answered.values()].map((token) => decodeJwt(token).jti);
  expect(new Set(tokens).size).toBe(tokens.length);
  console.log(
    `kill -9 × ${rounds}: ${answered.size} answered decisions, all on record, every jti its own, ${report.recoveries} recoveries reported`,
  );
  expect(answered.size).toBeGreaterThan(rounds * 5);
});
