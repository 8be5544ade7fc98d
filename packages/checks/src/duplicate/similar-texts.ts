/** Pairs of similar texts among many distinct ones, each verified by the exact similarity of its shingles. */

import { BANDS, bandKeys } from "./min-hash.js";
import { jaccard, shinglesOf, withoutFormatting } from "./shingles.js";

export interface SimilarTexts {
  /** Nearest text that was found for each text, −1 for none; its similarity is `similarity`. */
  readonly nearest: Int32Array;
  readonly similarity: Float64Array;
  /** Smallest text that each text is connected with by pairs of at least the threshold. */
  readonly clusters: Int32Array;
  /** The same by pairs of at least `close`. */
  readonly closeClusters: Int32Array;
  /** Texts without formatting. */
  readonly plain: readonly string[];
}

export interface SimilarTextsOptions {
  /** Least Jaccard similarity of a pair. */
  readonly threshold: number;
  /** Least similarity of copies. */
  readonly close: number;
  /** 32 bits. */
  readonly seed: number;
  /** Called now and then; throws to stop. */
  readonly pause: () => Promise<void>;
}

/** Shorter texts, without formatting, are only compared for equality. */
const LEAST_UNITS = 8;

/** A text that others of its bucket are compared with, and its shingles once they were needed. */
interface Leader {
  readonly text: number;
  shingles?: Set<string>;
}

/** Texts of a bucket that others are compared with: bounds the work where very many texts are alike. */
const MOST_LEADERS = 8;

/**
 * Similar pairs among distinct texts in code point order. Which pairs are looked at depends on the texts and the seed alone.
 *
 * Cost: linear in characters, plus one comparison per candidate; in a bucket of a band a text is compared with at most 8 others
 * (a text that is not a copy of one of them becomes one), so a hundred thousand alike texts are no square of them.
 */
export async function similarTexts(
  texts: readonly string[],
  { threshold, close, seed, pause }: SimilarTextsOptions,
): Promise<SimilarTexts> {
  const plain: string[] = [];
  const keys = new Float64Array(texts.length * BANDS);
  for (const [i, text] of texts.entries()) {
    const bare = withoutFormatting(text);
    plain.push(bare);
    if (bare.length >= LEAST_UNITS) bandKeys(bare, seed, keys, i * BANDS);
    if (i % 4096 === 4095) await pause();
  }
  const clusters = unionFind(texts.length);
  const closeClusters = unionFind(texts.length);
  const nearest = new Int32Array(texts.length).fill(-1);
  const similarity = new Float64Array(texts.length);
  const compared = new Set<number>();

  const join = (a: number, b: number, value: number): void => {
    if (value > (similarity[a] as number)) {
      similarity[a] = value;
      nearest[a] = b;
    }
    if (value > (similarity[b] as number)) {
      similarity[b] = value;
      nearest[b] = a;
    }
    clusters.join(a, b);
    if (value >= close) closeClusters.join(a, b);
  };

  // Texts that differ in formatting alone: all to the first of them, without a comparison.
  const firstOf = new Map<string, number>();
  for (const [i, text] of plain.entries()) {
    const first = firstOf.get(text);
    if (first === undefined) firstOf.set(text, i);
    else if (text !== "") join(first, i, 1);
  }
  const distinct = [...firstOf.values()].filter((i) => (plain[i] as string).length >= LEAST_UNITS);

  for (let band = 0; band < BANDS; band++) {
    const buckets = new Map<number, Leader[]>();
    for (const [position, text] of distinct.entries()) {
      if (position % 4096 === 4095) await pause();
      const key = keys[text * BANDS + band] as number;
      const leaders = buckets.get(key);
      if (!leaders) {
        buckets.set(key, [{ text }]);
        continue;
      }
      let shingles: Set<string> | undefined;
      let copies = false;
      for (const other of leaders) {
        const leader = other.text;
        if (closeClusters.find(leader) === closeClusters.find(text)) {
          copies = true;
          continue;
        }
        const pair = leader * texts.length + text;
        if (compared.has(pair)) continue;
        compared.add(pair);
        shingles ??= shinglesOf(plain[text] as string);
        other.shingles ??= shinglesOf(plain[leader] as string);
        const value = jaccard(shingles, other.shingles);
        if (value >= threshold) join(leader, text, value);
        if (value >= close) copies = true;
      }
      if (!copies && leaders.length < MOST_LEADERS) leaders.push(shingles ? { text, shingles } : { text });
    }
    await pause();
  }
  return { nearest, similarity, clusters: clusters.roots(), closeClusters: closeClusters.roots(), plain };
}

/** Disjoint sets whose root is their smallest member. */
function unionFind(count: number): { find(i: number): number; join(a: number, b: number): void; roots(): Int32Array } {
  const parent = Int32Array.from({ length: count }, (_, i) => i);
  const find = (i: number): number => {
    let at = i;
    while (parent[at] !== at) {
      parent[at] = parent[parent[at] as number] as number;
      at = parent[at] as number;
    }
    return at;
  };
  return {
    find,
    join(a, b) {
      const [left, right] = [find(a), find(b)];
      parent[Math.max(left, right)] = Math.min(left, right);
    },
    roots: () => parent.map((_, i) => find(i)),
  };
}
