/**
 * Making proofs (`docs/spec/proofs.md`) from whatever is at hand: leaves, or the tiles and pages that a folder keeps.
 * Every proof is checked against the header before it is handed out.
 */

import {
  formatProof,
  fromHex,
  type LeafRange,
  proveInclusion,
  proveInclusionFromTiles,
  proveRanges,
  proveRangesFromTiles,
  proveSet,
  proveSetFromPages,
  proveSetUpdate,
  proveSetUpdateFromPages,
  type ReadTile,
  rangesOf,
  type SetProof,
  type SetTree,
  type SetUpdate,
  SourceError,
  toHex,
  VerificationError,
  verifySetProof,
} from "@assay/merkle";
import { type JsonRecordReading, readJsonRecord, saltOf } from "@assay/records";
import { entryLeaves, type FileEntry } from "./entry.js";
import type { ManifestHeader } from "./header.js";
import { RECORD_PROOF_FORMAT, type RecordProof, verifyRecordProof } from "./record-proof.js";
import {
  ordinalsOf,
  type ProvenFile,
  RECORDS_PROOF_FORMAT,
  type RecordsProof,
  verifyRecordsProof,
} from "./records-proof.js";
import { type RemovedRecord, removedLeaves } from "./removed.js";

/** What records can be proven from. */
export interface ProvableRecords {
  readonly header: Pick<ManifestHeader, "leaf" | "dataset">;
  /** All entries, in tree order. */
  readonly entries: readonly FileEntry[];
  /** Leaves of a file; `undefined` when they are not at hand. */
  readonly leavesOf?: (path: string) => Promise<Uint8Array | undefined>;
  /** Reads the tiles of a records root; used first, because a proof needs only a few of them. */
  readonly tilesOf?: (root: string) => ReadTile;
}

export interface ProveRecordOptions {
  /** With the record's bytes the proof shows its salt, so that it can be checked without the leaf key. Keyed leaves only. */
  readonly shown?: { readonly record: Uint8Array; readonly leafKey: Uint8Array };
}

/**
 * Proves that a record is number `ordinal` of a file of the data set.
 *
 * @throws RangeError when there is no such file or record; SourceError `not-kept` when neither its tiles nor its leaves are
 *   at hand; VerificationError when what is at hand does not match the header.
 * @example
 * const proof = await proveRecord(built, "train.csv", 17);
 * await writeFile("proof.json", formatProof(proof));
 */
export async function proveRecord(
  from: ProvableRecords,
  path: string,
  ordinal: number,
  { shown }: ProveRecordOptions = {},
): Promise<RecordProof> {
  const { header, entries } = from;
  const index = entries.findIndex((entry) => entry.path === path);
  const entry = entries[index];
  if (entry === undefined)
    throw new RangeError(`path must be a file of the data set, and ${JSON.stringify(path)} is none`);
  if (!Number.isSafeInteger(ordinal) || ordinal < 0 || ordinal >= entry.records) {
    throw new RangeError(`ordinal must be 0 … ${entry.records - 1}, not ${ordinal}`);
  }
  const proof: RecordProof = {
    format: RECORD_PROOF_FORMAT,
    dataset: proveInclusion(entryLeaves(entries), index, { tree: "dataset" }),
    entry,
    record: await proveInFile(from, entry, ordinal),
    ...(shown === undefined ? {} : { salt: toHex(saltOf(shown.record, shown.leafKey)) }),
  };
  verifyRecordProof(proof, header, shown === undefined ? {} : { record: shown.record, leafKey: shown.leafKey });
  return proof;
}

/** Which records of which files. */
export interface ProveRecordsOptions {
  /** The leaf key and a way to the bytes of a record: then the proof shows salts. Keyed leaves only. */
  readonly shown?: {
    readonly leafKey: Uint8Array;
    readonly recordOf: (path: string, ordinal: number) => Uint8Array;
  };
}

/**
 * Proves many records at once: which stand in these ranges of these files. What they share is shown once.
 *
 * @param places path → ranges of ordinals, ascending, none empty, none touching the next (`rangesOf` of `@assay/merkle`).
 * @throws As {@link proveRecord}.
 * @example
 * const proof = await proveRecords(built, new Map([["train.csv", [[0, 100], [500, 501]]]]));
 */
