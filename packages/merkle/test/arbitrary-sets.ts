/** Random multisets for properties. Their keys often share long prefixes, where tries are most easily wrong. */

import fc from "fast-check";
import { fromHex } from "../src/hex.js";
import type { Multiset } from "../src/multiset.js";

/** A multiset in the plainest form: key in hex → count. */
export type Counts = Map<string, number>;

export function multisetOf(counts: Counts): Multiset {
  const sorted = [...counts].sort(([left], [right]) => (left < right ? -1 : 1));
  const keys = new Uint8Array(32 * sorted.length);
  for (let i = 0; i < sorted.length; i++) keys.set(fromHex(sorted[i]![0]), 32 * i);
  return { keys, counts: new Float64Array(sorted.map(([, count]) => count)) };
}

/** Keys of 64 hex digits: a run of one byte, one byte of choice, then zeros. */
export function anyKey(): fc.Arbitrary<string> {
  return fc
    .tuple(fc.constantFrom("00", "a5", "ff"), fc.integer({ min: 0, max: 31 }), fc.integer({ min: 0, max: 255 }))
    .map(([run, length, byte]) => (run.repeat(length) + byte.toString(16).padStart(2, "0")).padEnd(64, "0"));
}

export function anyCounts(maxLength = 40): fc.Arbitrary<Counts> {
  return fc.array(fc.tuple(anyKey(), fc.integer({ min: 1, max: 5 })), { maxLength }).map((entries) => new Map(entries));
}

export function anyMultiset(maxLength = 40): fc.Arbitrary<Multiset> {
  return anyCounts(maxLength).map(multisetOf);
}
