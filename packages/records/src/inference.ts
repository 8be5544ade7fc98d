/**
 * Types of CSV columns from all their fields (`docs/spec/manifest.md`, "Inference"): a fold whose parts merge in any
 * order, because all it keeps are counts and the first five misfits by place.
 */

import type { ColumnType } from "./column-type.js";
import { compareText } from "./data-path.js";
import { excerptOf } from "./record-place.js";
import type { TypeWarning } from "./source.js";

/** What a column can be besides text, in the order in which it is tried. Booleans have three spellings. */
const CANDIDATES = [
  "boolean",
  "boolean",
  "boolean",
  "int64",
  "uint64",
  "float64",
  "date",
  "timestamp",
  "instant",
] as const satisfies readonly ColumnType[];

const LOWER = 1;
const TITLE = 2;
const UPPER = 4;
const INT64 = 8;
const UINT64 = 16;
const FLOAT64 = 32;
const DATE = 64;
const TIMESTAMP = 128;
const INSTANT = 256;
const ALL = 511;

/** Misfits that a warning shows. */
const MISFITS_SHOWN = 5;

/** A field that does not fit a type, and its place. */
export interface Misfit {
  /** Index of the file in the source. */
  readonly file: number;
  /** Ordinal of the record in the file. */
  readonly record: number;
  readonly line: number;
  /** The field, cut to 100 characters. */
  readonly value: string;
}

/** What is known of one column name. Plain JSON data. */
export interface ColumnEvidence {
  readonly name: string;
  /** Number of fields that are not null. */
  readonly fields: number;
  /** For each candidate the number of fields that fit. */
  readonly fits: readonly number[];
  /** For each candidate the first five fields that do not fit, by place. */
  readonly misfits: readonly (readonly Misfit[])[];
}

/** What is known of all columns, ascending by the code points of their names. Plain JSON data. */
export type Evidence = readonly ColumnEvidence[];

/** Gathers evidence from one part of one file, in record order. */
export class EvidenceFold {
  readonly #file: number;
  readonly #names: readonly string[];
  /** For each column the number of fields of each of the 512 sets of types that fit. */
  readonly #counts: readonly Float64Array[];
  /** For each column the candidates with fewer than five misfits. */
  readonly #open: Int32Array;
  readonly #misfits: readonly (readonly Misfit[][])[];

  constructor(file: number, names: readonly string[]) {
    this.#file = file;
    this.#names = names;
    this.#counts = names.map(() => new Float64Array(ALL + 1));
    this.#open = new Int32Array(names.length).fill(ALL);
    this.#misfits = names.map(() => CANDIDATES.map(() => []));
  }

