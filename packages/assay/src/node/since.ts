/**
 * A second manifest of data that changed a little: files with the size and the modification time that an earlier run saw are not
 * read again. Their records are then *claimed*: the file system says that nothing was written to them, and nobody looked. `assay verify`
 * reads them.
 */

import { type FileEntry, type KnownRecords, readKeptLeaves } from "@assay/manifest";
import { canonicalJson, isAssayError } from "@assay/merkle";
import {
  type Executor,
  hasMetadataFiles,
  leafKeyId,
  type ScannedSource,
  type Source,
  type SourceFile,
  scanSource,
} from "@assay/records";
import { modifiedAt } from "@assay/records/node";
import { workOf } from "./executor.js";
import { openIntact } from "./open-folder.js";
import type { ReadingChoice, Work } from "./options.js";
import { MAX_SEEN_BYTES, parseSeen, SEEN_FILE, type SeenFile } from "./seen.js";

/** A source of which some files were not looked at. */
export interface ScanSince {
  readonly scanned: ScannedSource;
  /** Records of the files that were not read, by path. */
  readonly known: ReadonlyMap<string, KnownRecords>;
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
  work: Work,
): Promise<ScanSince | undefined> {
  const { opened } = await openIntact(since, {}, work);
  const { header, entries, folder } = opened;
  const refuse = (why: string): undefined => {
    work.onWarning?.(`everything is read again, because ${why}`);
    return undefined;
  };
  const keyId = reading.leafKey === undefined ? undefined : leafKeyId(reading.leafKey);
  const { format, keyId: earlierKey } = header.leaf;
  if (format !== (reading.leafFormat ?? "assay-record/v1") || keyId !== earlierKey)
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
  const known = new Map<string, KnownRecords>();
  for (const file of source.files) {
    const entry = earlier.get(file.path);
    if (entry === undefined || !isAsSeen(file, entry, seen.get(file.path))) continue;
    const kinds = entry.schema === undefined ? {} : (header.schemas[entry.schema] ?? {});
    known.set(file.path, {
      kinds,
      async leaves() {
        const leaves = await readKeptLeaves(folder, entry);
        if (leaves === undefined) throw new NotKept();
        return leaves;
      },
    });
  }
  if (known.size === 0) return refuse(`no file is as ${since} saw it`);
  // A text that is gone may have been what made a column text: then the types of all files are others.
  const gone = entries.find(({ path, format }) => !known.has(path) && (format === "csv" || format === "tsv"));
  if (gone !== undefined && header.reading.inferred.length > 0)
    return refuse(
      `${gone.path}, from which types were inferred, is not as ${since} saw it (a declared --schema would not mind)`,
    );
  const first = known.values().next().value as KnownRecords;
  try {
    await first.leaves();
  } catch (error) {
    if (error instanceof NotKept) return refuse(`${since} keeps no leaves (--keep tiles or --keep leaves does)`);
    throw error;
  }

  const changed = source.files.filter(({ path }) => !known.has(path));
  const { splits: _, ...given } = header.reading;
  const scanned = await scanSource(
    { ...source, files: changed },
    { executor, ...workOf(work), leafFormat: format, reading: given },
  ).catch((error: unknown) => {
    if (isAssayError(error) && error.code === "schema-mismatch") return undefined;
    throw error;
  });
  const isCovered = (name: string, types: unknown): boolean => {
    const of = (value: unknown): string[] => [value].flat().map(canonicalText);
    return Object.hasOwn(given.types, name) && of(types).every((type) => of(given.types[name]).includes(type));
  };
  if (scanned === undefined || !Object.entries(scanned.reading.types).every(([name, types]) => isCovered(name, types)))
    return refuse("what is new has other columns or types");
  const indexes = new Map(scanned.files.map(({ file, index }) => [file.path, index]));
  return {
    scanned: {
      ...scanned,
      source,
      reading: given,
      files: source.files.map((file) => {
        const entry = earlier.get(file.path) as FileEntry;
        const index = indexes.get(file.path) ?? {
          format: file.format,
          bytes: entry.bytes as string,
          size: entry.size,
          records: entry.records,
          columns: [],
          parts: [],
        };
        return { file, index };
      }),
      records: source.files.reduce(
        (sum, { path }) => sum + (indexes.get(path)?.records ?? (earlier.get(path) as FileEntry).records),
        0,
      ),
    },
    known,
  };
}

/** The earlier folder does not hold the leaves of a file. */
class NotKept extends Error {}

function isAsSeen(file: SourceFile, entry: FileEntry, seen: SeenFile | undefined): boolean {
  return (
    seen !== undefined &&
    entry.bytes !== undefined &&
    entry.format === file.format &&
    entry.size === file.size &&
    seen.size === file.size &&
    seen.modifiedNs === modifiedAt(file)
  );
}

function canonicalText(value: unknown): string {
  return canonicalJson(value as never);
}
