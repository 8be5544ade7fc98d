/**
 * Building a manifest whose leaves may be more than memory holds. Leaves go, file by file, into the compact range of their
 * file and into leaf stores (one for all records, one for each split); the roots of the sets come from their sorted
 * streams. Every byte is the one of `buildManifest`.
 */

import { CompactRange, type Multiset, toHex } from "@assay/merkle";
import { hashSource, joinAllKinds, type Kinds, type ScannedSource, splitOfPath } from "@assay/records";
import type { BuildManifestOptions } from "./build.js";
import { leavesOfSplit } from "./collect-leaves.js";
import type { SetTreeHead } from "./header.js";
import { LeafPool, type LeafPoolOptions, type LeafStore } from "./leaf-store.js";
import { type CountedFile, type SealedManifest, sealManifest } from "./seal-manifest.js";
import { isShared, sharedRange } from "./shared-trees.js";

export interface BuildStoredManifestOptions extends BuildManifestOptions, LeafPoolOptions {
  /**
   * Files whose records are known already, by path: they are not read, and must be in the source without parts. Not with splits by
   * a column. Default none.
   */
  readonly known?: ReadonlyMap<string, KnownRecords>;
}

/** What an earlier manifest says of the records of a file. */
export interface KnownRecords {
  /** Column → kind. */
  readonly kinds: Kinds;
  /** All leaves of the file in file order, 32 bytes each, checked against its root. */
  readonly leaves: () => Promise<Uint8Array>;
}

/** A manifest, and the leaves that it was built from, wherever they are kept. Good as long as the space is open. */
export interface StoredManifest extends SealedManifest {
  /**
   * Leaves `begin … end` of the file with this ordinal, in file order, 32 bytes each.
   *
   * @throws RangeError for leaves that are not there.
   */
  readonly readLeaves: (file: number, begin: number, end: number) => Promise<Uint8Array>;
  /** All leaves of a file, in memory. */
  readonly leavesOf: (path: string) => Promise<Uint8Array | undefined>;
  /** The set as pieces that ascend, as often as it is asked for. */
  readonly sortedSet: (options?: { readonly signal?: AbortSignal }) => AsyncIterable<Multiset>;
}

/**
 * Builds the manifest of a scanned source.
 *
 * Cost: one read of the data. Without a space about 36 bytes of memory a record, twice that with splits; with a space
 * `maxLeafBytes` and what sorting and merging a run takes, whatever the number of records, and 36 bytes a record there.
 *
 * @throws what `buildManifest` throws; SourceError `disk-full` and others of the space, before or while it is filled.
 * @example
 * const space = openLeafSpace("/scratch");
 * try { await writeFolder("train.assay", storedManifestFiles(await buildStoredManifest(scanned, { space }))); }
 * finally { await space.close(); }
 */
