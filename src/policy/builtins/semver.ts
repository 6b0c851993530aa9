/** `semver.*`: Semantic Versioning 2.0.0, with the leading `v` that OPA tolerates. */
import type { BuiltinFamily } from "./family.ts";
import { ofTwoTexts, whetherText } from "./operands.ts";

interface Version {
  readonly numbers: readonly [bigint, bigint, bigint];
  readonly preRelease: readonly string[];
}

const shape = /^v?(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(?:-([0-9A-Za-z.-]+))?(?:\+([0-9A-Za-z.-]+))?$/u;
const identifier = /^(?:0|[1-9]\d*|\d*[A-Za-z-][0-9A-Za-z-]*)$/u;
const decimals = /^\d+$/u;
/** OPA reads the three numbers into 64 bits. */
const numberMax = 2n ** 63n - 1n;

function parseVersion(text: string): Version | undefined {
  const [, major, minor, patch, preRelease, metadata] = shape.exec(text) ?? [];
  if (major === undefined || minor === undefined || patch === undefined) {
    return undefined;
  }
  const numbers: Version["numbers"] = [BigInt(major), BigInt(minor), BigInt(patch)];
  const identifiers = preRelease?.split(".") ?? [];
  const isValid =
    numbers.every((part) => part <= numberMax) &&
    identifiers.every((part) => identifier.test(part)) &&
    (metadata === undefined || metadata.split(".").every((part) => part !== ""));
  return isValid ? { numbers, preRelease: identifiers } : undefined;
}

function order<Part extends bigint | string>(first: Part, second: Part): number {
  return first === second ? 0 : first < second ? -1 : 1;
}

function orderOfIdentifiers(first: string, second: string): number {
  const [isFirstNumber, isSecondNumber] = [decimals.test(first), decimals.test(second)];
  if (isFirstNumber && isSecondNumber) {
    return order(BigInt(first), BigInt(second));
  }
  if (isFirstNumber !== isSecondNumber) {
    return isFirstNumber ? -1 : 1;
  }
  return order(first, second);
}

function orderOfPreReleases(first: readonly string[], second: readonly string[]): number {
  if (first.length === 0 || second.length === 0) {
    return Math.sign(second.length - first.length);
  }
  for (const [index, part] of first.entries()) {
    const other = second[index];
    const found = other === undefined ? 1 : orderOfIdentifiers(part, other);
    if (found !== 0) {
      return found;
    }
  }
  return first.length === second.length ? 0 : -1;
}

function compareVersions(first: string, second: string): number | undefined {
  const [left, right] = [parseVersion(first), parseVersion(second)];
  if (left === undefined || right === undefined) {
    return undefined;
  }
  const [leftNumbers, rightNumbers] = [left.numbers, right.numbers];
  return (
    order(leftNumbers[0], rightNumbers[0]) ||
    order(leftNumbers[1], rightNumbers[1]) ||
    order(leftNumbers[2], rightNumbers[2]) ||
    orderOfPreReleases(left.preRelease, right.preRelease)
  );
}

export const semverBuiltins: BuiltinFamily = {
  "semver.compare": ofTwoTexts(compareVersions),
  "semver.is_valid": whetherText((text) => parseVersion(text) !== undefined),
};
