/**
 * The first look at a source: every file indexed, every type settled. Only then are there records. Both passes over a
 * file must see the same bytes; whoever reads later finds out (`source-changed`).
 */

import { FormatError } from "@assay/merkle";
import { type Executor, inlineExecutor, type MapOptions, type Task } from "./executor.js";
import { type Evidence, mergeEvidence, typeWarning } from "./inference.js";
import { hasMetadataFiles, isMedia, isMetadataFile, namedColumns } from "./metadata-files.js";
import { filesOfNames } from "./named-files.js";
import { type FileIndex, isJson, type LeafFormat, type Limits, type NamedFile } from "./reader.js";
import { declaredTypes, resolveReading, typesOfFile } from "./reading.js";
import type { Progress, Reading, ScannedFile, ScannedSource, Source, SourceFile, TypeWarning } from "./source.js";
import {
  type IndexTaskInput,
  type IndexTaskOptions,
  type IndexTaskOutput,
  indexFileInRanges,
  type PartInput,
  type PlainReadOptions,
  taskOf,
} from "./tasks.js";
import { isWholeLocalFile, isWorthSharing, runsOfFiles, wholeFileIndex } from "./whole-file.js";

export interface ScanOptions {
  /** Where the work runs. Default: here. */
  readonly executor?: Executor;
  readonly signal?: AbortSignal;
  /** Called with bytes (`scan`), and with parts of JSONL files beside other formats (`infer`). */
  readonly onProgress?: (progress: Progress) => void;
  /** What leaves are made of. Default `assay-record/v1`. */
  readonly leafFormat?: LeafFormat;
  /** Reads with the types, nulls and dialect of a manifest instead of inferring: to verify, or to read a child of it. */
  readonly reading?: Reading;
  /** Caps on hostile input. Default those of the source. */
  readonly limits?: Partial<Limits>;
  /**
   * Bytes of leaves, 32 each, that may be made in the scan and kept with its result, so that CSV files whose types are soon
   * clear are read once, and JSONL; with {@link readsOnce} Arrow and Parquet too. They are only used for plain leaves (no
   * key, no splits by column). Default 0: none.
   */
  readonly leafBytes?: number;
  /**
   * The source is scanned for its leaves alone: of files whose leaves were made in the scan no records can be read
   * afterwards (RangeError), which saves a second digest of their bytes. `hashSource` still can whatever it needs. Only
   * where all files have one format. Default false.
   */
  readonly readsOnce?: boolean;
}

const NONE: Evidence = [];

/** Formats whose lines can be records as they stand. */
const RAW_FORMATS = ["text", "jsonl", "other"];

/**
 * Scans a source.
 *
 * @throws FormatError for whatever is malformed, with file, line and column; `schema-mismatch`, `undeclared-column`,
 * `unsupported-leaf-format`. SourceError `source-changed` and whatever keeps a file from being read. The reason of an aborted signal.
 * @example
 * const scanned = await scanSource(await openSource(["train.csv"]));
 * scanned.records; // number of records
 */
