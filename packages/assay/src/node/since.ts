/**
 * A second manifest of data that changed a little: files with the size and the modification time that an earlier run saw are not
 * read again. Their records are then *claimed*: the file system says that nothing was written to them, and nobody looked. `assay verify`
 * reads them. Of a file that grew all bytes are hashed, and only what is behind the earlier ones is parsed.
 */

import {
  defaultKeep,
  type EarlierFile,
  type EarlierRun,
  type FileEntry,
  hasPages,
  hasTiles,
  isManifestPath,
  type Keep,
  type OpenedManifest,
  openManifest,
} from "@assay/manifest";
import { openFolderReader } from "@assay/manifest/node";
import { canonicalJson, isAssayError } from "@assay/merkle";
import {
  type Executor,
  type Format,
  hasMetadataFiles,
  leafKeyId,
  type ScannedFile,
  type ScannedSource,
  type Source,
  type SourceFile,
  scanSource,
} from "@assay/records";
import { modifiedAt } from "@assay/records/node";
import { folderOf } from "./data.js";
import { workOf } from "./executor.js";
import { canGrow, readGrown } from "./grown-file.js";
import type { ReadingChoice, Work } from "./options.js";
import { MAX_SEEN_BYTES, parseSeen, SEEN_FILE, type SeenFile } from "./seen.js";

/** A source of which some files, or parts of files, were not looked at. */
export interface ScanSince {
  readonly scanned: ScannedSource;
  /** What is known of the rest. */
  readonly run: EarlierRun;
  /** Where the earlier folder is. */
  readonly directory: string;
  /** Paths of the files that were not read at all. */
  readonly claimed: readonly string[];
}

/**
 * Scans what changed since an earlier folder was written.
 *
 * @returns `undefined` where nothing can be taken over (and a remark says why), or where what changed does not fit the types that the
 * earlier run found, so that everything must be read again.
 * @throws what opening the folder and scanning throw.
 */
