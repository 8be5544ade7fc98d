/**
 * The manifest header, `manifest.json` (`docs/spec/manifest.md`, "Manifest header"): one RFC 8785 object and one LF that
 * say exactly what is in a data set. It holds no time, tool or machine, and does not grow with records or files.
 */

import { canonicalJson, FormatError, isDigestHex, parseCanonicalJson, sha256, toHex } from "@assay/merkle";
import type { Kinds, LeafFormat, Reading } from "@assay/records";
import { isLeafFormat } from "./entry.js";
import { faultOfFields, isCount, isJsonObject, isKeyId, isText } from "./fields.js";
import { faultOfReading, isKinds } from "./reading.js";
import { isFraction } from "./sample.js";
import { isVersion } from "./version.js";

export const MANIFEST_FORMAT = "assay-manifest/v1";

/** How leaves were made. */
export interface LeafSpec {
  readonly format: LeafFormat;
  /** Id of the leaf key; only with one. Never the key. */
  readonly keyId?: string;
}

/** Head of the dataset tree. */
export interface DatasetTreeHead {
  /** Number of file entries. */
  readonly files: number;
  /** RFC 9162 root over the entry leaves, lower-case hex. */
  readonly root: string;
}

/** Head of a set tree. */
export interface SetTreeHead {
  /** Number of different leaves. */
  readonly distinct: number;
  /** Number of records. */
  readonly records: number;
  /** Root of the set tree, lower-case hex. */
  readonly root: string;
}

export const OPERATIONS = [
  "reformat",
  "shuffle",
  "reshard",
  "filter",
  "quarantine",
  "append",
  "concat",
  "split",
  "dedupe",
  "sample",
  "map",
] as const;
export type Operation = (typeof OPERATIONS)[number];

/** A parent as its child names it: the SHA-256 of its `manifest.json`, and the fields of its header from which its heads follow. */
export interface Parent {
  readonly manifest: string;
  readonly leaf: LeafSpec;
  readonly dataset: DatasetTreeHead;
  readonly set: SetTreeHead;
}

export interface DerivationParameters {
  /** SHA-256 of `derivation/removed.jsonl`; `filter` and `quarantine`. */
  readonly removed?: string;
  /** 64 hex digits; `sample`. */
  readonly seed?: string;
  /** Decimal text above 0, at most `1`, without trailing zeros; `sample`. */
  readonly fraction?: string;
}

/** Where a data set came from. */
export interface Derivation {
  readonly operation: Operation;
  /** In the order of the operation; at least one. */
  readonly parents: readonly Parent[];
  readonly parameters: DerivationParameters;
}

/** The manifest header. Roots and digests are lower-case hex. */
export interface ManifestHeader {
  readonly format: typeof MANIFEST_FORMAT;
  readonly name: string;
  /** `MAJOR.MINOR.PATCH`. */
  readonly version?: string;
  readonly leaf: LeafSpec;
  readonly dataset: DatasetTreeHead;
  /** The multiset of the leaves of all files. */
  readonly set: SetTreeHead;
  /** Set tree of each split. */
  readonly splits?: Readonly<Record<string, SetTreeHead>>;
  /** Sum of the sizes of the files, bytes. */
  readonly size: number;
  readonly reading: Reading;
  /** Schema digest → kinds, for every digest in the entries. */
  readonly schemas: Readonly<Record<string, Kinds>>;
  readonly derivation?: Derivation;
}

/** The bytes of `manifest.json`. The header is checked as if it came from outside. */
export function formatManifest(header: ManifestHeader): Uint8Array {
  checkHeader(header);
  return new TextEncoder().encode(`${canonicalJson(header)}\n`);
}

/** SHA-256 of the bytes of `manifest.json`, lower-case hex: what a child and a signature name. */
export function manifestDigest(bytes: Uint8Array): string {
  return toHex(sha256(bytes));
}

/**
 * Reads `manifest.json` and accepts exactly what {@link formatManifest} writes.
 *
 * @throws FormatError `malformed-manifest`; `unknown-format` (of the manifest, or of its leaves); `bad-dialect`.
 * @example
 * const { set } = parseManifest(bytes);
 * console.log(set.records, "records", set.distinct, "different");
 */
export function parseManifest(bytes: Uint8Array): ManifestHeader {
  const json = { code: "malformed-manifest", subject: "the manifest", maxDepth: MAX_DEPTH } as const;
  return checkHeader(parseCanonicalJson(bytes, json));
}

/** Kinds nest twice as deep as values, which lie in at most 64 containers. */
const MAX_DEPTH = 300;

/** Takes a JSON value for a manifest header, or throws as {@link parseManifest} does. */
export function checkHeader(value: unknown): ManifestHeader {
  if (!isJsonObject(value)) throw malformed("it is not a JSON object");
  if (!Object.hasOwn(value, "format")) throw malformed('field "format" is missing');
  if (value.format !== MANIFEST_FORMAT) throw unknownFormat("The manifest", value.format);
  const required = ["format", "name", "leaf", "dataset", "set", "size", "reading", "schemas"];
  const fault = faultOfFields(value, required, ["version", "splits", "derivation"]);
  if (fault !== undefined) throw malformed(fault);
  if (!isText(value.name) || value.name === "") throw malformed("name is not text");
  if (value.version !== undefined && !isVersion(value.version)) throw malformed("version is not MAJOR.MINOR.PATCH");
  checkLeafSpec(value.leaf, "leaf");
  checkDatasetHead(value.dataset, "dataset");
  checkSetHead(value.set, "set");
  if (value.splits !== undefined) checkSplits(value.splits);
  if (!isCount(value.size)) throw malformed("size is not a number of bytes");
  const reading = faultOfReading(value.reading);
  if (reading !== undefined) throw malformed(reading);
  checkSchemas(value.schemas);
  if (value.derivation !== undefined) checkDerivation(value.derivation);
  return value as unknown as ManifestHeader;
}

