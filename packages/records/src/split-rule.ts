/** Splits of a data set (`docs/spec/manifest.md`, `reading.splits`): which one each record is in. */

import { FormatError } from "@assay/merkle";
import { type Column, isPresent } from "./batch.js";
import { matchesPattern } from "./path-pattern.js";
import type { PlacedBatch } from "./reader.js";
import { valueText } from "./record-decoding.js";
import { refusal } from "./record-place.js";
import { decodeValue } from "./value-decoding.js";

/** For each record the index of its split in `names`, or −1 when it is in none. */
export interface SplitOfRecords {
  readonly names: readonly string[];
  readonly of: Int32Array;
}

/**
 * The split of a file by patterns, `null` when none matches.
 *
 * @throws FormatError `ambiguous-split` when two match.
 */
export function splitOfPath(patterns: Readonly<Record<string, string>>, path: string): string | null {
  const matching = Object.entries(patterns).filter(([, pattern]) => matchesPattern(pattern, path));
  if (matching.length > 1) {
    const names = matching.map(([name]) => name);
    throw new FormatError(
      "ambiguous-split",
      `${path} is in ${names.length} splits: ${names.map((name) => JSON.stringify(name)).join(", ")}. Write patterns of which only one matches it`,
      { details: { path, splits: names } },
    );
  }
  return matching[0]?.[0] ?? null;
}

/** Gathers the splits of the records of a part by the values of a column. */
export class SplitFold {
  readonly #column: string;
  readonly #path: string;
  readonly #names = new Map<string, number>();
  readonly #of: Int32Array[] = [];

  constructor(column: string, path: string) {
    this.#column = column;
    this.#path = path;
  }

  /** @throws FormatError `bad-value` for a value that cannot name a split. */
  add({ batch, begin, lines }: PlacedBatch): void {
    const of = new Int32Array(batch.length).fill(-1);
    this.#of.push(of);
    const column = batch.columns.find(({ name }) => name === this.#column);
    if (column === undefined) return;
    for (let i = 0; i < batch.length; i++) {
      if (!isPresent(column, i)) continue;
      const name = splitName(column, i);
      if (name === null) {
        const line = lines?.[i];
        const where = line === undefined ? { record: begin + i } : { line };
        const place = { path: this.#path, ...where, column: this.#column };
        throw refusal(
          "bad-value",
          place,
          "only texts, integers and booleans can name a split. Name the splits by another column",
        );
      }
      const known = this.#names.get(name);
      of[i] = known ?? this.#names.size;
      if (known === undefined) this.#names.set(name, this.#names.size);
    }
  }

  finish(): SplitOfRecords {
    const of = new Int32Array(this.#of.reduce((sum, piece) => sum + piece.length, 0));
    let at = 0;
    for (const piece of this.#of) {
      of.set(piece, at);
      at += piece.length;
    }
    return { names: [...this.#names.keys()], of };
  }
}

/** Text as it is, integers and booleans as JSON writes them, `null` for all else. */
function splitName(column: Column, i: number): string | null {
  switch (column.type) {
    case "text":
      return new TextDecoder().decode(column.data.subarray(column.offsets[i], column.offsets[i + 1]));
    case "boolean":
      return column.values[i] === 1 ? "true" : "false";
    case "json": {
      const value = decodeValue(column.data, column.offsets[i] as number, column.offsets[i + 1] as number, 1);
      if (value.is === "text" || value.is === "boolean" || value.is === "integer") return valueText(value);
      return null;
    }
    case "float16":
    case "float32":
    case "float64": {
      const value = (column.values as Float64Array)[i] as number;
      // Every record with the same leaf value is in the same split, so 1.0 is 1 here too.
      return Number.isInteger(value) ? String(BigInt(value)) : null;
    }
    case "int8":
    case "int16":
    case "int32":
    case "int64":
    case "uint8":
    case "uint16":
    case "uint32":
    case "uint64":
      return String((column.values as BigInt64Array)[i]);
    default: {
      if (!("scale" in column)) return null;
      const unit = 10n ** BigInt(column.scale);
      const unscaled = column.values[i] as bigint;
      return unscaled % unit === 0n ? String(unscaled / unit) : null;
    }
  }
}
