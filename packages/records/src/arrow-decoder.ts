/** Record batches of an Arrow file or stream as batches, with the dictionaries that hold for them. */

import { FormatError, isAssayError } from "@assay/merkle";
import { type ArrowArray, arraysOf, BodyTooLarge } from "./arrow-arrays.js";
import { type ArrowContext, toColumn, toKernelColumn } from "./arrow-columns.js";
import type { FlatTable } from "./arrow-flatbuffer.js";
import { badArrow, reasonOf } from "./arrow-messages.js";
import type { ArrowField, ArrowSchema } from "./arrow-schema.js";
import type { Batch, Column } from "./batch.js";
import type { ColumnType } from "./column-type.js";
import { concatColumns } from "./concat-columns.js";
import type { KernelColumn } from "./kernel-columns.js";
import { limitsOf } from "./limits.js";
import { BLOCK_RECORDS, type ReadOptions } from "./reader.js";
import { BatchTooLarge, MAX_BATCH_OFFSET } from "./take-column.js";

type BuildColumn<C> = (array: ArrowArray, begin: number, end: number, context: ArrowContext) => C;

/** Consecutive records of a record batch. */
export interface ArrowRun<C> {
  readonly length: number;
  readonly columns: readonly C[];
  /** The same records as columns, where these are others. */
  columnsAgain(): Column[];
}

/** Decodes the record batches of a file in order, keeping the dictionaries that hold. */
export class BatchDecoder {
  readonly #path: string;
  readonly #schema: ArrowSchema;
  readonly #wanted: ReadonlySet<string> | null;
  readonly #texts: ReadonlySet<ArrowField>;
  readonly #maxBytes: number;
  readonly #chunks = new Map<bigint, ArrowArray[]>();
  readonly #dictionaries = new Map<bigint, Column>();

  constructor(path: string, schema: ArrowSchema, options: ReadOptions) {
    this.#path = path;
    this.#schema = schema;
    this.#wanted = options.columns === undefined ? null : new Set(options.columns);
    this.#maxBytes = limitsOf(options).maxGroupBytes;
    const texts = new Set<ArrowField>();
    for (const field of schema.fields) {
      if (Object.hasOwn(options.types, field.name)) collectTexts(field, options.types[field.name], schema, texts);
    }
    this.#texts = texts;
  }

  /** Takes a `DictionaryBatch` table. */
  addDictionary(header: FlatTable, body: Uint8Array): void {
    const array = attempt(
      this.#path,
      () => {
        const id = header.int64(0);
        const field = this.#schema.dictionaries.get(id);
        const data = header.table(1);
        if (field === undefined || data === null) throw new Error(`it has the dictionary ${id}, which no column uses`);
        const [values] = this.#arrays(data, [field], body);
        if ((values as ArrowArray).length !== data.count(0))
          throw new Error(`the dictionary ${id} says that it has ${data.count(0)} values`);
        return { id, values: values as ArrowArray };
      },
      this.#maxBytes,
    );
    this.#chunks.set(array.id, header.flag(2) ? [...(this.#chunks.get(array.id) ?? []), array.values] : [array.values]);
    // A dictionary may hold values of another one.
    this.#dictionaries.clear();
  }

  /** The batches of a `RecordBatch` table, whose first record is `firstRecord`. */
  *batchesOf(header: FlatTable, body: Uint8Array, firstRecord: number): Iterable<Batch> {
    // Plain data and nothing else: batches travel between threads.
    for (const { length, columns } of this.#runsOf(header, body, firstRecord, toColumn)) yield { length, columns };
  }

  /** The same, with columns as the column kernel takes them. */
  kernelRunsOf(header: FlatTable, body: Uint8Array, firstRecord: number): Iterable<ArrowRun<KernelColumn>> {
    return this.#runsOf(header, body, firstRecord, toKernelColumn);
  }

  *#runsOf<C extends KernelColumn>(
    header: FlatTable,
    body: Uint8Array,
    firstRecord: number,
    build: BuildColumn<C>,
  ): Iterable<ArrowRun<C>> {
    const { length, arrays } = attempt(
      this.#path,
      () => {
        const count = header.count(0);
        // Columns of nulls take no bytes in the file, so that nothing else bounds their number.
        if (count * 8 > this.#maxBytes) throw new BodyTooLarge(count * 8);
        const all = this.#arrays(header, this.#schema.fields, body);
        for (const array of all) {
          if (array.length !== count)
            throw new Error(
              `column ${JSON.stringify(array.field.path)} has ${array.length} values for ${count} records`,
            );
        }
        return {
          length: count,
          arrays: all.filter(({ field }) => this.#wanted === null || this.#wanted.has(field.name)),
        };
      },
      this.#maxBytes,
    );
    let step = BLOCK_RECORDS;
    let spent = 0;
    for (let begin = 0; begin < length; ) {
      const end = Math.min(begin + step, length);
      const columns = this.#columns(arrays, begin, end, firstRecord, build);
      if (columns === null) {
        // Too much text for 32-bit offsets: fewer records at once.
        step = Math.ceil((end - begin) / 2);
        continue;
      }
      // Dictionaries and runs make a small body large.
      for (const column of columns) spent += bytesOf(column);
      if (spent > this.#maxBytes) throw tooLarge(this.#path, this.#maxBytes, spent);
      const from = begin;
      const columnsAgain = () => this.#columns(arrays, from, end, firstRecord, toColumn) as Column[];
      yield { length: end - begin, columns, columnsAgain };
      begin = end;
    }
  }

  #columns<C>(
    arrays: readonly ArrowArray[],
    begin: number,
    end: number,
    firstRecord: number,
    build: BuildColumn<C>,
  ): C[] | null {
    const context = this.#context(firstRecord);
    return attempt(this.#path, () => {
      try {
        return arrays.map((array) => build(array, begin, end, context));
      } catch (error) {
        if (error instanceof BatchTooLarge && end - begin > 1) return null;
        throw error;
      }
    });
  }

  #arrays(batch: FlatTable, fields: readonly ArrowField[], body: Uint8Array): ArrowArray[] {
    return arraysOf(batch, fields, body, this.#maxBytes);
  }

  #context(firstRecord: number): ArrowContext {
    return {
      path: this.#path,
      firstRecord,
      dictionary: (id) => this.#dictionary(id, new Set()),
      isText: (field) => this.#texts.has(field),
    };
  }

