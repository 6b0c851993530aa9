/** Products that issue tokens: what they say is in test/fixtures/issuers, what is believed in docs/issuers, the keys are made. */
import { generateKeyPairSync, sign } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { isJsonObject, type Json, type JsonObject } from "../../src/domain/json.ts";
import type { DeclaredProfileOptions } from "../../src/identity/index.ts";
import { loaded } from "../config/sources.ts";
import { root } from "../house/source-tree.ts";
import { judge, type Showing } from "./issuers.ts";
import { testTime } from "./path-ports.ts";

export const productNames = ["keycloak", "vault", "entra", "auth0", "cognito"] as const;
export type ProductName = (typeof productNames)[number];

type Changes = { readonly [member: string]: Json | undefined };

export interface Product {
  readonly issuer: string;
  /** The profiles of the page's example, with the fake's key. */
  readonly profiles: readonly DeclaredProfileOptions[];
  /** What its tokens are shown as. */
  readonly type: "access_token" | "id_token";
  /** A token of the fixture, signed now; `undefined` takes a member out. */
  issue(name: string, changes?: Changes, header?: Changes): string;
  /** The claims that a token of the fixture has. */
  claimsOf(name: string): readonly string[];
  /** What is made of a person's token, an agent's, or both, changed like this. */
  judge(showing?: ProductShowing): ReturnType<typeof judge>;
}

export interface ProductShowing extends Pick<Showing, "client" | "subjectType" | "actorType"> {
  readonly subject?: string;
  readonly person?: Changes;
  readonly actor?: string | null;
  readonly agent?: Changes;
  readonly profiles?: readonly DeclaredProfileOptions[];
}

const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
const { n = "", e = "" } = publicKey.export({ format: "jwk" });
/** Of every fake product. */
export const productKey: JsonObject = { kty: "RSA", n, e, kid: "k-1", use: "sig" };
const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");

/** The block of settings on a page of docs/issuers. */
export function exampleOf(product: ProductName): string {
  const page = readFileSync(join(root, "docs/issuers", `${product}.md`), "utf8");
  const [, example] = /```yaml\n([^`]+)```/.exec(page) ?? [];
  if (example === undefined) throw new Error(`docs/issuers/${product}.md has no example`);
  return example;
}

/** `now` is when its tokens are issued, epoch seconds. */
export function openProduct(name: ProductName, now = testTime): Product {
  const { issuer, tokens } = readFixture(name);
  const profiles = loaded({
    yaml: exampleOf(name),
    files: { "/etc/chaperone/planner.secret": "a-client-secret-for-tests-0123456789abc" },
  })
    .issuers.filter((options) => options.kind !== "chaperone")
    .map((options): DeclaredProfileOptions => ({ ...options, keys: { kind: "static", jwks: { keys: [productKey] } } }));
  const issue: Product["issue"] = (token, changes = {}, header = {}) => {
    const { header: top, claims } = readToken(tokens, token);
    const whole = { iss: issuer, iat: now - 10, exp: now + 290, ...claims, ...changes };
    const signed = `${encode({ alg: "RS256", kid: "k-1", ...top, ...header })}.${encode(whole)}`;
    return `${signed}.${sign("sha256", Buffer.from(signed), privateKey).toString("base64url")}`;
  };
  const usualType = name === "vault" ? "id_token" : "access_token";
  return {
    issuer,
    profiles,
    type: usualType,
    issue,
    claimsOf: (token) => Object.keys(readToken(tokens, token).claims),
    judge: ({ person, agent, profiles: given, ...showing } = {}) =>
      judge(
        {
          subject: issue("person", person),
          actor: issue("agent", agent),
          subjectType: usualType,
          actorType: usualType,
          client: "travel-planner",
          ...showing,
        },
        given ?? profiles,
      ),
  };
}

function readFixture(name: ProductName): { readonly issuer: string; readonly tokens: JsonObject } {
  const file: unknown = JSON.parse(readFileSync(join(root, "test/fixtures/issuers", `${name}.json`), "utf8"));
  const { issuer, tokens } = isJsonObject(file) ? file : {};
  if (typeof issuer !== "string" || !isJsonObject(tokens)) throw new Error(`${name}.json is no fixture`);
  return { issuer, tokens };
}

function readToken(tokens: JsonObject, name: string): { readonly header: JsonObject; readonly claims: JsonObject } {
  const token = tokens[name];
  const { header, claims } = isJsonObject(token) ? token : {};
  if (!isJsonObject(header) || !isJsonObject(claims)) throw new Error(`there is no token ${name}`);
  return { header, claims };
}