export async function scanSource(source: Source, options: ScanOptions = {}): Promise<ScannedSource> {
  const {
    executor = inlineExecutor(),
    leafFormat = "assay-record/v1",
    reading: given,
    onProgress,
    signal,
    limits = source.limits,
    leafBytes = 0,
    readsOnce = false,
  } = options;
  checkLeafFormat(source, leafFormat);
  const { schema } = source;
  const known = declaredTypes(schema, given);
  const others = given?.others ?? schema.others ?? "infer";
  const readOptions: PlainReadOptions = {
    dialect: given === undefined ? source.dialect : (given.csv ?? {}),
    leafFormat,
    nullValues: given?.nullValues ?? schema.nullValues ?? [],
    ...(limits === undefined ? {} : { limits }),
  };
  const mapOptions = signal === undefined ? {} : { signal };

  let evidence: Evidence = [];
  const indexTask = taskOf("indexFile", {
    ...readOptions,
    known: others === "infer" ? [...known.keys()] : null,
    // Of several formats the columns of JSONL are looked for, in a pass of their own.
    readsOnce: readsOnce && source.files.every(({ format }) => format === source.files[0]?.format),
  });
  const total = source.files.reduce((sum, { size }) => sum + size, 0);
  let done = 0;
  // Of a line without its files nothing can be said.
  const isJoined =
    leafFormat === "assay-record/v1" && (given?.metadata ?? (given === undefined && hasMetadataFiles(source.files)));
  // A share by size, so that all together keep to the bound.
  const mostLeaves = (file: SourceFile) =>
    total === 0 || (isJoined && isMetadataFile(file)) ? 0 : Math.floor((leafBytes / 32) * (file.size / total));
  let seen = 0;
  const tell = (what?: string): void => {
    const bytes = Math.min(total, Math.max(seen, done));
    onProgress?.({ stage: "scan", done: bytes, total, ...(what === undefined ? {} : { what }) });
  };
  const onWork = (bytes: number): void => {
    seen += bytes;
    tell();
  };
  const outputsOf = await wholeFiles(source.files, executor, { ...mapOptions, onWork }, (files) => {
    done = files.reduce((sum, { size }) => sum + size, done);
    tell(files.at(-1)?.path);
  });
  const inputs = source.files.flatMap((file, ordinal) =>
    outputsOf[ordinal] === undefined ? [{ file, ordinal, mostLeaves: mostLeaves(file) }] : [],
  );
  // With more workers than files they share the work on large files, if they can; else the second reading is shared out,
  // and sooner done than leaves are made by one.
  const outputs =
    executor.workers > inputs.length
      ? sharedOutputs(indexTask, inputs, executor, { ...mapOptions, onWork })
      : executor.map(indexTask, inputs, { ...mapOptions, onWork });
  const looked = outputs[Symbol.asyncIterator]();
  try {
    for (const { file, ordinal } of inputs) {
      const { value, done: isOver } = await looked.next();
      if (isOver === true) throw new RangeError("executor: it gave fewer outputs than it had inputs");
      outputsOf[ordinal] = value;
      evidence = mergeEvidence(evidence, value.evidence);
      done += file.size;
      tell(file.path);
    }
  } finally {
    await looked.return?.();
  }
  const indexed = outputsOf as readonly IndexTaskOutput[];

  const jsonlColumns = new Set<string>();
  const membersOf = new Map<number, Set<string>>();
  // A column of JSONL alone has no type; only beside other formats, or where it may name files, does its name matter. Raw lines are
  // not parsed.
  if (leafFormat === "assay-record/v1" && (isJoined || indexed.some(({ index }) => index.columns.length > 0))) {
    const parts = jsonlParts(source, indexed);
    let i = 0;
    for await (const names of executor.map(taskOf("findColumns", readOptions), parts, mapOptions)) {
      const { file, ordinal } = parts[i++] as PartInput;
      const members = membersOf.get(ordinal) ?? new Set();
      membersOf.set(ordinal, members);
      for (const name of names) {
        jsonlColumns.add(name);
        members.add(name);
      }
      onProgress?.({ stage: "infer", done: i, total: parts.length, what: file.path });
    }
  }

  const scanned = source.files.map((file, i): ScannedFile => {
    const { index, early } = indexed[i] as IndexTaskOutput;
    if (!isJoined || !isMetadataFile(file)) return { file, index, ...(early === undefined ? {} : { early }) };
    const members = [...(membersOf.get(i) ?? [])].map((name) => ({ name, type: null }));
    const columns = (isJson(index.format) ? members : index.columns).map(({ name, type }) => ({
      name,
      type: type ?? known.get(name) ?? null,
    }));
    const named = namedColumns(file.path, index.format, columns);
    return { file, index: named.length === 0 ? index : { ...index, named } };
  });
  const reading = resolveReading({
    files: scanned.map(({ file, index }) => ({ path: file.path, index })),
    schema,
    dialect: source.dialect,
    ignored: source.ignored,
    evidence,
    jsonlColumns,
    given,
  });
  const files = await withNamedFiles(scanned, reading, readOptions, executor, signal);
  const pathOf = (i: number) => (source.files[i] as { path: string }).path;
  const naming = new Set(files.flatMap(({ index }) => (index.named ?? []).map(({ from }) => from)));
  const warnings = evidence
    .map((column) => (naming.has(column.name) ? null : typeWarning(column, pathOf)))
    .filter((w): w is TypeWarning => w !== null);
  const records = files.reduce((sum, { index }) => sum + index.records, 0);
  const unnamed = unnamedFiles(files);
  return { source, files, reading, leafFormat, records, warnings, ...(unnamed.length === 0 ? {} : { unnamed }) };
}

/**
 * What there is to say of files that are not looked into, by the ordinal of the file; nothing of the others. Work for a million of them
 * is apart from what there is to do for a source: a function is compiled as a whole for one of its loops.
 */
async function wholeFiles(
  files: readonly SourceFile[],
  executor: Executor,
  options: MapOptions,
  onRun: (files: readonly SourceFile[]) => void,
): Promise<(IndexTaskOutput | undefined)[]> {
  const outputs: (IndexTaskOutput | undefined)[] = files.map(() => undefined);
  const ordinals = files.flatMap((file, ordinal) => (isWholeLocalFile(file) ? [ordinal] : []));
  const whole = ordinals.map((ordinal) => files[ordinal] as SourceFile);
  const runs = runsOfFiles(whole);
  const hasher = isWorthSharing(whole) ? executor : inlineExecutor();
  let run = 0;
  let at = 0;
  for await (const digests of hasher.map(taskOf("digestFiles", {}), runs, options)) {
    for (const digest of digests) {
      const { format, size } = whole[at] as SourceFile;
      const index = wholeFileIndex(format as "files" | "other", digest, size);
      outputs[ordinals[at++] as number] = { index, evidence: NONE };
    }
    onRun(runs[run++] as SourceFile[]);
  }
  return outputs;
}

