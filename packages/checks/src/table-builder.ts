/**
 * Builds the columns of a table from batches in file order: each value goes to the row of its record. Texts get their codes
 * as they come, and are put in code point order at the end, so that no code depends on files or order.
 */

import { sha256, toHex } from "@assay/merkle";
import { type Column, columnToCategories, columnToNumbers, columnToTexts, isPresent, type Kind } from "@assay/records";
import type { TableColumn } from "./check.js";
import { compareTexts } from "./code-point-order.js";
import { imageReader } from "./image/image-part.js";

export interface ColumnBuilder {
  readonly name: string;
  /** Bytes held now, nearly. */
  bytes(): number;
  /** Puts the values of a batch column: value i belongs to row `rows[i]`. */
  add(column: Column, rows: Uint32Array): void;
  finish(): TableColumn;
}

/** What a column is read as: its kind, or as images, of which a table holds only digests. */
export type BuilderKind = Kind | "image";

/** What a column becomes: numbers for what is measured on a line (times too), categories for all else. */
export function tableKind(kind: Kind): "number" | "category" {
  switch (kind) {
    case "boolean":
    case "number":
    case "date":
    case "time":
    case "timestamp":
    case "instant":
    case "duration":
      return "number";
    default:
      return "category";
  }
}

/**
 * @param length - Rows of the table.
 * @param nearlyNumeric - A column of texts that are numbers but for odd cells: read as numbers, the odd ones apart.
 */
export function columnBuilder(name: string, kind: BuilderKind, length: number, nearlyNumeric: boolean): ColumnBuilder {
  if (kind === "image") return categoryBuilder(name, length, imageDigests);
  if (nearlyNumeric && kind === "text") return oddNumberBuilder(name, length);
  return tableKind(kind) === "number"
    ? numberBuilder(name, length)
    : categoryBuilder(name, length, kind === "text" ? columnToTexts : columnToCategories);
}

function numberBuilder(name: string, length: number): ColumnBuilder {
  const values = new Float64Array(length).fill(Number.NaN);
  const rounded: { row: number; text: string }[] = [];
  let roundedBytes = 0;
  return {
    name,
    bytes: () => 8 * length + roundedBytes,
    add(column, rows) {
      const numbers = columnToNumbers(column);
      let texts: (string | null)[] | undefined;
      for (let i = 0; i < rows.length; i++) {
        if (!isPresent(column, i)) continue;
        values[rows[i] as number] = (numbers[i] as number) + 0;
        if (!mayBeRounded(column, numbers[i] as number)) continue;
        texts ??= columnToTexts(column);
        const text = texts[i];
        if (typeof text !== "string" || digitsOf(text) <= EXACT_DIGITS) continue;
        rounded.push({ row: rows[i] as number, text });
        roundedBytes += 2 * text.length + 64;
      }
    },
    finish() {
      if (rounded.length === 0) return { name, kind: "number", values };
      return { name, kind: "number", values, rounded: rounded.sort((a, b) => a.row - b.row) };
    },
  };
}

/** Decimal digits that every double tells apart. */
const EXACT_DIGITS = 15;

/** Whether a value may have more digits than its double: a long integer, or a decimal. Floats are doubles already. */
function mayBeRounded(column: Column, value: number): boolean {
  if ("scale" in column) return column.scale > 0 || Math.abs(value) >= 2 ** 53;
  const { type } = column;
  return (type === "int64" || type === "uint64" || type === "json") && Math.abs(value) >= 2 ** 53;
}

function digitsOf(text: string): number {
  return text.replace(/[^0-9]/g, "").replace(/^0+/, "").length;
}

/** JSON number grammar, which is what type inference takes as a number. */
const NUMBER = /^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?$/;

function oddNumberBuilder(name: string, length: number): ColumnBuilder {
  const values = new Float64Array(length).fill(Number.NaN);
  const odd: { row: number; text: string }[] = [];
  let oddBytes = 0;
  return {
    name,
    bytes: () => 8 * length + oddBytes,
    add(column, rows) {
      const texts = columnToTexts(column);
      for (let i = 0; i < rows.length; i++) {
        const text = texts[i];
        if (text === null || text === undefined) continue;
        const value = NUMBER.test(text) ? Number(text) + 0 : Number.NaN;
        if (Number.isFinite(value)) {
          values[rows[i] as number] = value;
        } else {
          odd.push({ row: rows[i] as number, text });
          oddBytes += 2 * text.length + 64;
        }
      }
    },
    finish: () => ({ name, kind: "number", values, odd: odd.sort((a, b) => a.row - b.row) }),
  };
}

/** SHA-256 of each image, hex: equal where images are equal byte by byte, and small. */
function imageDigests(column: Column): (string | null)[] {
  const bytesAt = imageReader(column);
  return Array.from({ length: column.length }, (_, i) => {
    const bytes = bytesAt(i);
    return bytes === null ? null : toHex(sha256(bytes));
  });
}

function categoryBuilder(name: string, length: number, textsOf: (column: Column) => (string | null)[]): ColumnBuilder {
  const codes = new Int32Array(length).fill(-1);
  const codeOf = new Map<string, number>();
  let textBytes = 0;
  return {
    name,
    bytes: () => 4 * length + textBytes,
    add(column, rows) {
      const texts = textsOf(column);
      for (let i = 0; i < rows.length; i++) {
        const text = texts[i];
        if (text === null || text === undefined) continue;
        let code = codeOf.get(text);
        if (code === undefined) {
          code = codeOf.size;
          codeOf.set(text, code);
          textBytes += 2 * text.length + 64;
        }
        codes[rows[i] as number] = code;
      }
    },
    finish() {
      const categories = [...codeOf.keys()].sort(compareTexts);
      const sortedCode = new Int32Array(categories.length);
      for (const [code, text] of categories.entries()) sortedCode[codeOf.get(text) as number] = code;
      for (let row = 0; row < length; row++) {
        const code = codes[row] as number;
        if (code >= 0) codes[row] = sortedCode[code] as number;
      }
      return { name, kind: "category", codes, categories };
    },
  };
}
