/** What an agent gets to see of a "no": the words of DESIGN §6, and not one that tells how the decision was made. */
import { expect } from "vitest";
import { requestErrors } from "../../src/domain/request-error.ts";
import { faults, refusals } from "../../src/domain/refusal.ts";
import { isJsonObject } from "../../src/domain/json.ts";
import type { Heard } from "../fakes/decision-doors.ts";

const titles = ["denied", "approval_required", "limit", "evidence", "malformed", "unavailable"];
/** By name; what stands in them is the same for every "no" of one status, but for time and length. */
const headers: Readonly<Record<string, RegExp>> = {
  "content-type": /^application\/problem\+json$/,
  "content-length": /^\d+$/,
  "www-authenticate": /^Bearer$/,
  "cache-control": /^no-store$/,
  connection: /^(?:close|keep-alive)$/,
  "keep-alive": /^timeout=\d+$/,
  date: /^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} [\d:]{8} GMT$/,
};
const decisionId = /^[0-9A-Za-z_-]{16,64}$/;

/** Words that an answer could give away; `approval_required` is both a code and a word that may be said. */
const codes = Object.keys({ ...refusals, ...faults, ...requestErrors });

/** `asked` is everything that went in: none of its words comes out again. */
export function expectNothingSeen({ outcome, seen }: Pick<Heard, "outcome" | "seen">, asked: object): void {
  if (outcome === "allow") {
    expect(seen).toEqual({ headers: {}, body: "" });
    return;
  }
  const { status = 0, body } = seen;
  expect([401, 403, 429]).toContain(status);
  for (const [name, value] of Object.entries(seen.headers)) expect(value, name).toMatch(headers[name] ?? /^never$/);
  expect("www-authenticate" in seen.headers).toBe(status === 401);
  const problem: unknown = JSON.parse(body);
  if (!isJsonObject(problem)) throw new TypeError("no problem document");
  const { title, decision_id: id, status: said, ...more } = problem;
  expect(titles).toContain(title);
  expect(said).toBe(status);
  if (id !== undefined) expect(id).toMatch(decisionId);
  expect(more).toEqual({});
  const rest = JSON.stringify({ ...seen, body: { title, said } });
  const words = [...codes, ...wordsOf(asked)].filter((word) => rest.includes(word));
  expect(words).toEqual([]);
}

/** Texts of four letters and more, wherever they stand in what was asked and what was expected. */
function wordsOf(value: unknown): readonly string[] {
  if (typeof value === "string") return value.length > 3 && !titles.includes(value) && value !== "deny" ? [value] : [];
  return typeof value === "object" && value !== null ? Object.values(value).flatMap(wordsOf) : [];
}