export async function buildStoredManifest(
  scanned: ScannedSource,
  options: BuildStoredManifestOptions = {},
): Promise<StoredManifest> {
  const { leafFormat = scanned.leafFormat, leafKey, executor, signal, onProgress } = options;
  const { splits: rule = scanned.reading.splits, space, maxLeafBytes } = options;
  if (options.known !== undefined && rule !== undefined && "column" in rule)
    throw new RangeError("known: records that are not read cannot be told apart by a column");
  const pool = new LeafPool({
    ...(space === undefined ? {} : { space }),
    ...(maxLeafBytes === undefined ? {} : { maxLeafBytes }),
  });
  await pool.reserve(rule === undefined ? scanned.records : 2 * scanned.records);
  const all = pool.open();
  const splits = new Map<string, LeafStore>();
  const splitOf = (name: string): LeafStore => {
    const store = splits.get(name) ?? pool.open();
    splits.set(name, store);
    return store;
  };
  if (rule !== undefined && "paths" in rule) for (const name of Object.keys(rule.paths)) splitOf(name);
  const ranges = scanned.files.map(() => new CompactRange());
  const counts = scanned.files.map(() => 0);
  const shared: Uint8Array[][] = scanned.files.map(() => []);
  const kinds: Kinds[] = scanned.files.map(() => ({}));
  const hashed = hashSource(scanned, {
    leafFormat,
    ...(leafKey === undefined ? {} : { leafKey }),
    ...(rule === undefined ? {} : { splits: rule }),
    ...(executor === undefined ? {} : { executor }),
    ...(signal === undefined ? {} : { signal }),
    ...(onProgress === undefined ? {} : { onProgress }),
  });
  /** Files before this one have their leaves. */
  let next = 0;
  const appendKnown = async (end: number): Promise<void> => {
    for (; next < end; next++) {
      const { path } = (scanned.files[next] as ScannedSource["files"][number]).file;
      const known = options.known?.get(path);
      if (known === undefined) continue;
      const leaves = await known.leaves();
      (ranges[next] as CompactRange).appendMany(leaves);
      await pool.append(all, leaves);
      kinds[next] = known.kinds;
      const split = rule !== undefined && "paths" in rule ? splitOfPath(rule.paths, path) : null;
      if (split !== null) await pool.append(splitOf(split), leaves);
    }
  };
  for await (const part of hashed) {
    await appendKnown(part.file);
    // The stores number leaves as they come: in file order, or not at all.
    const end = counts[part.file] as number;
    if (part.begin !== end) throw new RangeError(`executor: records ${part.begin} came behind ${end}`);
    counts[part.file] = end + part.count;
    // What all threads see is worked on by all, when all of it is there.
    if (isShared(part.leaves, executor)) (shared[part.file] as Uint8Array[]).push(part.leaves);
    else (ranges[part.file] as CompactRange).appendMany(part.leaves);
    await pool.append(all, part.leaves);
    kinds[part.file] = joinAllKinds(kinds[part.file] as Kinds, part.kinds);
    if (part.splitNames === undefined || part.splitOf === undefined) continue;
    for (const [i, name] of part.splitNames.entries()) {
      await pool.append(splitOf(name), leavesOfSplit(part.leaves, part.splitOf, i));
    }
  }
  await appendKnown(scanned.files.length);
  signal?.throwIfAborted();
  onProgress?.({ stage: "tree", done: 0, total: scanned.records });
  const rangesDone = Promise.all(
    shared.map(async (pieces, i) => {
      if (executor !== undefined && pieces.length > 0) ranges[i] = await sharedRange(pieces, executor, signal);
    }),
  );
  // An error is thrown when its turn comes.
  rangesDone.catch(() => {});
  const headOfStore = async (store: LeafStore): Promise<SetTreeHead> => {
    const { distinct, records, root } = await store.setTotals({
      ...(executor === undefined ? {} : { executor }),
      ...(signal === undefined ? {} : { signal }),
    });
    return { distinct, records, root: toHex(root) };
  };
  const set = await headOfStore(all);
  const splitHeads = new Map<string, SetTreeHead>();
  for (const [name, store] of splits) splitHeads.set(name, await headOfStore(store));
  await rangesDone;
  const files = ranges.map(
    (range, i): CountedFile => ({ records: range.size, root: toHex(range.root()), kinds: kinds[i] as Kinds }),
  );
  onProgress?.({ stage: "tree", done: scanned.records, total: scanned.records });
  const sealed = sealManifest(scanned, files, set, splitHeads, options);

  const offsets: number[] = [];
  let records = 0;
  for (const file of files) {
    offsets.push(records);
    records += file.records;
  }
  const ordinals = new Map(sealed.entries.map(({ path }, i) => [path, i]));
  const readLeaves = async (file: number, begin: number, end: number): Promise<Uint8Array> => {
    const offset = offsets[file];
    const count = files[file]?.records ?? 0;
    if (offset === undefined || !(begin >= 0 && end <= count)) {
      throw new RangeError(`readLeaves(): file ${file} has ${count} leaves, not ${begin} to ${end}`);
    }
    return all.read(offset + begin, offset + end);
  };
  return {
    ...sealed,
    readLeaves,
    leavesOf: async (path) => {
      const file = ordinals.get(path);
      return file === undefined ? undefined : readLeaves(file, 0, (files[file] as CountedFile).records);
    },
    sortedSet: (given = {}) => all.sorted(given),
  };
}
