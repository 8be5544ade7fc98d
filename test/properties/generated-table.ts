/**
 * Tables that are made, not stored: the same seed gives the same records. Every number is a decimal of at most six digits
 * after the point and every text has no form of a number, so that the records are the same in CSV, JSONL and Parquet.
 */

import type { DeclaredSchema } from "@assay/assay/node";
import { parquetWriteBuffer } from "hyparquet-writer";

/** Draws of one seed, uniform in [0, 1): a counter through the mixing steps of MurmurHash3. Good enough to make test data. */
export class Draws {
  #state: number;

  constructor(seed: number) {
    this.#state = Math.imul(seed + 1, 0x9e3779b1) >>> 0;
  }

  uniform(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  /** An integer from 0, below `end`. */
  below(end: number): number {
    return Math.floor(this.uniform() * end);
  }

  normal(): number {
    return Math.sqrt(-2 * Math.log(1 - this.uniform())) * Math.cos(2 * Math.PI * this.uniform());
  }

  pick<T>(values: readonly T[]): T {
    return values[this.below(values.length)] as T;
  }

  shuffled<T>(values: readonly T[]): T[] {
    const result = [...values];
    for (let end = result.length; end > 1; end--) {
      const other = this.below(end);
      [result[end - 1], result[other]] = [result[other] as T, result[end - 1] as T];
    }
    return result;
  }
}

export type Value = number | string | null;

/** Columns by name, all of one length. */
export type Table = Readonly<Record<string, readonly Value[]>>;

export const recordsOf = (table: Table): number => Object.values(table)[0]?.length ?? 0;

/** The records at these places, in this order. */
export function recordsAt(table: Table, places: readonly number[]): Table {
  return Object.fromEntries(
    Object.entries(table).map(([name, values]) => [name, places.map((place) => values[place] as Value)]),
  );
}

export function slice(table: Table, begin: number, end: number): Table {
  return Object.fromEntries(Object.entries(table).map(([name, values]) => [name, values.slice(begin, end)]));
}

export function shuffled(table: Table, seed: number): Table {
  return recordsAt(table, new Draws(seed).shuffled(Array.from({ length: recordsOf(table) }, (_, place) => place)));
}

/** The same columns in another order. */
export function reordered(table: Table): Table {
  return Object.fromEntries(Object.entries(table).reverse());
}

export const rounded = (value: number, digits = 6): number => Number(value.toFixed(digits));

export interface PoisonedTableOptions {
  readonly records: number;
  readonly seed: number;
  /** Share of the records whose label is another's. Default 0.02. */
  readonly flips?: number;
}

const WORDS = ["amber", "birch", "cedar", "delta", "ember", "fjord", "grove", "heath", "inlet", "jetty"];

/** Four classes that keep apart, a note with line breaks and quotes in it; with flipped labels, copies and outliers. */
export function poisonedTable({ records, seed, flips = 0.02 }: PoisonedTableOptions): Table {
  const draws = new Draws(seed);
  const names = ["north", "east", "south", "west"];
  const columns = {
    x: [] as number[],
    y: [] as number[],
    z: [] as number[],
    label: [] as string[],
    note: [] as string[],
  };
  for (let record = 0; record < records; record++) {
    if (record > 100 && draws.uniform() < 0.005) {
      const copied = draws.below(record);
      for (const values of Object.values(columns) as Value[][]) values.push(values[copied] as Value);
      continue;
    }
    const place = draws.below(4);
    const far = draws.uniform() < 0.0005 ? 40 : 1;
    columns.x.push(rounded(far * ((place % 2) * 6 - 3 + draws.normal())));
    columns.y.push(rounded(far * ((place >> 1) * 6 - 3 + draws.normal())));
    columns.z.push(rounded(far * draws.normal()));
    columns.label.push(names[draws.uniform() < flips ? (place + 1 + draws.below(3)) % 4 : place] as string);
    // No two notes are alike, and few share a run of words.
    const words = Array.from({ length: 3 }, () => `${draws.pick(WORDS)}${draws.below(100_000)}`);
    columns.note.push(words.join(draws.pick([" ", "\n", ', "', "\r\n", "\n\n"])));
  }
  return columns;
}

/** A field is in quotes only where it must be, or where the dice say so; a null is an empty field. */
export function toCsv(table: Table, seed = 1): string {
  const draws = new Draws(seed);
  const names = Object.keys(table);
  const field = (value: Value): string => {
    if (value === null) return "";
    const text = String(value);
    return typeof value === "string" && (/[",\r\n]/.test(text) || text === "" || draws.uniform() < 0.1)
      ? `"${text.replaceAll('"', '""')}"`
      : text;
  };
  const lines = [names.map(field).join(",")];
  const columns = names.map((name) => table[name] as readonly Value[]);
  for (let record = 0; record < recordsOf(table); record++)
    lines.push(columns.map((values) => field(values[record] as Value)).join(","));
  return `${lines.join("\n")}\n`;
}

export function toJsonl(table: Table): string {
  const names = Object.keys(table);
  let text = "";
  for (let record = 0; record < recordsOf(table); record++)
    text += `${JSON.stringify(Object.fromEntries(names.map((name) => [name, table[name]?.[record]])))}\n`;
  return text;
}

/** Parquet with row groups of this many records; numbers as doubles, texts as strings. */
export function toParquet(table: Table, rowGroupSize: number): Uint8Array {
  return new Uint8Array(
    parquetWriteBuffer({
      columnData: Object.entries(table).map(([name, data]) => ({
        name,
        data: [...data],
        type: data.some((value) => typeof value === "string") ? "STRING" : "DOUBLE",
        nullable: true,
      })),
      rowGroupSize,
    }),
  );
}

/** The declared schema that CSV and JSONL of this table need to be read as the Parquet file is. */
export function schemaOf(table: Table): DeclaredSchema {
  return {
    columns: Object.fromEntries(
      Object.entries(table).map(([name, values]) => [
        name,
        values.some((value) => typeof value === "string") ? "text" : "float64",
      ]),
    ),
  };
}
