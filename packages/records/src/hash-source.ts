/** Leaves and records of a scanned source, in file and record order, on any executor. */

import { FormatError } from "@assay/merkle";
import type { Batch } from "./batch.js";
import type { Kinds } from "./column-type.js";
import { hasSameLeaves } from "./early-leaves.js";
import { type Executor, inlineExecutor, type Task } from "./executor.js";
import { joinAllKinds } from "./kinds.js";
import { checkLeafKey } from "./leaves.js";
import { columnsOf } from "./metadata-files.js";
import { sourceChanged } from "./range-stream.js";
import { BLOCK_RECORDS, type FileIndex, isJson, type LeafFormat, type Limits, type PlacedBatch } from "./reader.js";
import { kindsOfFile, saysOwnTypes, typeOfColumn, typesOfFile } from "./reading.js";
import type { Progress, ScannedFile, ScannedSource, SplitRule } from "./source.js";
import { splitOfPath } from "./split-rule.js";
import {
  type HashTaskOptions,
  type HashTaskOutput,
  isReadOnce,
  type PartInput,
  type PlainReadOptions,
  taskOf,
} from "./tasks.js";
import { FILE_KINDS, fileLeaves } from "./whole-file.js";

export interface ReadSourceOptions {
  /** Where the work runs. Default: here. */
  readonly executor?: Executor;
  readonly signal?: AbortSignal;
  /** Called with records. */
  readonly onProgress?: (progress: Progress) => void;
  /** Caps on hostile input. Default those of the source. */
  readonly limits?: Partial<Limits>;
}

export interface HashOptions extends ReadSourceOptions {
  /** Must be the one of the scan, which is the default. */
  readonly leafFormat?: LeafFormat;
  /** At least 32 bytes: leaves are keyed. Default none. */
  readonly leafKey?: Uint8Array | null;
  /** How records are told apart into splits. Default: not at all. */
  readonly splits?: SplitRule;
  /**
   * Whether records of consecutive files of format `files` may come as one item ({@link HashedRecords.files}), unless there are splits:
   * of millions of files an item each is most of the work. Default false.
   */
  readonly joinsFiles?: boolean;
}

/** The leaves of consecutive records of one file. */
export interface HashedRecords {
  /** Index of the file in the source. */
  readonly file: number;
  /** With `joinsFiles`: from `file` on, so many files have one of these records each. Default: all are of `file`. */
  readonly files?: number;
  /** Ordinal of the first record in its file. */
  readonly begin: number;
  readonly count: number;
  /** 32 bytes a record. */
  readonly leaves: Uint8Array;
  /** Of these records; join those of a file with `joinAllKinds`. Empty with `raw/v1`. */
  readonly kinds: Kinds;
  /** With splits: their names, … */
  readonly splitNames?: readonly string[];
  /** … and for each record the index of its split in `splitNames`, −1 for none. */
  readonly splitOf?: Int32Array;
}

/**
 * Hashes every record.
 *
 * A file without records is one item that has no leaves, but the kinds of its columns.
 *
 * @throws FormatError `ambiguous-split`, `bad-value`, `leaf-key-too-short` and whatever reading refuses; SourceError `source-changed`.
 * RangeError when `leafFormat` is not the one of the scan.
 * @example
 * for await (const { file, begin, count, leaves } of hashSource(scanned)) range.appendMany(leaves);
 */
