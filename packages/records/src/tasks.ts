/**
 * The work on files that can run anywhere: here, on a worker thread, on a cluster. Each function takes the same plain
 * options for every input and one input, opens the file by itself, and gives plain data. `taskOf` names them for an executor.
 */

import { isAssayError, joinBytes } from "@assay/merkle";
import { columnKernel } from "./column-kernel.js";
import { kindsOf } from "./column-kinds.js";
import type { ColumnType, Kinds } from "./column-type.js";
import type { CsvRangeInput, CsvRangeOutput } from "./csv-range.js";
import type { EarlyLeaves } from "./early-leaves.js";
import { encodeBatch } from "./encode-batch.js";
import type { Executor, Task, TaskContext } from "./executor.js";
import { loadReader } from "./format-readers.js";
import type { Evidence } from "./inference.js";
import { joinAllKinds } from "./kinds.js";
import { recordLeaves } from "./leaves.js";
import { limitsOf, MOST_KERNEL_KEYS } from "./limits.js";
import { joinNamedFiles, optionsBeforeJoin } from "./named-files.js";
import { withFile } from "./open-bytes.js";
import { indexBytes } from "./other.js";
import { indexPlain, methodOf, withPlain } from "./plain-source.js";
import { sourceChanged } from "./range-stream.js";
import type {
  ByteSource,
  FileIndex,
  FilePart,
  FormatReader,
  IndexOptions,
  PlacedBatch,
  PlacedLeaves,
  ReadOptions,
} from "./reader.js";
import { withPlace } from "./record-place.js";
import type { SourceFile } from "./source.js";
import { SplitFold, type SplitOfRecords } from "./split-rule.js";

/** Options of reading that can travel. */
export type PlainReadOptions = Omit<IndexOptions, "signal" | "onBytes"> &
  Pick<ReadOptions, "nullValues" | "columns" | "refuseOthers" | "contents">;

/** Bytes after which progress is told. */
const TOLD_BYTES = 16 * 1024 * 1024;

/** One part of one file. */
export interface PartInput {
  readonly file: SourceFile;
  /** Index of the file in the source. */
  readonly ordinal: number;
  /** Index of the file, without its parts. */
  readonly index: FileIndex;
  readonly part: FilePart;
  readonly types: Readonly<Record<string, ColumnType>>;
}

export interface IndexTaskOptions extends PlainReadOptions {
  /** Columns of CSV whose type is known; `null`: no evidence is wanted. */
  readonly known: readonly string[] | null;
}
export interface IndexTaskInput {
  readonly file: SourceFile;
  readonly ordinal: number;
  /** Most leaves of CSV or JSONL that are made on the way. Default 0. */
  readonly mostLeaves?: number;
}
export interface IndexTaskOutput {
  readonly index: FileIndex;
  readonly evidence: Evidence;
  /** Leaves that were made on the way, of CSV and JSONL; see {@link ScannedFile}. */
  readonly early?: readonly EarlyLeaves[];
}

/** Task: the index of a file, and the evidence for the types of its columns when it is CSV. */
export async function indexFile(
  options: IndexTaskOptions,
  { file, ordinal, mostLeaves = 0 }: IndexTaskInput,
  { signal, onWork }: TaskContext = {},
): Promise<IndexTaskOutput> {
  let untold = 0;
  const onBytes = (count: number): void => {
    untold += count;
    if (untold < TOLD_BYTES) return;
    onWork?.(untold);
    untold = 0;
  };
  const full = { ...options, onBytes, ...signalOf(signal) };
  const look = async (bytes: ByteSource): Promise<IndexTaskOutput> => {
    const output = await indexPlain(bytes, file.format, full, (plain, plainOptions) =>
      indexAny({ ...options, ...plainOptions, mostLeaves }, file, ordinal, plain),
    );
    await bytes.check?.();
    return output;
  };
  return withFile(file, look, signal);
}

/** Task: the records of a range of a CSV file that is at hand. */
export async function readCsvRange(options: PlainReadOptions, input: CsvRangeInput): Promise<CsvRangeOutput | null> {
  return (await import("./csv-range.js")).readCsvRange(options, input);
}

/**
 * The same as {@link indexFile}, but that the work on ranges of one file is shared out. Undefined where that cannot be: then
 * {@link indexFile} must say.
 */
export async function indexFileInRanges(
  { file, ordinal, mostLeaves = 0 }: IndexTaskInput,
  options: IndexTaskOptions,
  executor: Executor,
  { signal, onWork }: TaskContext = {},
): Promise<IndexTaskOutput | undefined> {
  const { format } = file;
  const isPlain = options.leafFormat !== "raw/v1" && options.known?.length === 0 && !options.nullValues?.length;
  if ((format !== "csv" && format !== "tsv") || !isPlain || mostLeaves === 0) return undefined;
  const { indexCsvRanges } = await import("./csv-ranges.js");
  const look = async (bytes: ByteSource): Promise<IndexTaskOutput | undefined> => {
    if ((await methodOf(bytes)) !== null) return undefined;
    const output = await indexCsvRanges(bytes, format, ordinal, {
      ...options,
      ...signalOf(signal),
      ...(onWork === undefined ? {} : { onBytes: onWork }),
      executor,
      task: taskOf("readCsvRange", options),
      mostLeaves,
    });
    await bytes.check?.();
    return output ?? undefined;
  };
  return withFile(file, look, signal);
}

