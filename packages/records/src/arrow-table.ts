/**
 * Batches as tables of apache-arrow, and back. Types survive the way; the units of times do not, because a batch has none:
 * a column of times takes the coarsest unit that holds all of its values exactly.
 */

import { FormatError } from "@assay/merkle";
import * as arrow from "apache-arrow";
import { BatchDecoder } from "./arrow-decoder.js";
import { parseMessage } from "./arrow-messages.js";
import { arrowSchema } from "./arrow-schema.js";
import { type Batch, type Column, type DecimalColumn, isPresent, type TemporalColumn } from "./batch.js";
import { toHalf } from "./half-float.js";
import { limitsOf } from "./limits.js";
import { decodeRecord } from "./record-decoding.js";

/** Marks columns of values that say their own types: binary columns of canonical CBOR. */
const CBOR_EXTENSION = "assay.cbor";
const EXTENSION_NAME = "ARROW:extension:name";

type AnyData = arrow.Data<arrow.DataType>;

/**
 * The records of batches as a table of apache-arrow.
 *
 * Integers, floats, decimals, text, bytes, dates, lists, structs and maps keep their types. Instants get the zone `UTC`.
 * Columns of untyped JSON become binary columns of canonical CBOR with the extension name `assay.cbor`. Memory is shared
 * where the layouts agree, so neither side may be changed afterwards.
 *
 * @param batches Batches with the same columns, as one reader gives them. None give a table without columns.
 * @throws TypeError when the columns of two batches differ. FormatError `number-out-of-range` when a column holds times both so
 * far from 1970 and so fine that 64 bits do not hold them.
 * @example
 * const table = toArrow(batches);
 * table.getChild("price")?.get(0);
 */
export function toArrow(batches: readonly Batch[]): arrow.Table {
  const first = batches[0];
  if (first === undefined) return new arrow.Table(new arrow.Schema([]));
  const perColumn = first.columns.map((column, index) => {
    const columns = batches.map((batch, number) => {
      const other = batch.columns[index];
      if (batch.columns.length !== first.columns.length || other === undefined || other.name !== column.name) {
        throw new TypeError(`toArrow() batches[${number}] has other columns than batches[0]`);
      }
      return other;
    });
    const type = arrowType(columns);
    return { field: arrowField(column, type), data: columns.map((other) => toData(other, type)) };
  });
  const schema = new arrow.Schema(perColumn.map(({ field }) => field));
  const type = new arrow.Struct(schema.fields);
  const records = batches.map(({ length }, number) => {
    const children = perColumn.map(({ data }) => data[number] as AnyData);
    return new arrow.RecordBatch(schema, arrow.makeData({ type, length, nullCount: 0, children }));
  });
  return new arrow.Table(schema, records);
}

/**
 * The records of a table of apache-arrow, one batch for each of its record batches (more for very large ones).
 *
 * @throws FormatError `unsupported-type`, `duplicate-column`, `invalid-utf8`, `bad-value` as the reader of files does; `not-canonical` for an
 * `assay.cbor` column that is not.
 * @example
 * const batches = fromArrow(tableFromArrays({ id: Int32Array.of(1, 2) }));
 * batches[0]?.columns[0]?.type; // "int32"
 */
export function fromArrow(table: arrow.Table): Batch[] {
  if (!arrow.isArrowTable(table)) throw new TypeError("fromArrow() table must be a Table of apache-arrow");
  const bytes = arrow.tableToIPC(table, "stream");
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const untyped = new Set(
    table.schema.fields
      .filter(({ metadata }) => metadata.get(EXTENSION_NAME) === CBOR_EXTENSION)
      .map(({ name }) => name),
  );
  const batches: Batch[] = [];
  let decoder: BatchDecoder | null = null;
  let records = 0;
  for (let at = 0; at + 8 <= bytes.length; ) {
    const length = view.getInt32(at + 4, true);
    if (length === 0) break;
    const { type, bodyLength, header } = parseMessage("table", bytes.subarray(at + 8, at + 8 + length), at);
    const body = bytes.subarray(at + 8 + length, at + 8 + length + bodyLength);
    at += 8 + length + bodyLength;
    if (type === 1)
      decoder = new BatchDecoder("table", arrowSchema(header, "table", limitsOf({}).maxColumns), { types: {} });
    else if (type === 2) decoder?.addDictionary(header, body);
    else {
      for (const batch of decoder?.batchesOf(header, body, records) ?? []) {
        if (batch.length > 0)
          batches.push({ length: batch.length, columns: batch.columns.map((column) => withJson(column, untyped)) });
        records += batch.length;
      }
    }
  }
  return batches;
}

