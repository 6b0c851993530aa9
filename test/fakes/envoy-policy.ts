/** An Envoy authorization policy of our own, as people wrote them for opa-envoy-plugin, and what builds such bundles. */
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildBundle, findOpa } from "../../src/toolchain/index.ts";

/** By path it shows every form that a result may have. */
export const shopPolicy = `package envoy.authz

import rego.v1

allow := true if {
	input.attributes.request.http.method == "GET"
	input.parsed_path == ["catalogue", "shoes"]
}

allow := false if input.parsed_path == ["closed"]

allow := {
	"allowed": true,
	"headers": {"x-user": input.parsed_query.user[0], "x-groups": ["staff", "night"], "x-blank": ""},
	"request_headers_to_remove": ["x-secret"],
	"response_headers_to_add": {"x-shop": "open", "set-cookie": ["a=1", "b=2"]},
	"query_parameters_to_set": {"seen": "yes"},
	"query_parameters_to_remove": ["user"],
	"dynamic_metadata": {"shop": {"floor": 2}},
	"body": ["not read on an allow"],
} if input.parsed_path[0] == "orders"

allow := {
	"allowed": false,
	"http_status": 302,
	"headers": [{"location": "/login"}, {"set-cookie": ["a=1", "b=2"]}],
	"body": "log in first",
	"dynamic_metadata": {"why": "nobody"},
} if input.parsed_path == ["account"]

allow := {"allowed": input.parsed_body.size == 42, "http_status": 422, "body": "no such size"} if {
	input.parsed_path == ["fit"]
	not input.truncated_body
}

allow := "yes" if input.parsed_path == ["wrong"]
allow := {"allowed": "true"} if input.parsed_path == ["nearly"]
allow := {"allowed": true, "headers": {"x-split": "a\\r\\nx-admin: true"}} if input.parsed_path == ["split"]
`;

/** The bytes of a bundle, gone from disk. */
export async function buildEnvoyPolicy(
  rego = shopPolicy,
  entrypoint = "envoy/authz/allow",
  data: object = {},
): Promise<Buffer> {
  const folder = await mkdtemp(join(tmpdir(), "envoy-policy-"));
  try {
    const source = join(folder, "policy");
    await mkdir(source);
    await writeFile(join(source, "policy.rego"), rego);
    await writeFile(join(source, "data.json"), JSON.stringify(data));
    const out = join(folder, "bundle.tar.gz");
    await buildBundle({ source, out, opa: await findOpa(), testEntrypoints: [entrypoint] });
    return await readFile(out);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
