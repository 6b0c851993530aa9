/**
 * More combining marks on one letter than any language has (UAX #15, stream-safe text); the last two are letters that
 * become marks. To put them in order takes time by the square of their number.
 */
const endlessMarks = /[\p{M}\uff9e\uff9f]{31}/u;

export const isUnfoldable = (text: string): boolean => endlessMarks.test(text);

/** What a text folds to that nobody puts in order: it may be near any other. No other text folds to it. */
export const unfoldable = "\0";

/**
 * What readers that are not strict take for one and the same: other capitals, other forms of a letter (NFKC), spaces
 * around it, signs that nobody sees, and what stands behind a zero, where a C string ends. For finding what is ambiguous;
 * nothing is ever matched by it.
 */
export function fold(text: string): string {
  // As most names are, and a body may have thousands of them.
  if (/^[!-~]*$/.test(text)) return text.toLowerCase();
  const [read = ""] = text.split("\0", 1);
  if (isUnfoldable(read)) return unfoldable;
  return read
    .normalize("NFKC")
    .replace(/[\p{Cc}\p{Cf}\p{Default_Ignorable_Code_Point}]/gu, "")
    .trim()
    .toUpperCase()
    .toLowerCase();
}

/** Of a path; some file systems drop dots and spaces at a name's end as well. */
export function foldSegment(text: string): string {
  const folded = fold(text);
  let end = folded.length;
  while (end > 0 && (folded[end - 1] === "." || folded[end - 1] === " ")) end -= 1;
  return folded.slice(0, end);
}
