/**
 * Canonical bytes back to values, strictly: what is decoded is encoded again and must come out the same, so nobody can
 * show one record and prove another (`docs/spec/leaf-encoding.md`, "Verification").
 */

import { FormatError } from "@assay/merkle";
import { ByteArena } from "./byte-arena.js";
import { MAJOR, writeBytes, writeHead, writeText } from "./cbor.js";
import { MAX_CONTAINERS } from "./json-value.js";
import { singleOfHalfBits, writeDecimal, writeInteger, writeNumber } from "./number-encoding.js";
import { compareBytes, decodeUtf8 } from "./utf8.js";

/** A value as it was encoded. */
export type DecodedValue =
  | { readonly is: "null" }
  | { readonly is: "boolean"; readonly value: boolean }
  | { readonly is: "double"; readonly value: number }
  | { readonly is: "integer"; readonly value: bigint }
  | { readonly is: "decimal"; readonly unscaled: bigint; readonly scale: number }
  | { readonly is: "text"; readonly value: string }
  | { readonly is: "bytes"; readonly value: Uint8Array }
  | { readonly is: "date"; readonly days: bigint }
  | {
      readonly is: "time" | "timestamp" | "instant" | "duration";
      readonly seconds: bigint;
      readonly nanoseconds: number;
    }
  | { readonly is: "list"; readonly elements: readonly DecodedValue[] }
  | { readonly is: "map"; readonly pairs: readonly (readonly [DecodedValue, DecodedValue])[] };

/**
 * Decodes the canonical value that is all of `bytes[begin, end)` and lies inside `inside` containers.
 *
 * @throws FormatError `not-canonical`.
 */
export function decodeValue(bytes: Uint8Array, begin: number, end: number, inside: number): DecodedValue {
  const decoder = new Decoder(bytes, begin, end);
  const value = decoder.value(inside);
  decoder.finish();
  const arena = new ByteArena(end - begin);
  writeDecoded(arena, value);
  if (compareBytes(arena.bytes.subarray(0, arena.length), bytes.subarray(begin, end)) !== 0) {
    throw notCanonical("its values have other canonical bytes", 0);
  }
  return value;
}

/** Refuses bytes that no record would have. */
export function notCanonical(what: string, offset: number): FormatError {
  return new FormatError("not-canonical", `Not the canonical bytes of a record: ${what} (byte ${offset})`, {
    details: { offset },
  });
}

/** Beyond every decimal type, and small enough to compute with. */
const MAX_SCALE = 1000n;
const INT64_MIN = -(1n << 63n);
const INT64_MAX = (1n << 63n) - 1n;

class Decoder {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #end: number;
  #at: number;