export async function proveRecords(
  from: ProvableRecords,
  places: ReadonlyMap<string, readonly LeafRange[]>,
  { shown }: ProveRecordsOptions = {},
): Promise<RecordsProof> {
  const { header, entries } = from;
  const indices: number[] = [];
  const files: ProvenFile[] = [];
  for (const [index, entry] of entries.entries()) {
    const ranges = places.get(entry.path);
    if (ranges === undefined) continue;
    indices.push(index);
    const head = { size: entry.records, root: fromHex(entry.root) };
    const records = await fromTilesOrLeaves(
      from,
      entry,
      (read) => proveRangesFromTiles(read, head, ranges),
      (leaves) => proveRanges(leaves, ranges),
    );
    const salts =
      shown === undefined
        ? {}
        : { salts: [...ordinalsOf(ranges)].map((i) => toHex(saltOf(shown.recordOf(entry.path, i), shown.leafKey))) };
    files.push({ entry, records, ...salts });
  }
  if (files.length !== places.size || files.length === 0)
    throw new RangeError("places must name files of the data set, at least one");
  const dataset = proveRanges(entryLeaves(entries), rangesOf(indices), { tree: "dataset" });
  const proof: RecordsProof = { format: RECORDS_PROOF_FORMAT, dataset, files };
  verifyRecordsProof(proof, header);
  return proof;
}

function proveInFile(from: ProvableRecords, entry: FileEntry, ordinal: number): Promise<RecordProof["record"]> {
  const head = { size: entry.records, root: fromHex(entry.root) };
  return fromTilesOrLeaves(
    from,
    entry,
    (read) => proveInclusionFromTiles(read, head, ordinal),
    (leaves) => proveInclusion(leaves, ordinal),
  );
}

/** From tiles where they were kept, because a proof needs only a few of them; else from all leaves of the file. */
async function fromTilesOrLeaves<T>(
  { leavesOf, tilesOf }: ProvableRecords,
  entry: FileEntry,
  fromTiles: (read: ReadTile) => Promise<T>,
  fromLeaves: (leaves: Uint8Array) => T,
): Promise<T> {
  if (tilesOf !== undefined) {
    try {
      return await fromTiles(tilesOf(entry.root));
    } catch (error) {
      if ((error as { code?: unknown }).code !== "not-kept") throw error;
    }
  }
  const leaves = await leavesOf?.(entry.path);
  if (leaves === undefined) {
    throw new SourceError(
      "not-kept",
      `The tiles of ${entry.path} were not kept. Give the data (--data), so that they are made again`,
      {
        details: { path: entry.path },
      },
    );
  }
  return fromLeaves(leaves);
}

/** What presence and absence can be proven from: the set itself, or its pages. */
export interface ProvableSet {
  readonly header: Pick<ManifestHeader, "set">;
  readonly set?: SetTree;
  /** Reads a set page by its path. */
  readonly readPage?: (path: string) => Promise<Uint8Array>;
}

/** How often asked leaves occur, and the proof of it. */
export interface ProvenCounts {
  readonly proof: SetProof;
  /** Occurrences of all asked leaves together; 0: absent. */
  readonly count: number;
}

/**
 * Proves how often leaves occur in a data set. Present is a record when one of its leaves is counted; absent when none is.
 *
 * @param leaves 32 bytes each, at least one. Those of a JSON record: {@link leavesOfJsonRecord}.
 * @throws SourceError `not-kept`; VerificationError when pages do not match the header.
 */
export async function proveLeaves({ header, set, readPage }: ProvableSet, leaves: Uint8Array): Promise<ProvenCounts> {
  const root = fromHex(header.set.root);
  let proof: SetProof;
  if (set !== undefined) proof = proveSet(set, leaves);
  else if (readPage !== undefined) proof = await proveSetFromPages(readPage, root, leaves);
  else
    throw new SourceError(
      "not-kept",
      "The set pages were not kept. Give the data (--data), so that they are made again",
    );
  return { proof, count: verifyLeaves(proof, header, leaves) };
}

/**
 * Checks a set proof against a verified header.
 *
 * @param leaves the leaves that the caller asks about, 32 bytes each.
 * @returns occurrences of all of them together; 0: absent.
 * @throws VerificationError with the codes of a set proof.
 */
