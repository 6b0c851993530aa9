/** Somebody who holds the issuer's own key and signs what the sidecar never would, and a room that signs with the same. */
import { createHmac, createPrivateKey, sign as signBytes } from "node:crypto";
import { join } from "node:path";
import type { JSONWebKeySet } from "jose";
import type { Json, JsonObject } from "../../src/domain/json.ts";
import { isJsonObject } from "../../src/domain/json.ts";
import type { TokenOptions, TokenRoom } from "../../src/tokens/index.ts";
import { testTime } from "./path-ports.ts";
import { createEntry, createFolder, mint, openRoom, sharedOptions, writeKeySet } from "./token-world.ts";

export interface Forger {
  readonly room: TokenRoom;
  readonly keys: JSONWebKeySet;
  /** As minted by the room. */
  readonly token: string;
  readonly header: JsonObject;
  readonly claims: JsonObject;
  /** Signed with the issuer's key. Text is signed as it stands, other values as their JSON. */
  readonly sign: (header: Json, payload: Json) => string;
}

/** Closed when the test ends. */
export async function createForger(
  parts: Parameters<typeof mint>[2] = {},
  algorithm: TokenOptions["algorithm"] = "ES256",
): Promise<Forger> {
  const path = join(await createFolder(), "keys.json");
  const entry = await createEntry(undefined, algorithm);
  await writeKeySet(path, [entry]);
  const room = await openRoom(sharedOptions({ kind: "jwks", path }, { algorithm }));
  const token = await mint(room, testTime, { expiresAt: testTime + 60, ...parts });
  const [header = "", claims = ""] = token.split(".");
  const privateKey = createPrivateKey({ key: { ...entry }, format: "jwk" });
  return {
    room,
    token,
    keys: { keys: room.keys.publicKeys(testTime).map((key) => ({ ...key })) },
    header: decode(header),
    claims: decode(claims),
    sign(header, payload) {
      const input = `${encode(header)}.${encode(payload)}`;
      const hash = algorithm === "ES256" ? "sha256" : null;
      const signature = signBytes(hash, Buffer.from(input), { key: privateKey, dsaEncoding: "ieee-p1363" });
      return `${input}.${signature.toString("base64url")}`;
    },
  };
}

function encode(value: Json): string {
  return Buffer.from(typeof value === "string" ? value : JSON.stringify(value)).toString("base64url");
}

/** HMAC over what is shown, with a secret that everybody knows (P1). */
export function signWithHmac(header: Json, payload: Json, secret: string): string {
  const input = `${encode(header)}.${encode(payload)}`;
  return `${input}.${createHmac("sha256", secret).update(input).digest("base64url")}`;
}

function decode(segment: string): JsonObject {
  const value: unknown = JSON.parse(Buffer.from(segment, "base64url").toString("utf8"));
  if (!isJsonObject(value)) throw new TypeError("not an object");
  return value;
}
