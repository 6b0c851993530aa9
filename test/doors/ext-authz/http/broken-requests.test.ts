/**
 * A gateway hands its client the answer to whatever it asked, also where HTTP itself went wrong, and much of that is the
 * client's own: a long path, many cookies. So it is a plain "no" there as well, which nginx understands and which says nothing.
 */
import { expect, test } from "vitest";
import { doorLimits } from "../../../../src/doors/limits.ts";
import { createFakeHouse } from "../../../fakes/doors-house.ts";
import { dialectNames } from "../../../fakes/dialect-wires.ts";
import { byPayload } from "../../../fakes/held-operations.ts";
import { createFolder, open, socketListener } from "../../../fakes/open-house.ts";
import { rawRequest, sendRaw, statusesOf } from "../../../fakes/raw-connection.ts";

const host = "Host: flights.example";
const broken: Readonly<Record<string, readonly [string, string]>> = {
  "a head that is too large": [
    rawRequest(["GET / HTTP/1.1", host, `Cookie: ${"c".repeat(doorLimits.headBytesMax)}`]),
    "head_too_large",
  ],
  "a path that is too long": [
    rawRequest([`GET /${"p".repeat(doorLimits.headBytesMax)} HTTP/1.1`, host]),
    "head_too_large",
  ],
  "no HTTP": ["\0\u0001\u0002 nothing\r\n\r\n", "request_malformed"],
  "two lengths": [
    rawRequest(["POST / HTTP/1.1", host, "Content-Length: 1", "Content-Length: 2"], "ab"),
    "request_malformed",
  ],
  "an expectation": [rawRequest(["POST / HTTP/1.1", host, "Expect: miracles"]), "request_malformed"],
  "a tunnel": [rawRequest(["CONNECT flights.example:443 HTTP/1.1", host]), "method_not_allowed"],
};

test.each(dialectNames.flatMap((name) => Object.entries(broken).map(([what, sent]) => [name, what, sent] as const)))(
  "%s: %s",
  async (name, _what, [bytes, code]) => {
    const house = createFakeHouse();
    const { addresses } = await open(house, [
      socketListener(await createFolder(), { doors: [name], extAuthz: byPayload }),
    ]);
    const answered = await sendRaw(addresses[0]?.address, bytes);
    expect(statusesOf(answered)).toEqual([403]);
    const [head = "", body = ""] = answered.split("\r\n\r\n");
    expect(JSON.parse(body)).toEqual({ title: "malformed", status: 403 });
    const lines = head.split("\r\n").slice(1);
    expect(lines).toContain("content-type: application/problem+json");
    // nginx alone keeps it from its client.
    expect(lines.filter((line) => line.includes(code))).toEqual(
      name === "auth_request" ? [`x-chaperone-code: ${code}`] : [],
    );
    expect(head).not.toContain(`403 ${code}`);
    expect([house.turnedAway, house.asked]).toEqual([[code], []]);
  },
);