export function verifyLeaves(
  proof: Parameters<typeof verifySetProof>[0],
  header: Pick<ManifestHeader, "set">,
  leaves: Uint8Array,
): number {
  const { counts } = verifySetProof(proof, fromHex(header.set.root), leaves);
  let count = 0;
  for (const one of counts) count += one;
  return count;
}

/**
 * Checks a set proof about many records against a verified header.
 *
 * @param records for each record all leaves that it can have, 32 bytes each; the proof must be about all of them.
 * @returns how often each record occurs; 0: absent.
 * @throws VerificationError with the codes of a set proof.
 */
export function verifyLeavesOfEach(
  proof: Parameters<typeof verifySetProof>[0],
  header: Pick<ManifestHeader, "set">,
  records: readonly (readonly { readonly leaf: Uint8Array }[])[],
): number[] {
  const { keys, counts } = verifySetProof(proof, fromHex(header.set.root), packLeaves(records.flat()));
  const found = new Map<string, number>();
  for (const [i, count] of counts.entries()) found.set(toHex(keys.subarray(32 * i, 32 * i + 32)), count);
  return records.map((readings) => readings.reduce((sum, { leaf }) => sum + (found.get(toHex(leaf)) ?? 0), 0));
}

/**
 * All leaves that a JSON record can have in a data set: files may hold one column as different types.
 *
 * @param json one JSON object; under `raw/v1` leaves are made of lines, and this is refused.
 * @param leafKey needed for keyed leaves.
 * @returns the readings, ascending by leaf; pack their leaves with {@link packLeaves}.
 * @throws FormatError `bad-json`, `duplicate-key`, `not-a-record`, `schema-mismatch`; VerificationError `ambiguous-record`,
 *   `leaf-key-missing`.
 */
export function leavesOfJsonRecord(
  header: Pick<ManifestHeader, "leaf" | "reading" | "schemas">,
  json: Uint8Array | string,
  leafKey?: Uint8Array,
): readonly JsonRecordReading[] {
  if (header.leaf.format !== "assay-record/v1") {
    throw new RangeError(
      `json must be a line of its file where leaves are ${header.leaf.format}: hash it with leafOf()`,
    );
  }
  if (header.leaf.keyId !== undefined && leafKey === undefined) {
    throw new VerificationError(
      "leaf-key-missing",
      "The leaves are keyed: give the leaf key (--leaf-key) to make the leaf of a record",
      {
        details: { leafKey: header.leaf.keyId },
      },
    );
  }
  return readJsonRecord(json, {
    types: header.reading.types,
    schemas: Object.values(header.schemas),
    ...(header.leaf.keyId === undefined || leafKey === undefined ? {} : { leafKey }),
  });
}

/** Leaves one after another. */
export function packLeaves(readings: readonly { readonly leaf: Uint8Array }[]): Uint8Array {
  const packed = new Uint8Array(32 * readings.length);
  for (const [i, { leaf }] of readings.entries()) packed.set(leaf, 32 * i);
  return packed;
}

/** An update of this size is written even where the keys of both sets would be smaller: 1 MiB. */
const MIN_UPDATE_BYTES = 2 ** 20;

/**
 * The set update of a quarantine: from the parent's set to the child's, −1 for each removed record. `undefined` for an
 * empty list, which has none, and where it would be larger than 1 MiB and the keys of both sets: then compare pages instead.
 *
 * @throws VerificationError `count-underflow` when the list removes what the parent lacks; SourceError `not-kept`.
 */
export async function proveRemoval(
  parent: ProvableSet,
  removed: readonly RemovedRecord[],
): Promise<SetUpdate | undefined> {
  const leaves = removedLeaves(removed);
  const { distinct } = parent.header.set;
  const maxBytes = Math.max(MIN_UPDATE_BYTES, 80 * distinct);
  // A change takes at least its key, twice, in hex.
  if (leaves.counts.length === 0 || 140 * leaves.counts.length > maxBytes) return undefined;
  const changes = { keys: leaves.keys, differences: leaves.counts.map((count) => -count) };
  let update: SetUpdate;
  if (parent.set !== undefined) update = proveSetUpdate(parent.set, changes);
  else if (parent.readPage !== undefined) {
    update = await proveSetUpdateFromPages(parent.readPage, fromHex(parent.header.set.root), changes);
  } else throw new SourceError("not-kept", "The set pages of the parent were not kept. Give its data (--data)");
  return formatProof(update).length > maxBytes ? undefined : update;
}
