/** Header and entries from what was counted and hashed: the last step of building, however the leaves were kept. */

import { toHex } from "@assay/merkle";
import {
  dropNullKinds,
  type Kinds,
  type LeafFormat,
  leafKeyId,
  type ScannedSource,
  type SplitRule,
  schemaDigest,
} from "@assay/records";
import { datasetRoot, type FileEntry, formatEntries } from "./entry.js";
import {
  type Derivation,
  formatManifest,
  MANIFEST_FORMAT,
  type ManifestHeader,
  manifestDigest,
  type SetTreeHead,
} from "./header.js";
import { assayDataset, assaySet } from "./heads.js";

/** How a manifest is to be. */
export interface SealOptions {
  readonly name?: string;
  readonly version?: string;
  readonly leafFormat?: LeafFormat;
  readonly leafKey?: Uint8Array;
  readonly splits?: SplitRule;
  readonly derivation?: Derivation;
  /** Stored files, by path, where they are not what the source has of them. */
  readonly stored?: ReadonlyMap<string, { readonly size: number; readonly bytes: string }>;
}

/** What was found out about the records of one file. */
export interface CountedFile {
  readonly records: number;
  /** Root of its records, lower-case hex. */
  readonly root: string;
  /** Column → kind. */
  readonly kinds: Kinds;
}

/** A manifest, as it is written. */
export interface SealedManifest {
  readonly header: ManifestHeader;
  /** SHA-256 of `manifest.json`, lower-case hex. */
  readonly manifest: string;
  readonly entries: readonly FileEntry[];
  /** `manifest.json`. */
  readonly headerBytes: Uint8Array;
  /** `files.jsonl`. */
  readonly entriesBytes: Uint8Array;
  /** `assayDataset`, lower-case hex. */
  readonly datasetHead: string;
  /** `assaySet`, lower-case hex. */
  readonly setHead: string;
}

/**
 * Makes the manifest of a source whose leaves are all counted.
 *
 * @param files of the source, in its order.
 * @param splits their heads; written only when there is a rule.
 */
export function sealManifest(
  scanned: ScannedSource,
  files: readonly CountedFile[],
  set: SetTreeHead,
  splits: ReadonlyMap<string, SetTreeHead>,
  options: SealOptions,
): SealedManifest {
  const { name = scanned.source.name, version, leafFormat = scanned.leafFormat, leafKey, derivation } = options;
  const { splits: rule = scanned.reading.splits } = options;
  const leaf = { format: leafFormat, ...(leafKey === undefined ? {} : { keyId: leafKeyId(leafKey) }) };
  const schemas = new Map<string, Kinds>();
  // Files that are records have the same object.
  const found = new Map<Kinds, { readonly known: Kinds; readonly schema: string }>();
  const schemaOf = (kinds: Kinds) => {
    const before = found.get(kinds);
    if (before !== undefined) return before;
    const known = dropNullKinds(kinds);
    const one = { known, schema: toHex(schemaDigest(known)) };
    found.set(kinds, one);
    return one;
  };
  const entries = scanned.files.map(({ file, index }, i): FileEntry => {
    const { records, root, kinds } = files[i] as CountedFile;
    const stored = options.stored?.get(file.path) ?? index;
    const hasSchema = leafFormat !== "raw/v1" && file.format !== "other";
    const { known, schema } = schemaOf(kinds);
    if (hasSchema) schemas.set(schema, known);
    return {
      path: file.path,
      size: stored.size,
      bytes: stored.bytes,
      format: file.format,
      leafFormat,
      ...(leaf.keyId === undefined ? {} : { leafKey: leaf.keyId }),
      records,
      root,
      ...(hasSchema ? { schema } : {}),
    };
  });
  const { splits: _, ...reading } = scanned.reading;
  const header: ManifestHeader = {
    format: MANIFEST_FORMAT,
    name,
    ...(version === undefined ? {} : { version }),
    leaf,
    dataset: { files: entries.length, root: datasetRoot(entries) },
    set,
    ...(rule === undefined ? {} : { splits: Object.fromEntries(splits) }),
    size: entries.reduce((sum, entry) => sum + entry.size, 0),
    reading: { ...reading, ...(rule === undefined ? {} : { splits: rule }) },
    schemas: Object.fromEntries(schemas),
    ...(derivation === undefined ? {} : { derivation }),
  };
  const headerBytes = formatManifest(header);
  return {
    header,
    manifest: manifestDigest(headerBytes),
    entries,
    headerBytes,
    entriesBytes: formatEntries(entries),
    datasetHead: assayDataset(header),
    setHead: assaySet(header),
  };
}
