/** What a held call's target means is what every server behind the gateway would read, or it means nothing. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readTarget } from "../../../src/doors/ext-authz/call-target.ts";
import { heldCall } from "../../fakes/held-calls.ts";

describe("a target that everybody reads alike", () => {
  test.each([
    ["/", "/", []],
    ["/flights", "/flights", ["flights"]],
    ["/flights/", "/flights/", ["flights", ""]],
    ["/flights/LH%20400", "/flights/LH 400", ["flights", "LH 400"]],
    ["/caf%C3%A9", "/café", ["café"]],
    ["/%66lights", "/flights", ["flights"]],
    ["/flights?a=1", "/flights", ["flights"]],
    ["/a:b@c", "/a:b@c", ["a:b@c"]],
  ])("%s is the path %s", (target, path, segments) => {
    expect(readTarget(heldCall({ target }))).toMatchObject({ path, segments });
  });

  test.each([
    ["Flights.Example", "flights.example"],
    ["flights.example.", "flights.example"],
    ["flights.example:443", "flights.example"],
    ["flights.example.:80", "flights.example"],
    ["flights.example:8443", "flights.example:8443"],
    ["127.0.0.1:9000", "127.0.0.1:9000"],
    ["[::1]:9000", "[::1]:9000"],
  ])("the host %s is %s", (host, read) => {
    expect(readTarget(heldCall({ host }))?.host).toBe(read);
  });

  test("policy sees every value of a repeated query key, in order", () => {
    expect(readTarget(heldCall({ target: "/flights?to=LHR&to=JFK&a+b=%26" }))?.query).toEqual({
      to: ["LHR", "JFK"],
      "a b": ["&"],
    });
  });
});

describe("a target that two servers could read as two things is none", () => {
  test.each([
    "/public/../admin",
    "/public/./admin",
    "/..",
    "/public/%2e%2e/admin",
    "/public/%2E./admin",
    "/public%2fadmin",
    "/public%5cadmin",
    "/public\\admin",
    "//admin",
    "/public//admin",
    "http://flights.example/admin",
    "admin",
    "",
    "*",
    "/admin;x=1",
    "/admin%3bx=1",
    "/admin%00",
    "/admin%0a",
    "/admin%252e",
    "/admin%",
    "/admin%zz",
    "/admin%ff",
    "/admin#x",
    "/flights?x#y",
    "/ad min",
    "/admin\u0000",
    "/admin\r\nx-role: admin",
    "/café",
    "/flights?a=%zz",
    "/flights?_method=DELETE",
    "/flights?__proto__=1",
    "/flights?_METHOD=DELETE",
    "/flights?_method[]=DELETE",
    "/flights?X-HTTP-Method-Override=DELETE",
    "/flights?to=LHR;admin=1",
    "/public/%EF%BC%8E%EF%BC%8E/admin",
    "/public/%E2%80%A5/admin",
    "/public%EF%BC%8Fadmin",
    "/public%EF%BC%BCadmin",
    `/${"a".repeat(5000)}`,
    `/a?${"b".repeat(9000)}`,
    `/a?${"b&".repeat(300)}`,
  ])("%j", (target) => {
    expect(readTarget(heldCall({ target }))).toBeUndefined();
  });

  test.each([
    "",
    "a..b",
    "user@flights.example",
    "flights.example/admin",
    "flights.example:0",
    "flights.example:99999",
    "flights.example,evil.example",
    "flights.example evil",
    "-x",
    "flights.example:80:80",
  ])("the host %j", (host) => {
    expect(readTarget(heldCall({ host }))).toBeUndefined();
  });

  test.each(["get", "", "GET ", "G\u0000T", "A".repeat(40)])("the method %j", (method) => {
    expect(readTarget(heldCall({ method }))).toBeUndefined();
  });

  test.each([
    "x-http-method-override",
    "x-http-method",
    "x-method-override",
    "x-original-url",
    "x-rewrite-url",
    "x_http_method_override",
    "x-http_method-override",
    "x_original_url",
  ])("the header %s, which some servers obey", (name) => {
    expect(readTarget(heldCall({ headers: { [name]: ["DELETE"] } }))).toBeUndefined();
  });
});

test("a host beside the authority is none, unless it is the same", () => {
  expect(readTarget(heldCall({ headers: { host: ["flights.example"] } }))).toBeDefined();
  for (const host of [["evil.example"], ["flights.example", "flights.example"], [""]]) {
    expect(readTarget(heldCall({ headers: { host } }))).toBeUndefined();
  }
});

test("whatever the target is, what is read of it holds no dot segment, no empty inner segment and no slash", () => {
  let seen = 0;
  const piece = fc.constantFrom("/", ".", "..", "%2e", "%2F", "a", "%61", "admin", "//", "\\", ";", "?", "%25", "é");
  const targets = fc.array(piece, { maxLength: 12 }).map((pieces) => `/${pieces.join("")}`);
  fc.assert(
    fc.property(targets, (target) => {
      const read = readTarget(heldCall({ target }));
      if (read === undefined) return;
      seen += 1;
      const { segments } = read;
      expect(segments.filter((segment) => segment === "." || segment === ".." || /[/\\]/.test(segment))).toEqual([]);
      expect(segments.slice(0, -1)).not.toContain("");
    }),
    { numRuns: 5000 },
  );
  expect(seen).toBeGreaterThan(100);
});