async function indexAny(
  options: IndexTaskOptions & IndexOptions & { readonly mostLeaves: number },
  { format }: SourceFile,
  ordinal: number,
  bytes: ByteSource,
): Promise<IndexTaskOutput> {
  const { known, mostLeaves, leafFormat, readsOnce = false } = options;
  if (format === "other") return { index: await indexBytes(bytes, "other", options), evidence: [] };
  if (format === "jsonl" && mostLeaves > 0 && limitsOf(options).maxColumns >= MOST_KERNEL_KEYS) {
    const [{ EarlyLinesBuilder }, { indexLines }] = await Promise.all([
      import("./early-leaves.js"),
      import("./line-part.js"),
    ]);
    const lines = new EarlyLinesBuilder(mostLeaves, leafFormat === "raw/v1");
    const index = await indexLines(bytes, format, options, lines);
    const early = lines.finish();
    if (early === undefined) return { index: await readable(index, bytes, options), evidence: [] };
    return { index, evidence: [], early: [early] };
  }
  if (known === null || (format !== "csv" && format !== "tsv")) {
    const reader = await loadReader(format);
    const once = readsOnce && mostLeaves > 0 ? await leavesOnce(reader, bytes, options) : undefined;
    return once ?? { index: await reader.index(bytes, options), evidence: [] };
  }
  const [{ CsvEvidence }, { indexCsv }] = await Promise.all([import("./csv-evidence.js"), import("./csv-index.js")]);
  const evidence = new CsvEvidence(ordinal, format, { ...options, known, size: bytes.size });
  const index = await indexCsv(bytes, format, options, evidence);
  const early = leafFormat === "raw/v1" ? undefined : evidence.early;
  if (early === undefined) return { index: await readable(index, bytes, options), evidence: evidence.finish() };
  return { index, evidence: evidence.finish(), early: [early] };
}

/** Index and leaves of a file in one pass, where its reader has one. */
async function leavesOnce(
  reader: FormatReader,
  bytes: ByteSource,
  options: IndexOptions & { readonly mostLeaves: number },
): Promise<IndexTaskOutput | undefined> {
  const blocks: Uint8Array[] = [];
  let kinds: Kinds = {};
  const take = (placed: PlacedLeaves | PlacedBatch): void => {
    blocks.push("leaves" in placed ? placed.leaves : leavesOf(bytes.path, placed, null));
    kinds = joinAllKinds(kinds, "leaves" in placed ? placed.kinds : kindsOf(placed.batch));
  };
  const index = await reader.indexOnce?.(bytes, options, options.mostLeaves, take);
  return index === undefined ? undefined : { index, evidence: [], early: [{ types: {}, blocks, kinds }] };
}

/** The index of a file of which leaves were made at first, and given up too late to have a digest of each window. */
async function readable(index: FileIndex, bytes: ByteSource, options: IndexOptions): Promise<FileIndex> {
  if (!isReadOnce(index)) return index;
  const again = await (await loadReader(index.format)).index(bytes, { ...options, readsOnce: false });
  if (again.bytes !== index.bytes) throw sourceChanged(bytes.path, "its bytes are not those of the first pass");
  return again;
}

/** Whether parts of a file cannot be read again. */
export function isReadOnce({ parts }: FileIndex): boolean {
  return parts.some(({ windows }) => windows.some(({ sha256 }) => sha256 === null));
}

/** Opens what a part is in, runs some work on it, and looks whether the file is still the one that was opened. */
function withPart<T>(
  { file, index, part }: PartInput,
  options: PlainReadOptions,
  signal: AbortSignal | undefined,
  work: (bytes: ByteSource) => Promise<T>,
): Promise<T> {
  const read = async (stored: ByteSource): Promise<T> => {
    const output = await withPlain(stored, index, [part.from], options, work);
    await stored.check?.();
    return output;
  };
  return withFile(file, read, signal);
}

/** Task: the names of the columns that a part of a JSONL file has. */
export async function findColumns(
  options: PlainReadOptions,
  input: PartInput,
  { signal }: TaskContext = {},
): Promise<string[]> {
  const { index, part } = input;
  const reader = await loadReader(index.format);
  return withPart(input, options, signal, async (bytes) => {
    const names = new Set<string>();
    for await (const { batch } of reader.read(bytes, index, part, { ...options, ...signalOf(signal), types: {} })) {
      for (const { name } of batch.columns) names.add(name);
    }
    return [...names];
  });
}

