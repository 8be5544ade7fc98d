/**
 * Building a manifest from a scanned source (`docs/spec/manifest.md`): leaves, records roots, file entries, dataset root,
 * set root. The number of workers never changes a byte.
 */

import { type SetTree, toHex, treeRoot } from "@assay/merkle";
import type { Executor, Kinds, LeafFormat, Progress, ScannedSource, SplitRule } from "@assay/records";
import { collectLeaves } from "./collect-leaves.js";
import type { FileEntry } from "./entry.js";
import type { Derivation, ManifestHeader } from "./header.js";
import { setOfLeaves } from "./kept.js";
import { headOf, type LineageSide } from "./lineage.js";
import { type SealedManifest, sealManifest } from "./seal-manifest.js";

export interface BuildManifestOptions {
  /** Name of the data set. Default: that of the source. */
  readonly name?: string;
  /** `MAJOR.MINOR.PATCH`. Default none. */
  readonly version?: string;
  /** How leaves are made. Default: as the source was scanned. */
  readonly leafFormat?: LeafFormat;
  /** At least 32 bytes: leaves are keyed. Default none. */
  readonly leafKey?: Uint8Array;
  /** How splits are made. Default: those of the scan's reading, else none. */
  readonly splits?: SplitRule;
  /** Where the data set came from. Default: nowhere. The source must have been scanned with the parents' reading. */
  readonly derivation?: Derivation;
  /** Where the work runs. Default: here. */
  readonly executor?: Executor;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: Progress) => void;
}

/** A manifest, and the leaves that it was built from. A {@link LineageSide} with everything at hand. */
export interface BuiltManifest extends SealedManifest, LineageSide {
  readonly header: ManifestHeader;
  readonly manifest: string;
  readonly entries: readonly FileEntry[];
  /** Leaves in file order, 32 bytes each, for each entry. */
  readonly leaves: readonly Uint8Array[];
  readonly set: SetTree;
  readonly splits: ReadonlyMap<string, SetTree>;
  readonly leavesOf: (path: string) => Promise<Uint8Array | undefined>;
}

/**
 * Builds the manifest of a scanned source.
 *
 * Cost: one read of the data; about 120 bytes of memory a record at the peak, and 80 more a record for splits.
 *
 * @throws FormatError for data that cannot be read as scanned, `ambiguous-split`, `leaf-key-too-short`,
 *   `unsupported-leaf-format`; SourceError `source-changed`; the reason of `signal`.
 * @example
 * const source = await sourceOfBytes("tiny", [{ path: "train.csv", bytes }]);
 * const built = await buildManifest(await scanSource(source));
 * console.log(built.datasetHead, built.header.set.records);
 */
export async function buildManifest(
  scanned: ScannedSource,
  options: BuildManifestOptions = {},
): Promise<BuiltManifest> {
  const { leafFormat = scanned.leafFormat, leafKey, splits: rule = scanned.reading.splits } = options;
  const { executor, signal, onProgress } = options;
  const { leaves, kinds, splits } = await collectLeaves(scanned, {
    leafFormat,
    ...(leafKey === undefined ? {} : { leafKey }),
    ...(rule === undefined ? {} : { splits: rule }),
    ...(executor === undefined ? {} : { executor }),
    ...(signal === undefined ? {} : { signal }),
    ...(onProgress === undefined ? {} : { onProgress }),
  });
  signal?.throwIfAborted();
  const files = leaves.map((hashes, i) => ({
    records: hashes.length / 32,
    root: toHex(treeRoot(hashes)),
    kinds: kinds[i] as Kinds,
  }));
  onProgress?.({ stage: "tree", done: 0, total: scanned.records });
  const set = setOfLeaves(leaves);
  const splitSets = new Map([...splits].map(([split, pieces]) => [split, setOfLeaves(pieces)]));
  onProgress?.({ stage: "tree", done: scanned.records, total: scanned.records });
  const splitHeads = new Map([...splitSets].map(([split, tree]) => [split, headOf(tree)]));
  const sealed = sealManifest(scanned, files, headOf(set), splitHeads, options);
  const ordinals = new Map(sealed.entries.map((entry, i) => [entry.path, i]));
  return {
    ...sealed,
    leaves,
    set,
    splits: splitSets,
    leavesOf: async (path) => {
      const ordinal = ordinals.get(path);
      return ordinal === undefined ? undefined : leaves[ordinal];
    },
  };
}
