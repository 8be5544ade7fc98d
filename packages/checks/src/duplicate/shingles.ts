/** Texts without their formatting, and the shingles (overlapping pieces) by which texts are compared (Broder 1997). */

/** Characters (UTF-16 units) of a shingle. */
export const SHINGLE_UNITS = 5;

/**
 * A text without what formatting changes: compatibility forms (NFKC), case, invisible format characters, runs of white space
 * and punctuation.
 *
 * @example
 * withoutFormatting("  Win a PRIZE\u200b…now!! "); // "win a prize now"
 */
export function withoutFormatting(text: string): string {
  const plain = text.normalize("NFKC").toLowerCase();
  return plain
    .replace(/\p{Cf}+/gu, "")
    .replace(/[\s\p{P}]+/gu, " ")
    .trim();
}

/** The distinct shingles of a text without formatting; a shorter text is one shingle. */
export function shinglesOf(plain: string): Set<string> {
  if (plain.length <= SHINGLE_UNITS) return new Set([plain]);
  const shingles = new Set<string>();
  for (let i = 0; i + SHINGLE_UNITS <= plain.length; i++) shingles.add(plain.slice(i, i + SHINGLE_UNITS));
  return shingles;
}

/** Jaccard similarity: shared shingles / all shingles of both. 0 … 1; 1 for two empty sets. */
export function jaccard(a: ReadonlySet<string>, b: ReadonlySet<string>): number {
  const [small, large] = a.size <= b.size ? [a, b] : [b, a];
  let shared = 0;
  for (const shingle of small) if (large.has(shingle)) shared++;
  const all = a.size + b.size - shared;
  return all === 0 ? 1 : shared / all;
}
