/**
 * Verification of a manifest, steps 2 and 4 (`docs/spec/manifest.md`, "Verification"): what follows from the header alone.
 * Step 1 is the signature and {@link parseManifest}; step 3, the data, is in `verify-data.ts`.
 */

import { type SetTree, toHex, VerificationError } from "@assay/merkle";
import { schemaDigest } from "@assay/records";
import { readBound } from "./bound.js";
import { datasetRoot, type FileEntry, parseEntries } from "./entry.js";
import { type ManifestHeader, manifestDigest, parseManifest } from "./header.js";
import { assayDataset, assaySet } from "./heads.js";
import { checkSet } from "./kept.js";

/** What a trusted statement, or a child, says of a manifest. Lower-case hex. */
export interface ManifestSubjects {
  /** SHA-256 of `manifest.json`. */
  readonly manifest?: string;
  readonly assayDataset?: string;
  readonly assaySet?: string;
}

/**
 * Reads `manifest.json` against what is known about it.
 *
 * @throws VerificationError `head-mismatch`. When its digest is stated, bytes that do not parse end here too; otherwise
 *   they are a FormatError as in {@link parseManifest}.
 */
export function verifyManifest(bytes: Uint8Array, subjects: ManifestSubjects = {}): ManifestHeader {
  const digest = manifestDigest(bytes);
  if (subjects.manifest !== undefined && subjects.manifest !== digest)
    throw headMismatch("manifest.json", digest, subjects.manifest);
  const header = subjects.manifest === undefined ? parseManifest(bytes) : readBound(() => parseManifest(bytes));
  for (const [name, head, expected] of [
    ["assayDataset", assayDataset(header), subjects.assayDataset],
    ["assaySet", assaySet(header), subjects.assaySet],
  ] as const) {
    if (expected !== undefined && expected !== head) throw headMismatch(name, head, expected);
  }
  return header;
}

function headMismatch(what: string, actual: string, expected: string): VerificationError {
  return new VerificationError("head-mismatch", `The digest of ${what} is ${actual}, expected ${expected}`, {
    details: { what, expected, actual },
  });
}

/**
 * Verifies `files.jsonl` against a header, in the order of the specification.
 *
 * @throws VerificationError `malformed-entry`, `bad-path`, `unknown-format`, `unsupported-leaf-format`, `path-order`,
 *   `duplicate-path`; `size-mismatch` (number of files); `dataset-root-mismatch`; `count-mismatch`; `size-mismatch`
 *   (sum of sizes); `leaf-format-mismatch`; `schema-digest-mismatch`.
 * @example
 * const entries = verifyEntries(header, await folder.read("files.jsonl"));
 */
export function verifyEntries(header: ManifestHeader, bytes: Uint8Array): readonly FileEntry[] {
  const entries = readBound(() => parseEntries(bytes));
  const { dataset, set, size, leaf } = header;
  if (entries.length !== dataset.files) {
    throw mismatch("size-mismatch", "files.jsonl has another number of entries", dataset.files, entries.length);
  }
  const root = datasetRoot(entries);
  if (root !== dataset.root)
    throw mismatch("dataset-root-mismatch", "The entries have another dataset root", dataset.root, root);
  const records = sumOf(entries.map((entry) => entry.records));
  if (records !== BigInt(set.records))
    throw mismatch("count-mismatch", "The entries have another number of records", set.records, Number(records));
  const bytesInAll = sumOf(entries.map((entry) => entry.size));
  if (bytesInAll !== BigInt(size))
    throw mismatch("size-mismatch", "The entries have another size in all", size, Number(bytesInAll));
  for (const { path, leafFormat, leafKey } of entries) {
    if (leafFormat === leaf.format && leafKey === leaf.keyId) continue;
    throw mismatch("leaf-format-mismatch", `The leaves of ${path} are not made as the manifest says`, leaf, {
      format: leafFormat,
      keyId: leafKey ?? null,
    });
  }
  verifySchemas(header, entries);
  return entries;
}

/** Every schema digest of the entries is listed and right, and no other is listed. */
function verifySchemas({ schemas }: ManifestHeader, entries: readonly FileEntry[]): void {
  const used = new Map(entries.flatMap(({ schema, path }) => (schema === undefined ? [] : [[schema, path]])));
  for (const [digest, path] of used) {
    if (Object.hasOwn(schemas, digest)) continue;
    throw mismatch("schema-digest-mismatch", `The schema of ${path} is not in the manifest`, digest, null);
  }
  for (const [digest, kinds] of Object.entries(schemas)) {
    if (!used.has(digest))
      throw mismatch("schema-digest-mismatch", "The manifest has a schema that no file has", null, digest);
    const actual = toHex(schemaDigest(kinds));
    if (actual !== digest) throw mismatch("schema-digest-mismatch", "A schema has another digest", digest, actual);
  }
}

/** Exact also where hostile entries add up to more than 2⁵³. */
function sumOf(numbers: readonly number[]): bigint {
  return numbers.reduce((sum, number) => sum + BigInt(number), 0n);
}

function mismatch(
  code: ConstructorParameters<typeof VerificationError>[0],
  what: string,
  expected: unknown,
  actual: unknown,
): VerificationError {
  return new VerificationError(code, `${what}: ${JSON.stringify(actual)}, expected ${JSON.stringify(expected)}`, {
    details: { expected, actual },
  });
}

/**
 * Verifies the set, and each split, against a header (step 4).
 *
 * @param set over all leaves, or over all pages.
 * @param splits of each split; `undefined` when they are not at hand, which is then not judged.
 * @throws VerificationError `set-root-mismatch`, `count-mismatch`, `split-root-mismatch`.
 */
export function verifySet(header: ManifestHeader, set: SetTree, splits?: ReadonlyMap<string, SetTree>): void {
  checkSet(set, header.set);
  if (splits === undefined) return;
  const stated = header.splits ?? {};
  for (const name of splits.keys()) {
    if (!Object.hasOwn(stated, name))
      throw splitMismatch(`The data have the split ${JSON.stringify(name)}, and the manifest does not`, name);
  }
  for (const [name, head] of Object.entries(stated)) {
    const split = splits.get(name);
    if (split === undefined)
      throw splitMismatch(`The manifest has the split ${JSON.stringify(name)}, and the data do not`, name);
    checkSet(split, head, name);
  }
}

function splitMismatch(message: string, split: string): VerificationError {
  return new VerificationError("split-root-mismatch", message, { details: { split } });
}
