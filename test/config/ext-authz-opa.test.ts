/** Another's Envoy policy, as an operator writes it, and what stops the start. */
import { describe, expect, test } from "vitest";
import { credential, loaded, refused } from "./sources.ts";

const environment = { CHAPERONE_GATEWAY_CREDENTIAL: credential };
const listener = (parts = "") =>
  `{ name: mesh, address: "127.0.0.1:9191", callers: credential, doors: [ext_authz_opa]${parts} }`;
const yamlOf = (policy: string, listeners = listener()) => `listeners: [${listeners}]\next_authz_opa: { ${policy} }\n`;

test("the bundle is enough; everything else is as the plugin and the sidecar's own policy have it", () => {
  const yaml = `${yamlOf("bundle: /p/envoy.tar.gz")}policy: { deadline_milliseconds: 50, age_seconds_max: 60 }\n`;
  const { callPolicy, policy, listeners } = loaded({ yaml, environment });
  expect(callPolicy).toEqual({
    ...policy,
    path: "/p/envoy.tar.gz",
    id: "envoy-authz",
    entrypoint: "envoy/authz/allow",
    deadlineMilliseconds: 50,
    maxAgeSeconds: 60,
  });
  expect(listeners[0]).toMatchObject({ opa: { errors: "deny", requestTime: "object", parsesBody: true } });
});

test("every setting is passed on", () => {
  const settings =
    "bundle: b, id: shop, entrypoint: shop/authz/main, errors: grpc_error, request_time: rfc3339, parse_body: false, protobuf_descriptors: d.pb";
  const { callPolicy, listeners } = loaded({ yaml: yamlOf(settings), environment });
  expect(callPolicy).toMatchObject({ path: "b", id: "shop", entrypoint: "shop/authz/main" });
  expect(listeners[0]?.opa).toEqual({
    errors: "grpc_error",
    requestTime: "rfc3339",
    parsesBody: false,
    protobufDescriptors: "d.pb",
  });
});

test("without it there is no such policy, and no listener knows of one", () => {
  const { callPolicy, listeners } = loaded({ environment });
  expect(callPolicy).toBeUndefined();
  expect(listeners.filter(({ opa }) => opa !== undefined)).toEqual([]);
});

describe("stops the start", () => {
  const positions = `, ext_authz: { position: use, audiences: ["https://a.example"], operations: [{ method: GET, host: '*', path: /, permission: 'a:b' }] }`;
  test.each<[string, string, RegExp]>([
    ["the door without a policy", `listeners: [${listener()}]\n`, /needs ext_authz_opa.bundle/],
    ["a policy without a door", "ext_authz_opa: { bundle: b }\n", /no listener has the door/],
    [
      "a policy beside other doors alone",
      yamlOf("bundle: b", '{ name: a, address: "127.0.0.1:1", callers: credential, doors: [authorize] }'),
      /no listener has the door/,
    ],
    ["no bundle", yamlOf("id: shop"), /required/],
    ["a rule that is none", yamlOf("bundle: b, entrypoint: data.envoy.authz.allow"), /rule's path/],
    ["errors of another kind", yamlOf("bundle: b, errors: allow"), /deny/],
    ["a dry run", yamlOf("bundle: b, dry-run: true"), /./],
    ["a position", yamlOf("bundle: b", listener(positions)), /reads none/],
    ["two doors", yamlOf("bundle: b", listener().replace("[ext_authz_opa]", "[ext_authz_opa, public]")), /of its own/],
    ["callers that nobody proves", yamlOf("bundle: b", listener().replace("credential", "open")), /prove themselves/],
  ])("%s", (_name, yaml, message) => {
    expect(
      refused({ yaml, environment })
        .map(({ detail }) => detail)
        .join("\n"),
    ).toMatch(message);
  });
});
