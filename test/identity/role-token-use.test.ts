/** Whose role tokens count where they are used: ours, and those of the Chaperones that configuration names. */
import { describe, expect, test } from "vitest";
import { parseIssuer } from "../../src/domain/identifiers.ts";
import { Refusal } from "../../src/domain/refusal.ts";
import type { RoleTokenOptions } from "../../src/identity/index.ts";
import { ProfileError } from "../../src/identity/index.ts";
import { createFakeIssuer, ourselves, people, roleToken, roleTokenOf, subjectToken } from "../fakes/issuers.ts";
import { known, testTime } from "../fakes/path-ports.ts";
import { createUseVerifier, useOf } from "../fakes/uses.ts";

const fleet = createFakeIssuer("https://chaperone.fleet.example");
const stranger = createFakeIssuer("https://chaperone.stranger.example");
const trusted = (issuer: typeof fleet, name = issuer.name): RoleTokenOptions["issuers"][number] => ({
  issuer: known(parseIssuer(name)),
  keys: { kind: "static", jwks: { keys: [{ ...issuer.jwk }] } },
});

async function judge(token: string, issuers: RoleTokenOptions["issuers"] = [trusted(fleet)]): Promise<string> {
  const evidence = await createUseVerifier(issuers).verify(useOf({ token }), testTime);
  return evidence instanceof Refusal ? evidence.code : (evidence.actor.id ?? "nobody");
}

test("ours count, and those of a Chaperone that is named", async () => {
  expect(await judge(roleToken())).toBe("planner");
  expect(await judge(roleTokenOf(fleet))).toBe("planner");
});

describe("nobody else's do", () => {
  test.each<[string, string]>([
    ["of a Chaperone that is not named", roleTokenOf(stranger)],
    ["in the name of one that is named, signed by another", roleTokenOf(stranger, { iss: fleet.name })],
    ["in our name, signed by one that is named", roleTokenOf(fleet, { iss: ourselves.name })],
    ["of a person's issuer", subjectToken()],
    ["in the form of a role token, of a person's issuer", roleTokenOf(people)],
  ])("a token %s", async (_name, token) => {
    expect(await judge(token)).toBe("evidence_untrusted");
  });

  test("one that is named only where people come from", async () => {
    expect(await judge(roleTokenOf(fleet), [])).toBe("evidence_untrusted");
  });
});

test("our own name and one name twice are refused at the start", () => {
  expect(() => createUseVerifier([trusted(fleet, ourselves.name)])).toThrow(ProfileError);
  expect(() => createUseVerifier([trusted(fleet), trusted(stranger, fleet.name)])).toThrow(ProfileError);
});
