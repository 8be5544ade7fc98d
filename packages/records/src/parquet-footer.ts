/**
 * The footer of a Parquet file: schema, row groups, and where the column chunks lie (Apache Parquet `parquet.thrift`,
 * `FileMetaData`). Everything in it is a claim: offsets are checked against the file before they are used, counts against
 * what is decoded.
 */

import { FormatError } from "@assay/merkle";
import { type ParquetSchema, PHYSICAL_TYPES, parquetSchema } from "./parquet-schema.js";
import { parseThrift, type ThriftStruct } from "./parquet-thrift.js";
import type { ByteSource } from "./reader.js";

/** Compression codecs by number. */
export const CODECS = ["UNCOMPRESSED", "SNAPPY", "GZIP", "LZO", "BROTLI", "LZ4", "ZSTD", "LZ4_RAW"] as const;
export type Codec = (typeof CODECS)[number];

export interface ColumnChunk {
  readonly begin: number;
  readonly end: number;
  readonly codec: Codec;
  /** Levels in the chunk: values, nulls and empty lists. */
  readonly levels: number;
  /** Bytes of its pages when decompressed, as the footer claims. */
  readonly decodedBytes: number;
}

export interface RowGroup {
  readonly records: number;
  /** One for each leaf of the schema. */
  readonly chunks: readonly ColumnChunk[];
}

export interface ParquetFooter {
  readonly begin: number;
  readonly end: number;
  readonly schema: ParquetSchema;
  readonly groups: readonly RowGroup[];
  readonly records: number;
}

const MAGIC = 0x31524150;
const ENCRYPTED_MAGIC = 0x45524150;

/** The refusal of a damaged file. */
export function badParquet(path: string, reason: string, cause?: unknown): FormatError {
  return new FormatError("bad-parquet", `${path} is not a sound Parquet file: ${reason}`, {
    details: { path, reason },
    ...(cause === undefined ? {} : { cause }),
  });
}

/** Where the footer lies: `[begin, end)` with its length and the magic behind it. */
export async function findFooter(source: ByteSource): Promise<{ begin: number; end: number }> {
  const { path, size } = source;
  if (size === 0) throw badParquet(path, "it is empty (0 bytes)");
  if (size < 12) throw badParquet(path, `${size} bytes are too few`);
  const [head, tail] = await Promise.all([source.read(0, 4), source.read(size - 8, size)]);
  const first = new DataView(head.buffer, head.byteOffset, 4).getUint32(0, true);
  const view = new DataView(tail.buffer, tail.byteOffset, 8);
  const last = view.getUint32(4, true);
  if (first === ENCRYPTED_MAGIC || last === ENCRYPTED_MAGIC)
    throw badParquet(path, "its footer is encrypted; decrypt it first");
  if (first !== MAGIC) throw badParquet(path, "it does not begin with PAR1");
  if (last !== MAGIC) throw badParquet(path, "it does not end with PAR1, so it is cut off or something was appended");
  const length = view.getUint32(0, true);
  if (length === 0 || length > size - 12)
    throw badParquet(path, `it says that its footer has ${length} bytes, but the file has ${size}`);
  return { begin: size - 8 - length, end: size };
}

