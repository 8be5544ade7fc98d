/**
 * The sample that a seed and a fraction draw (`docs/spec/manifest.md`, "Derivations"): number the copies of each leaf
 * from 0; keep the k with the smallest SHA-256("assay-sample/v1" ‖ seed ‖ leaf ‖ copy number as u64, big-endian).
 * So anyone can draw it again from the leaves alone, and nobody can choose it once the seed is stated.
 */

import { compareBytes, fromHex, isDigestHex, type Multiset, sha256 } from "@assay/merkle";
import { recordsOf } from "./lineage-set.js";

/** A decimal above 0, at most `1`, without trailing zeros, sign or exponent; at most 100 characters. */
export function isFraction(text: unknown): text is string {
  return typeof text === "string" && text.length <= 100 && /^(?:1|0\.[0-9]*[1-9])$/.test(text);
}

/**
 * ⌊fraction · records⌋, exactly.
 *
 * @example
 * sampleSize("0.07", 9007199254740991); // 630503947831869
 */
export function sampleSize(fraction: string, records: number): number {
  if (!isFraction(fraction))
    throw new RangeError(`fraction must be a decimal above 0, at most 1, not ${JSON.stringify(fraction)}`);
  const digits = fraction.slice(2);
  if (digits === "") return records;
  return Number((BigInt(digits) * BigInt(records)) / 10n ** BigInt(digits.length));
}

/**
 * Draws a sample from a multiset.
 *
 * @param seed 64 hex digits.
 * @param size number of records to keep, at most those of the set.
 * @returns the sample as a multiset. Cost: one SHA-256 a record, a sort of their first 48 bits, 16 bytes a record.
 */
export function drawSample(set: Multiset, seed: string, size: number): Multiset {
  if (!isDigestHex(seed)) throw new RangeError("seed must be 64 lower-case hex digits");
  const records = recordsOf(set);
  if (!Number.isSafeInteger(size) || size < 0 || size > records)
    throw new RangeError(`size must be 0 … ${records}, not ${size}`);
  const kept = new Float64Array(set.counts.length);
  if (size === records) kept.set(set.counts);
  else if (size > 0) keepSmallest(set, fromHex(seed), size, records, kept);
  return compact(set.keys, kept);
}

/** Counts in `kept` the copies with the `size` smallest digests. */
function keepSmallest(set: Multiset, seed: Uint8Array, size: number, records: number, kept: Float64Array): void {
  const digestOf = drawDigest(seed);
  const heads = new Float64Array(records);
  eachCopy(set, (key, copy, at) => {
    heads[at] = firstBits(digestOf(set.keys, key, copy));
  });
  const limit = heads.slice().sort()[size - 1] as number;
  const ties: { key: number; digest: Uint8Array }[] = [];
  let taken = 0;
  eachCopy(set, (key, copy, at) => {
    const head = heads[at] as number;
    if (head < limit) {
      kept[key] = (kept[key] as number) + 1;
      taken++;
    } else if (head === limit) ties.push({ key, digest: digestOf(set.keys, key, copy) });
  });
  ties.sort((a, b) => compareBytes(a.digest, b.digest));
  for (const { key } of ties.slice(0, size - taken)) kept[key] = (kept[key] as number) + 1;
}

function eachCopy({ counts }: Multiset, visit: (key: number, copy: number, at: number) => void): void {
  let at = 0;
  for (let key = 0; key < counts.length; key++) {
    for (let copy = 0; copy < (counts[key] as number); copy++) visit(key, copy, at++);
  }
}

function drawDigest(seed: Uint8Array): (keys: Uint8Array, key: number, copy: number) => Uint8Array {
  const label = new TextEncoder().encode("assay-sample/v1");
  const input = new Uint8Array(label.length + 72);
  const view = new DataView(input.buffer);
  input.set(label);
  input.set(seed, label.length);
  return (keys, key, copy) => {
    input.set(keys.subarray(32 * key, 32 * key + 32), label.length + 32);
    view.setBigUint64(label.length + 64, BigInt(copy));
    return sha256(input);
  };
}

/** The first 48 bits: as many as a double compares exactly with room to spare. */
function firstBits(digest: Uint8Array): number {
  let bits = 0;
  for (let i = 0; i < 6; i++) bits = bits * 256 + (digest[i] as number);
  return bits;
}

function compact(keys: Uint8Array, kept: Float64Array): Multiset {
  const distinct = kept.reduce((sum, count) => sum + (count > 0 ? 1 : 0), 0);
  const result = { keys: new Uint8Array(32 * distinct), counts: new Float64Array(distinct) };
  let at = 0;
  for (let key = 0; key < kept.length; key++) {
    if (kept[key] === 0) continue;
    result.keys.set(keys.subarray(32 * key, 32 * key + 32), 32 * at);
    result.counts[at++] = kept[key] as number;
  }
  return result;
}
