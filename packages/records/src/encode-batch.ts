/**
 * Canonical record bytes (`assay-record/v1`, `docs/spec/leaf-encoding.md`) of the records of a batch: a CBOR map from column
 * name to value, null left out, keys sorted by their encoded bytes. One arena for all records, no object per record.
 */

import { FormatError } from "@assay/merkle";
import { type Batch, type Column, isPresent } from "./batch.js";
import { ByteArena } from "./byte-arena.js";
import { MAJOR, writeHead } from "./cbor.js";
import { type CellWriter, createCellWriter, type KeyedColumn, sortedFields } from "./cell-writers.js";

/** Record i is `arena[offsets[i], offsets[i+1])`. */
export interface EncodedRecords {
  readonly arena: Uint8Array;
  /** One more than there are records. */
  readonly offsets: Float64Array;
}

/**
 * Encodes every record of a batch.
 *
 * @throws FormatError `duplicate-column`, `duplicate-map-key`, `null-map-key`, `too-deep`, `bad-value` (a time of day outside
 * its day, nanoseconds outside a second), with the ordinal in the batch as `details.record` and the name as `details.column`.
 * RangeError when a column is not as long as the batch.
 * @example
 * const { arena, offsets } = encodeBatch(batch);
 * arena.subarray(offsets[0], offsets[1]); // bytes of the first record
 */
export function encodeBatch(batch: Batch): EncodedRecords {
  const { length } = batch;
  checkColumns(batch);
  const offsets = new Float64Array(length + 1);
  const fields = sortedFields(batch.columns);
  const arena = new ByteArena(expectedBytes(fields, length));
  const columns = fields.map(({ column }) => column);
  const writers: CellWriter[] = columns.map((column) => createCellWriter(column, 1));
  const keys = fields.map(({ key }) => key);
  const always = columns.filter(({ type, validity }) => type !== "null" && validity === null).length;
  const mayMiss = columns.filter(({ type, validity }) => type !== "null" && validity !== null);
  const count = columns.length;
  let record = 0;
  let current = 0;
  try {
    for (; record < length; record++) {
      let present = always;
      for (let index = 0; index < mayMiss.length; index++) {
        if (isPresent(mayMiss[index] as Column, record)) present++;
      }
      writeHead(arena, MAJOR.map, present);
      for (current = 0; current < count; current++) {
        if (!isPresent(columns[current] as Column, record)) continue;
        const key = keys[current] as Uint8Array;
        arena.append(key, 0, key.length);
        (writers[current] as CellWriter).write(arena, record);
      }
      offsets[record + 1] = arena.length;
    }
  } catch (error) {
    throw atRecord(error, record, (columns[current] as Column).name);
  }
  return { arena: arena.toBytes(), offsets };
}

/** Largest arena that is made on expectation alone. */
const MAX_EXPECTED_BYTES = 1 << 26;

/** Nearly the bytes of all records, so that the arena seldom grows: names, contents, and five bytes a value for the rest. */
function expectedBytes(fields: readonly KeyedColumn[], length: number): number {
  let count = 256 + length;
  for (const { key, column } of fields) {
    count += length * (key.length + 5);
    if ("data" in column) count += column.data.length;
  }
  return Math.min(count, MAX_EXPECTED_BYTES);
}

/** Adds ordinal and column to a refusal. */
function atRecord(error: unknown, record: number, column: string): unknown {
  if (!(error instanceof FormatError)) return error;
  const message = `Column ${JSON.stringify(column)}: ${error.message}`;
  return new FormatError(error.code as FormatError["code"], message, {
    details: { ...error.details, record, column },
    cause: error,
  });
}

function checkColumns({ length, columns }: Batch): void {
  const names = new Set<string>();
  for (const column of columns) {
    if (names.has(column.name)) {
      throw new FormatError("duplicate-column", `The column ${JSON.stringify(column.name)} is there twice`, {
        details: { column: column.name },
      });
    }
    names.add(column.name);
    if (column.length !== length) {
      throw new RangeError(
        `batch: column ${JSON.stringify(column.name)} has ${column.length} values, the batch ${length} records`,
      );
    }
  }
}
