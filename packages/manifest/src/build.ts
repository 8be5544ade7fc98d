/**
 * Building a manifest from a scanned source (`docs/spec/manifest.md`): leaves, records roots, file entries, dataset root,
 * set root. The number of workers never changes a byte.
 */

import { type SetTree, toHex, treeRoot } from "@assay/merkle";
import {
  dropNullKinds,
  type Executor,
  type Kinds,
  type LeafFormat,
  leafKeyId,
  type Progress,
  type ScannedSource,
  type SplitRule,
  schemaDigest,
} from "@assay/records";
import { collectLeaves } from "./collect-leaves.js";
import { datasetRoot, type FileEntry, formatEntries } from "./entry.js";
import { type Derivation, formatManifest, MANIFEST_FORMAT, type ManifestHeader, manifestDigest } from "./header.js";
import { assayDataset, assaySet } from "./heads.js";
import { setOfLeaves } from "./kept.js";
import { headOf, type LineageSide } from "./lineage.js";

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
export interface BuiltManifest extends LineageSide {
  readonly header: ManifestHeader;
  readonly entries: readonly FileEntry[];
  /** `manifest.json`. */
  readonly headerBytes: Uint8Array;
  /** `files.jsonl`. */
  readonly entriesBytes: Uint8Array;
  /** `assayDataset`, lower-case hex. */
  readonly datasetHead: string;
  /** `assaySet`, lower-case hex. */
  readonly setHead: string;
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
  const { name = scanned.source.name, version, leafFormat = scanned.leafFormat, leafKey, derivation } = options;
  const { executor, signal, onProgress, splits: rule = scanned.reading.splits } = options;
  const { leaves, kinds, splits } = await collectLeaves(scanned, {
    leafFormat,
    ...(leafKey === undefined ? {} : { leafKey }),
    ...(rule === undefined ? {} : { splits: rule }),
    ...(executor === undefined ? {} : { executor }),
    ...(signal === undefined ? {} : { signal }),
    ...(onProgress === undefined ? {} : { onProgress }),
  });
  signal?.throwIfAborted();
  const leaf = { format: leafFormat, ...(leafKey === undefined ? {} : { keyId: leafKeyId(leafKey) }) };
  const schemas = new Map<string, Kinds>();
  const entries = scanned.files.map(({ file, index }, i): FileEntry => {
    const hashes = leaves[i] as Uint8Array;
    const hasSchema = leafFormat !== "raw/v1" && file.format !== "other";
    const known = dropNullKinds(kinds[i] as Kinds);
    const schema = toHex(schemaDigest(known));
    if (hasSchema) schemas.set(schema, known);
    return {
      path: file.path,
      size: index.size,
      bytes: index.bytes,
      format: file.format,
      leafFormat,
      ...(leaf.keyId === undefined ? {} : { leafKey: leaf.keyId }),
      records: hashes.length / 32,
      root: toHex(treeRoot(hashes)),
      ...(hasSchema ? { schema } : {}),
    };
  });
  onProgress?.({ stage: "tree", done: 0, total: scanned.records });
  const set = setOfLeaves(leaves);
  const splitSets = new Map([...splits].map(([split, pieces]) => [split, setOfLeaves(pieces)]));
  onProgress?.({ stage: "tree", done: scanned.records, total: scanned.records });
  const { splits: _, ...reading } = scanned.reading;
  const header: ManifestHeader = {
    format: MANIFEST_FORMAT,
    name,
    ...(version === undefined ? {} : { version }),
    leaf,
    dataset: { files: entries.length, root: datasetRoot(entries) },
    set: headOf(set),
    ...(rule === undefined
      ? {}
      : { splits: Object.fromEntries([...splitSets].map(([split, tree]) => [split, headOf(tree)])) }),
    size: entries.reduce((sum, entry) => sum + entry.size, 0),
    reading: { ...reading, ...(rule === undefined ? {} : { splits: rule }) },
    schemas: Object.fromEntries(schemas),
    ...(derivation === undefined ? {} : { derivation }),
  };
  const headerBytes = formatManifest(header);
  const ordinals = new Map(entries.map((entry, i) => [entry.path, i]));
  return {
    header,
    manifest: manifestDigest(headerBytes),
    entries,
    headerBytes,
    entriesBytes: formatEntries(entries),
    datasetHead: assayDataset(header),
    setHead: assaySet(header),
    leaves,
    set,
    splits: splitSets,
    leavesOf: async (path) => {
      const ordinal = ordinals.get(path);
      return ordinal === undefined ? undefined : leaves[ordinal];
    },
  };
}
