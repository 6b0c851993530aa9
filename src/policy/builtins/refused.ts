/** Built-ins that this host does not offer on purpose, each with what to say to the author of a policy that calls it. */

const network = "a decision does no I/O; bring the fact in as claim, context or data";
const tokens = "tokens are verified before policy runs; read the claims from the input";
const signing = "a policy decides and signs nothing; no key of the sidecar is in its reach";
const runtime = "policy sees no environment of the process; configure through data";
const keys = "certificates and keys are verified before policy runs";
const graphql = "no GraphQL engine is built in";
const schema = "no JSON schema engine is built in; check the shape in rules";
const compiler = "works only where the policy's source is, not in a compiled bundle";

const reasons: Readonly<Record<string, string>> = {
  "http.send": network,
  "net.lookup_ip_addr": network,
  "providers.aws.sign_req": "policy holds no credentials",
  "io.jwt.encode_sign": signing,
  "io.jwt.encode_sign_raw": signing,
  "opa.runtime": runtime,
  "crypto.parse_private_keys": keys,
  "json.match_schema": schema,
  "json.verify_schema": schema,
  "rego.parse_module": compiler,
  "strings.render_template": "no template engine is built in; build the text with sprintf or concat",
};

const reasonsByPrefix: readonly (readonly [string, string])[] = [
  ["io.jwt.", tokens],
  ["crypto.x509.", keys],
  ["graphql.", graphql],
];

/** Why the host lacks this built-in, or undefined when it has it or never heard of it. */
export function refusalOfBuiltin(name: string): string | undefined {
  if (Object.hasOwn(reasons, name)) {
    return reasons[name];
  }
  return reasonsByPrefix.find(([prefix]) => name.startsWith(prefix))?.[1];
}

/** The names of OPA 1.22 that are refused with a reason; those that read a token, to the sidecar's own policy alone. */
export const refusedBuiltinNames: ReadonlySet<string> = new Set([
  ...Object.keys(reasons),
  ...["decode", "decode_verify"].map((name) => `io.jwt.${name}`),
  ...["eddsa", "es256", "es384", "es512", "hs256", "hs384", "hs512"].map((name) => `io.jwt.verify_${name}`),
  ...["ps256", "ps384", "ps512", "rs256", "rs384", "rs512"].map((name) => `io.jwt.verify_${name}`),
  "crypto.x509.parse_and_verify_certificates",
  "crypto.x509.parse_and_verify_certificates_with_options",
  "crypto.x509.parse_certificate_request",
  "crypto.x509.parse_certificates",
  "crypto.x509.parse_keypair",
  "crypto.x509.parse_rsa_private_key",
  ...["is_valid", "parse", "parse_and_verify", "parse_query", "parse_schema", "schema_is_valid"].map(
    (name) => `graphql.${name}`,
  ),
]);
