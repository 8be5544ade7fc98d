/**
 * File entries (`docs/spec/manifest.md`, "File entry"): what is committed about one file, its leaf in the dataset tree,
 * and the lines of `files.jsonl`.
 *
 * The leaf of an entry is SHA-256(0x04 ‖ deterministic CBOR), never 0x00: under `raw/v1` a record can be any bytes, and
 * must never pass for a file.
 */

import {
  canonicalJson,
  FormatError,
  hashLeaves,
  isDigestHex,
  joinBytes,
  parseCanonicalJson,
  sha256,
  toHex,
  treeRoot,
} from "@assay/merkle";
import { type CborField, encodeCborMaps, joinRows, type LeafFormat, type RowPiece, utf8Column } from "@assay/records";
import { faultOfFields, isCount, isJsonObject, isKeyId, isText } from "./fields.js";
import { checkPath, compareText } from "./path.js";

/** SHA-256 of nothing: the root of a tree without leaves. */
export const EMPTY_ROOT = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

/** What is committed about one file. Digests are lower-case hex. */
export interface FileEntry {
  /** Path inside the data set. */
  readonly path: string;
  /** Bytes of the stored file; 0 for `stream`. */
  readonly size: number;
  /** SHA-256 of the stored file as it is; absent for `stream`, and only there. */
  readonly bytes?: string;
  /** `csv`, `jsonl`, …; `other`: not read; `stream`: records without stored bytes. */
  readonly format: string;
  readonly leafFormat: LeafFormat;
  /** Id of the leaf key; only when leaves were made with one. */
  readonly leafKey?: string;
  /** Number of records. */
  readonly records: number;
  /** RFC 9162 root of the leaves in file order. */
  readonly root: string;
  /** Schema digest; absent with `raw/v1` and for `other`. */
  readonly schema?: string;
}

const REQUIRED = ["path", "size", "format", "leafFormat", "records", "root"] as const;
const OPTIONAL = ["bytes", "leafKey", "schema"] as const;
const RAW_FORMATS = new Set(["text", "jsonl", "other"]);

/** The leaf formats that this version knows. */
export function isLeafFormat(value: unknown): value is LeafFormat {
  return value === "assay-record/v1" || value === "raw/v1";
}

/**
 * Takes a JSON value for a file entry, or refuses it. Faults are found in the order of the specification.
 *
 * @throws FormatError `malformed-entry` (fields), `bad-path`, `unknown-format` (leaf format), `unsupported-leaf-format`
 *   (`raw/v1` with a format that has no lines), `malformed-entry` (schema, size, root).
 */
export function checkEntry(value: unknown): FileEntry {
  if (!isJsonObject(value)) throw malformedEntry("it is not a JSON object", value);
  const fault = faultOfFields(value, REQUIRED, OPTIONAL) ?? faultOfTypes(value);
  if (fault !== undefined) throw malformedEntry(fault, value);
  const entry = value as unknown as FileEntry;
  checkPath(entry.path);
  if (!isLeafFormat(entry.leafFormat)) {
    throw new FormatError(
      "unknown-format",
      `Entry ${entry.path} has the leaf format ${JSON.stringify(entry.leafFormat)}, which this version does not know`,
      { details: { path: entry.path, leafFormat: entry.leafFormat } },
    );
  }
  if (entry.leafFormat === "raw/v1" && !RAW_FORMATS.has(entry.format)) {
    throw new FormatError(
      "unsupported-leaf-format",
      `Entry ${entry.path} is ${entry.format} and its leaves are raw/v1, which is for lines of text and JSONL only`,
      { details: { path: entry.path, format: entry.format } },
    );
  }
  const contradiction = faultOfMeaning(entry);
  if (contradiction !== undefined) throw malformedEntry(contradiction, value);
  return entry;
}

function faultOfTypes(value: Readonly<Record<string, unknown>>): string | undefined {
  if (typeof value.path !== "string") return "path is not text";
  if (!isCount(value.size)) return "size is not a number of bytes";
  if (!isText(value.format) || value.format === "") return "format is not the name of a format";
  if (typeof value.leafFormat !== "string") return "leafFormat is not text";
  if (!isCount(value.records)) return "records is not a number of records";
  if (!isDigestHex(value.root)) return "root is not 64 lower-case hex digits";
  if (value.bytes !== undefined && !isDigestHex(value.bytes)) return "bytes is not 64 lower-case hex digits";
  if (value.schema !== undefined && !isDigestHex(value.schema)) return "schema is not 64 lower-case hex digits";
  if (value.leafKey !== undefined && !isKeyId(value.leafKey)) return "leafKey is not 16 lower-case hex digits";
  if (value.format === "stream" && value.bytes !== undefined) return "a stream has no bytes";
  if (value.format !== "stream" && value.bytes === undefined) return 'field "bytes" is missing';
  return undefined;
}