export async function* hashSource(scanned: ScannedSource, options: HashOptions = {}): AsyncGenerator<HashedRecords> {
  const {
    executor = inlineExecutor(),
    leafFormat = scanned.leafFormat,
    leafKey = null,
    splits,
    joinsFiles = false,
    signal,
    onProgress,
  } = options;
  if (leafFormat !== scanned.leafFormat) {
    throw new RangeError(
      `leafFormat must be ${scanned.leafFormat}, with which the source was scanned, not ${leafFormat}`,
    );
  }
  if (leafKey !== null) checkLeafKey(leafKey);
  const splitColumn = splits !== undefined && "column" in splits ? splits.column : null;
  if (splitColumn !== null) checkSplitColumn(scanned, splitColumn);
  const splitOfFile =
    splits !== undefined && "paths" in splits
      ? scanned.files.map(({ file }) => splitOfPath(splits.paths, file.path))
      : null;
  const isPlain = leafKey === null && splitColumn === null;
  const isEarly = scanned.files.map((file) => isPlain && isGood(scanned, file));
  const readable = await readableAgain(scanned, isEarly, executor, options);
  // A value of theirs can name a split, which their parts say.
  const isWhole = ({ index }: ScannedFile) =>
    splitColumn === null && index.format === "files" && index.parts.length > 0;
  const inputs = partInputs(readable, isWhole);
  const task = taskOf("hashPart", { ...readOptionsOf(scanned, options), leafKey, splitColumn });
  function* emptyFiles(begin: number, end: number): Generator<HashedRecords> {
    for (let file = begin; file < end; file++) {
      const { index } = scanned.files[file] as ScannedSource["files"][number];
      if (index.records > 0 || index.format === "other") continue;
      const none = { splitNames: [], splitOf: new Int32Array(0) };
      const kinds = leafFormat === "raw/v1" ? {} : kindsOfFile(scanned.reading, index);
      yield { file, begin: 0, count: 0, leaves: new Uint8Array(0), kinds, ...(splits === undefined ? {} : none) };
    }
  }
  let next = 0;
  let done = 0;
  const parts = isEarly.includes(true)
    ? withEarlyLeaves(scanned, isEarly, inputs, task, executor, signal)
    : mapped(executor, task, inputs, signal);
  const all = withWholeFiles(scanned.files, isWhole, parts, leafKey, joinsFiles && splits === undefined);
  for await (const { file, ordinal, files, begin, output } of all) {
    const { leaves, kinds, splits: found } = output;
    const count = leaves.length / 32;
    done += count;
    onProgress?.({ stage: "hash", done, total: scanned.records, what: file.path });
    if (count === 0) continue;
    yield* emptyFiles(next, ordinal);
    next = ordinal + (files ?? 1);
    const hashed = { file: ordinal, ...(files === undefined ? {} : { files }), begin, count, leaves, kinds };
    if (found !== null) yield { ...hashed, splitNames: found.names, splitOf: found.of };
    else if (splitOfFile === null) yield hashed;
    else {
      const name = splitOfFile[ordinal] ?? null;
      const splitOf = new Int32Array(count).fill(name === null ? -1 : 0);
      yield { ...hashed, splitNames: name === null ? [] : [name], splitOf };
    }
  }
  yield* emptyFiles(next, scanned.files.length);
}

interface HashedPart extends Pick<PartInput, "file" | "ordinal"> {
  /** Of so many files, from that one on, one record each. */
  readonly files?: number;
  /** Ordinal of the first record in its file. */
  readonly begin: number;
  readonly output: HashTaskOutput;
}

async function* mapped(
  executor: Executor,
  task: Task<HashTaskOptions, PartInput, HashTaskOutput>,
  inputs: readonly PartInput[],
  signal: AbortSignal | undefined,
): AsyncGenerator<HashedPart> {
  let i = 0;
  for await (const output of executor.map(task, inputs, signal === undefined ? {} : { signal })) {
    const { file, ordinal, part } = inputs[i++] as PartInput;
    yield { file, ordinal, begin: part.begin, output };
  }
}

/** Files in order: the records of whole files, many at a time, and the parts of the others. */
async function* withWholeFiles(
  files: readonly ScannedFile[],
  isWhole: (file: ScannedFile) => boolean,
  others: AsyncGenerator<HashedPart>,
  leafKey: Uint8Array | null,
  joinsFiles: boolean,
): AsyncGenerator<HashedPart> {
  /** Files before this one are done, but the parts of `others`. */
  let begin = 0;
  function* wholeBefore(before: number): Generator<HashedPart> {
    for (; begin < before; begin++) {
      let end = begin;
      while (end < before && end - begin < BLOCK_RECORDS && isWhole(files[end] as ScannedFile)) end++;
      if (end === begin) continue;
      const leaves = fileLeaves(files.slice(begin, end), leafKey);
      for (let ordinal = begin; ordinal < end; ordinal += joinsFiles ? end - begin : 1) {
        const { file } = files[ordinal] as ScannedFile;
        const at = 32 * (ordinal - begin);
        const output = { leaves: joinsFiles ? leaves : leaves.subarray(at, at + 32), kinds: FILE_KINDS, splits: null };
        yield { file, ordinal, ...(joinsFiles ? { files: end - begin } : {}), begin: 0, output };
      }
      begin = end - 1;
    }
  }
  for await (const part of others) {
    yield* wholeBefore(part.ordinal);
    yield part;
  }
  yield* wholeBefore(files.length);
}

