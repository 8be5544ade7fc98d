/**
 * Building a manifest whose leaves may be more than memory holds. Leaves go, file by file, into the compact range of their
 * file and into leaf stores (one for all records, one for each split); the roots of the sets come from their sorted
 * streams. Every byte is the one of `buildManifest`.
 */

import { CompactRange, canonicalJson, type Multiset, toHex } from "@assay/merkle";
import {
  type HashedRecords,
  hashSource,
  joinAllKinds,
  type Kinds,
  type ScannedSource,
  type SplitRule,
  splitOfPath,
} from "@assay/records";
import type { BuildManifestOptions } from "./build.js";
import { leavesOfSplit } from "./collect-leaves.js";
import {
  type EarlierFile,
  type EarlierRun,
  earlierLeaves,
  GrownTree,
  hasPages,
  hasTiles,
  hasTops,
  type UpdatedPages,
  updatePages,
} from "./earlier.js";
import type { FileEntry } from "./entry.js";
import type { FolderFile } from "./folder.js";
import type { SetTreeHead } from "./header.js";
import { HeldFiles } from "./held-files.js";
import { DEFAULT_MAX_LEAF_BYTES, LeafPool, type LeafPoolOptions, type LeafStore } from "./leaf-store.js";
import { type CountedFile, type SealedManifest, sealManifest } from "./seal-manifest.js";
import { isShared, sharedRange } from "./shared-trees.js";