/** Metadata files with the files that each of their parts names. */
async function withNamedFiles(
  scanned: readonly ScannedFile[],
  reading: Reading,
  options: PlainReadOptions,
  executor: Executor,
  signal: AbortSignal | undefined,
): Promise<ScannedFile[]> {
  if (scanned.every(({ index }) => index.named === undefined)) return [...scanned];
  const files = new Map(
    scanned.map(({ file, index }): [string, NamedFile] => [file.path, { path: file.path, sha256: index.bytes, file }]),
  );
  const joined: ScannedFile[] = [];
  for (const [ordinal, one] of scanned.entries()) {
    const { file, index } = one;
    const { named, ...plain } = index;
    if (named === undefined) {
      joined.push(one);
      continue;
    }
    const types = typesOfFile(reading, index);
    const bare: FileIndex = { ...plain, parts: [] };
    const inputs = index.parts.map((part): PartInput => ({ file, ordinal, index: bare, part, types }));
    const task = taskOf("readPart", { ...options, columns: named.map(({ from }) => from) });
    const parts: FileIndex["parts"][number][] = [];
    for await (const batches of executor.map(task, inputs, signal === undefined ? {} : { signal })) {
      const found = new Map<string, NamedFile>();
      for (const placed of batches)
        for (const [path, meant] of filesOfNames(file.path, named, placed, files)) found.set(path, meant);
      parts.push({ ...(index.parts[parts.length] as (typeof parts)[number]), named: [...found.values()] });
    }
    joined.push({ file, index: { ...index, parts } });
  }
  return joined;
}

function unnamedFiles(files: readonly ScannedFile[]): string[] {
  if (files.every(({ index }) => index.named === undefined)) return [];
  const named = new Set(
    files.flatMap(({ index }) => index.parts.flatMap((part) => part.named ?? [])).map(({ path }) => path),
  );
  return files.flatMap(({ file }) => (isMedia(file) && !named.has(file.path) ? [file.path] : []));
}

/** Files from this size on are worth being shared out. */
const SHARED_BYTES = 2 ** 25;

/** Large files in ranges, one after the other, and the others as they are. */
async function* sharedOutputs(
  task: Task<IndexTaskOptions, IndexTaskInput, IndexTaskOutput>,
  inputs: readonly IndexTaskInput[],
  executor: Executor,
  options: MapOptions,
): AsyncGenerator<IndexTaskOutput> {
  const alone = (input: IndexTaskInput): IndexTaskInput => ({ ...input, mostLeaves: 0 });
  const isLarge = ({ file }: IndexTaskInput) => executor.sharesMemory === true && file.size >= SHARED_BYTES;
  const others = executor.map(task, inputs.filter((input) => !isLarge(input)).map(alone), options);
  const rest = others[Symbol.asyncIterator]();
  try {
    for (const input of inputs) {
      if (!isLarge(input)) {
        const { done, value } = await rest.next();
        if (done === true) return;
        yield value;
        continue;
      }
      const output = await indexFileInRanges(input, task.options, executor, options);
      if (output === undefined) yield* executor.map(task, [alone(input)], options);
      else yield output;
    }
  } finally {
    await rest.return?.(undefined);
  }
}

function jsonlParts(source: Source, indexed: readonly IndexTaskOutput[]): PartInput[] {
  return indexed.flatMap(({ index }, ordinal) => {
    if (!isJson(index.format)) return [];
    const file = source.files[ordinal] as Source["files"][number];
    const bare = { ...index, parts: [] };
    return index.parts.map((part) => ({ file, ordinal, index: bare, part, types: {} }));
  });
}

function checkLeafFormat(source: Source, leafFormat: LeafFormat): void {
  if (leafFormat === "assay-record/v1") return;
  if (leafFormat !== "raw/v1") {
    throw new FormatError(
      "unknown-format",
      `There is no leaf format ${JSON.stringify(leafFormat)}. Known are assay-record/v1, raw/v1`,
      {
        details: { leafFormat },
      },
    );
  }
  for (const { path, format } of source.files) {
    if (RAW_FORMATS.includes(format)) continue;
    throw new FormatError(
      "unsupported-leaf-format",
      `${path}: records of ${format} files are no lines, so raw/v1 cannot be used. Use assay-record/v1, or only text and jsonl files`,
      { details: { path, format, leafFormat } },
    );
  }
}