/** Files in order: blocks of those whose leaves the scan has made, and parts of the others from the executor. */
async function* withEarlyLeaves(
  scanned: ScannedSource,
  isEarly: readonly boolean[],
  inputs: readonly PartInput[],
  task: Task<HashTaskOptions, PartInput, HashTaskOutput>,
  executor: Executor,
  signal: AbortSignal | undefined,
): AsyncGenerator<HashedPart> {
  const { files, reading } = scanned;
  const rest = inputs.filter(({ ordinal }) => !isEarly[ordinal]);
  const others = mapped(executor, task, rest, signal);
  let next = 0;
  try {
    for (const [ordinal, { file, index, early = [] }] of files.entries()) {
      for (; rest[next]?.ordinal === ordinal; next++) {
        const { done, value } = await others.next();
        if (done === true) return;
        yield value;
      }
      if (!isEarly[ordinal]) continue;
      const kinds = early.every((made) => made.kinds !== undefined)
        ? early.reduce((joined, made) => joinAllKinds(joined, made.kinds ?? {}), {})
        : kindsOfFile(reading, index);
      let begin = 0;
      for (const leaves of early.flatMap(({ blocks }) => blocks)) {
        signal?.throwIfAborted();
        yield { file, ordinal, begin, output: { leaves, kinds, splits: null } };
        begin += leaves.length / 32;
      }
    }
  } finally {
    await others.return(undefined);
  }
}

/** The source with files whose leaves must be made after all, though nobody was to read them again, indexed once more. */
async function readableAgain(
  scanned: ScannedSource,
  isEarly: readonly boolean[],
  executor: Executor,
  options: ReadSourceOptions,
): Promise<ScannedSource> {
  const { signal } = options;
  const inputs = scanned.files.flatMap(({ file, index }, ordinal) =>
    !isEarly[ordinal] && index.format !== "files" && isReadOnce(index) ? [{ file, ordinal }] : [],
  );
  if (inputs.length === 0) return scanned;
  const files = [...scanned.files];
  const task = taskOf("indexFile", { ...readOptionsOf(scanned, options), known: null });
  let i = 0;
  for await (const { index } of executor.map(task, inputs, signal === undefined ? {} : { signal })) {
    const { file, ordinal } = inputs[i++] as (typeof inputs)[number];
    const before = (scanned.files[ordinal] as ScannedFile).index;
    if (index.bytes !== before.bytes) throw sourceChanged(file.path, "its bytes are not those of the first pass");
    files[ordinal] = { file, index: { ...before, parts: index.parts } };
  }
  return { ...scanned, files };
}

/** Whether the leaves that the scan made of a file are those that its types give. */
function isGood({ reading, leafFormat }: ScannedSource, { index, early }: ScannedFile): boolean {
  if (early === undefined) return false;
  const types = typesOfFile(reading, index);
  const count = early.reduce((sum, { blocks }) => blocks.reduce((bytes, block) => bytes + block.length, sum), 0);
  return (
    count === 32 * index.records &&
    early.every((made) =>
      made.kinds === undefined
        ? index.columns.every(({ name }) => hasSameLeaves(typeOfColumn(made.types, name), typeOfColumn(types, name)))
        : leafFormat === "raw/v1" || (saysOwnTypes(types) && !(isJson(index.format) && reading.others === "refuse")),
    )
  );
}

export interface ReadBatchesOptions extends ReadSourceOptions {
  /** `files`, `tar`: contents instead of the digests that records hold: of labels and texts, or of everything. Default `none`. */
  readonly contents?: "none" | "texts" | "all";
  /** Only these columns. Default all. */
  readonly columns?: readonly string[];
}

/**
 * Reads every record, batch by batch.
 *
 * @throws What reading refuses: FormatError, SourceError.
 */
export async function* readBatches(
  scanned: ScannedSource,
  options: ReadBatchesOptions = {},
): AsyncGenerator<PlacedBatch & { readonly file: number }> {
  const { executor = inlineExecutor(), columns, signal, onProgress } = options;
  const inputs = partInputs(scanned);
  const task = taskOf("readPart", readPartOptions(scanned, options, columns));
  let i = 0;
  let done = 0;
  for await (const batches of executor.map(task, inputs, signal === undefined ? {} : { signal })) {
    const { file, ordinal } = inputs[i++] as PartInput;
    for (const placed of batches) {
      done += placed.batch.length;
      yield { ...placed, file: ordinal };
    }
    onProgress?.({ stage: "read", done, total: scanned.records, what: file.path });
  }
}