export interface BuildStoredManifestOptions extends BuildManifestOptions, LeafPoolOptions {
  /**
   * What is known already from the folder of an earlier run. Files that are known must be in the source without parts, or with
   * those behind the records that are known. Not with splits by a column. Default nothing.
   */
  readonly earlier?: EarlierRun;
  /** Whether the pages of the set will be written: they are worked out with its root then, and not again. Default false. */
  readonly pages?: boolean;
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
  /** The set as pieces that ascend, as often as it is asked for. Not where {@link StoredManifest.updated} has its pages. */
  readonly sortedSet: (options?: { readonly signal?: AbortSignal }) => AsyncIterable<Multiset>;
  /** What the earlier folder has of this manifest. */
  readonly earlier?: EarlierRun;
  /** Records trees that grew, by path. */
  readonly grown: ReadonlyMap<string, GrownTree>;
  /** The set as changes of the earlier one. */
  readonly updated?: UpdatedPages;
  /** With `pages`, and not where it is changes: the files of the set tree besides pages of keys. */
  readonly setFiles?: () => AsyncIterable<FolderFile>;
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
  const { splits: rule = scanned.reading.splits, space, maxLeafBytes = DEFAULT_MAX_LEAF_BYTES, earlier } = options;
  if (earlier !== undefined && rule !== undefined && "column" in rule)
    throw new RangeError("earlier: records that are not read cannot be told apart by a column");
  const pool = new LeafPool({ ...(space === undefined ? {} : { space }), maxLeafBytes });
  await pool.reserve(rule === undefined ? scanned.records : 2 * scanned.records);
  const plan = earlier === undefined ? undefined : planSets(scanned, earlier, rule, maxLeafBytes);
  const all = pool.open();
  const splits = new Map<string, LeafStore>();
  const splitOf = (name: string): LeafStore => {
    const store = splits.get(name) ?? pool.open();
    splits.set(name, store);
    return store;
  };
  if (rule !== undefined && "paths" in rule) {
    for (const name of Object.keys(rule.paths)) if (plan?.splits.has(name) !== true) splitOf(name);
  }
  /** Of files that have leaves. */
  const ranges: (CompactRange | undefined)[] = scanned.files.map(() => undefined);
  /** Roots, in hex, of files that are a record each: their leaves. */
  const leavesOfFiles: (string | undefined)[] = scanned.files.map(() => undefined);
  const counts = new Float64Array(scanned.files.length);
  const shared = new Map<number, Uint8Array[]>();
  const kinds: (Kinds | undefined)[] = scanned.files.map(() => undefined);
  const grown = new Map<string, GrownTree>();
  const added: Uint8Array[] = [];
  const hashed = hashSource(scanned, {
    leafFormat,
    ...(leafKey === undefined ? {} : { leafKey }),
    ...(rule === undefined ? {} : { splits: rule }),
    joinsFiles: true,
    ...(executor === undefined ? {} : { executor }),
    ...(signal === undefined ? {} : { signal }),
    ...(onProgress === undefined ? {} : { onProgress }),
  });
  /** Files before this one have their leaves. */
  let next = 0;
  const appendKnown = async (end: number): Promise<void> => {
    for (; earlier !== undefined && next < end; next++) {
      const { path } = (scanned.files[next] as ScannedSource["files"][number]).file;
      const known = earlier.files.get(path);
      if (known === undefined) continue;
      kinds[next] = known.kinds;
      if (known.grown !== undefined) {
        const tree = await GrownTree.open(earlier, known.entry);
        ranges[next] = tree.range;
        grown.set(path, tree);
      }
      const split = rule !== undefined && "paths" in rule ? splitOfPath(rule.paths, path) : null;
      const store = split === null || plan?.splits.has(split) === true ? undefined : splitOf(split);
      if (plan?.hasUpdate === true && store === undefined) continue;
      const leaves = await earlierLeaves(earlier, known.entry);
      if (plan?.hasUpdate !== true) await pool.append(all, leaves);
      if (store !== undefined) await pool.append(store, leaves);
    }
  };
  const countPart = (part: HashedRecords): void => {
    // The stores number leaves as they come: in file order, or not at all.
    const end = counts[part.file] as number;
    if (part.begin !== end) throw new RangeError(`executor: records ${part.begin} came behind ${end}`);
    counts[part.file] = end + part.count;
    const tree = grown.get((scanned.files[part.file] as ScannedSource["files"][number]).file.path);
    if (tree !== undefined) tree.append(part.leaves);
    // What all threads see is worked on by all, when all of it is there.
    else if (isShared(part.leaves, executor)) {
      const pieces = shared.get(part.file);
      if (pieces === undefined) shared.set(part.file, [part.leaves]);
      else pieces.push(part.leaves);
    } else {
      ranges[part.file] ??= new CompactRange();
      (ranges[part.file] as CompactRange).appendMany(part.leaves);
    }
    const before = kinds[part.file];
    kinds[part.file] = before === undefined ? part.kinds : joinAllKinds(before, part.kinds);
  };
  const countFiles = (part: HashedRecords, files: number): void => {
    const hex = toHex(part.leaves);
    for (let i = 0; i < files; i++) {
      leavesOfFiles[part.file + i] = hex.slice(64 * i, 64 * i + 64);
      kinds[part.file + i] = part.kinds;
    }
  };
  for await (const part of hashed) {
    await appendKnown(part.file + 1);
    if (part.files === undefined) countPart(part);
    else countFiles(part, part.files);
    await pool.append(all, part.leaves);
    if (plan?.hasUpdate === true) added.push(part.leaves);
    if (part.splitNames === undefined || part.splitOf === undefined) continue;
    for (const [i, name] of part.splitNames.entries()) {
      await pool.append(splitOf(name), leavesOfSplit(part.leaves, part.splitOf, i));
    }
  }
  await appendKnown(scanned.files.length);
  signal?.throwIfAborted();
  onProgress?.({ stage: "tree", done: 0, total: scanned.records });
  const rangesDone = Promise.all(
    [...shared].map(async ([i, pieces]) => {
      if (executor !== undefined) ranges[i] = await sharedRange(pieces, executor, signal);
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
  const updated =
    plan?.hasUpdate === true
      ? await updatePages(earlier as EarlierRun, added, { space, maxBytes: maxLeafBytes, signal })
      : undefined;
  const held = updated === undefined && options.pages === true ? new HeldFiles(space, maxLeafBytes / 4) : undefined;
  const set = updated?.head ?? (await (held === undefined ? headOfStore(all) : pagedHead(all, held, signal)));
  const splitHeads = new Map<string, SetTreeHead>(plan?.splits);
  for (const [name, store] of splits) splitHeads.set(name, await headOfStore(store));
  await rangesDone;
  const empty = new CompactRange();
  const files = ranges.map((range = empty, i): CountedFile => {
    const leaf = leavesOfFiles[i];
    if (leaf !== undefined) return { records: 1, root: leaf, kinds: kinds[i] as Kinds };
    const known = earlier?.files.get((scanned.files[i] as ScannedSource["files"][number]).file.path);
    const { records, root } =
      known !== undefined && known.grown === undefined
        ? known.entry
        : { records: range.size, root: toHex(range.root()) };
    return { records, root, kinds: kinds[i] ?? {} };
  });
  onProgress?.({ stage: "tree", done: scanned.records, total: scanned.records });
  const stored = new Map([...(earlier?.files ?? [])].flatMap(([path, { grown: now }]) => (now ? [[path, now]] : [])));
  const sealed = sealManifest(scanned, files, set, splitHeads, { ...options, stored });

  // Made when somebody asks: of millions of files they are large.
  let places: ReturnType<typeof placesOf> | undefined;
  let ordinals: ReadonlyMap<string, number> | undefined;
  let opened: { readonly file: number; readonly leaves: Uint8Array } | undefined;
  const readLeaves = async (file: number, begin: number, end: number): Promise<Uint8Array> => {
    places ??= placesOf(files, sealed.entries, earlier, updated !== undefined);
    const place = places[file];
    const count = files[file]?.records ?? 0;
    if (place === undefined || !(begin >= 0 && end <= count)) {
      throw new RangeError(`readLeaves(): file ${file} has ${count} leaves, not ${begin} to ${end}`);
    }
    const { offset, known } = place;
    const from = Math.max(0, begin - known);
    const stored = await all.read(offset + from, offset + Math.max(from, end - known));
    if (begin >= known) return stored;
    if (opened?.file !== file) {
      const { path } = sealed.entries[file] as FileEntry;
      const { entry } = (earlier as EarlierRun).files.get(path) as EarlierFile;
      opened = { file, leaves: await earlierLeaves(earlier as EarlierRun, entry) };
    }
    const leaves = new Uint8Array(32 * (end - begin));
    leaves.set(opened.leaves.subarray(32 * begin, 32 * Math.min(end, known)));
    leaves.set(stored, 32 * (end - begin) - stored.length);
    return leaves;
  };
  return {
    ...sealed,
    readLeaves,
    leavesOf: async (path) => {
      ordinals ??= new Map(sealed.entries.map((entry, i) => [entry.path, i]));
      const file = ordinals.get(path);
      return file === undefined ? undefined : readLeaves(file, 0, (files[file] as CountedFile).records);
    },
    sortedSet: (given = {}) => all.sorted(given),
    grown,
    ...(earlier === undefined ? {} : { earlier }),
    ...(updated === undefined ? {} : { updated }),
    ...(held === undefined ? {} : { setFiles: () => held.files() }),
  };
}

async function pagedHead(store: LeafStore, held: HeldFiles, signal: AbortSignal | undefined): Promise<SetTreeHead> {
  const { distinct, records, root } = await store.setPages(held, signal === undefined ? {} : { signal });
  return { distinct, records, root: toHex(root) };
}

/** Where the leaves of each file are: how many in the earlier folder, and from where on the others in the store. */
function placesOf(
  files: readonly CountedFile[],
  entries: readonly FileEntry[],
  earlier: EarlierRun | undefined,
  hasUpdate: boolean,
): { readonly offset: number; readonly known: number }[] {
  let offset = 0;
  return files.map(({ records }, i) => {
    const entry = hasUpdate ? earlier?.files.get((entries[i] as FileEntry).path)?.entry : undefined;
    const place = { offset, known: entry?.records ?? 0 };
    offset += records - place.known;
    return place;
  });
}

interface SetPlan {
  /** Whether the set is the earlier one with changes. */
  readonly hasUpdate: boolean;
  /** Heads of splits in which nothing changed. */
  readonly splits: ReadonlyMap<string, SetTreeHead>;
}

/** Which sets need not be made from all leaves. */
function planSets(
  { files }: ScannedSource,
  earlier: EarlierRun,
  rule: SplitRule | undefined,
  maxLeafBytes: number,
): SetPlan {
  const { header, gone } = earlier;
  const isAsItWas = (path: string) => {
    const known = earlier.files.get(path);
    return known !== undefined && known.grown === undefined;
  };
  const fresh = files.filter(({ file }) => !isAsItWas(file.path));
  const changes = [...fresh.map(({ index }) => index), ...gone].reduce((sum, { records }) => sum + records, 0);
  const hasUpdate =
    hasPages(earlier) &&
    hasTops(earlier) &&
    32 * changes <= maxLeafBytes &&
    gone.every((entry) => hasTiles(earlier, entry, "leaves"));
  const splits = new Map<string, SetTreeHead>();
  if (rule !== undefined && "paths" in rule && canonicalJson(rule) === canonicalJson(header.reading.splits ?? null)) {
    const touched = new Set(
      [...fresh.map(({ file }) => file), ...gone].map(({ path }) => splitOfPath(rule.paths, path)),
    );
    for (const [name, head] of Object.entries(header.splits ?? {})) if (!touched.has(name)) splits.set(name, head);
  }
  return { hasUpdate, splits };
}