export interface HashTaskOptions extends PlainReadOptions {
  readonly leafKey: Uint8Array | null;
  /** Column whose values name the splits. */
  readonly splitColumn: string | null;
}
export interface HashTaskOutput {
  /** 32 bytes a record. */
  readonly leaves: Uint8Array;
  /** Of the columns of the part; none with `raw/v1`. */
  readonly kinds: Kinds;
  readonly splits: SplitOfRecords | null;
}

/** Task: the leaves of a part. */
export async function hashPart(
  options: HashTaskOptions,
  input: PartInput,
  { signal }: TaskContext = {},
): Promise<HashTaskOutput> {
  const { file, index, part, types } = input;
  const { leafKey, splitColumn, ...readOptions } = options;
  const reader = await loadReader(index.format);
  const isRaw = options.leafFormat === "raw/v1";
  const columns = isRaw ? { columns: splitColumn === null ? [] : [splitColumn] } : {};
  return withPart(input, options, signal, async (bytes) => {
    const pieces: Uint8Array[] = [];
    let kinds: Kinds = {};
    const splits = splitColumn === null ? null : new SplitFold(splitColumn, file.path);
    const all = { ...readOptions, ...columns, ...signalOf(signal), types };
    const isShort = leafKey === null && splits === null && index.named === undefined;
    const short = isShort ? reader.leaves : undefined;
    for await (const placed of short?.call(reader, bytes, index, part, all) ?? recordsOf(reader, bytes, input, all)) {
      if ("leaves" in placed) {
        pieces.push(placed.leaves);
        kinds = joinAllKinds(kinds, placed.kinds);
        continue;
      }
      pieces.push(leavesOf(file.path, placed, leafKey));
      if (!isRaw) kinds = joinAllKinds(kinds, kindsOf(placed.batch));
      splits?.add(placed);
    }
    return { leaves: joinBytes(pieces), kinds, splits: splits?.finish() ?? null };
  });
}

function leavesOf(path: string, { batch, raw, begin, lines }: PlacedBatch, leafKey: Uint8Array | null): Uint8Array {
  if (raw !== undefined) return recordLeaves(raw.data, raw.offsets, leafKey);
  const fast = leafKey === null ? columnKernel()?.leaves(batch.length, batch.columns) : undefined;
  if (fast !== undefined) return fast;
  try {
    const { arena, offsets } = encodeBatch(batch);
    return recordLeaves(arena, offsets, leafKey);
  } catch (error) {
    const { record, column } = isAssayError(error) ? error.details : {};
    if (typeof record !== "number") throw error;
    const line = lines?.[record];
    const where = line === undefined ? { record: begin + record } : { line };
    throw withPlace(error, { path, ...where, ...(typeof column === "string" ? { column } : {}) });
  }
}

/** The batches of a part; of a metadata file with digests in place of names. */
function recordsOf(
  reader: FormatReader,
  bytes: ByteSource,
  { file, index, part }: PartInput,
  options: ReadOptions,
): AsyncIterable<PlacedBatch> {
  const { named } = index;
  if (named === undefined) return reader.read(bytes, index, part, options);
  const batches = reader.read(bytes, index, part, optionsBeforeJoin(named, options));
  return joinNamedFiles(file.path, named, part, batches, options);
}

/** Task: the batches of a part. */
export async function readPart(
  options: PlainReadOptions,
  input: PartInput,
  { signal }: TaskContext = {},
): Promise<PlacedBatch[]> {
  const { index, types } = input;
  const reader = await loadReader(index.format);
  return withPart(input, options, signal, async (bytes) => {
    const batches: PlacedBatch[] = [];
    for await (const placed of recordsOf(reader, bytes, input, { ...options, ...signalOf(signal), types }))
      batches.push(placed);
    return batches;
  });
}

function signalOf(signal: AbortSignal | undefined): { readonly signal?: AbortSignal } {
  return signal === undefined ? {} : { signal };
}

/** Task: the digests of local files, lower-case hex, many at a time. */
export async function digestFiles(
  _options: Readonly<Record<string, never>>,
  files: readonly SourceFile[],
  { signal, onWork }: TaskContext = {},
): Promise<string[]> {
  const { digestLocalFiles } = (await import(
    /* @vite-ignore */ new URL("./node.js", import.meta.url).href
  )) as typeof import("./node.js");
  return digestLocalFiles(files, { signal, ...(onWork === undefined ? {} : { onBytes: onWork }) });
}

const TASKS = { indexFile, readCsvRange, digestFiles, findColumns, hashPart, readPart } as const;
type Tasks = typeof TASKS;

/** Names a task for an executor. */
export function taskOf<Name extends keyof Tasks>(
  name: Name,
  options: Parameters<Tasks[Name]>[0],
): Task<Parameters<Tasks[Name]>[0], Parameters<Tasks[Name]>[1], Awaited<ReturnType<Tasks[Name]>>> {
  return {
    // A bundle of another module format does not know where it is; it has no workers either.
    module: import.meta.url === undefined ? "" : new URL("./tasks.js", import.meta.url).href,
    name,
    options,
    run: TASKS[name] as never,
  };
}
