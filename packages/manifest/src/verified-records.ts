/**
 * A loader that yields a record only after it is proven to be one of the manifest: for training code that must not learn from
 * a byte that nobody signed.
 */

import { CompactRange, equalBytes, isAssayError, toHex, VerificationError } from "@assay/merkle";
import {
  BLOCK_RECORDS,
  decodeRecord,
  encodeBatch,
  isMetadataFile,
  matchesPattern,
  type PlacedBatch,
  readBatches,
  recordLeaves,
  type ShownValue,
  type Source,
} from "@assay/records";
import type { FileEntry } from "./entry.js";
import type { ManifestHeader } from "./header.js";
import { type ReadDataOptions, scanAsStated } from "./read-data.js";
import { bytesMismatch, checkLeafKeyOf, fileMissing, recordsMismatch, storedFile } from "./verify-data.js";

export interface VerifiedRecordsOptions extends Omit<ReadDataOptions, "onProgress"> {
  /** Patterns of paths (`*` anything but `/`, `**` anything): only these files are read and proven. Default all. */
  readonly only?: readonly string[];
  /**
   * Roots of the blocks of 65,536 records of a file, checked against its entry (`readKeptBlocks`). With them a file that was
   * stored anew (another format, other quotes) is proven by its records, and where something changed, what comes before is
   * still yielded. Default: stored bytes must be those of the manifest.
   */
  readonly blocksOf?: (entry: FileEntry) => Promise<Uint8Array | undefined>;
}

/** A record that the manifest holds. */
export interface ProvenRecord {
  /** Path of its file inside the data set. */
  readonly file: string;
  /** Ordinal in its file, from 0. */
  readonly ordinal: number;
  /** Leaf hash, 32 bytes. */
  readonly leaf: Uint8Array;
  /** The bytes that the leaf is made of (`docs/spec/leaf-encoding.md`). */
  readonly bytes: Uint8Array;
  /** Column name → value, decoded from {@link bytes}; with `raw/v1`, where a record is the bytes of a line, the line as text. */
  value(): { readonly [name: string]: ShownValue } | string;
}

/**
 * Yields the records of a manifest in file and record order, each after it was proven, and stops at the first lie.
 *
 * A record is proven when the block of 65,536 records that it is in has the root that the manifest commits to, or, where no block
 * roots are known, when its file has the digest of the manifest. What is yielded is decoded from the very bytes whose hash was
 * proven. Files that the manifest does not name are never read.
 *
 * Cost: each file is read twice (digest and places of records, then its records), a block of records is held. The next file is
 * opened only when the one before has been used up, so a training loop that stops early reads no more than it used.
 *
 * @param header Of a manifest that was verified, or is trusted otherwise (`verifyManifest`).
 * @param entries Of {@link header} (`verifyEntries`).
 * @param source Where the data are now: local files, memory, URLs. Read with the `reading` of the manifest.
 * @throws VerificationError (while it is iterated) `file-missing`, `bytes-mismatch`, `records-root-mismatch`, `leaf-key-missing`,
 * `leaf-key-mismatch`; SourceError when a file cannot be read or changes while it is read; FormatError `limit-exceeded`; RangeError
 * when a pattern of `only` matches no file; the reason of `signal`.
 * @example
 * for await (const record of verifiedRecords(header, entries, source)) train(record.value());
 */
export async function* verifiedRecords(
  header: ManifestHeader,
  entries: readonly FileEntry[],
  source: Source,
  options: VerifiedRecordsOptions = {},
): AsyncGenerator<ProvenRecord, void, undefined> {
  checkLeafKeyOf(header, options.leafKey);
  for (const entry of chosenEntries(entries, options.only)) {
    options.signal?.throwIfAborted();
    yield* recordsOfFile(header, entry, source, options);
  }
}

function chosenEntries(entries: readonly FileEntry[], only: readonly string[] | undefined): readonly FileEntry[] {
  if (only === undefined) return entries;
  for (const pattern of only) {
    if (!entries.some(({ path }) => matchesPattern(pattern, path)))
      throw new RangeError(`only: no file of the manifest matches ${JSON.stringify(pattern)}`);
  }
  return entries.filter(({ path }) => only.some((pattern) => matchesPattern(pattern, path)));
}

