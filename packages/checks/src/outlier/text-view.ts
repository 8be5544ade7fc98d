/**
 * How unlike the other texts of its column a text is: in length, in what it is written with and in how usual its words are. Looks
 * at form, not at meaning: a text on another subject in usual words is ordinary here.
 */

import type { TableColumn } from "../check.js";
import { robustScale } from "../features.js";
import { log } from "../numeric/elementary.js";
import { median } from "../numeric/quantiles.js";
import { wordsOf } from "../text-features.js";

type TextColumn = Extract<TableColumn, { kind: "category" }>;

export const TEXT_MEASURES = ["length", "letters", "digits", "other characters", "rarity of words"] as const;
export type TextMeasure = (typeof TEXT_MEASURES)[number];

/** What makes a text odd. */
export interface OddText {
  readonly column: string;
  readonly measure: TextMeasure;
  /** Robust deviations from the median. */
  readonly deviation: number;
  /** Characters, a share of the characters, or the mean of −ln of the share of texts that hold a word. */
  readonly value: number;
  /** The median. */
  readonly usual: number;
}

export interface TextView {
  /** Of each row of the table: root of the sum of squared deviations, each cut off at 10. */
  readonly values: Float64Array;
  /** The measure in which a row is farthest from the others; `undefined` for a row without text. */
  oddText(row: number): OddText | undefined;
}

const CUT = 10;

/**
 * The view of text columns. A text that is missing counts one deviation in each measure, as one does on average: that it is missing
 * counts as a pattern (`missing-pattern.ts`).
 *
 * @param reference - Rows that texts are compared with.
 * @returns O(characters); words are counted in 2²⁰ cells, so memory does not grow with them.
 */
export function textView(columns: readonly TextColumn[], length: number, reference: Int32Array): TextView | undefined {
  if (columns.length === 0) return undefined;
  const measured = columns.map((column) => measuredTexts(column, reference));
  const values = new Float64Array(length);
  for (const { codes, deviations } of measured) {
    for (let row = 0; row < length; row++) {
      for (const own of deviations) {
        const deviation = codes[row]! < 0 ? 1 : own[codes[row]!]!;
        values[row]! += deviation * deviation;
      }
    }
  }
  for (let row = 0; row < length; row++) values[row] = Math.sqrt(values[row]!);
  if (values.every((value) => value === values[0])) return undefined;
  return {
    values,
    oddText(row) {
      let oddest: OddText | undefined;
      for (const { name, codes, deviations, measures, medians } of measured) {
        const code = codes[row]!;
        if (code < 0) continue;
        for (const [k, measure] of TEXT_MEASURES.entries()) {
          const deviation = deviations[k]![code]!;
          if (oddest && Math.abs(deviation) <= Math.abs(oddest.deviation)) continue;
          const [value, usual] = [measures[k]![code]!, medians[k]!];
          if (!Number.isNaN(value)) oddest = { column: name, measure, deviation, value, usual };
        }
      }
      return oddest;
    },
  };
}

interface MeasuredTexts {
  readonly name: string;
  readonly codes: Int32Array;
  /** For each measure that of each text, NaN where there is none. */
  readonly measures: readonly Float64Array[];
  readonly medians: readonly number[];
  readonly deviations: readonly Float64Array[];
}

function measuredTexts({ name, codes, categories }: TextColumn, reference: Int32Array): MeasuredTexts {
  const measures = TEXT_MEASURES.map(() => new Float64Array(categories.length).fill(Number.NaN));
  const rarity = wordRarity(categories, codes, reference);
  for (const [code, text] of categories.entries()) {
    const { characters, letters, digits, others } = countCharacters(text);
    measures[0]![code] = characters;
    measures[4]![code] = rarity(text);
    if (characters === 0) continue;
    measures[1]![code] = letters / characters;
    measures[2]![code] = digits / characters;
    measures[3]![code] = others / characters;
  }
  const medians: number[] = [];
  const deviations = measures.map((own, k) => {
    // Lengths differ by factors.
    const scaled = k === 0 ? own.map((characters) => log(1 + characters)) : own;
    const present = (values: Float64Array): Float64Array =>
      Float64Array.from(reference, (row) => (codes[row]! < 0 ? Number.NaN : values[codes[row]!]!)).filter(
        (value) => !Number.isNaN(value),
      );
    medians.push(median(present(own)));
    const { centre, scale } = robustScale(present(scaled));
    return scaled.map((value) => {
      if (Number.isNaN(value) || Number.isNaN(centre)) return 0;
      return Math.max(-CUT, Math.min(CUT, (value - centre) / scale));
    });
  });
  return { name, codes, measures, medians, deviations };
}

const LETTER = /\p{L}|\p{M}/u;
const DIGIT = /\p{N}/u;
const SPACE = /\s/u;

/** What a text is written with; code points. White space is counted in `characters` alone. */
function countCharacters(text: string): { characters: number; letters: number; digits: number; others: number } {
  const counts = { characters: 0, letters: 0, digits: 0, others: 0 };
  for (const character of text) {
    counts.characters++;
    const unit = character.charCodeAt(0);
    if ((unit >= 0x61 && unit <= 0x7a) || (unit >= 0x41 && unit <= 0x5a)) counts.letters++;
    else if (unit >= 0x30 && unit <= 0x39) counts.digits++;
    else if (unit === 0x20) continue;
    else if (unit < 0x80) counts.others += SPACE.test(character) ? 0 : 1;
    else if (LETTER.test(character)) counts.letters++;
    else if (DIGIT.test(character)) counts.digits++;
    else if (!SPACE.test(character)) counts.others++;
  }
  return counts;
}

/** Cells that words are counted in, by a hash. Two words of one cell make each other look a little more usual. */
const CELLS = 2 ** 20;

/** The mean of −ln((c + ½) / (n + 1)) over the different words of a text, c of n texts of the reference rows holding the word. */
function wordRarity(categories: readonly string[], codes: Int32Array, reference: Int32Array): (text: string) => number {
  const rows = new Int32Array(categories.length);
  let texts = 0;
  for (const row of reference) {
    if (codes[row]! < 0) continue;
    rows[codes[row]!]!++;
    texts++;
  }
  const holding = new Int32Array(CELLS);
  const cellsOf = (text: string): Set<number> => new Set(wordsOf(text).map(cellOfWord));
  for (const [code, text] of categories.entries()) {
    if (rows[code] === 0) continue;
    for (const cell of cellsOf(text)) holding[cell]! += rows[code]!;
  }
  return (text) => {
    const cells = cellsOf(text);
    let sum = 0;
    for (const cell of cells) sum -= log((holding[cell]! + 0.5) / (texts + 1));
    return cells.size === 0 ? Number.NaN : sum / cells.size;
  };
}

/** FNV-1a over code units. */
function cellOfWord(word: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < word.length; i++) hash = Math.imul(hash ^ word.charCodeAt(i), 0x01000193);
  return ((hash >>> 12) ^ hash) & (CELLS - 1);
}
