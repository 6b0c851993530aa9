/** `uri.*`: a URI's parts as Go's `net/url` takes it apart. */
import { parseAddress } from "./address.ts";
import { percentDecode } from "./encodings.ts";
import type { BuiltinFamily } from "./family.ts";
import { ofText, whetherText } from "./operands.ts";
import type { RegoValue } from "./rego-value.ts";

interface Host {
  readonly hostname: string;
  readonly port: string;
}

interface Uri extends Host {
  readonly scheme: string;
  readonly path: string;
  readonly rawPath: string;
  readonly rawQuery: string;
  readonly fragment: string;
}

const nothing: Uri = { scheme: "", hostname: "", port: "", path: "", rawPath: "", rawQuery: "", fragment: "" };
const userInformation = /^[\w\-.:~!$&'()*+,;=%@]*$/u;
/** What may stand in a host as it is; percent encoding is for bytes outside ASCII only. */
const hostText = /^(?:[\w\-.~!$&'()*+,;=:[\]<>"]|[^\0-\u007f]|%[89a-f][\da-f])*$/iu;
const zoneText = /^(?:[\w\-.~!$&'()*+,;=:[\]<>"]|[^\0-\u007f]|%25|%20|%[\da-f]{2})*$/iu;
const optionalPort = /^(?::\d*)?$/u;

function parseUri(text: string): Uri | undefined {
  const [beforeFragment, fragmentText] = cut(text, "#");
  const fragment = percentDecode(fragmentText);
  const reference = parseReference(beforeFragment);
  return reference === undefined || fragment === undefined ? undefined : { ...reference, fragment };
}

function parseReference(text: string): Uri | undefined {
  if (hasControl(text) || text.startsWith(":")) {
    return undefined;
  }
  if (text === "*") {
    return { ...nothing, path: "*", rawPath: "*" };
  }
  const written = /^([a-z][a-z\d+\-.]*):/iu.exec(text)?.[1] ?? "";
  const scheme = written.toLowerCase();
  const [rest, rawQuery] = cut(written === "" ? text : text.slice(written.length + 1), "?");
  if (rest.startsWith("/")) {
    return parseHierarchy({ ...nothing, scheme, rawQuery }, rest);
  }
  return scheme === "" ? parseRelative(rest, rawQuery) : { ...nothing, scheme, rawQuery };
}

/** What starts with `/`: a path, or an authority and a path. */
function parseHierarchy(uri: Uri, rest: string): Uri | undefined {
  const hasAuthority = rest.startsWith("//") && (uri.scheme !== "" || !rest.startsWith("///"));
  if (!hasAuthority) {
    return withPath(uri, rest);
  }
  const [authority] = cut(rest.slice(2), "/");
  const host = parseAuthority(uri.scheme, authority);
  return host === undefined ? undefined : withPath({ ...uri, ...host }, rest.slice(2 + authority.length));
}

function cut(text: string, separator: string): readonly [before: string, after: string] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, ""] : [text.slice(0, at), text.slice(at + 1)];
}

function hasControl(text: string): boolean {
  return Array.from(text).some((character) => character < " " || character === "\u007f");
}

function parseRelative(rest: string, rawQuery: string): Uri | undefined {
  const firstSegment = rest.split("/", 1)[0] ?? "";
  return firstSegment.includes(":") ? undefined : withPath({ ...nothing, rawQuery }, rest);
}

/** The path as written is kept only where it says something that the decoded path does not. */
function withPath(uri: Uri, written: string): Uri | undefined {
  const path = percentDecode(written);
  if (path === undefined) {
    return undefined;
  }
  const escaped = encodeURI(path.toWellFormed()).replace(
    /[!'()*?#]/gu,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return { ...uri, path, rawPath: escaped === written ? path : written };
}

function parseAuthority(scheme: string, authority: string): Host | undefined {
  const at = authority.lastIndexOf("@");
  const user = at < 0 ? "" : authority.slice(0, at);
  const host = authority.slice(at + 1);
  if (!userInformation.test(user) || percentDecode(user) === undefined) {
    return undefined;
  }
  return host.includes("[") ? parseLiteral(host) : parseName(scheme, host);
}

function parseName(scheme: string, host: string): Host | undefined {
  const isStrict = scheme === "http" || scheme === "https";
  const colon = isStrict ? host.indexOf(":") : host.lastIndexOf(":");
  if (!hostText.test(host) || (colon >= 0 && !optionalPort.test(host.slice(colon)))) {
    return undefined;
  }
  const decoded = percentDecode(host) ?? "";
  const at = decoded.lastIndexOf(":");
  return at < 0 ? { hostname: decoded, port: "" } : { hostname: decoded.slice(0, at), port: decoded.slice(at + 1) };
}

/** `[fe80::1%25en0]:80` */
function parseLiteral(host: string): Host | undefined {
  const close = host.lastIndexOf("]");
  const inner = host.slice(1, close);
  const port = host.slice(close + 1);
  const zoneAt = inner.indexOf("%25");
  const address = zoneAt < 0 ? inner : inner.slice(0, zoneAt);
  const zone = zoneAt < 0 ? "" : inner.slice(zoneAt);
  const decodedZone = zoneText.test(zone) ? percentDecode(zone) : undefined;
  const isAddress = address.includes(":") && parseAddress(address) !== undefined;
  if (host.lastIndexOf("[") !== 0 || close < 0 || !optionalPort.test(port) || !isAddress || decodedZone === undefined) {
    return undefined;
  }
  return decodedZone === "%" ? undefined : { hostname: `${address}${decodedZone}`, port: port.slice(1) };
}

function partsOf(text: string): RegoValue | undefined {
  const uri = parseUri(text);
  if (uri === undefined) {
    return undefined;
  }
  const named = {
    scheme: uri.scheme,
    hostname: uri.hostname,
    port: uri.port,
    path: uri.path,
    raw_path: uri.rawPath,
    raw_query: uri.rawQuery,
    fragment: uri.fragment,
  };
  return Object.fromEntries(Object.entries(named).filter(([, part]) => part !== ""));
}

export const uriBuiltins: BuiltinFamily = {
  /** A relative reference is valid, nothing at all is not. */
  "uri.is_valid": whetherText((text) => text !== "" && parseUri(text) !== undefined),
  "uri.parse": ofText(partsOf),
};
