/**
 * MinHash signatures in bands, to find candidates for similar texts without comparing all pairs (Broder 1997; one permutation
 * hashing, Li, Owen and Zhang 2012; densification, Shrivastava 2017). Candidates are never findings: they are compared.
 */

import { SHINGLE_UNITS } from "./shingles.js";

/** Bands, and values of a band: a pair of similarity s is a candidate with probability 1 − (1 − s^6)^20: .998 at .8, .37 at .5. */
export const BANDS = 20;
const BAND_VALUES = 6;
const VALUES = BANDS * BAND_VALUES;

/**
 * Band keys of a text without formatting: texts with an equal key in any band are candidates.
 *
 * @param seed - 32 bits; another seed makes other errors.
 * @param out - Gets the keys, `BANDS` of them from `at`: whole numbers below 2^53.
 */
export function bandKeys(plain: string, seed: number, out: Float64Array, at: number): void {
  const least = new Float64Array(VALUES).fill(EMPTY);
  const last = Math.max(1, plain.length - SHINGLE_UNITS + 1);
  for (let i = 0; i < last; i++) {
    let hash = seed;
    const end = Math.min(plain.length, i + SHINGLE_UNITS);
    for (let j = i; j < end; j++) hash = mixed(hash ^ plain.charCodeAt(j));
    const bin = Math.floor((hash * VALUES) / 2 ** 32);
    const value = mixed(hash ^ 0x5bd1e995);
    if (value < (least[bin] as number)) least[bin] = value;
  }
  const filled = least.map((value, bin) => {
    // An empty bin borrows from one that is drawn by its own number, so that equal texts borrow alike; from the next filled
    // one when few are.
    let from = bin;
    for (let draw = 1; least[from] === EMPTY; draw++) {
      from = draw > MOST_DRAWS ? (from + 1) % VALUES : Math.floor((mixed(mixed(bin + 1) ^ draw) * VALUES) / 2 ** 32);
    }
    return value === EMPTY ? (least[from] as number) : value;
  });
  for (let band = 0; band < BANDS; band++) {
    let high = band + 1;
    let low = seed ^ band;
    for (let i = 0; i < BAND_VALUES; i++) {
      const value = filled[band * BAND_VALUES + i] as number;
      high = mixed(high ^ value);
      low = mixed(low ^ Math.imul(value, 0x9e3779b1));
    }
    out[at + band] = (high >>> 11) * 2 ** 32 + low;
  }
}

/** Draws of an empty bin before it takes the next filled one. */
const MOST_DRAWS = 16;

/** Above every value. */
const EMPTY = 2 ** 33;

/** A bijective mix of 32 bits (finaliser of MurmurHash3, Appleby). */
function mixed(word: number): number {
  let h = word | 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
