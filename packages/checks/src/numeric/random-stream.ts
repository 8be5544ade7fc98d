/**
 * A deterministic stream of random numbers: xoshiro128** (Blackman and Vigna 2018, "Scrambled linear pseudorandom number
 * generators"), whose state comes from a 32-byte seed and what the stream is for. No two uses share a stream, so a check
 * that draws more for one purpose changes nothing else, and work can be cut anywhere.
 *
 * It is no cryptographic generator: unpredictability comes from the seed, which is the set root's or the gate's own.
 */

export interface RandomStream {
  /** 32 random bits, 0 … 2³² − 1. */
  next(): number;
  /** Uniform in [0, 1), 53 bits. */
  uniform(): number;
  /** Uniform integer in [0, bound), without bias; 1 ≤ bound ≤ 2³². */
  below(bound: number): number;
  /** The four words that the next numbers come from, for whom draws them elsewhere. */
  state(): readonly [number, number, number, number];
}

/**
 * The stream of a seed for one purpose.
 *
 * @param seed - Any bytes; checks have 32.
 * @param purpose - What it is for, as `"forest"`.
 * @param index - Which of several, as the number of the tree.
 * @example
 * randomStream(seed, "forest", 3).below(10); // the same on every machine
 */
export function randomStream(seed: Uint8Array, purpose: string, index = 0): RandomStream {
  let [s0, s1, s2, s3] = stateOf(seed, purpose, index);

  function next(): number {
    const product = Math.imul(s1, 5);
    const result = Math.imul((product << 7) | (product >>> 25), 9) >>> 0;
    const t = s1 << 9;
    s2 ^= s0;
    s3 ^= s1;
    s1 ^= s2;
    s0 ^= s3;
    s2 ^= t;
    s3 = (s3 << 11) | (s3 >>> 21);
    return result;
  }

  return {
    next,
    uniform: () => ((next() >>> 5) * 67108864 + (next() >>> 6)) / 9007199254740992,
    below(bound) {
      // Refuses the last, incomplete run of multiples of the bound.
      const limit = 4294967296 - (4294967296 % bound);
      for (;;) {
        const value = next();
        if (value < limit) return value % bound;
      }
    },
    state: () => [s0, s1, s2, s3],
  };
}

/**
 * `size` distinct integers below `population`, in random order (a partial Fisher–Yates shuffle that remembers only what it moved).
 *
 * @throws RangeError if more are asked for than there are.
 */
export function sampleWithoutReplacement(stream: RandomStream, population: number, size: number): Int32Array {
  if (size > population) throw new RangeError(`size: cannot draw ${size} of ${population}`);
  const moved = new Map<number, number>();
  const sample = new Int32Array(size);
  for (let i = 0; i < size; i++) {
    const j = i + stream.below(population - i);
    sample[i] = moved.get(j) ?? j;
    moved.set(j, moved.get(i) ?? i);
  }
  return sample;
}

/** The integers below `count` in random order (Fisher–Yates). */
export function randomPermutation(stream: RandomStream, count: number): Int32Array {
  const order = Int32Array.from({ length: count }, (_, i) => i);
  for (let i = count - 1; i > 0; i--) {
    const j = stream.below(i + 1);
    const kept = order[i]!;
    order[i] = order[j]!;
    order[j] = kept;
  }
  return order;
}

/** Absorbs seed, purpose and index into four words, each step mixed by the finaliser of MurmurHash3 (Appleby, public domain). */
function stateOf(seed: Uint8Array, purpose: string, index: number): [number, number, number, number] {
  const words: [number, number, number, number] = [0x9e3779b9, 0x243f6a88, 0xb7e15162, 0x6a09e667];
  let turn = 0;
  const absorb = (value: number): void => {
    const at = turn++ & 3;
    words[at] = finalise(words[at]! ^ value) ^ Math.imul(words[(at + 1) & 3]!, 0x85ebca6b);
  };
  absorb(seed.length);
  for (const byte of seed) absorb(byte + 0x100);
  absorb(purpose.length);
  for (let i = 0; i < purpose.length; i++) absorb(purpose.charCodeAt(i) + 0x10000);
  absorb(index >>> 0);
  absorb(Math.floor(index / 4294967296));
  // A word reaches all others after nine turns.
  for (let i = 0; i < 24; i++) absorb(i);
  if (words.every((word) => word === 0)) words[0] = 1;
  return words;
}

function finalise(word: number): number {
  let h = word;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}
