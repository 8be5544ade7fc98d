/** Untyped JSON as canonical CBOR: every value says its own type (`docs/spec/manifest.md`, "JSONL"). */

import { FormatError } from "@assay/merkle";
import type { ByteArena } from "./byte-arena.js";
import { encodeKey, MAJOR, writeHead, writeText } from "./cbor.js";
import { type JsonNumber, type JsonObject, type JsonValue, MAX_CONTAINERS, shorten } from "./json-value.js";
import type { KindTracker } from "./kinds.js";
import { writeInteger, writeNumber } from "./number-encoding.js";
import { compareBytes } from "./utf8.js";

/** Most digits of an integer without a declared type. */
const MAX_INTEGER_DIGITS = 76;

/** Refuses a value inside more than 64 containers. */
export function tooDeep(): FormatError {
  return new FormatError(
    "too-deep",
    `A value lies inside more than ${MAX_CONTAINERS} lists, objects and maps, the record being one of them`,
  );
}

/**
 * Writes a value that is inside `inside` containers, and tells `kinds` about it (unless null).
 *
 * @throws FormatError `too-deep`, `number-out-of-range`.
 */
export function writeJson(arena: ByteArena, value: JsonValue, inside: number, kinds: KindTracker | null): void {
  if (inside > MAX_CONTAINERS) throw tooDeep();
  if (value === null) {
    kinds?.addScalar("null");
    arena.push(0xf6);
  } else if (typeof value === "string") {
    kinds?.addScalar("text");
    writeText(arena, value);
  } else if (typeof value === "number") {
    kinds?.addScalar("number");
    writeNumber(arena, value);
  } else if (typeof value === "boolean") {
    kinds?.addScalar("boolean");
    arena.push(value ? 0xf5 : 0xf4);
  } else if (Array.isArray(value)) {
    const elements = kinds?.addList() ?? null;
    writeHead(arena, MAJOR.array, value.length);
    for (const element of value) writeJson(arena, element, inside + 1, elements);
  } else if (value instanceof Map) writeObject(arena, value, inside, kinds);
  else {
    kinds?.addScalar("number");
    writeJsonNumber(arena, value);
  }
}

function writeObject(arena: ByteArena, object: JsonObject, inside: number, kinds: KindTracker | null): void {
  const tracked = kinds?.addStruct() ?? false;
  const members: { readonly name: string; readonly key: Uint8Array; readonly value: JsonValue }[] = [];
  for (const [name, value] of object) {
    if (value !== null) members.push({ name, key: encodeKey(name), value });
  }
  members.sort((left, right) => compareBytes(left.key, right.key));
  writeHead(arena, MAJOR.map, members.length);
  for (const { name, key, value } of members) {
    arena.append(key, 0, key.length);
    writeJson(arena, value, inside + 1, tracked ? (kinds as KindTracker).field(name) : null);
  }
}

function writeJsonNumber(arena: ByteArena, { text }: JsonNumber): void {
  if (!/[.eE]/.test(text)) {
    if (text.length > MAX_INTEGER_DIGITS + (text.startsWith("-") ? 1 : 0)) throw beyondRange(text);
    writeInteger(arena, BigInt(text));
    return;
  }
  const value = Number(text);
  if (!Number.isFinite(value)) throw beyondRange(text);
  writeNumber(arena, value);
}

function beyondRange(text: string): FormatError {
  return new FormatError(
    "number-out-of-range",
    `${shorten(text)} is neither an integer of ${MAX_INTEGER_DIGITS} digits nor a finite binary64; declare a type for it`,
    { details: { value: shorten(text) } },
  );
}