  /** Adds a field that is not null. */
  add(column: number, bytes: Uint8Array, begin: number, end: number, record: number, line: number): void {
    const fitting = fittingTypes(bytes, begin, end);
    (this.#counts[column] as Float64Array)[fitting]!++;
    const missed = ~fitting & (this.#open[column] as number);
    if (missed !== 0)
      this.#addMisfit(column, missed, { file: this.#file, record, line, value: excerptOf(bytes, begin, end) });
  }

  /** For each column the candidates whose misfits are still wanted, one bit each. */
  get open(): Int32Array {
    return this.#open;
  }

  /** Adds fields that were counted elsewhere and are no misfits that are still wanted: for each set of candidates how many. */
  addCounts(column: number, counts: Uint32Array): void {
    const sums = this.#counts[column] as Float64Array;
    for (let set = 0; set <= ALL; set++) sums[set]! += counts[set] as number;
  }

  #addMisfit(column: number, missed: number, misfit: Misfit): void {
    const lists = this.#misfits[column] as Misfit[][];
    for (let k = 0; k < CANDIDATES.length; k++) {
      if ((missed & (1 << k)) === 0) continue;
      const list = lists[k] as Misfit[];
      list.push(misfit);
      if (list.length === MISFITS_SHOWN) this.#open[column]! &= ~(1 << k);
    }
  }

  /** The evidence so far. */
  finish(): Evidence {
    return this.#names
      .map((name, column) => {
        const counts = this.#counts[column] as Float64Array;
        const fits: number[] = CANDIDATES.map(() => 0);
        let fields = 0;
        for (let set = 0; set <= ALL; set++) {
          const count = counts[set] as number;
          if (count === 0) continue;
          fields += count;
          for (let k = 0; k < fits.length; k++) if ((set >> k) & 1) fits[k]! += count;
        }
        return { name, fields, fits, misfits: (this.#misfits[column] as Misfit[][]).map((list) => [...list]) };
      })
      .sort((a, b) => compareText(a.name, b.name));
  }
}

/** Joins evidence of different parts. Associative, and the order does not matter. */
export function mergeEvidence(a: Evidence, b: Evidence): Evidence {
  const joined = new Map(a.map((column) => [column.name, column]));
  for (const column of b) {
    const other = joined.get(column.name);
    joined.set(column.name, other === undefined ? column : mergeColumn(other, column));
  }
  return [...joined.values()].sort((x, y) => compareText(x.name, y.name));
}

function mergeColumn(a: ColumnEvidence, b: ColumnEvidence): ColumnEvidence {
  return {
    name: a.name,
    fields: a.fields + b.fields,
    fits: a.fits.map((count, k) => count + (b.fits[k] as number)),
    misfits: a.misfits.map((list, k) =>
      [...list, ...(b.misfits[k] as readonly Misfit[])]
        .sort((x, y) => x.file - y.file || x.record - y.record)
        .slice(0, MISFITS_SHOWN),
    ),
  };
}

/** Evidence of a range of a file, counted from its first record, as evidence of the file. */
export function placeEvidence(evidence: Evidence, records: number, lines: number): Evidence {
  const placed = (misfit: Misfit): Misfit => ({
    ...misfit,
    record: misfit.record + records,
    line: misfit.line + lines,
  });
  return evidence.map((column) => ({ ...column, misfits: column.misfits.map((list) => list.map(placed)) }));
}

/** The first type that fits every field; `null` when every field is null. */
export function inferType({ fields, fits }: ColumnEvidence): ColumnType | null {
  if (fields === 0) return null;
  const k = fits.indexOf(fields);
  return k < 0 ? "text" : (CANDIDATES[k] as ColumnType);
}

/**
 * The warning for a column that became text though nearly all its fields fit another type: one misfit, or at most 1 %.
 *
 * @param pathOf Path of the file with that index.
 */
export function typeWarning(evidence: ColumnEvidence, pathOf: (file: number) => string): TypeWarning | null {
  const { name, fields, fits, misfits } = evidence;
  if (inferType(evidence) !== "text") return null;
  const k = fits.indexOf(Math.max(...fits));
  const count = fields - (fits[k] as number);
  if (count === fields || (count > 1 && count * 100 > fields)) return null;
  return {
    column: name,
    type: CANDIDATES[k] as ColumnType,
    misfits: count,
    first: (misfits[k] as readonly Misfit[]).map(({ file, line, value }) => ({ path: pathOf(file), line, value })),
  };
}

/** The set of candidates that a field fits, one bit each. */
export function fittingTypes(bytes: Uint8Array, begin: number, end: number): number {
  if (begin === end) return 0;
  const first = bytes[begin] as number;
  if (isDigit(first)) {
    // `2024-…`, not `100e-1…`.
    const isTime = end - begin >= 10 && bytes[begin + 4] === 0x2d && isDigit(bytes[begin + 3]);
    return isTime ? fittingTimes(bytes, begin, end) : fittingNumbers(bytes, begin, end);
  }
  if (first === 0x2d) return fittingNumbers(bytes, begin, end);
  if (first === 0x74) return isWord(bytes, begin, end, "true") ? LOWER : 0;
  if (first === 0x66) return isWord(bytes, begin, end, "false") ? LOWER : 0;
  if (first === 0x54) return isWord(bytes, begin, end, "True") ? TITLE : isWord(bytes, begin, end, "TRUE") ? UPPER : 0;
  if (first === 0x46)
    return isWord(bytes, begin, end, "False") ? TITLE : isWord(bytes, begin, end, "FALSE") ? UPPER : 0;
  return 0;
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= 0x30 && byte <= 0x39;
}

function isWord(bytes: Uint8Array, begin: number, end: number, word: string): boolean {
  if (end - begin !== word.length) return false;
  for (let i = 0; i < word.length; i++) if (bytes[begin + i] !== word.charCodeAt(i)) return false;
  return true;
}

function asciiText(bytes: Uint8Array, begin: number, end: number): string {
  let text = "";
  for (let i = begin; i < end; i++) text += String.fromCharCode(bytes[i] as number);
  return text;
}

/** The JSON number grammar, and what of it is an integer in range or finite. */
function fittingNumbers(bytes: Uint8Array, begin: number, end: number): number {
  const negative = bytes[begin] === 0x2d;
  const digits = negative ? begin + 1 : begin;
  let i = digits;
  while (i < end && isDigit(bytes[i])) i++;
  const count = i - digits;
  if (count === 0 || (count > 1 && bytes[digits] === 0x30)) return 0;
  if (i === end) return fittingIntegers(bytes, begin, digits, end, negative);
  if (bytes[i] === 0x2e) {
    const fraction = ++i;
    while (i < end && isDigit(bytes[i])) i++;
    if (i === fraction) return 0;
    if (i === end && count <= 300) return FLOAT64;
  }
  if (i < end) {
    if (((bytes[i] as number) | 0x20) !== 0x65) return 0;
    i++;
    if (bytes[i] === 0x2b || bytes[i] === 0x2d) i++;
    const exponent = i;
    while (i < end && isDigit(bytes[i])) i++;
    if (i === exponent || i < end) return 0;
  }
  return Number.isFinite(Number(asciiText(bytes, begin, end))) ? FLOAT64 : 0;
}

function fittingIntegers(bytes: Uint8Array, begin: number, digits: number, end: number, negative: boolean): number {
  const count = end - digits;
  if (count <= 15) return negative ? INT64 | FLOAT64 : INT64 | UINT64 | FLOAT64;
  // No binary64 has more digits before the point.
  if (count > 309) return 0;
  const text = asciiText(bytes, begin, end);
  const value = BigInt(text);
  const nearest = Number(text);
  let fitting = Number.isFinite(nearest) && BigInt(nearest) === value ? FLOAT64 : 0;
  if (value >= -(2n ** 63n) && value < 2n ** 63n) fitting |= INT64;
  if (!negative && value < 2n ** 64n) fitting |= UINT64;
  return fitting;
}

/** `YYYY-MM-DD`, or that with `T` or a space and a time, or that with an offset of nothing. */
function fittingTimes(bytes: Uint8Array, begin: number, end: number): number {
  const year = 100 * twoDigits(bytes, begin) + twoDigits(bytes, begin + 2);
  const month = twoDigits(bytes, begin + 5);
  const day = twoDigits(bytes, begin + 8);
  if (bytes[begin + 7] !== 0x2d || !(year >= 0) || !(month >= 1 && month <= 12)) return 0;
  if (!(day >= 1 && day <= daysOfMonth(year, month))) return 0;
  if (end - begin === 10) return DATE;
  if ((bytes[begin + 10] !== 0x54 && bytes[begin + 10] !== 0x20) || end - begin < 19) return 0;
  if (bytes[begin + 13] !== 0x3a || bytes[begin + 16] !== 0x3a) return 0;
  const inRange =
    twoDigits(bytes, begin + 11) <= 23 && twoDigits(bytes, begin + 14) <= 59 && twoDigits(bytes, begin + 17) <= 59;
  if (!inRange) return 0;
  let i = begin + 19;
  if (i < end && bytes[i] === 0x2e) {
    const decimals = ++i;
    while (i < end && isDigit(bytes[i])) i++;
    if (i === decimals || i - decimals > 9) return 0;
  }
  if (i === end) return TIMESTAMP;
  return ["Z", "+00:00", "+0000", "+00"].some((offset) => isWord(bytes, i, end, offset)) ? INSTANT : 0;
}

/** NaN, which no comparison holds for, when there are no two digits. */
function twoDigits(bytes: Uint8Array, at: number): number {
  const [tens, ones] = [bytes[at], bytes[at + 1]];
  return isDigit(tens) && isDigit(ones) ? 10 * ((tens as number) - 0x30) + (ones as number) - 0x30 : Number.NaN;
}

function daysOfMonth(year: number, month: number): number {
  if (month === 2) return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0 ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}
