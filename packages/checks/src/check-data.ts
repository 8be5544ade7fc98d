/**
 * The data that checks see: tables in leaf order and folds over blocks, read from a scanned source. Where a record is
 * stored never shows in a table; only `place` knows.
 */

import { CheckError } from "@assay/merkle";
import {
  columnsOf,
  type Executor,
  type FilePart,
  inlineExecutor,
  type Kinds,
  type PlacedBatch,
  readBatches,
  type ScannedSource,
} from "@assay/records";
import type { CheckData, DataShape, Fold, Roles, Table, TableColumn } from "./check.js";
import { columnNames } from "./columns.js";
import { type FoldPartInput, type FoldPartOptions, stateOfPart } from "./fold-part.js";
import { type ImagePart, type ImagePartOptions, imagePart } from "./image/image-part.js";
import { IMAGE_RECORD_BYTES, type ImageFeatures, imageTable } from "./image/image-table.js";
import { LEAF_ORDER_BYTES, leafOrder, placeOfRow } from "./leaf-order.js";
import { type BuilderKind, type ColumnBuilder, columnBuilder } from "./table-builder.js";

/** A batch and the file that it is of: index into `scanned.files`. */
export type FileBatch = PlacedBatch & { readonly file: number };

/** A scanned source and what its manifest found. */
export interface ScannedInput {
  readonly scanned: ScannedSource;
  /** Kinds of all columns over all files, joined (`docs/spec/manifest.md`, "Schema digest"). */
  readonly kinds: Kinds;
  /** Leaves of each file, 32 bytes a record, in file order. */
  readonly leaves: readonly Uint8Array[];
}

export interface ScannedDataOptions {
  readonly roles?: Roles;
  /** Most bytes that tables may take. Default 4 GiB; more is `memory-exceeded`, with the number needed. */
  readonly maxMemoryBytes?: number;
  readonly executor?: Executor;
  readonly signal?: AbortSignal;
}

/** Default of `maxMemoryBytes`: 4 GiB. */
export const DEFAULT_MAX_MEMORY_BYTES = 4 * 2 ** 30;

/**
 * The data of a scanned source for checks. Columns that were read stay in memory, as long as they fit, for the checks after.
 *
 * @throws RangeError when the leaves are not one for each record.
 */