/** One record of a source. */
export interface FoundRecord {
  /** Index of the file in the source. */
  readonly file: number;
  /** Ordinal in its file. */
  readonly ordinal: number;
  /** Line on which it begins; text formats only. */
  readonly line?: number;
  /** The batch that holds it, … */
  readonly batch: Batch;
  /** … and its place there. */
  readonly index: number;
  /** With `raw/v1`: the bytes of its line. */
  readonly raw?: Uint8Array;
}

/**
 * Reads single records, for proofs and to show them. Each part that holds one is read once, as a whole, so that the bytes
 * are those of the scan.
 *
 * @param places Files and ordinals in any order, each once.
 * @returns The records in file and record order.
 * @throws RangeError for a place that is not in the source; otherwise as {@link readBatches}.
 */
export async function* readRecords(
  scanned: ScannedSource,
  places: readonly { readonly file: number; readonly ordinal: number }[],
  options: ReadBatchesOptions = {},
): AsyncGenerator<FoundRecord> {
  const { executor = inlineExecutor(), columns, signal } = options;
  const wanted = [...places].sort((a, b) => a.file - b.file || a.ordinal - b.ordinal);
  for (const { file, ordinal } of wanted) {
    const records = scanned.files[file]?.index.records;
    if (records === undefined) throw new RangeError(`places: there is no file ${file}`);
    if (!Number.isInteger(ordinal) || ordinal < 0 || ordinal >= records) {
      throw new RangeError(`places: file ${file} has records 0 … ${records - 1}, and no record ${ordinal}`);
    }
  }
  const isInside = ({ ordinal: file, part }: PartInput, place: { file: number; ordinal: number }) =>
    place.file === file && place.ordinal >= part.begin && (part.end === null || place.ordinal < part.end);
  const inputs = partInputs(scanned).filter((input) => wanted.some((place) => isInside(input, place)));
  const task = taskOf("readPart", readPartOptions(scanned, options, columns));
  let i = 0;
  for await (const batches of executor.map(task, inputs, signal === undefined ? {} : { signal })) {
    const input = inputs[i++] as PartInput;
    for (const place of wanted.filter((candidate) => isInside(input, candidate))) {
      const placed = batches.find(({ begin, batch }) => place.ordinal >= begin && place.ordinal < begin + batch.length);
      if (placed === undefined) continue;
      const index = place.ordinal - placed.begin;
      const line = placed.lines?.[index];
      const { raw, batch } = placed;
      yield {
        ...place,
        batch,
        index,
        ...(line === undefined ? {} : { line }),
        ...(raw === undefined ? {} : { raw: raw.data.subarray(raw.offsets[index], raw.offsets[index + 1]) }),
      };
    }
  }
}

function readOptionsOf(
  scanned: ScannedSource,
  { limits = scanned.source.limits }: ReadSourceOptions,
): PlainReadOptions {
  const { reading, leafFormat } = scanned;
  return {
    dialect: reading.csv ?? {},
    nullValues: reading.nullValues,
    refuseOthers: reading.others === "refuse",
    leafFormat,
    ...(limits === undefined ? {} : { limits }),
  };
}

function readPartOptions(
  scanned: ScannedSource,
  options: ReadBatchesOptions,
  columns: readonly string[] | undefined,
): PlainReadOptions {
  const contents = options.contents === undefined ? {} : { contents: options.contents };
  return { ...readOptionsOf(scanned, options), ...contents, ...(columns === undefined ? {} : { columns }) };
}

function partInputs({ files, reading }: ScannedSource, isLeftOut?: (file: ScannedFile) => boolean): PartInput[] {
  let last: FileIndex | undefined;
  let types: ReturnType<typeof typesOfFile> = {};
  return files.flatMap((one, ordinal) => {
    if (isLeftOut?.(one) === true) return [];
    const { file, index } = one;
    // Of files that are records there may be millions, all with the same columns.
    if (last?.format !== index.format || last.columns !== index.columns) types = typesOfFile(reading, index);
    last = index;
    const bare = { ...index, parts: [] };
    return index.parts.map((part) => ({ file, ordinal, index: bare, part, types }));
  });
}

function checkSplitColumn({ files }: ScannedSource, column: string): void {
  const isPossible = files.some(
    ({ index }) => isJson(index.format) || columnsOf(index).some(({ name }) => name === column),
  );
  if (isPossible || files.every(({ index }) => index.records === 0)) return;
  throw new FormatError(
    "schema-mismatch",
    `No file has the column ${JSON.stringify(column)} that is to name the splits`,
    {
      details: { column },
    },
  );
}
