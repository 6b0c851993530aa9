/** IP addresses and CIDR blocks as numbers. An IPv4 address in IPv6 clothes (`::ffff:192.0.2.1`) is the IPv4 address. */

export interface Address {
  readonly bits: 32 | 128;
  readonly value: bigint;
}

/** A block of addresses: `address` is its first one. */
export interface Block {
  readonly address: Address;
  readonly prefixLength: number;
}

const mappedPrefix = 0xffffn << 32n;
const octet = /^(?:0|[1-9]\d{0,2})$/u;
const group = /^[0-9a-f]{1,4}$/iu;
const prefix = /^\d+$/u;

export function parseAddress(text: string): Address | undefined {
  return text.includes(":") ? parseSix(text) : parseFour(text);
}

/** `10.1.2.3/8` is the block `10.0.0.0/8`. A zone (`%eth0`) is no part of a block. */
export function parseBlock(text: string): Block | undefined {
  const slash = text.indexOf("/");
  const prefixText = text.slice(slash + 1);
  const written = slash < 0 ? undefined : parseAddress(text.slice(0, slash));
  if (written === undefined || !prefix.test(prefixText)) {
    return undefined;
  }
  const writtenBits = text.slice(0, slash).includes(":") ? 128 : 32;
  const length = Number(prefixText);
  if (length > writtenBits) {
    return undefined;
  }
  if (writtenBits === 128 && written.bits === 32) {
    // A prefix shorter than the clothes covers more than IPv4.
    return length >= 96
      ? blockOf(written, length - 96)
      : blockOf({ bits: 128, value: mappedPrefix | written.value }, length);
  }
  return blockOf(written, length);
}

export function blockOf(address: Address, prefixLength: number): Block {
  const hostBits = BigInt(address.bits - prefixLength);
  return { address: { bits: address.bits, value: (address.value >> hostBits) << hostBits }, prefixLength };
}

export function lastOf({ address, prefixLength }: Block): Address {
  const hostMask = (1n << BigInt(address.bits - prefixLength)) - 1n;
  return { bits: address.bits, value: address.value | hostMask };
}

export function containsAddress(block: Block, address: Address): boolean {
  return (
    block.address.bits === address.bits && address.value >= block.address.value && address.value <= lastOf(block).value
  );
}

export function containsBlock(block: Block, inner: Block): boolean {
  return containsAddress(block, inner.address) && containsAddress(block, lastOf(inner));
}

export function printBlock({ address, prefixLength }: Block): string {
  return `${printAddress(address)}/${prefixLength}`;
}

/** RFC 5952: the longest run of zero groups, the first of equals, is `::`. */
export function printAddress({ bits, value }: Address): string {
  if (bits === 32) {
    return [24n, 16n, 8n, 0n].map((shift) => String((value >> shift) & 0xffn)).join(".");
  }
  const groups = Array.from({ length: 8 }, (_, index) => (value >> BigInt(112 - index * 16)) & 0xffffn);
  const text = groups.map((part) => part.toString(16)).join(":");
  const runs = [...`:${text}:`.matchAll(/(?<=:)0(?::0)+(?=:)/gu)];
  const longest = runs.reduce((best, [run]) => (run.length > best.length ? run : best), "");
  if (longest === "") {
    return text;
  }
  const at = `:${text}:`.indexOf(`:${longest}:`);
  const [before, after] = [`:${text}:`.slice(1, at), `:${text}:`.slice(at + longest.length + 2, -1)];
  return `${before}::${after}`;
}

function parseFour(text: string): Address | undefined {
  const octets = text.split(".");
  if (octets.length !== 4 || !octets.every((part) => octet.test(part) && Number(part) <= 255)) {
    return undefined;
  }
  return { bits: 32, value: octets.reduce((value, part) => (value << 8n) | BigInt(part), 0n) };
}

function parseSix(text: string): Address | undefined {
  const halves = text.split("::");
  const heads = groupsOf(halves[0] ?? "", halves.length === 1);
  const tails = groupsOf(halves[1] ?? "", true);
  if (halves.length > 2 || heads === undefined || tails === undefined) {
    return undefined;
  }
  const missing = 8 - heads.length - tails.length;
  if (halves.length === 1 ? missing !== 0 : missing < 1) {
    return undefined;
  }
  const groups = [...heads, ...Array.from({ length: missing }, () => 0n), ...tails];
  const value = groups.reduce((sum, part) => (sum << 16n) | part, 0n);
  return value >> 32n === 0xffffn ? { bits: 32, value: value & 0xffff_ffffn } : { bits: 128, value };
}

/** The groups of one side of `::`; only at the address's end may the last be dotted. */
function groupsOf(text: string, isEnd: boolean): readonly bigint[] | undefined {
  if (text === "") {
    return [];
  }
  const parts = text.split(":");
  const last = parts.at(-1) ?? "";
  if (isEnd && last.includes(".")) {
    const four = parseFour(last);
    const before = parts.slice(0, -1);
    return four === undefined || !before.every((part) => group.test(part))
      ? undefined
      : [...before.map((part) => BigInt(`0x${part}`)), four.value >> 16n, four.value & 0xffffn];
  }
  return parts.every((part) => group.test(part)) ? parts.map((part) => BigInt(`0x${part}`)) : undefined;
}