function checkLeafSpec(value: unknown, where: string): void {
  if (!isJsonObject(value)) throw malformed(`${where} is not an object`);
  const fault = faultOfFields(value, ["format"], ["keyId"]);
  if (fault !== undefined) throw malformed(`in ${where}, ${fault}`);
  if (typeof value.format !== "string") throw malformed(`${where}.format is not text`);
  if (value.keyId !== undefined && !isKeyId(value.keyId))
    throw malformed(`${where}.keyId is not 16 lower-case hex digits`);
  if (!isLeafFormat(value.format)) throw unknownFormat(`The leaf of the manifest (${where})`, value.format);
}

function checkDatasetHead(value: unknown, where: string): void {
  if (!isJsonObject(value)) throw malformed(`${where} is not an object`);
  const fault = faultOfFields(value, ["files", "root"]);
  if (fault !== undefined) throw malformed(`in ${where}, ${fault}`);
  if (!isCount(value.files)) throw malformed(`${where}.files is not a number of files`);
  if (!isDigestHex(value.root)) throw malformed(`${where}.root is not 64 lower-case hex digits`);
}

function checkSetHead(value: unknown, where: string): void {
  if (!isJsonObject(value)) throw malformed(`${where} is not an object`);
  const fault = faultOfFields(value, ["distinct", "records", "root"]);
  if (fault !== undefined) throw malformed(`in ${where}, ${fault}`);
  const { distinct, records, root } = value;
  if (!isCount(distinct) || !isCount(records)) throw malformed(`${where}.distinct or ${where}.records is not a count`);
  if (distinct > records || (records > 0 && distinct === 0)) {
    throw malformed(`${where} has ${records} records and ${distinct} different ones`);
  }
  if (!isDigestHex(root)) throw malformed(`${where}.root is not 64 lower-case hex digits`);
}

function checkSplits(value: unknown): void {
  if (!isJsonObject(value)) throw malformed("splits is not an object");
  for (const [name, head] of Object.entries(value)) {
    if (!isText(name)) throw malformed("a split has a name with a lone surrogate");
    checkSetHead(head, `splits[${JSON.stringify(name)}]`);
  }
}

function checkSchemas(value: unknown): void {
  if (!isJsonObject(value)) throw malformed("schemas is not an object");
  for (const [digest, kinds] of Object.entries(value)) {
    if (!isDigestHex(digest)) throw malformed("schemas has a name that is not 64 lower-case hex digits");
    if (!isKinds(kinds)) throw malformed(`schemas[${JSON.stringify(digest)}] is not a map from column to kind`);
  }
}

function checkDerivation(value: unknown): void {
  if (!isJsonObject(value)) throw malformed("derivation is not an object");
  const fault = faultOfFields(value, ["operation", "parents", "parameters"]);
  if (fault !== undefined) throw malformed(`in derivation, ${fault}`);
  const operation = OPERATIONS.find((name) => name === value.operation);
  if (operation === undefined) throw malformed(`derivation.operation ${JSON.stringify(value.operation)} is not known`);
  const { parents } = value;
  if (!Array.isArray(parents) || parents.length === 0) throw malformed("derivation.parents is not a list of parents");
  const takesMany = operation === "concat" || operation === "map";
  if (!takesMany && parents.length > 1) throw malformed(`${operation} has one parent, not ${parents.length}`);
  for (const [i, parent] of parents.entries()) checkParent(parent, `derivation.parents[${i}]`);
  checkParameters(operation, value.parameters);
}

function checkParent(value: unknown, where: string): void {
  if (!isJsonObject(value)) throw malformed(`${where} is not an object`);
  const fault = faultOfFields(value, ["manifest", "leaf", "dataset", "set"]);
  if (fault !== undefined) throw malformed(`in ${where}, ${fault}`);
  if (!isDigestHex(value.manifest)) throw malformed(`${where}.manifest is not 64 lower-case hex digits`);
  checkLeafSpec(value.leaf, `${where}.leaf`);
  checkDatasetHead(value.dataset, `${where}.dataset`);
  checkSetHead(value.set, `${where}.set`);
}

function checkParameters(operation: Operation, value: unknown): void {
  if (!isJsonObject(value)) throw malformed("derivation.parameters is not an object");
  const needed =
    operation === "sample"
      ? ["seed", "fraction"]
      : operation === "filter" || operation === "quarantine"
        ? ["removed"]
        : [];
  const fault = faultOfFields(value, needed);
  if (fault !== undefined) throw malformed(`in derivation.parameters of ${operation}, ${fault}`);
  if (value.removed !== undefined && !isDigestHex(value.removed))
    throw malformed("removed is not 64 lower-case hex digits");
  if (value.seed !== undefined && !isDigestHex(value.seed)) throw malformed("seed is not 64 lower-case hex digits");
  if (value.fraction !== undefined && !isFraction(value.fraction)) {
    throw malformed(
      `fraction ${JSON.stringify(value.fraction)} is not a decimal above 0, at most 1, without trailing zeros`,
    );
  }
}

function malformed(fault: string): FormatError {
  return new FormatError("malformed-manifest", `The manifest is malformed: ${fault}`);
}

function unknownFormat(what: string, format: unknown): FormatError {
  return new FormatError(
    "unknown-format",
    `${what} has the format ${JSON.stringify(format)}, which this version does not know`,
    {
      details: { format },
    },
  );
}
