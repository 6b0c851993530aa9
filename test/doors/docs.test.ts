/** The pages about doors and listeners, held to the tables they describe. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { bounds } from "../../src/domain/bounds.ts";
import { parseAudience } from "../../src/domain/identifiers.ts";
import { requestErrors } from "../../src/domain/request-error.ts";
import { Answers, statusOf } from "../../src/doors/answers.ts";
import { doors } from "../../src/doors/index.ts";
import type { Route } from "../../src/doors/door.ts";
import { checkBytesMax, headersMax } from "../../src/doors/ext-authz/grpc/limits.ts";
import type { UnaryMethod } from "../../src/doors/ext-authz/grpc/unary-method.ts";
import { doorLimits, credentialLengthMin, socketPathBytesMax } from "../../src/doors/limits.ts";
import { listenerErrorCodes } from "../../src/doors/listener-error.ts";
import { aboutOf, aboutOfPolicyReason, tokenErrors } from "../../src/doors/token-errors.ts";
import { createFakeHouse } from "../fakes/doors-house.ts";
import { socketListener } from "../fakes/open-house.ts";

const read = (path: string): string => readFileSync(join(import.meta.dirname, "..", "..", "docs", path), "utf8");

const audiences = [parseAudience("https://flights.example/api")!];
/** What each gRPC door needs of a listener. */
const options = socketListener("unused", {
  extAuthz: { position: "use", audiences, operations: [], tokenHeader: "authorization" },
  opa: { errors: "deny", requestTime: "object", parsesBody: true },
});

const admission = {
  gateway: /Admits an authenticated gateway/,
  client: /Admits an authenticated client/,
  operator: /Admits the operator/,
  anyone: /Admits anyone/,
} as const;

describe.each(Object.entries(doors))("docs/doors/%s.md", (kind, door) => {
  test("names every path of the door with its methods, and whom it admits", () => {
    const house = createFakeHouse({ decideCall: () => Promise.reject(new Error("nobody is asked")) });
    const answers = new Answers("docs", house.observer);
    const site = {
      house,
      listener: "docs",
      answers,
      limits: doorLimits,
      clientField: undefined,
      messages: undefined,
      servesTokens: false,
    };
    const page = read(`doors/${kind}.md`);
    expect(page.startsWith(`# ${kind}\n`)).toBe(true);
    expect(page).toMatch(admission[door.admits]);
    if ("dialect" in door) return expect(page).toContain("Any path and any method");
    const paths: readonly (Route | UnaryMethod)[] = "methods" in door ? door.methods(site, options) : door.routes(site);
    expect(paths.length).toBeGreaterThan(0);
    for (const route of paths) {
      expect(route.admits).toBe(door.admits);
      expect(page).toMatch(new RegExp(`\`(?:[A-Z]+ )?${route.path}\``));
      for (const method of "methods" in route ? route.methods : []) expect(page).toContain(method);
    }
  });
});

test("docs/doors/authorize.md lists every code of a request that was not understood, beside its status", () => {
  const page = read("doors/authorize.md");
  for (const [code, status] of Object.entries(statusOf)) {
    const row = page.split("\n").find((line) => line.startsWith(`| ${status} |`));
    expect(row, code).toContain(`\`${code}\``);
  }
  expect(Object.keys(statusOf).sort()).toEqual(Object.keys(requestErrors).sort());
});

describe("docs/doors/token.md", () => {
  const rows = read("doors/token.md")
    .split("\n")
    .filter((line) => line.startsWith("| "))
    .map((line) => line.split("|").map((cell) => cell.trim()));
  const rowsWith = (code: string) => rows.filter(([, , , codes]) => codes?.includes(`\`${code}\``) === true);
  const errorOf = {
    refused: "`invalid_request`; jwt-bearer: `invalid_grant`",
    scope: "`invalid_scope`",
    target: "`invalid_target`",
  };

  test.each(Object.entries(aboutOf))("says what %s becomes", (code, about) => {
    const errors = rowsWith(code)
      .filter(([, , , codes]) => codes?.includes("with") === false)
      .map(([, , error]) => error);
    expect(errors).toEqual([errorOf[about]]);
  });

  test.each([...aboutOfPolicyReason])("says what the policy's reason %s becomes", (reason, about) => {
    expect(rowsWith(reason).map(([, , error]) => error)).toEqual([errorOf[about]]);
  });

  test("lists every error there is and no code besides", () => {
    const errors = new Set(rows.flatMap(([, , error]) => error?.match(/(?:invalid|unsupported)_[a-z_]+/g) ?? []));
    expect([...errors].sort()).toEqual(Object.keys(tokenErrors).sort());
    const table = rows.slice(rows.findIndex(([, first]) => first === "Situation") + 1);
    const listed = table.slice(
      0,
      table.findIndex(([, first]) => first === "Way"),
    );
    const codes = listed.flatMap(([, , , code]) => code?.match(/[a-z]+_[a-z_]+/g) ?? []);
    const known = [...Object.keys(aboutOf), ...aboutOfPolicyReason.keys(), "approval_required"];
    expect(codes.filter((code) => !known.includes(code))).toEqual([]);
  });
});

describe("docs/listeners.md", () => {
  const page = read("listeners.md");

  test("lists exactly the errors of opening", () => {
    const listed = [...page.matchAll(/^\| `((?:listener|socket|credential|issuer)_[a-z_]+)` \|/gm)].map(
      ([, code]) => code,
    );
    expect(listed).toEqual([...listenerErrorCodes]);
  });

  test("states the limits that hold", () => {
    const { headBytesMax, discardBytesMax, connectionsMax, headMilliseconds, requestMilliseconds, idleMilliseconds } =
      doorLimits;
    for (const stated of [headBytesMax, bounds.bodyBytesMax, discardBytesMax])
      expect(page).toContain(`| ${stated} bytes |`);
    for (const stated of [headMilliseconds, requestMilliseconds, idleMilliseconds]) {
      expect(page).toContain(`| ${stated / 1000} s |`);
    }
    expect(page).toContain(`| ${connectionsMax} |`);
    expect(page).toContain(`at least ${credentialLengthMin} characters`);
    expect(page).toContain(`more than ${socketPathBytesMax} bytes`);
  });
});

test("docs/doors/ext_authz_grpc.md states the limits that hold", () => {
  const page = read("doors/ext_authz_grpc.md");
  const { requestMilliseconds, idleMilliseconds } = doorLimits;
  expect(page).toContain(`| one message | ${checkBytesMax / 1_024} KiB |`);
  expect(page).toContain(`| names of headers | ${headersMax} |`);
  expect(page).toContain(`their depth | ${bounds.jsonNodesMax}, ${bounds.jsonDepthMax} |`);
  expect(page).toContain(`at most ${requestMilliseconds / 1_000} s |`);
  expect(page).toContain(`proven itself | ${idleMilliseconds / 1_000} s |`);
});