export function scannedData(input: ScannedInput, options: ScannedDataOptions = {}): CheckData {
  const { scanned, leaves } = input;
  const { roles = {}, maxMemoryBytes = DEFAULT_MAX_MEMORY_BYTES, executor, signal } = options;
  const paths = scanned.files.map(({ file }) => file.path);
  if (leaves.length !== paths.length) throw new RangeError(`leaves: ${leaves.length} files, expected ${paths.length}`);
  const shape = scannedShape(input, roles);
  const needed = LEAF_ORDER_BYTES * shape.records;
  if (needed > maxMemoryBytes) throw leavesExceed(needed, maxMemoryBytes);
  const order = leafOrder(leaves);
  if (order.length !== shape.records) {
    throw new RangeError(`leaves: ${order.length} of them, expected ${shape.records}, one for each record`);
  }
  const nearlyNumeric = nearlyNumericColumns(scanned, roles);
  const kindOf = builderKinds(shape);
  const cache = new Map<string, { column: TableColumn; bytes: number }>();
  let lines: Float64Array | undefined;
  const images = new Map<string, ImageFeatures>();

  const batches = (columns: readonly string[]): AsyncIterable<FileBatch> =>
    readBatches(scanned, {
      columns,
      contents: "texts",
      ...(executor ? { executor } : {}),
      ...(signal ? { signal } : {}),
    });

  /** First record of a batch; refuses one that does not fit its file, so that no row is written twice or left out. */
  const firstRecord = ({ file, begin, batch }: FileBatch): number => {
    const offset = order.offsets[file];
    const end = order.offsets[file + 1];
    if (offset === undefined || end === undefined || begin < 0 || offset + begin + batch.length > end) {
      throw new RangeError(`read: records ${begin} to ${begin + batch.length} are not in file ${file}`);
    }
    return offset + begin;
  };

  const noteLines = (placed: FileBatch, first: number): void => {
    if (!placed.lines) return;
    lines ??= new Float64Array(order.length);
    lines.set(placed.lines.subarray(0, placed.batch.length), first);
  };

  const readColumns = async (names: readonly string[], others: number): Promise<void> => {
    const builders = new Map<string, ColumnBuilder>();
    for (const name of names) {
      builders.set(name, columnBuilder(name, kindOf(name), order.length, nearlyNumeric.has(name)));
    }
    let records = 0;
    for await (const placed of batches(names)) {
      signal?.throwIfAborted();
      const first = firstRecord(placed);
      noteLines(placed, first);
      const rows = order.rowOf.subarray(first, first + placed.batch.length);
      for (const column of placed.batch.columns) {
        if (column.type !== "null") builders.get(column.name)?.add(column, rows);
      }
      records += placed.batch.length;
      let held = others;
      for (const builder of builders.values()) held += builder.bytes();
      if (held > maxMemoryBytes) {
        throw memoryExceeded(Math.ceil((held * order.length) / records), maxMemoryBytes, `${names.length} columns`);
      }
    }
    if (records !== order.length) throw new RangeError(`read: ${records} records, expected ${order.length}`);
    for (const [name, builder] of builders) cache.set(name, { column: builder.finish(), bytes: builder.bytes() });
  };

  const readImages = async (column: string): Promise<ImageFeatures> => {
    const bytes = needed + IMAGE_RECORD_BYTES * order.length;
    if (bytes > maxMemoryBytes) throw memoryExceeded(bytes, maxMemoryBytes, `the images of ${JSON.stringify(column)}`);
    // Tables that are held make room: they can be read again.
    cache.clear();
    const table = imageTable(column, order.length);
    const options: ImagePartOptions = { scanned: { ...scanned, files: [] }, column };
    const task = { module: new URL("./tasks.js", import.meta.url).href, name: "imagePart", options, run: imagePart };
    const files = scanned.files.flatMap(({ index }, file) => index.parts.map(() => file));
    const where = executor ?? inlineExecutor();
    let done = 0;
    for await (const answer of where.map(task, foldParts(scanned, leaves), signal ? { signal } : {})) {
      const file = files[done++] as number;
      for (const part of answer as ImagePart[]) {
        const first = (order.offsets[file] as number) + part.begin;
        table.add(part, order.rowOf.subarray(first, first + part.states.length), paths[file] as string);
      }
    }
    return table.finish();
  };

  return {
    shape,
    async images(column) {
      const known = images.get(column) ?? (await readImages(column));
      images.set(column, known);
      return known;
    },
    async table(columns): Promise<Table> {
      const wanted = new Set(columns);
      for (const name of wanted) {
        if (!Object.hasOwn(shape.kinds, name))
          throw new RangeError(`columns: there is no column ${JSON.stringify(name)}`);
      }
      const missing = [...wanted].filter((name) => !cache.has(name));
      const least = needed + fixedBytes([...wanted], order.length);
      if (least > maxMemoryBytes) throw memoryExceeded(least, maxMemoryBytes, `${wanted.size} columns`);
      let held = needed + [...cache.values()].reduce((sum, { bytes }) => sum + bytes, 0);
      if (missing.length > 0 && held + fixedBytes(missing, order.length) > maxMemoryBytes / 2) {
        for (const [name, { bytes }] of cache) {
          if (wanted.has(name)) continue;
          cache.delete(name);
          held -= bytes;
        }
      }
      if (missing.length > 0) await readColumns(missing, held);
      const picked = columns.map((name) => (cache.get(name) as { column: TableColumn }).column);
      return { length: order.length, leaves: order.leaves, columns: picked };
    },
    async fold<State, Options, Result>(
      fold: Fold<State, Options, Result>,
      columns: readonly string[],
      foldOptions: Options,
    ): Promise<Result> {
      const options: FoldPartOptions = {
        scanned: { ...scanned, files: [] },
        kinds: Object.fromEntries(columns.map((name) => [name, kindOf(name)])),
        nearlyNumeric: [...nearlyNumeric],
        columns,
        module: fold.module,
        name: fold.name,
        options: foldOptions,
      };
      const task = {
        module: new URL("./tasks.js", import.meta.url).href,
        name: "foldPart",
        options,
        run: (_: FoldPartOptions, part: FoldPartInput) => stateOfPart(fold, options, part),
      };
      let state = fold.start(foldOptions);
      const where = executor ?? inlineExecutor();
      for await (const states of where.map(task, foldParts(scanned, leaves), signal ? { signal } : {})) {
        for (const part of states as State[]) state = fold.merge(state, part, foldOptions);
      }
      return fold.finish(state, foldOptions);
    },
    async findLines() {
      if (lines !== undefined || !scanned.files.some(({ index }) => LINED.has(index.format))) return;
      const [first] = Object.keys(shape.kinds);
      for await (const placed of batches(first === undefined ? [] : [first])) {
        signal?.throwIfAborted();
        noteLines(placed, firstRecord(placed));
      }
    },
    place: (row) => placeOfRow(order, row, paths, lines),
    row(record) {
      const row = order.rowOf[record];
      if (row === undefined) throw new RangeError(`record: ${record} is not in the data set`);
      return row;
    },
  };
}

/**
 * The data of a source when not even its leaves may be held: its shape, and `memory-exceeded` for whatever a check reads,
 * so that each check says why it could not run.
 *
 * @returns `undefined` when the leaves fit, and {@link scannedData} is the one to ask.
 */