export async function scanSince(
  source: Source,
  since: string,
  reading: ReadingChoice,
  executor: Executor,
  { keep, ...work }: Work & { readonly keep?: Keep },
): Promise<ScanSince | undefined> {
  const { header, entries, folder, paths } = await openEarlier(since, work);
  const refuse = (why: string): undefined => {
    work.onWarning?.(`everything is read again, because ${why}`);
    return undefined;
  };
  const keyId = reading.leafKey === undefined ? undefined : leafKeyId(reading.leafKey);
  const { format: keptFormat, keyId: earlierKey } = header.leaf;
  if (keptFormat !== (reading.leafFormat ?? "assay-record/v1") || keyId !== earlierKey)
    return refuse(`${since} has other leaves (--leaf-format, --leaf-key)`);
  if (reading.splits !== undefined && "column" in reading.splits)
    return refuse("splits are told apart by a column, which has to be read (--split)");
  if (canonicalText(header.reading.csv ?? {}) !== canonicalText(source.dialect))
    return refuse(`${since} was read with another dialect`);
  if (canonicalText(header.reading.ignored ?? []) !== canonicalText(source.ignored))
    return refuse(`${since} left out other paths (--ignore)`);
  if (
    Object.keys(source.schema.columns ?? {}).length > 0 ||
    header.reading.others !== (source.schema.others ?? "infer")
  )
    return refuse("a schema is declared (--schema), and whether it is the earlier one is not known");
  if (canonicalText(header.reading.nullValues) !== canonicalText(source.schema.nullValues ?? []))
    return refuse(`${since} was read with other nulls (--null)`);
  if (header.reading.metadata === true || hasMetadataFiles(source.files))
    return refuse("records hold digests of the pictures that metadata files name, which have to be read");
  const seenBytes = await folder.read(SEEN_FILE, { maxBytes: MAX_SEEN_BYTES });
  if (seenBytes === undefined) return refuse(`${since} has no ${SEEN_FILE}`);
  const seen = parseSeen(seenBytes);

  const earlier = new Map(entries.map((entry) => [entry.path, entry]));
  const files = new Map<string, EarlierFile>();
  const tails = new Map<string, SourceFile>();
  for (const file of source.files) {
    const entry = earlier.get(file.path);
    if (entry === undefined || entry.bytes === undefined || entry.format !== file.format) continue;
    const kinds = entry.schema === undefined ? {} : (header.schemas[entry.schema] ?? {});
    if (isAsSeen(file, entry, seen.get(file.path))) files.set(file.path, { entry, kinds });
    else if (canGrow(file, entry, source.dialect)) {
      const grown = readGrown(file, entry, work.signal);
      if (typeof grown === "string") work.onWarning?.(`${file.path} is read as a whole, because ${grown}`);
      else {
        files.set(file.path, { entry, kinds, grown: grown.stored });
        tails.set(file.path, grown.tail);
      }
    }
  }
  if (files.size === 0) return refuse(`no file is as ${since} saw it`);
  // A text that is gone may have been what made a column text: then the types of all files are others.
  const gone = entries.filter(({ path }) => !files.has(path));
  const text = gone.find(({ format }) => format === "csv" || format === "tsv");
  if (text !== undefined && header.reading.inferred.length > 0)
    return refuse(
      `${text.path}, from which types were inferred, is not as ${since} saw it (a declared --schema would not mind)`,
    );

  const isWhole = (path: string) => files.has(path) && !tails.has(path);
  const changed = source.files.filter(({ path }) => !isWhole(path)).map((file) => tails.get(file.path) ?? file);
  const { splits: _, ...given } = header.reading;
  const scanned = await scanSource(
    { ...source, files: changed },
    { executor, ...workOf(work), leafFormat: keptFormat, reading: given },
  ).catch((error: unknown) => {
    // Where it is in a file that grew only reading it from its begin on can tell.
    const isUnfit = isAssayError(error) && (error.code === "schema-mismatch" || tails.size > 0);
    if (isUnfit && error.name === "FormatError") return undefined;
    throw error;
  });
  const isCovered = (name: string, types: unknown): boolean => {
    const of = (value: unknown): string[] => [value].flat().map(canonicalText);
    return Object.hasOwn(given.types, name) && of(types).every((type) => of(given.types[name]).includes(type));
  };
  if (scanned === undefined || !Object.entries(scanned.reading.types).every(([name, types]) => isCovered(name, types)))
    return refuse("what is new has other columns or types");

  const run: EarlierRun = { folder, paths, header, files, gone };
  const total = scanned.records + [...files.values()].reduce((sum, { entry }) => sum + entry.records, 0);
  const isKept = (entry: FileEntry) =>
    hasTiles(run, entry, "leaves") || (hasPages(run) && hasTiles(run, entry, keep ?? defaultKeep(total)));
  if (![...files.values()].every(({ entry }) => isKept(entry)))
    return refuse(`${since} keeps no leaves (--keep tiles or --keep leaves does)`);
  const indexes = new Map(scanned.files.map((one) => [one.file.path, one]));
  return {
    scanned: {
      ...scanned,
      source,
      reading: given,
      files: source.files.map((file): ScannedFile => {
        const known = indexes.get(file.path);
        if (known !== undefined) return known;
        const { format, bytes, size, records } = earlier.get(file.path) as FileEntry;
        const index = { format: file.format, bytes: bytes as string, size, records, columns: [], parts: [] };
        return { file: { ...file, format: format as Format }, index };
      }),
    },
    run,
    directory: folderOf(since),
    claimed: [...files].flatMap(([path, { grown }]) => (grown === undefined ? [path] : [])),
  };
}

/** The earlier folder, checked; its statements too, where it has any. */
async function openEarlier(
  since: string,
  work: Work,
): Promise<OpenedManifest & { readonly paths: ReadonlySet<string> }> {
  const { signal, onWarning } = work;
  const reader = await openFolderReader(folderOf(since), onWarning === undefined ? {} : { onNote: onWarning });
  const paths = new Set(await reader.list());
  const isPlain = (path: string) => (isManifestPath(path) && !path.startsWith("derivation/")) || path === SEEN_FILE;
  // Where there is nothing to judge, nothing is loaded that judges.
  if ([...paths].every(isPlain))
    return { ...(await openManifest(reader, signal === undefined ? {} : { signal })), paths };
  const { openIntact } = await import("./open-folder.js");
  return { ...(await openIntact(since, {}, work)).opened, paths };
}

function isAsSeen(file: SourceFile, entry: FileEntry, seen: SeenFile | undefined): boolean {
  return (
    seen !== undefined && entry.size === file.size && seen.size === file.size && seen.modifiedNs === modifiedAt(file)
  );
}

function canonicalText(value: unknown): string {
  return canonicalJson(value as never);
}
