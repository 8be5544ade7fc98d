import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Multiset } from "../src/multiset.js";
import { streamKeyPages, streamSetPages, streamSetRoot } from "../src/set-page-stream.js";
import { buildSetPages, type SetPageFile } from "../src/set-pages.js";
import { buildSet, setTreeOf } from "../src/set-tree.js";
import { seededLeaves } from "./vectors.js";

function* cut(set: Multiset, sizes: readonly number[]): Generator<Multiset> {
  for (let begin = 0, i = 0; begin < set.counts.length; i++) {
    const end = begin + (sizes[i % sizes.length] as number);
    yield { keys: set.keys.subarray(32 * begin, 32 * end), counts: set.counts.subarray(begin, end) };
    begin = end;
  }
}

const line = (path: string, bytes: Uint8Array): string => `${path} ${Buffer.from(bytes).toString("base64")}`;

/** A line for each file, in the order of writing. */
async function linesOf(pages: AsyncIterable<SetPageFile>): Promise<string[]> {
  const files: string[] = [];
  for await (const [path, bytes] of pages) files.push(line(path, bytes));
  return files;
}

const filesOf = (pieces: Iterable<Multiset>): Promise<string[]> => linesOf(streamSetPages(pieces));

const expectedFiles = (set: Multiset): string[] => Array.from(buildSetPages(set), ([path, bytes]) => line(path, bytes));

/** Keys that share more or fewer leading digits, so that pages are nested. */
function crowded(n: number, shared: number): Multiset {
  const leaves = seededLeaves(`crowded ${shared}`, n);
  for (let i = 0; i < n; i++) if (i % 3 > 0) leaves.fill(0xab, 32 * i, 32 * i + shared);
  return buildSet(leaves);
}

describe("streamSetPages()", () => {
  it.each([0, 1, 2, 4095, 4096, 4097, 4098, 20_000, 30_000])("gives the pages of a set of %i keys", async (n) => {
    const set = buildSet(seededLeaves("pages", n));
    expect(await filesOf(cut(set, [1000, 1, 7777]))).toEqual(expectedFiles(set));
    const { root, distinct, records } = set;
    expect(await streamSetRoot(cut(set, [4097]))).toEqual({ root, distinct, records });
  });

  it("gives the pages of crowded sets, however they are cut", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(1, 2, 5, 29),
        fc.array(fc.integer({ min: 1, max: 9000 }), { minLength: 1, maxLength: 4 }),
        async (shared, sizes) => {
          const set = crowded(14_000, shared);
          expect(await filesOf(cut(set, sizes))).toEqual(expectedFiles(set));
          const whole = Array.from(buildSetPages(set, { tops: true }), ([path, bytes]) => line(path, bytes));
          expect(await linesOf(streamSetPages(cut(set, sizes), { tops: true }))).toEqual(whole);
          // In two passes, of which only one hashes.
          const hashed = await linesOf(streamSetPages(cut(set, sizes), { tops: true, keyPages: false }));
          const keys = await linesOf(streamKeyPages(cut(set, sizes)));
          expect([...hashed, ...keys].sort()).toEqual(whole.sort());
        },
      ),
      { numRuns: 6 },
    );
  });

  it("refuses pieces that do not ascend, and closes its source when it is left", async () => {
    const set = setTreeOf(buildSet(seededLeaves("order", 10)));
    await expect(filesOf([set, set])).rejects.toThrow("must ascend");
    let closed = false;
    const pieces = (function* () {
      try {
        yield* cut(buildSet(seededLeaves("closed", 20_000)), [5000]);
      } finally {
        closed = true;
      }
    })();
    for await (const _ of streamSetPages(pieces)) break;
    expect(closed).toBe(true);
  });
});