function faultOfMeaning(entry: FileEntry): string | undefined {
  const schemaIsAbsent = entry.leafFormat === "raw/v1" || entry.format === "other";
  if (schemaIsAbsent && entry.schema !== undefined) return "it has a schema, and no columns";
  if (!schemaIsAbsent && entry.schema === undefined) return "it has no schema";
  if (entry.format === "stream" && entry.size !== 0) return "a stream has the size 0";
  if (entry.format === "other" && entry.records !== 0) return "a file that is not read has no records";
  if (entry.records === 0 && entry.root !== EMPTY_ROOT) return "without records the root is the SHA-256 of nothing";
  if (entry.records > 0 && entry.root === EMPTY_ROOT) return "the root is that of no records";
  return undefined;
}

function malformedEntry(fault: string, value: unknown): FormatError {
  const path = isJsonObject(value) && typeof value.path === "string" ? value.path : undefined;
  const which = path === undefined ? "A file entry" : `The file entry ${JSON.stringify(path)}`;
  return new FormatError("malformed-entry", `${which} is malformed: ${fault}`, {
    details: path === undefined ? {} : { path },
  });
}

/** Deterministic CBOR of the entry's fields; digests are byte strings. */
export function entryBytes(entry: FileEntry): Uint8Array {
  return encodeCborMaps(fieldsOf([entry])).arena.slice();
}

/** The columns of entries that have the same fields. */
function fieldsOf(entries: readonly FileEntry[]): CborField[] {
  const [first] = entries;
  const fields: CborField[] = [
    { name: "path", texts: entries.map(({ path }) => path) },
    { name: "root", digests: entries.map(({ root }) => root) },
    { name: "size", integers: entries.map(({ size }) => size) },
    { name: "format", texts: entries.map(({ format }) => format) },
    { name: "records", integers: entries.map(({ records }) => records) },
    { name: "leafFormat", texts: entries.map(({ leafFormat }) => leafFormat) },
  ];
  if (first?.bytes !== undefined) fields.push({ name: "bytes", digests: entries.map(({ bytes }) => bytes as string) });
  if (first?.schema !== undefined)
    fields.push({ name: "schema", digests: entries.map(({ schema }) => schema as string) });
  if (first?.leafKey !== undefined)
    fields.push({ name: "leafKey", texts: entries.map(({ leafKey }) => leafKey as string) });
  return fields;
}

/** The leaf of an entry in the dataset tree: SHA-256(0x04 ‖ entry bytes), 32 bytes. */
export function entryLeaf(entry: FileEntry): Uint8Array {
  const bytes = entryBytes(entry);
  const input = new Uint8Array(1 + bytes.length);
  input[0] = 0x04;
  input.set(bytes, 1);
  return sha256(input);
}

/** Entries that are encoded together: what they are encoded to stays small. */
const ENTRIES_AT_ONCE = 4096;

/** The leaves of entries, one after another, 32 bytes each. */
export function entryLeaves(entries: readonly FileEntry[]): Uint8Array {
  const leaves = new Uint8Array(32 * entries.length);
  for (let begin = 0; begin < entries.length; begin += ENTRIES_AT_ONCE) {
    const some = entries.slice(begin, begin + ENTRIES_AT_ONCE);
    const { arena, offsets } = rowsOf(some, (alike) => encodeCborMaps(fieldsOf(alike)));
    hashLeaves(arena, offsets, 0x04, leaves.subarray(32 * begin));
  }
  return leaves;
}

/** Bytes for each entry: row i is `arena[offsets[i], offsets[i+1])`. */
interface EntryRows {
  readonly arena: Uint8Array;
  readonly offsets: Float64Array;
}

