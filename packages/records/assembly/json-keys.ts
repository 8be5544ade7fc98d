/**
 * The names of members that were seen: as encoded keys in the order of the map, with what the current record has for each.
 * Records of a file have the same names in the same order nearly always, so the next one is guessed first.
 */

import { head, moveTo, TEXT_STRING, to } from "./cbor";
import { KEY_BYTES, KEY_ENTRIES, KEY_TEXTS, MOST_KEYS, ORDER } from "./lines-layout";

/** u32 at these offsets of an entry: address and length of the encoded key, and of its head alone. */
const KEY: usize = 0;
const LENGTH: usize = 4;
const HEAD: usize = 8;
/** Kinds of its values so far, a bit each. */
const KINDS: usize = 12;
/** The record that had it last, and there address and length of the value; 0: null. */
const RECORD: usize = 16;
const VALUE: usize = 20;
const VALUE_LENGTH: usize = 24;

export let keys: i32 = 0;
let texts: usize = KEY_TEXTS;
let record: u32 = 0;
let guess: i32 = 0;

/** Forgets all names. */
export function forgetKeys(): void {
  keys = 0;
  texts = KEY_TEXTS;
  record = 0;
}

export function beginRecord(): void {
  record++;
  guess = 0;
}

@inline function entryOf(key: i32): usize { return KEY_ENTRIES + 32 * <usize>key; }

@inline function isName(entry: usize, name: usize, length: usize): bool {
  const headLength = load<u32>(entry, HEAD);
  if (<usize>(load<u32>(entry, LENGTH) - headLength) !== length) return false;
  const text = <usize>load<u32>(entry, KEY) + headLength;
  for (let k: usize = 0; k < length; k += 16) {
    const same = i8x16.bitmask(i8x16.eq(v128.load(name + k), v128.load(text + k)));
    const left = length - k;
    if (left >= 16 ? same !== 0xffff : (~same & ((1 << <i32>left) - 1)) !== 0) return false;
  }
  return true;
}

/** The end of the next name, if it is the one that is guessed: the quote behind it, or 0. */
export function guessedEnd(name: usize): usize {
  if (guess >= keys) return 0;
  const entry = entryOf(guess);
  const length = <usize>(load<u32>(entry, LENGTH) - load<u32>(entry, HEAD));
  return load<u8>(name + length) === 0x22 && isName(entry, name, length) ? name + length : 0;
}

/** The number of a name, which stands in UTF-8 without escapes; −1 where there is no room for another. */
export function keyOf(name: usize, length: usize): i32 {
  for (let i = 0; i < keys; i++) {
    const key = guess + i < keys ? guess + i : guess + i - keys;
    if (isName(entryOf(key), name, length)) {
      guess = key + 1;
      return key;
    }
  }
  if (keys === MOST_KEYS || texts + length + 16 > KEY_TEXTS + KEY_BYTES) return -1;
  const key = keys++;
  guess = keys;
  const entry = entryOf(key);
  const before = to;
  moveTo(texts);
  head(TEXT_STRING, length);
  store<u32>(entry, <u32>texts, KEY);
  store<u32>(entry, <u32>(to - texts), HEAD);
  store<u32>(entry, <u32>(to - texts + length), LENGTH);
  store<u32>(entry, 0, KINDS);
  store<u32>(entry, 0, RECORD);
  memory.copy(to, name, length);
  texts = to + length;
  moveTo(before);
  let place = key;
  for (; place > 0; place--) {
    const other = load<u32>(ORDER + 4 * (place - 1));
    if (isBefore(entryOf(other), entry)) break;
    store<u32>(ORDER + 4 * place, other);
  }
  store<u32>(ORDER + 4 * place, key);
  return key;
}

/** Whether one encoded key stands before another in a map. */
function isBefore(left: usize, right: usize): bool {
  const length = min(load<u32>(left, LENGTH), load<u32>(right, LENGTH));
  const a = <usize>load<u32>(left, KEY);
  const b = <usize>load<u32>(right, KEY);
  for (let k: usize = 0; k < length; k++) {
    const difference = <i32>load<u8>(a + k) - <i32>load<u8>(b + k);
    if (difference !== 0) return difference < 0;
  }
  return load<u32>(left, LENGTH) < load<u32>(right, LENGTH);
}

/** Whether the current record has the key already; afterwards it has. */
export function takeKey(key: i32): bool {
  const entry = entryOf(key);
  const taken = load<u32>(entry, RECORD) === record;
  store<u32>(entry, record, RECORD);
  return taken;
}

/** Notes what the current record has for a key; no length: null. */
export function setValue(key: i32, value: usize, length: usize, kind: u32): void {
  const entry = entryOf(key);
  store<u32>(entry, <u32>value, VALUE);
  store<u32>(entry, <u32>length, VALUE_LENGTH);
  store<u32>(entry, load<u32>(entry, KINDS) | kind, KINDS);
}

/** Writes the members of the current record in the order of the map; how many. */
export function writeMembers(): i32 {
  let present = 0;
  let at = to;
  for (let place = 0; place < keys; place++) {
    const entry = entryOf(load<u32>(ORDER + 4 * place));
    const length = <usize>load<u32>(entry, VALUE_LENGTH);
    if (load<u32>(entry, RECORD) !== record || length === 0) continue;
    present++;
    at = copied(at, load<u32>(entry, KEY), load<u32>(entry, LENGTH));
    at = copied(at, load<u32>(entry, VALUE), length);
  }
  moveTo(at);
  return present;
}

@inline function copied(at: usize, from: usize, length: usize): usize {
  v128.store(at, v128.load(from));
  for (let k: usize = 16; k < length; k += 16) v128.store(at + k, v128.load(from + k));
  return at + length;
}