  constructor(bytes: Uint8Array, begin: number, end: number) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#at = begin;
    this.#end = end;
  }

  finish(): void {
    if (this.#at !== this.#end) throw notCanonical("bytes behind the end", this.#at);
  }

  /** Every level of recursion is a container: tags hold none, so the stack is bounded. */
  value(inside: number): DecodedValue {
    if (inside > MAX_CONTAINERS) throw notCanonical(`a value inside more than ${MAX_CONTAINERS} containers`, this.#at);
    const first = this.#byte();
    const major = first & 0xe0;
    if (major === MAJOR.simple) return this.#simple(first);
    const argument = this.#argument(first & 0x1f);
    switch (major) {
      case MAJOR.unsigned:
        return { is: "integer", value: argument };
      case MAJOR.negative:
        return { is: "integer", value: -1n - argument };
      case MAJOR.bytes:
        return { is: "bytes", value: this.#take(argument).slice() };
      case MAJOR.text:
        return { is: "text", value: this.#text(argument) };
      case MAJOR.array: {
        const elements: DecodedValue[] = [];
        for (let left = this.#count(argument, 1); left > 0; left--) elements.push(this.value(inside + 1));
        return { is: "list", elements };
      }
      case MAJOR.map: {
        const pairs: [DecodedValue, DecodedValue][] = [];
        for (let left = this.#count(argument, 2); left > 0; left--) {
          pairs.push([this.value(inside + 1), this.value(inside + 1)]);
        }
        return { is: "map", pairs };
      }
      default:
        return this.#tagged(argument);
    }
  }

  #simple(first: number): DecodedValue {
    const at = this.#at;
    switch (first) {
      case 0xf4:
        return { is: "boolean", value: false };
      case 0xf5:
        return { is: "boolean", value: true };
      case 0xf6:
        return { is: "null" };
      case 0xf9:
        this.#skip(2);
        return { is: "double", value: singleOfHalfBits(this.#view.getUint16(at)) };
      case 0xfa:
        this.#skip(4);
        return { is: "double", value: this.#view.getFloat32(at) };
      case 0xfb:
        this.#skip(8);
        return { is: "double", value: this.#view.getFloat64(at) };
      default:
        throw notCanonical("a simple value that no record has", at - 1);
    }
  }

  #tagged(tag: bigint): DecodedValue {
    switch (tag) {
      case 2n:
      case 3n:
        return { is: "integer", value: this.#bignum(tag === 3n) };
      case 4n: {
        if (this.#byte() !== (MAJOR.array | 2)) throw notCanonical("a decimal is a pair", this.#at);
        const scale = -this.#integer();
        if (scale < 1n || scale > MAX_SCALE) throw notCanonical("the exponent of a decimal", this.#at);
        const next = this.#at < this.#end ? this.#bytes[this.#at] : 0;
        const big = next === (MAJOR.tag | 2) || next === (MAJOR.tag | 3);
        if (big) this.#skip(1);
        const unscaled = big ? this.#bignum(next === (MAJOR.tag | 3)) : this.#integer();
        return { is: "decimal", unscaled, scale: Number(scale) };
      }
      case 100n: {
        const days = this.#integer();
        if (days > 1n << 53n || days < -(1n << 53n)) throw notCanonical("a date beyond all calendars", this.#at);
        return { is: "date", days };
      }
      case 1001n:
      case 1002n: {
        const head = this.#byte();
        if ((head !== 0xa1 && head !== 0xa2) || this.#byte() !== 0x01) throw notCanonical("a time", this.#at);
        const seconds = this.#seconds();
        if (head === 0xa2 && this.#byte() !== 0x28) throw notCanonical("a time", this.#at);
        return {
          is: tag === 1001n ? "instant" : "duration",
          seconds,
          nanoseconds: head === 0xa2 ? this.#nanoseconds() : 0,
        };
      }
      case 27n: {
        const head = this.#byte();
        if (head !== 0x82 && head !== 0x83) throw notCanonical("a time", this.#at);
        const first = this.#byte();
        const name = (first & 0xe0) === MAJOR.text ? this.#text(this.#argument(first & 0x1f)) : "";
        if (name !== "time" && name !== "timestamp") throw notCanonical("an object of an unknown class", this.#at);
        const seconds = this.#seconds();
        if (name === "time" && (seconds < 0n || seconds >= 86400n)) {
          throw notCanonical("a time of day outside its day", this.#at);
        }
        return { is: name, seconds, nanoseconds: head === 0x83 ? this.#nanoseconds() : 0 };
      }
      default:
        throw notCanonical(`the tag ${tag}, which no record has`, this.#at);
    }
  }

  #integer(): bigint {
    const first = this.#byte();
    const major = first & 0xe0;
    if (major !== MAJOR.unsigned && major !== MAJOR.negative) throw notCanonical("an integer was expected", this.#at);
    const argument = this.#argument(first & 0x1f);
    return major === MAJOR.unsigned ? argument : -1n - argument;
  }

  #seconds(): bigint {
    const seconds = this.#integer();
    if (seconds < INT64_MIN || seconds > INT64_MAX) throw notCanonical("seconds beyond 64 bits", this.#at);
    return seconds;
  }

  #nanoseconds(): number {
    const nanoseconds = this.#integer();
    if (nanoseconds < 1n || nanoseconds > 999_999_999n) throw notCanonical("nanoseconds of a second", this.#at);
    return Number(nanoseconds);
  }

  #bignum(negative: boolean): bigint {
    const first = this.#byte();
    if ((first & 0xe0) !== MAJOR.bytes) throw notCanonical("a byte string was expected", this.#at);
    const bytes = this.#take(this.#argument(first & 0x1f));
    const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
    const magnitude = BigInt(`0x${hex || "0"}`);
    return negative ? -1n - magnitude : magnitude;
  }

  #argument(info: number): bigint {
    const at = this.#at;
    if (info < 24) return BigInt(info);
    if (info > 27) throw notCanonical("an indefinite or reserved length", at - 1);
    this.#skip(1 << (info - 24));
    if (info === 24) return BigInt(this.#view.getUint8(at));
    if (info === 25) return BigInt(this.#view.getUint16(at));
    return info === 26 ? BigInt(this.#view.getUint32(at)) : this.#view.getBigUint64(at);
  }

  /** A number of elements of which each takes at least `least` bytes: checked before anything is made for them. */
  #count(argument: bigint, least: number): number {
    if (argument * BigInt(least) > BigInt(this.#end - this.#at))
      throw notCanonical("more elements than bytes", this.#at);
    return Number(argument);
  }

  #take(argument: bigint): Uint8Array {
    const begin = this.#at;
    this.#skip(this.#count(argument, 1));
    return this.#bytes.subarray(begin, this.#at);
  }

  #text(argument: bigint): string {
    const bytes = this.#take(argument);
    try {
      return decodeUtf8(bytes);
    } catch {
      throw notCanonical("a text that is not UTF-8", this.#at);
    }
  }

  #byte(): number {
    this.#skip(1);
    return this.#bytes[this.#at - 1] as number;
  }

  #skip(count: number): void {
    if (this.#at + count > this.#end) throw notCanonical("they end too soon", this.#end);
    this.#at += count;
  }
}

/** Writes a value as it must be. */
function writeDecoded(arena: ByteArena, value: DecodedValue): void {
  switch (value.is) {
    case "null":
      arena.push(0xf6);
      return;
    case "boolean":
      arena.push(value.value ? 0xf5 : 0xf4);
      return;
    case "double":
      writeNumber(arena, value.value);
      return;
    case "integer":
      writeInteger(arena, value.value);
      return;
    case "decimal":
      writeDecimal(arena, value.unscaled, value.scale);
      return;
    case "text":
      writeText(arena, value.value);
      return;
    case "bytes":
      writeBytes(arena, value.value);
      return;
    case "date":
      writeHead(arena, MAJOR.tag, 100);
      writeInteger(arena, value.days);
      return;
    case "instant":
    case "duration":
      writeHead(arena, MAJOR.tag, value.is === "instant" ? 1001 : 1002);
      writeHead(arena, MAJOR.map, value.nanoseconds === 0 ? 1 : 2);
      arena.push(0x01);
      writeInteger(arena, value.seconds);
      if (value.nanoseconds === 0) return;
      arena.push(0x28);
      writeHead(arena, MAJOR.unsigned, value.nanoseconds);
      return;
    case "time":
    case "timestamp":
      writeHead(arena, MAJOR.tag, 27);
      writeHead(arena, MAJOR.array, value.nanoseconds === 0 ? 2 : 3);
      writeText(arena, value.is);
      writeInteger(arena, value.seconds);
      if (value.nanoseconds !== 0) writeHead(arena, MAJOR.unsigned, value.nanoseconds);
      return;
    case "list":
      writeHead(arena, MAJOR.array, value.elements.length);
      for (const element of value.elements) writeDecoded(arena, element);
      return;
    default:
      writeDecodedMap(arena, value.pairs);
  }
}

function writeDecodedMap(arena: ByteArena, pairs: readonly (readonly [DecodedValue, DecodedValue])[]): void {
  const encoded = pairs.map(([key, element]) => {
    const keyArena = new ByteArena(32);
    writeDecoded(keyArena, key);
    return { key: keyArena.toBytes(), element };
  });
  encoded.sort((left, right) => compareBytes(left.key, right.key));
  writeHead(arena, MAJOR.map, encoded.length);
  let previous: Uint8Array | null = null;
  for (const { key, element } of encoded) {
    if (previous !== null && compareBytes(previous, key) === 0) throw notCanonical("two equal keys", 0);
    previous = key;
    arena.append(key, 0, key.length);
    writeDecoded(arena, element);
  }
}