/** The rows of entries in their order, made of entries at a time that have the same fields. */
function rowsOf(entries: readonly FileEntry[], encode: (alike: readonly FileEntry[]) => EntryRows): EntryRows {
  const groups = new Map<number, FileEntry[]>();
  const groupOf = entries.map((entry) => {
    const group =
      Number(entry.bytes === undefined) +
      2 * Number(entry.schema === undefined) +
      4 * Number(entry.leafKey === undefined);
    const alike = groups.get(group);
    if (alike === undefined) groups.set(group, [entry]);
    else alike.push(entry);
    return group;
  });
  const rows = new Map([...groups].map(([group, alike]) => [group, { ...encode(alike), next: 0 }]));
  if (rows.size === 1) return [...rows.values()][0] as EntryRows;
  const arena = new Uint8Array([...rows.values()].reduce((size, { arena: bytes }) => size + bytes.length, 0));
  const offsets = new Float64Array(entries.length + 1);
  for (const [i, group] of groupOf.entries()) {
    const from = rows.get(group) as EntryRows & { next: number };
    const row = from.arena.subarray(from.offsets[from.next], from.offsets[++from.next]);
    arena.set(row, offsets[i]);
    offsets[i + 1] = (offsets[i] as number) + row.length;
  }
  return { arena, offsets };
}

/**
 * Refuses entries that do not ascend by the UTF-8 bytes of their paths.
 *
 * @throws FormatError `duplicate-path`, `path-order`.
 */
export function checkEntryOrder(entries: readonly FileEntry[]): void {
  for (let i = 1; i < entries.length; i++)
    checkPathOrder((entries[i - 1] as FileEntry).path, (entries[i] as FileEntry).path);
}

function checkPathOrder(path: string, next: string): void {
  const order = compareText(path, next);
  if (order < 0) return;
  const details = { path: next };
  throw order === 0
    ? new FormatError("duplicate-path", `Path ${JSON.stringify(path)} stands twice`, { details })
    : new FormatError("path-order", `Path ${JSON.stringify(next)} stands behind ${JSON.stringify(path)}`, { details });
}

/** The dataset root: RFC 9162 tree over the entry leaves, entries ascending by path. Lower-case hex. */
export function datasetRoot(entries: readonly FileEntry[]): string {
  checkEntryOrder(entries);
  return toHex(treeRoot(entryLeaves(entries)));
}

/** One line of `files.jsonl`, without its LF. */
export function formatEntry(entry: FileEntry): string {
  return canonicalJson(entry);
}

/** `files.jsonl`: one RFC 8785 object and one LF for each entry, in tree order. */
export function formatEntries(entries: readonly FileEntry[]): Uint8Array {
  checkEntryOrder(entries);
  const pieces: Uint8Array[] = [];
  for (let begin = 0; begin < entries.length; begin += ENTRIES_AT_ONCE) {
    const some = entries.slice(begin, begin + ENTRIES_AT_ONCE);
    pieces.push(rowsOf(some, (alike) => joinRows(alike.length, linePieces(alike))).arena);
  }
  return joinBytes(pieces);
}

/** What a line of `files.jsonl` is made of, for entries with the same fields. Names are in the order of RFC 8785. */
function linePieces(entries: readonly FileEntry[]): RowPiece[] {
  const names = ["bytes", "format", "leafFormat", "leafKey", "path", "records", "root", "schema", "size"] as const;
  const members = names.filter((name) => entries[0]?.[name] !== undefined);
  const pieces = members.flatMap((name, i): RowPiece[] => {
    const values = entries.map((entry) => entry[name] as string | number);
    const isConstant = values.every((value) => value === values[0]);
    const key = `${i === 0 ? "{" : ","}"${name}":`;
    return isConstant ? [utf8(key + canonicalJson(values[0]))] : [utf8(key), utf8Column(values.map(canonicalJson))];
  });
  return [...pieces, utf8("}\n")];
}

function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/**
 * Reads `files.jsonl`, line by line, and accepts exactly what {@link formatEntries} writes.
 *
 * @throws FormatError the codes of {@link checkEntry}, `path-order`, `duplicate-path`; anything that is not the RFC 8785
 *   form of an object and one LF is `malformed-entry`. Details name the line, from 1.
 */
export function parseEntries(bytes: Uint8Array): FileEntry[] {
  const entries: FileEntry[] = [];
  for (let begin = 0; begin < bytes.length; ) {
    const line = entries.length + 1;
    const end = bytes.indexOf(0x0a, begin);
    if (end < 0) {
      throw new FormatError("malformed-entry", `Line ${line} of files.jsonl does not end with LF`, {
        details: { line },
      });
    }
    const subject = `line ${line} of files.jsonl`;
    entries.push(checkEntry(parseCanonicalJson(bytes.subarray(begin, end + 1), { code: "malformed-entry", subject })));
    if (line > 1) checkPathOrder((entries[line - 2] as FileEntry).path, (entries[line - 1] as FileEntry).path);
    begin = end + 1;
  }
  return entries;
}