/** Bytes that say they are canonical CBOR must be: they go into record bytes as they are. */
function withJson(column: Column, untyped: ReadonlySet<string>): Column {
  if (column.type !== "bytes" || !untyped.has(column.name)) return column;
  const { data, offsets } = column;
  for (let index = 0; index < column.length; index++) {
    if (!isPresent(column, index)) continue;
    const value = data.subarray(offsets[index], offsets[index + 1]);
    // As the one column, of an empty name, of a record.
    const record = new Uint8Array(value.length + 2);
    record.set([0xa1, 0x60]);
    record.set(value, 2);
    decodeRecord(record);
  }
  return { ...column, type: "json" };
}

function arrowField(column: Column, type: arrow.DataType): arrow.Field {
  const metadata = column.type === "json" ? new Map([[EXTENSION_NAME, CBOR_EXTENSION]]) : undefined;
  return new arrow.Field(column.name, type, true, metadata);
}

/** The Arrow type that holds the same column of all batches. */
function arrowType(columns: readonly Column[]): arrow.DataType {
  const first = columns[0] as Column;
  for (const column of columns) {
    if (column.type !== first.type)
      throw new TypeError(
        `toArrow() column ${JSON.stringify(first.name)} is ${first.type} in one batch and ${column.type} in another`,
      );
  }
  const all = <C extends Column>(): readonly C[] => columns as unknown as readonly C[];
  switch (first.type) {
    case "null":
      return new arrow.Null();
    case "boolean":
      return new arrow.Bool();
    case "int8":
      return new arrow.Int8();
    case "int16":
      return new arrow.Int16();
    case "int32":
      return new arrow.Int32();
    case "int64":
      return new arrow.Int64();
    case "uint8":
      return new arrow.Uint8();
    case "uint16":
      return new arrow.Uint16();
    case "uint32":
      return new arrow.Uint32();
    case "uint64":
      return new arrow.Uint64();
    case "float16":
      return new arrow.Float16();
    case "float32":
      return new arrow.Float32();
    case "float64":
      return new arrow.Float64();
    case "text":
      return new arrow.Utf8();
    case "bytes":
    case "json":
      return new arrow.Binary();
    case "date":
      return new arrow.DateDay();
    case "time": {
      const unit = unitFor(all<TemporalColumn>());
      return new arrow.Time(unit, unit <= arrow.TimeUnit.MILLISECOND ? 32 : 64);
    }
    case "timestamp":
      return new arrow.Timestamp(unitFor(all<TemporalColumn>()));
    case "instant":
      return new arrow.Timestamp(unitFor(all<TemporalColumn>()), "UTC");
    case "duration":
      return new arrow.Duration(unitFor(all<TemporalColumn>()));
    case "list":
      return new arrow.List(
        childField(
          "item",
          all<Extract<Column, { type: "list" }>>().map(({ child }) => child),
        ),
      );
    case "map": {
      const maps = all<Extract<Column, { type: "map" }>>();
      const key = new arrow.Field("key", arrowType(maps.map(({ keys }) => keys)), false);
      const value = childField(
        "value",
        maps.map(({ values }) => values),
      );
      return new arrow.Map_(new arrow.Field("entries", new arrow.Struct([key, value]), false) as never);
    }
    case "struct": {
      const structs = all<Extract<Column, { type: "struct" }>>();
      return new arrow.Struct(
        first.fields.map((field, index) =>
          childField(
            field.name,
            structs.map(({ fields }) => {
              const other = fields[index];
              if (fields.length !== first.fields.length || other?.name !== field.name)
                throw new TypeError(`toArrow() column ${JSON.stringify(first.name)} has other fields in another batch`);
              return other;
            }),
          ),
        ),
      );
    }
    default: {
      const [, precision, scale] = /^decimal\((\d+),(\d+)\)$/.exec(first.type) as unknown as [string, string, string];
      return new arrow.Decimal(Number(scale), Number(precision), Number(precision) <= 38 ? 128 : 256);
    }
  }
}