/** Reads the bytes of {@link findFooter}. */
export function parseFooter(path: string, bytes: Uint8Array, begin: number, maxColumns: number): ParquetFooter {
  const { struct } = parseThrift(bytes.subarray(0, bytes.length - 8), 0);
  const schema = parquetSchema(structs(struct.field_2, "schema"), path);
  if (schema.leaves.length > maxColumns) {
    throw new FormatError(
      "limit-exceeded",
      `${path} has ${schema.leaves.length} columns, more than maxColumns (${maxColumns})`,
      {
        details: { path, limit: "maxColumns", maximum: maxColumns, actual: schema.leaves.length },
      },
    );
  }
  if (struct.field_8 !== undefined) throw badParquet(path, "it is encrypted; decrypt it first");
  const groups = structs(struct.field_4, "row groups").map((group, index) => {
    const fail = (reason: string): FormatError => badParquet(path, `row group ${index}: ${reason}`);
    const records = count(group.field_3, "records", fail);
    const columns = structs(group.field_1, "columns");
    if (columns.length !== schema.leaves.length)
      throw fail(`it has ${columns.length} columns, the schema ${schema.leaves.length}`);
    const chunks = columns.map((column, leafIndex): ColumnChunk => {
      const leaf = schema.leaves[leafIndex];
      const name = JSON.stringify(leaf?.path.join("."));
      const refuse = (reason: string): FormatError => fail(`column ${name} ${reason}`);
      if (column.field_1 !== undefined) throw refuse("lies in another file, which is not supported");
      if (column.field_8 !== undefined) throw refuse("is encrypted; decrypt it first");
      const meta = column.field_3 as ThriftStruct | undefined;
      if (meta === undefined || typeof meta !== "object") throw refuse("has no metadata");
      if (PHYSICAL_TYPES[meta.field_1 as number] !== leaf?.physical)
        throw refuse("has another type than in the schema");
      if (pathOf(meta.field_3) !== leaf?.path.join("\0")) throw refuse("stands under another name than in the schema");
      const codec = CODECS[meta.field_4 as number];
      if (codec === undefined) throw refuse(`has the unknown compression ${String(meta.field_4 ?? "none")}`);
      if (codec === "LZO") throw refuse("is compressed with LZO, which is not supported; write it with ZSTD or SNAPPY");
      const levels = count(meta.field_5, "values", refuse);
      const decodedBytes = count(meta.field_6, "uncompressed bytes", refuse);
      const length = count(meta.field_7, "compressed bytes", refuse);
      const data = count(meta.field_9, "data page offset", refuse);
      const dictionary = meta.field_11 === undefined ? 0 : count(meta.field_11, "dictionary page offset", refuse);
      const at = dictionary > 0 && dictionary < data ? dictionary : data;
      if (levels > 0 && (at < 4 || at + length > begin))
        throw refuse(`lies at bytes ${at} to ${at + length}, outside the data`);
      if (levels < records) throw refuse(`has ${levels} values for ${records} records`);
      if (leaf.repetition === 0 && levels !== records) throw refuse(`has ${levels} values for ${records} records`);
      return levels === 0
        ? { begin: 4, end: 4, codec, levels, decodedBytes }
        : { begin: at, end: at + length, codec, levels, decodedBytes };
    });
    return { records, chunks };
  });
  const records = count(struct.field_3, "records", (reason) => badParquet(path, reason));
  const sum = groups.reduce((total, group) => total + group.records, 0);
  if (sum !== records) throw badParquet(path, `it says it has ${records} records, but its row groups have ${sum}`);
  refuseOverlap(path, groups);
  return { begin, end: begin + bytes.length, schema, groups, records };
}

/** Two chunks that share bytes make a small file decode without end; no writer does it. */
function refuseOverlap(path: string, groups: readonly RowGroup[]): void {
  const chunks = groups.flatMap((group) => group.chunks.filter((chunk) => chunk.begin < chunk.end));
  chunks.sort((left, right) => left.begin - right.begin);
  for (let index = 1; index < chunks.length; index++) {
    const [before, after] = [chunks[index - 1] as ColumnChunk, chunks[index] as ColumnChunk];
    if (after.begin < before.end) throw badParquet(path, `two column chunks overlap at byte ${after.begin}`);
  }
}

function structs(value: unknown, what: string): readonly ThriftStruct[] {
  if (
    !Array.isArray(value) ||
    value.some((item) => typeof item !== "object" || item === null || ArrayBuffer.isView(item))
  ) {
    throw new Error(`the footer has no ${what}`);
  }
  return value as ThriftStruct[];
}

function count(value: unknown, what: string, fail: (reason: string) => FormatError): number {
  const number = typeof value === "bigint" ? Number(value) : value;
  if (typeof number !== "number" || !Number.isSafeInteger(number) || number < 0)
    throw fail(value === undefined ? `${what} are missing` : `${what}: ${String(value)}`);
  return number;
}

function pathOf(value: unknown): string {
  if (!Array.isArray(value)) return "";
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  return value.map((part) => (part instanceof Uint8Array ? decoder.decode(part) : "")).join("\0");
}
