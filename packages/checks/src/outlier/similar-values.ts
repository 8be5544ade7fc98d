/** Rare values that look like a common one of the same column: spelt, spaced or capitalised in another way. */

import type { TableColumn } from "../check.js";

type CategoryColumn = Extract<TableColumn, { kind: "category" }>;

export interface SimilarValue {
  /** Code of the rare value. */
  readonly rare: number;
  /** Code of the common value that it looks like. */
  readonly common: number;
}

/** Records that a rare value has at most, and how many times as many the common one has at least. */
const MOST_RARE = 3;
const TIMES_AS_COMMON = 50;
/** Common values that rare ones are compared with, most frequent first; more make a column of free text. */
const MOST_COMMON = 500;
/** Rare values that are looked at, so that free text costs nothing. */
const MOST_RARE_VALUES = 5000;
/** Characters from which one, and two, wrong ones are a slip. */
const ONE_SLIP = 4;
const TWO_SLIPS = 9;

/**
 * Pairs of a rare and a common value that differ in case, spaces or Unicode form, or by one slip of the keys (two from 9
 * characters): a character wrong, missing, too many, or two exchanged. Values whose digits differ are codes, not slips.
 *
 * @param rows - Rows to count: each distinct record once.
 * @returns Ascending by code of the rare value. O(rows + rare × common).
 */
export function similarValues({ codes, categories }: CategoryColumn, rows: Int32Array): SimilarValue[] {
  const counts = new Int32Array(categories.length);
  for (const row of rows) if (codes[row]! >= 0) counts[codes[row]!]!++;
  const rare = [...counts.keys()].filter((code) => counts[code]! > 0 && counts[code]! <= MOST_RARE);
  const common = [...counts.keys()].filter((code) => counts[code]! >= TIMES_AS_COMMON);
  if (common.length === 0 || common.length > MOST_COMMON || rare.length > MOST_RARE_VALUES) return [];
  common.sort((a, b) => counts[b]! - counts[a]! || a - b);
  const plain = new Map(common.map((code) => [code, plainText(categories[code]!)]));
  return rare.flatMap((code): SimilarValue[] => {
    const text = plainText(categories[code]!);
    const match = common.find(
      (other) => counts[other]! >= TIMES_AS_COMMON * counts[code]! && isSlip(text, plain.get(other)!),
    );
    return match === undefined ? [] : [{ rare: code, common: match }];
  });
}

function plainText(text: string): string {
  return text.normalize("NFKC").trim().replace(/\s+/gu, " ").toLowerCase();
}

function isSlip(a: string, b: string): boolean {
  if (a === b) return true;
  if (a.replace(/\D/gu, "") !== b.replace(/\D/gu, "")) return false;
  const shorter = Math.min(a.length, b.length);
  const allowed = shorter >= TWO_SLIPS ? 2 : shorter >= ONE_SLIP ? 1 : 0;
  return Math.abs(a.length - b.length) <= allowed && shorter < 200 && editDistance(a, b) <= allowed;
}

/** Insertions, deletions, substitutions and exchanges of neighbours (optimal string alignment). */
function editDistance(a: string, b: string): number {
  let before: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1;
      let best = Math.min(last[j]! + 1, row[j - 1]! + 1, last[j - 1]! + same);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) best = Math.min(best, before[j - 2]! + 1);
      row.push(best);
    }
    before = last;
    last = row;
  }
  return last[b.length]!;
}