export function dataWithoutLeaves(
  input: Omit<ScannedInput, "leaves">,
  { roles = {}, maxMemoryBytes = DEFAULT_MAX_MEMORY_BYTES }: ScannedDataOptions = {},
): CheckData | undefined {
  const needed = LEAF_ORDER_BYTES * input.scanned.records;
  if (needed <= maxMemoryBytes) return undefined;
  const refuse = (): never => {
    throw leavesExceed(needed, maxMemoryBytes);
  };
  return {
    shape: scannedShape(input, roles),
    table: async () => refuse(),
    fold: async () => refuse(),
    place: refuse,
    row: refuse,
  };
}

/** Formats whose records stand on lines. */
const LINED: ReadonlySet<string> = new Set(["csv", "tsv", "jsonl", "json", "text"]);

/** Parts of all files in file order, each with its leaves. */
function* foldParts({ files }: ScannedSource, leaves: readonly Uint8Array[]): Iterable<FoldPartInput> {
  for (const [i, { file, index }] of files.entries()) {
    for (const part of index.parts) {
      const end = endOf(part, index.records);
      yield {
        file: { file, index: { ...index, parts: [part] } },
        begin: part.begin,
        leaves: (leaves[i] as Uint8Array).subarray(32 * part.begin, 32 * end),
      };
    }
  }
}

function endOf({ end }: FilePart, records: number): number {
  return Math.min(end ?? records, records);
}

/** Columns with kinds, and those that have a name but no value at all (kind `null`). */
function scannedShape({ scanned, kinds }: Omit<ScannedInput, "leaves">, roles: Roles): DataShape {
  const all = new Map(Object.entries(kinds));
  const named = scanned.files.flatMap(({ index }) => columnsOf(index).map(({ name }) => name));
  // Names of files are read, and are in no record.
  const names = new Set(scanned.files.flatMap(({ index }) => (index.named ?? []).map(({ from }) => from)));
  const typed = Object.keys(scanned.reading.types).filter((name) => !names.has(name));
  for (const name of [...named, ...typed]) if (!all.has(name)) all.set(name, "null");
  const shape = { records: scanned.records, files: scanned.files.length, kinds: Object.fromEntries(all), roles };
  const sorted = Object.fromEntries(
    columnNames({ ...shape, types: {} }).map((name) => [name, all.get(name) ?? "null"]),
  );
  return { ...shape, kinds: sorted, types: scanned.reading.types };
}

/**
 * Kinds as columns are built: the image column as images. What only names something (source, annotator, split, and label or trust mark unless they are
 * numbers) is never an amount: its cells are texts, with all digits of a long number and `true` for a boolean.
 */
function builderKinds({ kinds, roles }: DataShape): (name: string) => BuilderKind {
  const features = new Set(roles.features);
  const names = new Set(
    [roles.source, roles.annotator, roles.item, roles.split, ...(roles.annotations ?? [])].filter(
      (name) => !features.has(name ?? ""),
    ),
  );
  for (const name of [roles.label, ...(roles.labels ?? []), roles.trusted?.column]) {
    if (name !== undefined && kinds[name] !== "number" && !features.has(name)) names.add(name);
  }
  return (name) => {
    if (name === roles.image) return "image";
    const kind = Object.hasOwn(kinds, name) ? (kinds[name] ?? "null") : "null";
    return names.has(name) && kind !== "text" ? "mixed" : kind;
  };
}

/** Columns of texts that are numbers but for a few odd cells, as the scan warned; not those that name something. */
function nearlyNumericColumns(
  { warnings }: ScannedSource,
  { source, annotator, annotations = [], item, split }: Roles,
): ReadonlySet<string> {
  const numeric = /^(?:u?int(?:8|16|32|64)|float(?:16|32|64)|decimal\(.*\))$/;
  const columns = warnings
    .filter(({ type }) => typeof type === "string" && numeric.test(type))
    .map(({ column }) => column);
  return new Set(columns.filter((column) => ![source, annotator, item, split, ...annotations].includes(column)));
}

/** Least bytes of columns that are not read yet: 4 a cell. */
function fixedBytes(names: readonly string[], records: number): number {
  return 4 * names.length * records;
}

function leavesExceed(needed: number, limit: number): CheckError {
  return memoryExceeded(needed, limit, "the leaves");
}

function memoryExceeded(needed: number, limit: number, what: string): CheckError {
  const message =
    `Cannot hold ${what} in memory: about ${needed} bytes are needed and maxMemoryBytes is ${limit}. ` +
    "Raise it, name fewer features or exclude columns.";
  return new CheckError("memory-exceeded", message, { details: { needed, maxMemoryBytes: limit } });
}
