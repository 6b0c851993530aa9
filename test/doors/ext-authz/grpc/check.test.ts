import { expect, test } from "vitest";
import type { HeldCall, HeldCallAnswer } from "../../../../src/doors/ext-authz/held-call.ts";
import { createFakeHouse } from "../../../fakes/doors-house.ts";
import { checkResponseType, connectGrpc, encodeCheck } from "../../../fakes/grpc-client.ts";
import { createFolder, open, socketListener } from "../../../fakes/open-house.ts";

test("smoke", async () => {
  const asked: HeldCall[] = [];
  const pass: HeldCallAnswer = {
    kind: "let_through",
    headersToSet: [{ name: "authorization", value: "Bearer x" }],
    headersToRemove: ["cookie"],
    metadata: { decision_id: "d1" },
  };
  const house = createFakeHouse({
    heldCalls: new Map([
      [
        "socket",
        async (call) => {
          asked.push(call);
          return pass;
        },
      ],
    ]),
  });
  const { addresses } = await open(house, [socketListener(await createFolder(), { doors: ["ext_authz_grpc"] })]);
  const client = connectGrpc(addresses[0]?.address);
  const { error, bytes } = await client.call(
    encodeCheck({
      attributes: {
        request: { http: { method: "GET", path: "/x?y", host: "h", headers: { a: "b", ":path": "/" } } },
        source: { principal: "spiffe://x" },
        metadata_context: { filter_metadata: { jwt: { fields: { a: { number_value: 3 } } } } },
      },
    }),
  );
  expect(error).toBeUndefined();
  console.log(asked, JSON.stringify(checkResponseType.toObject(checkResponseType.decode(bytes))));
});
