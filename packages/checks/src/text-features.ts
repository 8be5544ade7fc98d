/**
 * Texts as weighted terms: words and pairs of neighbouring words that occur in at least two texts, (1 + ln tf) · idf with
 * idf = ln((1 + n) / (1 + df)) + 1, each text of unit length (as scikit-learn's TfidfVectorizer with `sublinear_tf`).
 */

import type { TableColumn } from "./check.js";
import { compareTexts } from "./code-point-order.js";
import { log } from "./numeric/elementary.js";
import type { SparseMatrix } from "./numeric/matrix.js";

type CategoryColumn = Extract<TableColumn, { kind: "category" }>;

export interface TextFeatures {
  readonly matrix: SparseMatrix;
  /** Term of each column, ascending by code point. */
  readonly terms: readonly string[];
  /** Terms that were left out because there were too many. */
  readonly dropped: number;
}

/** A word is a run of at least two letters, digits or underscores. */
const WORD = /[\p{L}\p{N}_]{2,}/gu;
/** Words of a text that are read: the rest of a longer one is not looked at. */
const MAX_WORDS = 5000;

/** Words of a text, lower case. */
export function wordsOf(text: string): string[] {
  const words: string[] = [];
  for (const [word] of text.toLowerCase().matchAll(WORD)) {
    words.push(word);
    if (words.length === MAX_WORDS) break;
  }
  return words;
}

/**
 * Terms of text columns, and the values of category columns as terms of their own.
 *
 * @param rows - Rows of the table, in the order of the rows of the matrix.
 * @param maxTerms - Most columns; of more terms those in the most texts are kept.
 */
export function textFeatures(
  texts: readonly CategoryColumn[],
  categories: readonly CategoryColumn[],
  rows: Int32Array,
  maxTerms: number,
): TextFeatures {
  // First pass: in how many texts each term occurs.
  const documentsOf = new Map<string, number>();
  const eachTerm = (row: number, visit: (term: string, count: number) => void): void => {
    for (const [term, count] of termsOf(texts, categories, row)) visit(term, count);
  };
  for (const row of rows) eachTerm(row, (term) => documentsOf.set(term, (documentsOf.get(term) ?? 0) + 1));
  let kept = [...documentsOf].filter(([, documents]) => documents >= 2);
  const dropped = Math.max(0, kept.length - maxTerms);
  if (dropped > 0) {
    kept.sort(([a, m], [b, n]) => n - m || compareTexts(a, b));
    kept = kept.slice(0, maxTerms);
  }
  const terms = kept.map(([term]) => term).sort(compareTexts);
  const columnOf = new Map(terms.map((term, column) => [term, column]));
  const idf = Float64Array.from(terms, (term) => log((1 + rows.length) / (1 + documentsOf.get(term)!)) + 1);

  const offsets = new Int32Array(rows.length + 1);
  const indices: number[] = [];
  const values: number[] = [];
  for (const [i, row] of rows.entries()) {
    const entries: [number, number][] = [];
    eachTerm(row, (term, count) => {
      const column = columnOf.get(term);
      if (column !== undefined) entries.push([column, (1 + log(count)) * idf[column]!]);
    });
    entries.sort(([a], [b]) => a - b);
    let squared = 0;
    for (const [, value] of entries) squared += value * value;
    const length = Math.sqrt(squared);
    for (const [column, value] of entries) {
      indices.push(column);
      values.push(value / length);
    }
    offsets[i + 1] = indices.length;
  }
  const matrix: SparseMatrix = {
    kind: "sparse",
    rows: rows.length,
    columns: terms.length,
    offsets,
    indices: Int32Array.from(indices),
    values: Float64Array.from(values),
  };
  return { matrix, terms, dropped };
}

function termsOf(
  texts: readonly CategoryColumn[],
  categories: readonly CategoryColumn[],
  row: number,
): Map<string, number> {
  const counts = new Map<string, number>();
  const add = (term: string): void => {
    counts.set(term, (counts.get(term) ?? 0) + 1);
  };
  for (const column of texts) {
    const code = column.codes[row]!;
    if (code < 0) continue;
    const words = wordsOf(column.categories[code]!);
    for (const [i, word] of words.entries()) {
      add(word);
      if (i > 0) add(`${words[i - 1]} ${word}`);
    }
  }
  // No word holds U+0000, so that no text can imitate a category.
  for (const { name, codes, categories: names } of categories) {
    if (codes[row]! >= 0) add(`\u0000${name}\u0000${names[codes[row]!]}`);
  }
  return counts;
}
