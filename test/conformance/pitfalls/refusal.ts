/** What every refusal at the token endpoint must be: the right OAuth word, the reason on record, and nothing else said. */
import { expect } from "vitest";
import { tokenErrors, type TokenErrorCode } from "../../../src/doors/token-errors.ts";
import type { ExchangeHouse } from "../../fakes/exchange-house.ts";
import type { Answer } from "../../fakes/open-house.ts";

/** `code`: the refusal that stands on record. */
export function expectRefused(answer: Answer, house: ExchangeHouse, error: TokenErrorCode, code: string): void {
  expect(house.lastRecord()).toMatchObject({ outcome: "deny", code });
  expect(house.lastRecord()).not.toHaveProperty("grant");
  expect(answer.status).toBe(400);
  const { decision_id: decisionId, ...said } = answer.json;
  expect(said).toEqual({ error, error_description: tokenErrors[error] });
  expect(decisionId).toMatch(/^d-/);
  // P33: neither half of the answer quotes a token.
  expect(answer.text + JSON.stringify(house.lastRecord())).not.toMatch(/eyJ/);
}
