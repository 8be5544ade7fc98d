/** `assay compare`: what changed between two versions, however they are stored. */

import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import {
  buildManifest,
  type ComparedSide,
  type Comparison,
  compareManifests,
  type FileEntry,
  type LineageSide,
  openManifest,
  withKeptSets,
} from "@assay/manifest";
import { openFolderReader } from "@assay/manifest/node";
import {
  formatProof,
  fromHex,
  isAssayError,
  proveSetUpdate,
  proveSetUpdateFromPages,
  type ReadSetPage,
  SourceError,
  VerificationError,
} from "@assay/merkle";
import { type Executor, type Format, type Reading, type ScannedSource, type Source, scanSource } from "@assay/records";
import { UsageError } from "../usage-error.js";
import { folderOf, isElsewhere, openDataOf, openInputs, warnOfScan } from "./data.js";
import { withExecutor, workOf } from "./executor.js";
import type { ReadingChoice, Work } from "./options.js";

export interface CompareOptions extends Work {
  readonly reading?: ReadingChoice;
  /** Say where every changed record stands and what moved, whatever it costs. Default: where that follows the difference. */
  readonly places?: boolean;
  /** Where the proof of the difference goes (`assay-set-update/v1`). Equal sets need none, and none is written. */
  readonly proof?: string;
}

/**
 * Compares two data sets, each a folder, a manifest or data.
 *
 * Data without declared types is read with the types of the other side, so that a CSV and the Parquet file that it was made
 * from agree. Folders are compared by the pages and tiles that they keep; sets, leaves and data are read only where these
 * do not say it.
 */
export async function compareDataSets(
  first: string,
  second: string,
  options: CompareOptions = {},
): Promise<Comparison> {
  return withExecutor(options, async (executor, spool) => {
    // What knows its types goes first: text takes them over.
    if (first === "-" && second === "-")
      throw new UsageError("Standard input is one data set, and can be one side only");
    const work = { ...options, spool };
    const order = [await nameSide(first, 0, work), await nameSide(second, 1, work)];
    order.sort((a, b) => b.certainty - a.certainty || a.index - b.index);
    const sides: CommittedSide[] = [];
    let reading: Reading | undefined;
    for (const { target, index, source } of order) {
      const side =
        source === undefined
          ? await openCommitted(target, executor, options)
          : { kept: await openData(target, source, reading, executor, options) };
      reading ??= side.kept.header.reading;
      sides[index] = side;
    }
    const [before, after] = sides as [CommittedSide, CommittedSide];
    const [comparison, from] = await compareSides(before, after, options);
    if (options.proof !== undefined && !comparison.sameSet) await writeDifference(options.proof, from, comparison);
    return comparison;
  });
}

/** A side as it is at hand, and a way to make the whole of it when that is not enough. */
interface CommittedSide {
  readonly kept: ComparedSide;
  readonly whole?: () => Promise<ComparedSide>;
}

/** Compares what is at hand, then what can be made; gives the first side as it was compared too. */
async function compareSides(
  before: CommittedSide,
  after: CommittedSide,
  { places = false, signal }: CompareOptions,
): Promise<readonly [Comparison, ComparedSide]> {
  const options = {
    ...(places && { maxLeaves: Number.MAX_SAFE_INTEGER }),
    ...(signal !== undefined && { signal }),
  };
  let comparison: Comparison | undefined;
  try {
    comparison = await compareManifests(before.kept, after.kept, options);
  } catch (error) {
    if (!isAssayError(error) || error.code !== "not-kept") throw error;
  }
  const isEnough = comparison !== undefined && comparison.version !== null && (comparison.moved !== null || !places);
  if (comparison !== undefined && isEnough) return [comparison, before.kept];
  try {
    const [first, second] = [(await before.whole?.()) ?? before.kept, (await after.whole?.()) ?? after.kept];
    return [await compareManifests(first, second, options), first];
  } catch (error) {
    const isMissing = isAssayError(error) && (error.code === "data-missing" || error.code === "not-kept");
    if (comparison === undefined || !isMissing) throw error;
    return [comparison, before.kept];
  }
}

/** Writes the set update that shows that exactly the records of the comparison came and went. */
async function writeDifference(path: string, first: ComparedSide, comparison: Comparison): Promise<void> {
  const listed = [
    ...comparison.addedLeaves.map(({ leaf, count }) => [leaf, count] as const),
    ...comparison.removedLeaves.map(({ leaf, count }) => [leaf, -count] as const),
  ].sort(([a], [b]) => (a < b ? -1 : 1));
  const changes = {
    keys: fromHex(listed.map(([leaf]) => leaf).join("")),
    differences: new Float64Array(listed.map(([, difference]) => difference)),
  };
  const update =
    first.set === undefined
      ? await proveSetUpdateFromPages(first.readPage as ReadSetPage, fromHex(first.header.set.root), changes)
      : proveSetUpdate(first.set, changes);
  try {
    await writeFile(path, formatProof(update));
  } catch (cause) {
    throw new SourceError("cannot-write", `--proof ${path}: ${(cause as Error).message}`, { cause, details: { path } });
  }
}

/** A side as it was named. */
interface NamedSide {
  readonly target: string;
  readonly index: number;
  /** 2: a folder or manifest; 1: data in formats that hold types; 0: text. */
  readonly certainty: number;
  /** The data; absent for a folder or manifest. */
  readonly source?: Source;
}