function childField(name: string, columns: readonly Column[]): arrow.Field {
  return new arrow.Field(name, arrowType(columns), true);
}

const PER_SECOND = [1n, 1_000n, 1_000_000n, 1_000_000_000n] as const;

/** The coarsest unit in which every value of the columns is whole. */
function unitFor(columns: readonly TemporalColumn[]): arrow.TimeUnit {
  let unit = arrow.TimeUnit.SECOND;
  for (const { nanoseconds } of columns) {
    for (let index = 0; index < nanoseconds.length; index++) {
      const rest = nanoseconds[index] as number;
      if (rest === 0 || unit === arrow.TimeUnit.NANOSECOND) continue;
      const needed =
        rest % 1_000 !== 0
          ? arrow.TimeUnit.NANOSECOND
          : rest % 1_000_000 !== 0
            ? arrow.TimeUnit.MICROSECOND
            : arrow.TimeUnit.MILLISECOND;
      if (needed > unit) unit = needed;
    }
  }
  return unit;
}

function toData(column: Column, type: arrow.DataType): AnyData {
  const { length, validity } = column;
  // −1: apache-arrow counts them when asked.
  const base = { type: type as never, length, nullCount: validity === null ? 0 : -1, nullBitmap: validity };
  const make = (parts: object): AnyData => arrow.makeData({ ...base, ...parts } as never) as unknown as AnyData;
  switch (column.type) {
    case "null":
      return arrow.makeData({ type: new arrow.Null(), length }) as unknown as AnyData;
    case "boolean": {
      const bits = new Uint8Array((length + 7) >> 3);
      for (let index = 0; index < length; index++)
        if (column.values[index] === 1) bits[index >> 3] = (bits[index >> 3] as number) | (1 << (index & 7));
      return make({ data: bits });
    }
    case "float16":
      return make({ data: Uint16Array.from(column.values, toHalf) });
    case "text":
    case "bytes":
    case "json":
      return make({ valueOffsets: column.offsets, data: column.data });
    case "time":
    case "timestamp":
    case "instant":
    case "duration":
      return make({ data: countsOf(column, type as arrow.Time) });
    case "list":
      return make({
        valueOffsets: column.offsets,
        child: toData(column.child, (type as arrow.List).children[0]?.type as arrow.DataType),
      });
    case "map": {
      const entries = (type as arrow.Map_).children[0]?.type as unknown as arrow.Struct;
      const [key, value] = entries.children as unknown as [arrow.Field, arrow.Field];
      const children = [toData(column.keys, key.type), toData(column.values, value.type)];
      const child = arrow.makeData({ type: entries, length: column.keys.length, nullCount: 0, children } as never);
      return make({ valueOffsets: column.offsets, child });
    }
    case "struct":
      return make({
        children: column.fields.map((field, index) => toData(field, type.children[index]?.type as arrow.DataType)),
      });
    default:
      return "scale" in column
        ? make({ data: wordsOf(column, (type as arrow.Decimal).bitWidth) })
        : make({ data: column.values });
  }
}

function countsOf(column: TemporalColumn, { unit, bitWidth }: arrow.Time): Int32Array | BigInt64Array {
  const perSecond = PER_SECOND[unit] as bigint;
  const perNanosecond = 1_000_000_000n / perSecond;
  const counts = new BigInt64Array(column.length);
  for (let index = 0; index < column.length; index++) {
    const count =
      (column.seconds[index] as bigint) * perSecond + BigInt(column.nanoseconds[index] as number) / perNanosecond;
    if (BigInt.asIntN(64, count) !== count) {
      throw new FormatError(
        "number-out-of-range",
        `Column ${JSON.stringify(column.name)}: ${column.seconds[index]} s is too far from 1970 for a column that counts nanoseconds`,
        {
          details: { column: column.name, record: index },
        },
      );
    }
    counts[index] = count;
  }
  return column.type === "time" && bitWidth === 32 ? Int32Array.from(counts, Number) : counts;
}

/** Little-endian two's complement of 128 or 256 bits. */
function wordsOf(column: DecimalColumn, bits: number): Uint32Array {
  const words = bits / 64;
  const out = new BigUint64Array(column.length * words);
  for (const [index, value] of column.values.entries()) {
    for (let word = 0; word < words; word++) out[index * words + word] = BigInt.asUintN(64, value >> BigInt(64 * word));
  }
  return new Uint32Array(out.buffer);
}
