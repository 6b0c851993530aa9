/** `net.cidr_*` beyond the three that the WASM has itself. */
import {
  type Address,
  type Block,
  blockOf,
  containsAddress,
  containsBlock,
  lastOf,
  parseAddress,
  parseBlock,
  printAddress,
  printBlock,
} from "./address.ts";
import { assertWithin } from "./bounds.ts";
import type { BuiltinFamily } from "./family.ts";
import { elementsOf, ofText, pairsOf, textsOf, whetherText } from "./operands.ts";
import { isRegoArray, RegoSet, type RegoValue } from "./rego-value.ts";

function contains(outer: string, inner: string): boolean | undefined {
  const block = parseBlock(outer);
  const address = parseAddress(inner);
  if (block === undefined || address !== undefined) {
    return block === undefined || address === undefined ? undefined : containsAddress(block, address);
  }
  const innerBlock = parseBlock(inner);
  return innerBlock === undefined ? undefined : containsBlock(block, innerBlock);
}

interface Candidate {
  readonly cidr: string;
  /** What names it in the answer: itself, its position or its key. */
  readonly name: RegoValue;
}

/** Undefined when an element is none; what is no collection has none. */
function candidatesOf(operand: RegoValue | undefined): readonly Candidate[] | undefined {
  if (typeof operand === "string") {
    return [{ cidr: operand, name: operand }];
  }
  const named: readonly (readonly [RegoValue, RegoValue])[] =
    pairsOf(operand) ??
    elementsOf(operand)?.map((element, index) => [isRegoArray(operand) ? index : element, element] as const) ??
    [];
  const candidates = named.map(([name, element]) => ({ cidr: isRegoArray(element) ? element[0] : element, name }));
  return candidates.every((candidate): candidate is Candidate => typeof candidate.cidr === "string")
    ? candidates
    : undefined;
}

function containsMatches(outer: RegoValue | undefined, inner: RegoValue | undefined): RegoSet | undefined {
  const outers = candidatesOf(outer);
  // OPA looks at the second list only when there is something to compare it with.
  const inners = outers?.length === 0 ? [] : candidatesOf(inner);
  if (outers === undefined || inners === undefined) {
    return undefined;
  }
  assertWithin("pairsMax", outers.length * inners.length);
  const matches: RegoValue[] = [];
  for (const first of outers) {
    for (const second of inners) {
      const holds = contains(first.cidr, second.cidr);
      if (holds === undefined) {
        return undefined;
      }
      if (holds) {
        matches.push([first.name, second.name]);
      }
    }
  }
  return new RegoSet(matches);
}

function expand(text: string): RegoSet | undefined {
  const block = parseBlock(text);
  if (block === undefined) {
    return undefined;
  }
  const { bits, value } = block.address;
  const hostBits = bits - block.prefixLength;
  assertWithin("elementsMax", 2 ** hostBits);
  return new RegoSet(
    Array.from({ length: 2 ** hostBits }, (_, index) => printAddress({ bits, value: value + BigInt(index) })),
  );
}

/**
 * A bare IPv4 address stands for its classful network, and keeps its host bits in print; a bare IPv6 address is an
 * error. Both are OPA's ways.
 */
function parseMergeable(text: string): Range | undefined {
  const address = parseAddress(text);
  if (address === undefined) {
    const block = parseBlock(text);
    return block === undefined ? undefined : rangeOf(block, printBlock(block));
  }
  if (address.bits === 128) {
    return undefined;
  }
  const firstOctet = Number(address.value >> 24n);
  const prefixLength = firstOctet < 0x80 ? 8 : firstOctet < 0xc0 ? 16 : 24;
  return rangeOf(blockOf(address, prefixLength), `${printAddress(address)}/${prefixLength}`);
}

function rangeOf(block: Block, name: string): Range {
  return { name, bits: block.address.bits, first: block.address.value, last: lastOf(block).value };
}

interface Range {
  /** As it is printed when nothing merges with it. */
  readonly name: string | undefined;
  readonly bits: Address["bits"];
  readonly first: bigint;
  readonly last: bigint;
}

function merge(operand: RegoValue | undefined): RegoSet | undefined {
  const texts = textsOf(operand);
  assertWithin("elementsMax", texts?.length ?? 0);
  const parsed = texts?.map(parseMergeable);
  if (parsed?.every((range) => range !== undefined) !== true) {
    return undefined;
  }
  const merged: Range[] = [];
  for (const range of parsed.toSorted((a, b) => a.bits - b.bits || compare(a.first, b.first))) {
    const previous = merged.at(-1);
    if (previous !== undefined && previous.bits === range.bits && range.first <= previous.last + 1n) {
      const last = previous.last > range.last ? previous.last : range.last;
      merged[merged.length - 1] = { ...previous, name: undefined, last };
    } else {
      merged.push(range);
    }
  }
  return new RegoSet(merged.flatMap((range) => range.name ?? blocksOf(range).map(printBlock)));
}

function compare(first: bigint, second: bigint): number {
  return first === second ? 0 : first < second ? -1 : 1;
}

/** The fewest blocks that make up the range. */
function blocksOf({ bits, first, last }: Range): readonly Block[] {
  const blocks: Block[] = [];
  for (let at = first; at <= last; ) {
    let hostBits = 0;
    while (hostBits < bits && ((at >> BigInt(hostBits)) & 1n) === 0n && at + (2n << BigInt(hostBits)) - 1n <= last) {
      hostBits += 1;
    }
    blocks.push({ address: { bits, value: at }, prefixLength: bits - hostBits });
    at += 1n << BigInt(hostBits);
  }
  return blocks;
}

export const netBuiltins: BuiltinFamily = {
  "net.cidr_contains_matches": containsMatches,
  "net.cidr_expand": ofText(expand),
  "net.cidr_is_valid": whetherText((text) => parseBlock(text) !== undefined),
  "net.cidr_merge": merge,
};