async function nameSide(target: string, index: number, options: CompareOptions): Promise<NamedSide> {
  if (!isElsewhere(target) && !existsSync(target) && !target.includes("*"))
    throw new SourceError("not-found", `${target}: there is no such file or folder`, { details: { path: target } });
  if (isFolder(target)) return { target, index, certainty: 2 };
  const source = await openInputs([target], options.reading ?? {}, options);
  const knowsTypes = source.files.length > 0 && source.files.every(({ format }) => TYPED_FORMATS.has(format));
  return { target, index, certainty: knowsTypes ? 1 : 0, source };
}

/** Formats whose files say the types of their columns. */
const TYPED_FORMATS: ReadonlySet<Format> = new Set<Format>(["arrow", "parquet", "npy", "npz", "safetensors"]);

function isFolder(target: string): boolean {
  return basename(target) === "manifest.json" || existsSync(join(target, "manifest.json"));
}

async function openData(
  target: string,
  source: Source,
  reading: Reading | undefined,
  executor: Executor,
  options: CompareOptions,
): Promise<ComparedSide> {
  const leafFormat = options.reading?.leafFormat;
  const scan = (given: Reading | undefined): Promise<ScannedSource> =>
    scanSource(source, {
      executor,
      ...workOf(options),
      ...(leafFormat !== undefined && { leafFormat }),
      ...(given !== undefined && { reading: given }),
    });
  const hasOwnTypes = options.reading?.schema !== undefined;
  let scanned: ScannedSource;
  let built: LineageSide;
  const build = async (): Promise<LineageSide> =>
    buildManifest(scanned, { executor, ...workOf(options), ...splitsAndKey(options) });
  try {
    scanned = await scan(hasOwnTypes ? undefined : withoutDialect(reading));
    built = await build();
  } catch (error) {
    // Its values do not fit the other side's types: then it is read by what it says itself.
    if (reading === undefined || hasOwnTypes || !isAssayError(error) || error.name !== "FormatError") throw error;
    options.onWarning?.(`${target} does not fit the types of the other side, so its own are used: ${error.message}`);
    scanned = await scan(undefined);
    built = await build();
  }
  warnOfScan(scanned, options);
  return built;
}

/** Types are taken over; how a file is written is its own. */
function withoutDialect(reading: Reading | undefined): Reading | undefined {
  if (reading === undefined) return undefined;
  const { csv: _csv, ignored: _ignored, splits: _splits, ...types } = reading;
  return types;
}

function splitsAndKey({ reading = {} }: CompareOptions): {
  leafKey?: Uint8Array;
  splits?: NonNullable<ReadingChoice["splits"]>;
} {
  return {
    ...(reading.leafKey !== undefined && { leafKey: reading.leafKey }),
    ...(reading.splits !== undefined && { splits: reading.splits }),
  };
}

/** A folder with its pages and tiles; the whole of it is its sets and leaves as it kept them, else made again from its data. */
async function openCommitted(target: string, executor: Executor, options: CompareOptions): Promise<CommittedSide> {
  const directory = folderOf(target);
  const cancel = options.signal === undefined ? {} : { signal: options.signal };
  const reader = await openFolderReader(
    directory,
    options.onWarning === undefined ? {} : { onNote: options.onWarning },
  );
  const kept = await openManifest(reader, cancel);
  const whole = async (): Promise<ComparedSide> => {
    const opened = await withKeptSets(kept, cancel);
    const hasSplits = opened.header.splits === undefined || opened.splits !== undefined;
    const firstLeaves =
      opened.entries[0] === undefined ? new Uint8Array() : await opened.leavesOf(opened.entries[0].path);
    if (opened.set !== undefined && hasSplits && firstLeaves !== undefined) return opened;
    const rebuilt = await rebuild(opened, directory, executor, options).catch((error: unknown) => {
      if (opened.set !== undefined && isAssayError(error) && error.code === "data-missing") return undefined;
      throw error;
    });
    if (rebuilt === undefined) return opened;
    // Its leaves are in memory now: no tile is asked for.
    const { tilesOf: _tilesOf, ...inMemory } = rebuilt as ComparedSide;
    return inMemory;
  };
  return { kept, whole };
}

/** The leaves of a folder's data, made again and checked against what it committed to. */
export async function rebuild(
  opened: LineageSide & { readonly entries: readonly FileEntry[] },
  directory: string,
  executor: Executor,
  options: Work & { readonly data?: string; readonly reading?: ReadingChoice },
): Promise<LineageSide & { readonly scanned: ScannedSource }> {
  const { header, entries } = opened;
  const { source } = await openDataOf(directory, header, entries, options.data, options);
  const formats = new Map(entries.map((entry) => [entry.path, entry.format]));
  const scanned = await scanSource(
    {
      ...source,
      files: source.files.map((file) => ({
        ...file,
        format: (formats.get(file.path) ?? file.format) as typeof file.format,
      })),
    },
    { executor, ...workOf(options), leafFormat: header.leaf.format, reading: header.reading },
  );
  const leafKey = options.reading?.leafKey;
  if (header.leaf.keyId !== undefined && leafKey === undefined)
    throw new UsageError("The leaves are keyed: give the leaf key with --leaf-key");
  const built = await buildManifest(scanned, {
    executor,
    ...workOf(options),
    name: header.name,
    ...(leafKey !== undefined && { leafKey }),
  });
  if (built.header.dataset.root !== header.dataset.root)
    throw new VerificationError(
      "dataset-root-mismatch",
      `The data beside ${basename(directory)} is not the data of its manifest`,
      {
        details: { expected: header.dataset.root, actual: built.header.dataset.root },
      },
    );
  return { ...built, ...opened, set: built.set, splits: built.splits, leavesOf: built.leavesOf, scanned };
}