  #dictionary(id: bigint, open: ReadonlySet<bigint>): Column {
    const known = this.#dictionaries.get(id);
    if (known !== undefined) return known;
    const chunks = this.#chunks.get(id);
    if (chunks === undefined) throw new Error(`the dictionary ${id} is missing`);
    if (open.has(id)) throw new Error(`the dictionary ${id} contains itself`);
    const within = new Set([...open, id]);
    const context: ArrowContext = { ...this.#context(0), dictionary: (inner) => this.#dictionary(inner, within) };
    const columns = chunks.map((chunk) => toColumn(chunk, 0, chunk.length, context));
    const joined = columns.length === 1 ? (columns[0] as Column) : concatColumns(columns);
    this.#dictionaries.set(id, joined);
    return joined;
  }
}

/** The bytes columns, at any depth, that were declared to be text. */
function collectTexts(
  field: ArrowField,
  declared: ColumnType | undefined,
  schema: ArrowSchema,
  texts: Set<ArrowField>,
): void {
  if (declared === "text") {
    texts.add(field);
    // The values of a dictionary are a field of their own.
    const values = field.dictionary === null ? undefined : schema.dictionaries.get(field.dictionary.id);
    if (values !== undefined) texts.add(values);
  }
  if (typeof declared !== "object" || declared === null) return;
  const { children, layout } = field;
  if ("list" in declared) collectTexts(children[0] as ArrowField, declared.list, schema, texts);
  else if ("map" in declared && layout.as === "map") {
    const entries = (children[0] as ArrowField).children;
    for (const [index, type] of declared.map.entries()) collectTexts(entries[index] as ArrowField, type, schema, texts);
  } else if ("struct" in declared) {
    for (const child of children) {
      if (Object.hasOwn(declared.struct, child.name)) collectTexts(child, declared.struct[child.name], schema, texts);
    }
  }
}

/** Runs a decoder: what it throws becomes `bad-arrow` or `limit-exceeded`, never a stack trace of its insides. */
export function attempt<T>(path: string, decode: () => T, maximum = 0): T {
  try {
    return decode();
  } catch (error) {
    if (isAssayError(error)) throw error;
    if (error instanceof BodyTooLarge) throw tooLarge(path, maximum, error.needed);
    if (error instanceof BatchTooLarge) throw tooLarge(path, MAX_BATCH_OFFSET, error.needed);
    throw badArrow(path, reasonOf(error), error);
  }
}

function tooLarge(path: string, maximum: number, needed: number): FormatError {
  return new FormatError(
    "limit-exceeded",
    `${path}: a record batch takes ${needed} bytes when decoded, more than maxGroupBytes (${maximum}); write smaller record batches or raise the limit`,
    { details: { path, limit: "maxGroupBytes", maximum, actual: needed } },
  );
}

/** Memory of a column's buffers, once it is one. */
function bytesOf(column: KernelColumn): number {
  switch (column.type) {
    case "null":
      return 0;
    case "counts":
      return column.length * 12;
    case "unchecked": {
      const { offsets, length } = column;
      return Math.max(0, (offsets[length] as number) - (offsets[0] as number)) + offsets.byteLength;
    }
    case "dictionary": {
      const { offsets } = column.values;
      let bytes = 4 * (column.length + 1);
      for (const index of column.indices)
        if (index >= 0) bytes += (offsets[index + 1] as number) - (offsets[index] as number);
      return bytes;
    }
    case "text":
    case "bytes":
    case "json":
      return column.data.byteLength + column.offsets.byteLength;
    case "list":
      return column.offsets.byteLength + bytesOf(column.child);
    case "map":
      return column.offsets.byteLength + bytesOf(column.keys) + bytesOf(column.values);
    case "struct":
      return column.fields.reduce((sum, field) => sum + bytesOf(field), 0);
    case "time":
    case "timestamp":
    case "instant":
    case "duration":
      return column.seconds.byteLength + column.nanoseconds.byteLength;
    default:
      return "scale" in column ? column.length * 16 : column.values.byteLength;
  }
}
