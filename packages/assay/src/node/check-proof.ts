/** `assay check-proof`: somebody's proof against a manifest that the caller trusts. A proof never brings its own root or question. */

import { existsSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import {
  APPEND_PROOF_FORMAT,
  type ManifestHeader,
  parseManifest,
  RECORD_PROOF_FORMAT,
  RECORDS_PROOF_FORMAT,
  verifyAppend,
  verifyLeavesOfEach,
  verifyRecordProof,
  verifyRecordsProof,
  verifyVersion,
} from "@assay/manifest";
import {
  fromHex,
  parseProofFile,
  type SetChanges,
  toHex,
  VerificationError,
  verifyConsistency,
  verifyInclusion,
  verifySetUpdate,
} from "@assay/merkle";
import { UsageError } from "../usage-error.js";
import { type RecordReadings, readJsonRecords } from "./json-records.js";
import { readNamedFile } from "./named-file.js";
import { errorOf, judgeFolder, policyOf, type TrustChoice } from "./open-folder.js";
import type { Work } from "./options.js";

export interface CheckProofOptions extends Work, TrustChoice {
  /** Path of the manifest.json that the caller trusts, or of its folder. */
  readonly manifest: string;
  /** Path of a JSON file with the record that is asked about; `.jsonl` holds many, in the order of the proof. */
  readonly record?: string;
  /** The leaf that is asked about, 64 hex digits. */
  readonly leaf?: string;
  /** Appends, consistency and set updates: path of the later manifest, or of its folder. */
  readonly secondManifest?: string;
  readonly leafKey?: Uint8Array;
}

export interface CheckProofResult {
  readonly result: Readonly<Record<string, unknown>>;
  /** One sentence. Holds data: escape it. */
  readonly says: string;
}

/**
 * Checks a proof file.
 *
 * @throws VerificationError when it does not hold; TrustError when the manifest is not signed as the policy wants;
 *   UsageError when the question is missing.
 */
export async function checkProof(path: string, options: CheckProofOptions): Promise<CheckProofResult> {
  const bytes = await readNamedFile("PROOF", path);
  const header = await trustedHeader(options.manifest, options);
  const proof = parseProofFile(bytes) as unknown as { readonly format: string };
  switch (proof.format) {
    case RECORD_PROOF_FORMAT:
      return checkInclusion(proof as never, header, options);
    case RECORDS_PROOF_FORMAT:
      return checkPlaces(proof as never, header, options);
    case "assay-set-proof/v1":
      return checkSetProof(proof as never, header, options);
    case "assay-inclusion-proof/v1":
      return checkEntryInclusion(proof as never, header, options);
    case "assay-consistency-proof/v1":
      return checkConsistency(proof as never, header, await secondHeader(options));
    case APPEND_PROOF_FORMAT:
      return checkAppend(proof as never, header, await secondHeader(options));
    case "assay-set-update/v1":
      return checkUpdate(proof as never, header, await secondHeader(options));
    default:
      throw new VerificationError(
        "unknown-format",
        `The proof has the format ${JSON.stringify(proof.format)}, which is not known`,
      );
  }
}

async function trustedHeader(path: string, options: CheckProofOptions): Promise<ManifestHeader> {
  if (options.policy === undefined && options.trust === undefined)
    return parseManifest(await readNamedFile("--manifest", manifestAt(path)));
  const directory = dirname(resolve(manifestAt(path)));
  const policy = await policyOf(options, [directory]);
  const { opened, verdict } = await judgeFolder(path, options, options, policy);
  const [failure] = verdict.failures;
  if (failure !== undefined) throw errorOf(failure);
  return opened.header;
}

/** The manifest of a folder that was named instead of it. */
function manifestAt(path: string): string {
  const inside = join(path, "manifest.json");
  return existsSync(inside) ? inside : path;
}

async function secondHeader({ secondManifest }: CheckProofOptions): Promise<ManifestHeader> {
  if (secondManifest === undefined)
    throw new UsageError("This proof is about two versions: give the later one with --second-manifest");
  return parseManifest(await readNamedFile("--second-manifest", manifestAt(secondManifest)));
}

async function checkInclusion(
  proof: Parameters<typeof verifyRecordProof>[0],
  header: ManifestHeader,
  { record, leaf, leafKey }: CheckProofOptions,
): Promise<CheckProofResult> {
  const held =
    record === undefined ? {} : { record: bytesOf(one("--record", await readingsWithoutKey(header, record, leafKey))) };
  const verified = verifyRecordProof(proof, header, {
    ...held,
    ...(leaf !== undefined && { leaf: fromHex(leaf) }),
    ...(leafKey !== undefined && { leafKey }),
  });
  const { path, ordinal, confirmed } = verified;
  return {
    result: { kind: "inclusion", file: path, ordinal, leaf: toHex(verified.leaf), confirmed },
    says: confirmed
      ? `the record is number ${ordinal} of ${path}`
      : `number ${ordinal} of ${path} has the leaf ${toHex(verified.leaf)} (nothing was asked: give --record or --leaf to confirm it)`,
  };
}

/** A keyed record proof carries the salt: the bytes of the record are enough, the key is not needed. */
function readingsWithoutKey(
  header: ManifestHeader,
  path: string,
  leafKey: Uint8Array | undefined,
): Promise<RecordReadings[]> {
  if (leafKey !== undefined) return readJsonRecords("--record", path, header, leafKey);
  const { keyId: _keyId, ...leaf } = header.leaf;
  return readJsonRecords("--record", path, { ...header, leaf }, undefined);
}

const bytesOf = (readings: RecordReadings): Uint8Array[] => readings.map(({ recordBytes }) => recordBytes);

function one(option: string, records: readonly RecordReadings[]): RecordReadings {
  if (records.length === 1) return records[0] as RecordReadings;
  throw new UsageError(`${option} holds ${records.length} records, and this proof is about one`);
}

async function checkPlaces(
  proof: Parameters<typeof verifyRecordsProof>[0],
  header: ManifestHeader,
  { record, leaf, leafKey }: CheckProofOptions,
): Promise<CheckProofResult> {
  if (leaf !== undefined) throw new UsageError("This proof is about many records: ask with --record RECORDS.jsonl");
  const held = record === undefined ? undefined : await readingsWithoutKey(header, record, leafKey);
  const { places, confirmed } = verifyRecordsProof(proof, header, {
    ...(held !== undefined && { records: held.map(bytesOf) }),
    ...(leafKey !== undefined && { leafKey }),
  });
  const shown = places.map(({ path, ordinal, leaf: digest }) => ({ file: path, ordinal, leaf: toHex(digest) }));
  return {
    result: { kind: "inclusion", places: shown, confirmed },
    says: confirmed
      ? `the ${places.length} records are at their places`
      : `${places.length} places have the leaves of the proof (nothing was asked: give --record RECORDS.jsonl to confirm them)`,
  };
}

async function checkSetProof(
  proof: Parameters<typeof verifyLeavesOfEach>[0],
  header: ManifestHeader,
  { record, leaf, leafKey }: CheckProofOptions,
): Promise<CheckProofResult> {
  if (record === undefined && leaf === undefined)
    throw new UsageError(
      "Which record is asked about? Give --record RECORD.json or --leaf HEX: a proof never brings its own question",
    );
  const records =
    leaf !== undefined
      ? [[{ leaf: fromHex(leaf) }]]
      : await readJsonRecords("--record", record as string, header, leafKey);
  const counts = verifyLeavesOfEach(proof, header, records);
  const present = counts.filter((count) => count > 0).length;
  if (counts.length > 1) {
    const kind = present === 0 ? "absence" : present === counts.length ? "presence" : "counts";
    return {
      result: { kind, counts },
      says: `${present} of the ${counts.length} records are present, ${counts.length - present} absent`,
    };
  }
  const count = counts[0] as number;
  return {
    result: { kind: count === 0 ? "absence" : "presence", count },
    says: count === 0 ? "the record is absent" : `the record is present ${count === 1 ? "once" : `${count} times`}`,
  };
}

function checkEntryInclusion(
  proof: Parameters<typeof verifyInclusion>[0],
  header: ManifestHeader,
  { leaf }: CheckProofOptions,
): CheckProofResult {
  const verified = verifyInclusion(
    proof,
    { size: header.dataset.files, root: fromHex(header.dataset.root) },
    { tree: "dataset", ...(leaf !== undefined && { leaf: fromHex(leaf) }) },
  );
  return {
    result: { kind: "inclusion", tree: "dataset", index: verified.index, leaf: toHex(verified.leaf) },
    says: `file entry ${verified.index} has the leaf ${toHex(verified.leaf)}`,
  };
}

function checkConsistency(
  proof: Parameters<typeof verifyConsistency>[0],
  first: ManifestHeader,
  second: ManifestHeader,
): CheckProofResult {
  const head = ({ dataset }: ManifestHeader): { size: number; root: Uint8Array } => ({
    size: dataset.files,
    root: fromHex(dataset.root),
  });
  verifyConsistency(proof, head(first), head(second));
  return { result: { kind: "consistency" }, says: "the first data set's file entries come first in the second" };
}

function checkAppend(
  proof: Parameters<typeof verifyAppend>[0],
  first: ManifestHeader,
  second: ManifestHeader,
): CheckProofResult {
  const { files, isWhole } = verifyAppend(proof, first, second);
  const grown = files.filter(({ before, after }) => after > before).length;
  const what = `${isWhole ? "every file of the first data set" : `${files.length} of its ${first.dataset.files} files`}`;
  return {
    result: { kind: "append", files, whole: isWhole },
    says: `${what} has its records first and in their order in the second, ${grown} of them with others behind`,
  };
}

/** @throws VerificationError `version-mismatch` too: a version that the manifests state and the change contradicts. */
function checkUpdate(
  proof: Parameters<typeof verifySetUpdate>[0],
  first: ManifestHeader,
  second: ManifestHeader,
): CheckProofResult {
  const changes: SetChanges = verifySetUpdate(proof, {
    first: fromHex(first.set.root),
    second: fromHex(second.set.root),
  });
  let added = 0;
  let removed = 0;
  for (const difference of changes.differences) {
    if (difference > 0) added += difference;
    else removed -= difference;
  }
  const version = deservedBy(removed, first, second);
  if (version !== null && first.version !== undefined && second.version !== undefined)
    verifyVersion(first.version, second.version, version);
  return {
    result: { kind: "update", added, removed, version },
    says: `the second set is the first with ${added} records added and ${removed} removed${version === null ? "" : `: ${version.toUpperCase()}`}`,
  };
}

/** What an update that adds or removes something deserves; `null` when it depends on what is in splits that differ. */
function deservedBy(removed: number, first: ManifestHeader, second: ManifestHeader): "minor" | "major" | null {
  if (removed > 0) return "major";
  const [before, after] = [Object.entries(first.splits ?? {}), new Map(Object.entries(second.splits ?? {}))];
  if (before.some(([name]) => !after.has(name))) return "major";
  return before.every(
    ([name, { root, records }]) => after.get(name)?.root === root && after.get(name)?.records === records,
  )
    ? "minor"
    : null;
}
