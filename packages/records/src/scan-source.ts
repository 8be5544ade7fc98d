/**
 * The first look at a source: every file indexed, every type settled. Only then are there records. Both passes over a
 * file must see the same bytes; whoever reads later finds out (`source-changed`).
 */

import { FormatError } from "@assay/merkle";
import { type Executor, inlineExecutor, type MapOptions, type Task } from "./executor.js";
import { type Evidence, mergeEvidence, typeWarning } from "./inference.js";
import { isJson, type LeafFormat, type Limits } from "./reader.js";
import { declaredTypes, resolveReading } from "./reading.js";
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
import { isWholeLocalFile, runsOfFiles, wholeFileIndex } from "./whole-file.js";

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
  /** Caps on hostile input. */
  readonly limits?: Partial<Limits>;
  /**
   * Bytes of leaves, 32 each, that may be made in the scan and kept with its result, so that CSV files whose types are soon
   * clear are read once. They are only used for plain leaves (no key, no splits by column). Default 0: none.
   */
  readonly leafBytes?: number;
}

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
    limits,
    leafBytes = 0,
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

  const indexed: IndexTaskOutput[] = [];
  let evidence: Evidence = [];
  const indexTask = taskOf("indexFile", { ...readOptions, known: others === "infer" ? [...known.keys()] : null });
  const total = source.files.reduce((sum, { size }) => sum + size, 0);
  let done = 0;
  // A share by size, so that all together keep to the bound.
  const mostLeaves = ({ size }: SourceFile) => (total === 0 ? 0 : Math.floor((leafBytes / 32) * (size / total)));
  let seen = 0;
  const tell = (what?: string): void => {
    const bytes = Math.min(total, Math.max(seen, done));
    onProgress?.({ stage: "scan", done: bytes, total, ...(what === undefined ? {} : { what }) });
  };
  const onWork = (bytes: number): void => {
    seen += bytes;
    tell();
  };
  const runs = runsOfFiles(source.files.filter(isWholeLocalFile));
  const digests = new Map<SourceFile, string>();
  let run = 0;
  for await (const found of executor.map(taskOf("digestFiles", {}), runs, { ...mapOptions, onWork })) {
    const files = runs[run++] as SourceFile[];
    for (const [i, file] of files.entries()) {
      digests.set(file, found[i] as string);
      done += file.size;
    }
    tell(files.at(-1)?.path);
  }
  const inputs = source.files.flatMap((file, ordinal) =>
    digests.has(file) ? [] : [{ file, ordinal, mostLeaves: mostLeaves(file) }],
  );
  // With more workers than files they share the work on large files, if they can; else the second reading is shared out,
  // and sooner done than leaves are made by one.
  const outputs =
    executor.workers > inputs.length
      ? sharedOutputs(indexTask, inputs, executor, { ...mapOptions, onWork })
      : executor.map(indexTask, inputs, { ...mapOptions, onWork });
  const looked = outputs[Symbol.asyncIterator]();
  try {
    for (const file of source.files) {
      const bytes = digests.get(file);
      if (bytes !== undefined) {
        indexed.push({ index: wholeFileIndex(file.format as "files" | "other", bytes, file.size), evidence: [] });
        continue;
      }
      const { value, done: isOver } = await looked.next();
      if (isOver === true) throw new RangeError("executor: it gave fewer outputs than it had inputs");
      indexed.push(value);
      evidence = mergeEvidence(evidence, value.evidence);
      done += file.size;
      tell(file.path);
    }
  } finally {
    await looked.return?.();
  }

  const jsonlColumns = new Set<string>();
  // A column of JSONL alone has no type; only beside other formats does its name matter. Raw lines are not parsed.
  if (leafFormat === "assay-record/v1" && indexed.some(({ index }) => index.columns.length > 0)) {
    const parts = jsonlParts(source, indexed);
    let i = 0;
    for await (const names of executor.map(taskOf("findColumns", readOptions), parts, mapOptions)) {
      for (const name of names) jsonlColumns.add(name);
      const what = (parts[i++] as PartInput).file.path;
      onProgress?.({ stage: "infer", done: i, total: parts.length, what });
    }
  }

  const files = source.files.map((file, i): ScannedFile => {
    const { index, early } = indexed[i] as IndexTaskOutput;
    return { file, index, ...(early === undefined ? {} : { early }) };
  });
  const reading = resolveReading({
    files: files.map(({ file, index }) => ({ path: file.path, index })),
    schema,
    dialect: source.dialect,
    ignored: source.ignored,
    evidence,
    jsonlColumns,
    given,
  });
  const pathOf = (i: number) => (source.files[i] as { path: string }).path;
  const warnings = evidence.map((column) => typeWarning(column, pathOf)).filter((w): w is TypeWarning => w !== null);
  const records = files.reduce((sum, { index }) => sum + index.records, 0);
  return { source, files, reading, leafFormat, records, warnings };
}

/** Files from this size on are worth being shared out. */
const SHARED_BYTES = 16 * 1024 * 1024;

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
