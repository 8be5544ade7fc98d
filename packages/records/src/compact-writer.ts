/** Writes the Thrift compact protocol: the metadata of Parquet files (`thrift-compact-protocol.md`). */

import { grown } from "./parquet-page-bytes.js";
import type { StoredField } from "./parquet-thrift.js";

const I32 = 5;
const I64 = 6;
const BINARY = 8;
const LIST = 9;
const STRUCT = 12;

/** One struct; fields in ascending order. */
export class CompactWriter {
  #bytes = new Uint8Array(256);
  #length = 0;
  #last = 0;

  int32(id: number, value: number): void {
    this.#field(id, I32);
    this.#zigzag(BigInt(value));
  }

  int64(id: number, value: number): void {
    this.#field(id, I64);
    this.#zigzag(BigInt(value));
  }

  struct(id: number, write: (writer: CompactWriter) => void): void {
    this.#field(id, STRUCT);
    this.#inner(write);
  }

  text(id: number, value: string): void {
    this.#field(id, BINARY);
    this.#binary(value);
  }

  int32s(id: number, values: readonly number[]): void {
    this.#list(id, I32, values.length);
    for (const value of values) this.#zigzag(BigInt(value));
  }

  texts(id: number, values: readonly string[]): void {
    this.#list(id, BINARY, values.length);
    for (const value of values) this.#binary(value);
  }

  structs<T>(id: number, values: readonly T[], write: (writer: CompactWriter, value: T) => void): void {
    this.#list(id, STRUCT, values.length);
    for (const value of values) this.#inner((writer) => write(writer, value));
  }

  /** A field of another struct as it stands there. */
  stored({ id, type, bytes }: StoredField): void {
    this.#field(id, type);
    this.#append(bytes);
  }

  /** The bytes of the struct. */
  finish(): Uint8Array {
    this.#put(0);
    return this.#bytes.subarray(0, this.#length);
  }

  #inner(write: (writer: CompactWriter) => void): void {
    const outer = this.#last;
    this.#last = 0;
    write(this);
    this.#put(0);
    this.#last = outer;
  }

  #field(id: number, type: number): void {
    const step = id - this.#last;
    if (step > 0 && step < 16) this.#put((step << 4) | type);
    else {
      this.#put(type);
      this.#zigzag(BigInt(id));
    }
    this.#last = id;
  }

  #list(id: number, type: number, count: number): void {
    this.#field(id, LIST);
    if (count < 15) this.#put((count << 4) | type);
    else {
      this.#put(0xf0 | type);
      this.#varint(BigInt(count));
    }
  }

  #binary(value: string): void {
    const bytes = new TextEncoder().encode(value);
    this.#varint(BigInt(bytes.length));
    this.#append(bytes);
  }

  #zigzag(value: bigint): void {
    this.#varint(BigInt.asUintN(64, (value << 1n) ^ (value >> 63n)));
  }

  #varint(value: bigint): void {
    let rest = value;
    for (; rest >= 0x80n; rest >>= 7n) this.#put(Number(rest & 0x7fn) | 0x80);
    this.#put(Number(rest));
  }

  #put(byte: number): void {
    this.#bytes = grown(this.#bytes, this.#length + 1);
    this.#bytes[this.#length++] = byte;
  }

  #append(bytes: Uint8Array): void {
    this.#bytes = grown(this.#bytes, this.#length + bytes.length);
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
  }
}