async function* recordsOfFile(
  header: ManifestHeader,
  entry: FileEntry,
  source: Source,
  options: VerifiedRecordsOptions,
): AsyncGenerator<ProvenRecord, void, undefined> {
  const stored = source.files.find(({ path }) => path === entry.path);
  if (stored === undefined) throw fileMissing(entry);
  const blocks = await options.blocksOf?.(entry);
  // Records of a metadata file are made of the files beside it.
  const isJoined = header.reading.metadata === true && isMetadataFile(stored);
  const files = isJoined
    ? source.files.map((file) => (file === stored ? storedFile(entry, file) : { ...file, format: "other" as const }))
    : [storedFile(entry, stored)];
  const all = await scanAsStated(header, { ...source, files }, options).catch((error) => {
    // What is not even sound is not what was sealed; only a cap says nothing of it.
    if (!isAssayError(error) || error.name !== "FormatError" || error.code === "limit-exceeded") throw error;
    throw new VerificationError(
      "bytes-mismatch",
      `The file ${entry.path} is not the one of the manifest: it cannot be read as it says: ${error.message}`,
      { details: { path: entry.path }, cause: error },
    );
  });
  const scanned = { ...all, files: all.files.filter(({ file }) => file.path === entry.path) };
  const [{ index }] = scanned.files as [(typeof scanned.files)[number]];
  const isSame = index.size === entry.size && index.bytes === entry.bytes;
  if (!isSame && blocks === undefined) throw bytesMismatch(entry, index);

  const proof = new BlockProof(entry, blocks);
  const { executor, signal } = options;
  const reading = { ...(executor && { executor }), ...(signal && { signal }) };
  for await (const placed of readBatches(scanned, reading)) {
    yield* proof.add(recordsOfBatch(header, entry.path, placed, options.leafKey));
  }
  yield* proof.finish();
}

/** Records of a batch with their leaves, not proven yet. */
function recordsOfBatch(
  { leaf }: ManifestHeader,
  file: string,
  { batch, raw, begin }: PlacedBatch,
  leafKey: Uint8Array | undefined,
): ProvenRecord[] {
  const { arena, offsets } = raw === undefined ? encodeBatch(batch) : { arena: raw.data, offsets: raw.offsets };
  const leaves = recordLeaves(arena, offsets, leaf.keyId === undefined ? null : (leafKey ?? null));
  return Array.from({ length: leaves.length / 32 }, (_, i) => {
    const bytes = arena.subarray(offsets[i], offsets[i + 1]);
    return {
      file,
      ordinal: begin + i,
      leaf: leaves.subarray(32 * i, 32 * i + 32),
      bytes,
      value: () => (raw === undefined ? decodeRecord(bytes) : new TextDecoder().decode(bytes)),
    };
  });
}

/** Holds records back until the block that they are in is proven. */
class BlockProof {
  readonly #entry: FileEntry;
  readonly #blocks: Uint8Array | undefined;
  readonly #whole = new CompactRange();
  #held: ProvenRecord[] = [];
  #records = 0;

  /** Without block roots the file itself was proven. */
  constructor(entry: FileEntry, blocks: Uint8Array | undefined) {
    this.#entry = entry;
    this.#blocks = blocks;
  }

  /** Takes records in order; gives those that are proven now. */
  *add(records: readonly ProvenRecord[]): Generator<ProvenRecord, void, undefined> {
    for (const record of records) {
      this.#held.push(record);
      if (this.#held.length === BLOCK_RECORDS) yield* this.#prove();
    }
    // Nothing is gained by holding back what the digest of the file has proven.
    if (this.#blocks === undefined) yield* this.#prove();
  }

  /** The last block; and that no record is missing or too many, whatever proved them. */
  *finish(): Generator<ProvenRecord, void, undefined> {
    yield* this.#prove();
    const { records, root } = this.#entry;
    const actual = toHex(this.#whole.root());
    if (this.#records !== records || actual !== root) throw this.#mismatch(actual);
  }

  *#prove(): Generator<ProvenRecord, void, undefined> {
    const held = this.#held;
    if (held.length === 0) return;
    const begin = this.#records;
    const leaves = new Uint8Array(32 * held.length);
    for (const [i, { leaf }] of held.entries()) leaves.set(leaf, 32 * i);
    if (this.#blocks !== undefined) {
      const range = new CompactRange();
      range.appendMany(leaves);
      const block = begin / BLOCK_RECORDS;
      const expected = this.#blocks.subarray(32 * block, 32 * block + 32);
      if (expected.length === 0 || !equalBytes(range.root(), expected)) {
        throw this.#mismatch(toHex(range.root()), { begin, end: begin + held.length });
      }
    }
    this.#whole.appendMany(leaves);
    this.#records += held.length;
    this.#held = [];
    yield* held;
  }

  #mismatch(actual: string, block?: { readonly begin: number; readonly end: number }): VerificationError {
    return recordsMismatch(
      this.#entry,
      this.#records + (block === undefined ? 0 : block.end - block.begin),
      actual,
      block,
    );
  }
}
