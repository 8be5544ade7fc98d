/** The features of all images of a column as columns in leaf order, and what could not be read. */

import type { TableColumn } from "../check.js";
import { quoted } from "../quoted.js";
import { cellOfFeature, FEATURES, nameOfCell } from "./image-grid.js";
import { type ImagePart, NAMED_IMAGES } from "./image-part.js";

type NumberColumn = Extract<TableColumn, { kind: "number" }>;

/** What checks are given of an image column. */
export interface ImageFeatures {
  /** Features that vary, each unlike those before it, 0 … 255; NaN where there is no image or it cannot be read. */
  readonly columns: readonly NumberColumn[];
  /** 1 for each row that has an image that was read. */
  readonly read: Uint8Array;
  /** How many were read, and what could not be. */
  readonly notes: readonly string[];
}

/** Bytes that the features of a record take while and after they are gathered. */
export const IMAGE_RECORD_BYTES = FEATURES * (2 + 8) + 1;

export interface ImageTable {
  /** Puts a part; record i of it belongs to row `rows[i]`. */
  add(part: ImagePart, rows: Uint32Array, path: string): void;
  finish(): ImageFeatures;
}

export function imageTable(name: string, length: number): ImageTable {
  const features = new Uint16Array(FEATURES * length);
  const read = new Uint8Array(length);
  const named: string[] = [];
  let unreadable = 0;
  let none = 0;
  return {
    add({ features: own, states, unreadable: reasons }, rows, path) {
      for (const [i, row] of rows.entries()) {
        features.set(own.subarray(FEATURES * i, FEATURES * (i + 1)), FEATURES * row);
        if (states[i] === 1) read[row] = 1;
        else if (states[i] === 2) unreadable++;
        else none++;
      }
      for (const { ordinal, reason } of reasons) {
        if (named.length < NAMED_IMAGES) named.push(`record ${ordinal} of ${quoted(path)} (${reason})`);
      }
    },
    finish() {
      const notes: string[] = [];
      const [cannot, has] = [unreadable === 1 ? "image" : "images", none === 1 ? "record has" : "records have"];
      if (unreadable > 0) {
        const more = unreadable > named.length ? ` and ${unreadable - named.length} more` : "";
        notes.push(`${unreadable} ${cannot} in ${quoted(name)} cannot be read: ${named.join(", ")}${more}`);
      }
      if (none > 0) notes.push(`${none} ${has} no image in ${quoted(name)}`);
      return { columns: columnsOf(name, features, read), read, notes };
    },
  };
}

/** One column for each feature that varies and is not equal to one before: small images have fewer pixels than the grid. */
function columnsOf(name: string, features: Uint16Array, read: Uint8Array): NumberColumn[] {
  const rows = Int32Array.from(read.keys()).filter((row) => read[row] === 1);
  const kept: number[] = [];
  const hashes = new Map<number, number[]>();
  const at = (row: number, feature: number): number => features[FEATURES * row + feature] as number;
  for (let feature = 0; feature < FEATURES; feature++) {
    let hash = 0x811c9dc5;
    let varies = false;
    for (const row of rows) {
      hash = Math.imul(hash ^ at(row, feature), 0x01000193);
      if (at(row, feature) !== at(rows[0] as number, feature)) varies = true;
    }
    if (!varies) continue;
    const alike = hashes.get(hash) ?? [];
    if (alike.some((other) => rows.every((row) => at(row, other) === at(row, feature)))) continue;
    hashes.set(hash, [...alike, feature]);
    kept.push(feature);
  }
  return kept.map((feature) => {
    const values = Float64Array.from(read, (present, row) => (present === 1 ? at(row, feature) / 257 : Number.NaN));
    const cell = cellOfFeature(name, feature);
    return { name: nameOfCell(cell), kind: "number", values, cell };
  });
}
