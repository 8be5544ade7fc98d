/** A fold over one part of a file: what a worker does. The same code runs here, so that workers never matter to the answer. */

import { type PlacedBatch, readBatches, type ScannedSource } from "@assay/records";
import type { Fold, Table } from "./check.js";
import { type BuilderKind, columnBuilder } from "./table-builder.js";

/** Plain data, the same for all parts. */
export interface FoldPartOptions {
  /** The source without its files. */
  readonly scanned: ScannedSource;
  /** What the columns are read as. */
  readonly kinds: Readonly<Record<string, BuilderKind>>;
  readonly nearlyNumeric: readonly string[];
  readonly columns: readonly string[];
  /** URL of the module and the export that is the fold. */
  readonly module: string;
  readonly name: string;
  /** Options of the fold. */
  readonly options: unknown;
}

/** Plain data of one part. */
export interface FoldPartInput {
  /** The file with this one part. */
  readonly file: ScannedSource["files"][number];
  /** Ordinal of the first record. */
  readonly begin: number;
  /** Leaves of the records of the part. */
  readonly leaves: Uint8Array;
}

/** Task: the states of a fold over one part, found by module and name. */
export async function foldPart(options: FoldPartOptions, part: FoldPartInput): Promise<unknown[]> {
  const loaded = (await import(/* @vite-ignore */ options.module)) as Record<string, unknown>;
  const fold = Object.hasOwn(loaded, options.name) ? loaded[options.name] : undefined;
  if (typeof fold !== "object" || fold === null || !("add" in fold)) {
    throw new TypeError(`Module ${options.module} exports no fold ${options.name}`);
  }
  return stateOfPart(fold as Fold<unknown, unknown, unknown>, options, part);
}

/**
 * The states of a fold over one part: one for each batch in order when the fold is bound to the order, so that however parts are
 * shared out they merge alike; else one.
 */
export async function stateOfPart<State, Options>(
  fold: Fold<State, Options, unknown>,
  { scanned, kinds, nearlyNumeric, columns, options }: FoldPartOptions,
  { file, begin, leaves }: FoldPartInput,
): Promise<State[]> {
  const foldOptions = options as Options;
  const odd = new Set(nearlyNumeric);
  const states: State[] = [];
  for await (const placed of readBatches({ ...scanned, files: [file] }, { columns, contents: "texts" })) {
    const table = batchTable(placed, begin, columns, kinds, odd, leaves);
    const state = fold.add(fold.start(foldOptions), table, foldOptions);
    const last = states.pop();
    if (last === undefined) states.push(state);
    else if (fold.orderBound) states.push(last, state);
    else states.push(fold.merge(last, state, foldOptions));
  }
  return states;
}

/** One batch as a table in file order, with its own categories. */
function batchTable(
  placed: PlacedBatch,
  begin: number,
  columns: readonly string[],
  kinds: FoldPartOptions["kinds"],
  nearlyNumeric: ReadonlySet<string>,
  leaves: Uint8Array,
): Table {
  const { batch } = placed;
  const first = placed.begin - begin;
  if (first < 0 || 32 * (first + batch.length) > leaves.length) {
    throw new RangeError(`read: records ${placed.begin} to ${placed.begin + batch.length} are not in the part`);
  }
  const rows = Uint32Array.from({ length: batch.length }, (_, i) => i);
  const byName = new Map(batch.columns.map((column) => [column.name, column]));
  return {
    length: batch.length,
    leaves: leaves.subarray(32 * first, 32 * (first + batch.length)),
    columns: columns.map((name) => {
      const kind = Object.hasOwn(kinds, name) ? (kinds[name] ?? "null") : "null";
      const builder = columnBuilder(name, kind, batch.length, nearlyNumeric.has(name));
      const column = byName.get(name);
      if (column && column.type !== "null") builder.add(column, rows);
      return builder.finish();
    }),
  };
}
