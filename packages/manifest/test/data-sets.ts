import { countLeaves, type SetTree, setTreeOf, sha256, toHex, treeRoot } from "@assay/merkle";
import { schemaDigest } from "@assay/records";
import { datasetRoot, type FileEntry } from "../src/entry.js";
import { type Derivation, formatManifest, type ManifestHeader, manifestDigest } from "../src/header.js";
import { headOf, type LineageSide, parentOf } from "../src/lineage.js";
import { compareText } from "../src/path.js";

/** The leaf of a record that has one small number, for data sets whose records nobody reads. */
export function leafOf(number: number): Uint8Array {
  return sha256(new TextEncoder().encode(`record ${number}`));
}

export function leavesOf(numbers: readonly number[]): Uint8Array {
  return new Uint8Array(Buffer.concat(numbers.map(leafOf)));
}

export type Files = Record<string, readonly number[]>;

export interface SyntheticOptions {
  readonly name?: string;
  readonly version?: string;
  /** Split name → paths. */
  readonly splits?: Record<string, readonly string[]>;
  readonly derivation?: Derivation;
  readonly reading?: Partial<ManifestHeader["reading"]>;
  readonly leaf?: ManifestHeader["leaf"];
}

export interface Synthetic extends LineageSide {
  readonly bytes: Uint8Array;
  readonly entries: readonly FileEntry[];
  readonly set: SetTree;
  readonly splits: ReadonlyMap<string, SetTree>;
  readonly leaves: ReadonlyMap<string, Uint8Array>;
  readonly leavesOf: (path: string) => Promise<Uint8Array | undefined>;
}

/** A data set from numbers: each stands for a record. */
export function synthetic(files: Files, options: SyntheticOptions = {}): Synthetic {
  const { name = "tiny", leaf = { format: "assay-record/v1" } } = options;
  const schema = toHex(schemaDigest({ n: "number" }));
  const leaves = new Map(Object.entries(files).map(([path, numbers]) => [path, leavesOf(numbers)]));
  const entries: FileEntry[] = [...leaves]
    .sort(([a], [b]) => compareText(a, b))
    .map(([path, hashes]) => ({
      path,
      size: hashes.length,
      bytes: toHex(sha256(hashes)),
      format: "csv",
      leafFormat: leaf.format,
      ...(leaf.keyId === undefined ? {} : { leafKey: leaf.keyId }),
      records: hashes.length / 32,
      root: toHex(treeRoot(hashes)),
      schema,
    }));
  const setOf = (paths: readonly string[]) => setTreeOf(countLeaves(paths.map((path) => leaves.get(path)!)));
  const set = setOf([...leaves.keys()]);
  const splits = new Map(Object.entries(options.splits ?? {}).map(([split, paths]) => [split, setOf(paths)]));
  const header: ManifestHeader = {
    format: "assay-manifest/v1",
    name,
    ...(options.version === undefined ? {} : { version: options.version }),
    leaf,
    dataset: { files: entries.length, root: datasetRoot(entries) },
    set: headOf(set),
    ...(options.splits === undefined
      ? {}
      : { splits: Object.fromEntries([...splits].map(([split, tree]) => [split, headOf(tree)])) }),
    size: entries.reduce((size, entry) => size + entry.size, 0),
    reading: {
      types: { n: "int64" },
      inferred: [],
      nullValues: [],
      others: "infer",
      ...(options.splits === undefined
        ? {}
        : {
            splits: { paths: Object.fromEntries(Object.keys(options.splits).map((split) => [split, `${split}**`])) },
          }),
      ...options.reading,
    },
    schemas: entries.length === 0 ? {} : { [schema]: { n: "number" } },
    ...(options.derivation === undefined ? {} : { derivation: options.derivation }),
  };
  const bytes = formatManifest(header);
  return {
    header,
    manifest: manifestDigest(bytes),
    bytes,
    entries,
    set,
    splits,
    leaves,
    leavesOf: async (path) => leaves.get(path),
  };
}

export function derivationOf(
  operation: Derivation["operation"],
  parents: readonly LineageSide[],
  parameters: Derivation["parameters"] = {},
): Derivation {
  return { operation, parents: parents.map(parentOf), parameters };
}
