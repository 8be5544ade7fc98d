import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { equalBytes, fromHex, toHex } from "../src/hex.js";
import { applyChanges, compareSets, type Multiset, sumSets } from "../src/multiset.js";
import {
  compareSetPages,
  proveSetFromPages,
  proveSetUpdateFromPages,
  type ReadSetPage,
  readSetPages,
} from "../src/set-page-reader.js";
import {
  buildSetPages,
  formatSetPage,
  parseSetPage,
  type SetIndexPage,
  setPagePath,
  setPagePrefix,
  setPageTop,
} from "../src/set-pages.js";
import { proveSet, verifySetProof } from "../src/set-proof.js";
import { buildSet, emptySetRoot, setTreeOf } from "../src/set-tree.js";
import { proveSetUpdate } from "../src/set-update.js";
import { anyMultiset, multisetOf } from "./arbitrary-sets.js";
import { asyncCodeOf, codeOf, readVectors, seededLeaves } from "./vectors.js";

interface PageVectors {
  readonly seed: string;
  readonly n: number;
  readonly root: string;
  readonly pages: number;
  readonly listing: string;
  readonly rootPageSha256: string;
  readonly odd: { path: string; page: string };
  readonly index: { path: string; page: string };
  readonly twoKeys: { page: string; root: string };
  readonly empty: { page: string; root: string };
  readonly invalid: readonly { name: string; page: string | null; path?: string; error: string }[];
}

const vectors = readVectors<PageVectors>("set-pages");
const sha256Hex = (bytes: Uint8Array | string) => createHash("sha256").update(bytes).digest("hex");

const leaves = seededLeaves(vectors.seed, vectors.n);
const counted = setTreeOf(
  multisetOf(
    new Map(Array.from({ length: vectors.n }, (_, i) => [toHex(leaves.subarray(32 * i, 32 * i + 32)), 1 + (i % 3)])),
  ),
);

/** The pages of a set in memory, and which of them were read. */
function folderOf(set: Multiset): {
  read: ReadSetPage;
  files: Map<string, Uint8Array>;
  opened: string[];
  root: Uint8Array;
} {
  const files = new Map<string, Uint8Array>();
  const opened: string[] = [];
  const pages = buildSetPages(set);
  let next = pages.next();
  for (; !next.done; next = pages.next()) files.set(...(next.value as [string, Uint8Array]));
  const read = async (path: string) => {
    opened.push(path);
    const bytes = files.get(path);
    if (bytes === undefined) throw new Error(`no page ${path}`);
    return bytes;
  };
  return { read, files, opened, root: next.value };
}

/** How many keys two sets count differently. Matchers take seconds on arrays of this size. */
function differences(left: Multiset, right: Multiset): number {
  return compareSets(left, right).differences.length;
}

/** 4,500 keys that share `digits` digits, so that pages go deep; with `more` keys besides. */
function deepSet(digits: number, more: Multiset): Multiset {
  const keys = seededLeaves("deep", 4500);
  for (let i = 0; i < 4500; i++) keys.fill(0xa5, 32 * i, 32 * i + digits / 2);
  return sumSets(buildSet(keys), more);
}

describe("vectors", () => {
  const folder = folderOf(counted);

  test("buildSetPages() gives every byte of every page", () => {
    expect(toHex(folder.root)).toBe(vectors.root);
    expect(folder.files.size).toBe(vectors.pages);
    expect([...folder.files.keys()].at(-1)).toBe("set/root.page");
    const lines = [...folder.files].map(([path, bytes]) => `${path} ${sha256Hex(bytes)}\n`);
    expect(sha256Hex(lines.sort().join(""))).toBe(vectors.listing);
    expect(sha256Hex(folder.files.get("set/root.page")!)).toBe(vectors.rootPageSha256);
    for (const { path, page } of [vectors.odd, vectors.index]) expect(toHex(folder.files.get(path)!)).toBe(page);
  });

  test("parseSetPage() and formatSetPage() are inverse, and setPageTop() is the root of a lone page", () => {
    for (const { path, page } of [vectors.odd, vectors.index]) {
      expect(toHex(formatSetPage(parseSetPage(fromHex(page), path)))).toBe(page);
    }
    for (const { page, root } of [vectors.twoKeys, vectors.empty]) {
      expect(toHex(formatSetPage(parseSetPage(fromHex(page), "set/root.page")))).toBe(page);
      expect(toHex(setPageTop(parseSetPage(fromHex(page))))).toBe(root);
    }
  });

  test.each(vectors.invalid)("parseSetPage() refuses: $name", ({ page, path, error }) => {
    expect(codeOf(() => parseSetPage(page === null ? tooManyKeys() : fromHex(page), path))).toBe(error);
  });
});

/** 4,097 keys 0 … 4096, each once, in one page. */
function tooManyKeys(): Uint8Array {
  const keys = new Uint8Array(32 * 4097);
  for (let i = 0; i < 4097; i++) new DataView(keys.buffer).setUint32(32 * i + 28, i);
  return formatSetPage({ kind: "keys", prefix: "", keys, counts: new Float64Array(4097).fill(1) });
}

describe("paths", () => {
  test("setPagePath() and setPagePrefix() are inverse", () => {
    for (const prefix of ["", "3", "3fa", "0".repeat(61)]) expect(setPagePrefix(setPagePath(prefix))).toBe(prefix);
    expect(setPagePath("3fa")).toBe("set/3/f/a.page");
    for (const path of [
      "set/.page",
      "set/F.page",
      "set/3f.page",
      "set/../3.page",
      "root.page",
      `set/${"0/".repeat(61)}0.page`,
    ]) {
      expect(setPagePrefix(path)).toBeUndefined();
    }
    expect(() => setPagePath("0".repeat(62))).toThrow(RangeError);
    expect(() => setPagePath("A")).toThrow(RangeError);
  });
});

describe("reading back", () => {
  test("readSetPages() gives the set that was written, shallow and deep", async () => {
    const few = multisetOf(
      new Map([
        ["00".repeat(32), 2],
        ["a5".repeat(32), 1],
      ]),
    );
    for (const set of [multisetOf(new Map()), few, counted, deepSet(6, few), deepSet(58, few)]) {
      const { read, root } = folderOf(set);
      expect(root).toEqual(setTreeOf(set).root);
      expect(differences(await readSetPages(read, root), set)).toBe(0);
    }
  });

  test("readSetPages() refuses a page that is another's, and stops at its cap and at a signal", async () => {
    const { read, root, files } = folderOf(counted);
    expect(await asyncCodeOf(() => readSetPages(read, emptySetRoot()))).toBe("root-mismatch");
    expect(await asyncCodeOf(() => readSetPages(read, root, { maxKeys: 4999 }))).toBe("limit-exceeded");
    const stopped = AbortSignal.abort(new Error("enough"));
    await expect(readSetPages(read, root, { signal: stopped })).rejects.toThrow("enough");
    const page = parseSetPage(files.get("set/8.page")!);
    if (page.kind !== "keys") throw new Error("set/8.page holds keys");
    const counts = page.counts.slice();
    counts[0] = counts[0]! + 1;
    files.set("set/8.page", formatSetPage({ ...page, counts }));
    expect(await asyncCodeOf(() => readSetPages(read, root))).toBe("root-mismatch");
  });

  test("readSetPages() refuses counts whose sum exceeds 2^53-1", async () => {
    const keys = fromHex("00".repeat(32) + "ff".repeat(32));
    const page = formatSetPage({
      kind: "keys",
      prefix: "",
      keys,
      counts: new Float64Array([Number.MAX_SAFE_INTEGER, 1]),
    });
    const top = setPageTop(parseSetPage(page));
    expect(await asyncCodeOf(() => readSetPages(async () => page, top))).toBe("count-overflow");
  });

  test("an index page whose slots are swapped has another top", () => {
    const index = parseSetPage(fromHex(vectors.index.page)) as SetIndexPage;
    const tops = [...index.tops];
    [tops[0], tops[1]] = [tops[1], tops[0]];
    expect(setPageTop({ ...index, tops })).not.toEqual(setPageTop(index));
  });
});

describe("proving from pages", () => {
  test("proveSetFromPages() gives the proof of proveSet(), reading only the pages on the way", async () => {
    const deep = deepSet(6, multisetOf(new Map([["00".repeat(32), 1]])));
    for (const set of [counted, deep, multisetOf(new Map())]) {
      const { read, root, opened } = folderOf(set);
      for (const asked of [
        set.keys.slice(0, 32),
        set.keys.slice(-64),
        fromHex("a5".repeat(32)),
        fromHex(`a4${"00".repeat(31)}`),
        fromHex("ff".repeat(32) + "01".repeat(32)),
      ]) {
        if (asked.length === 0) continue;
        opened.length = 0;
        const proof = await proveSetFromPages(read, root, asked);
        expect(proof).toEqual(proveSet(set, asked));
        verifySetProof(proof, root, asked);
        expect(opened.length).toBeLessThanOrEqual(set === counted ? 3 : 15);
      }
    }
  });

  test("proveSetUpdateFromPages() gives the update of proveSetUpdate()", async () => {
    const { read, root } = folderOf(counted);
    const gone = new Uint8Array([
      ...counted.keys.slice(0, 32),
      ...fromHex("a4".repeat(32)),
      ...counted.keys.slice(-32),
    ]);
    const changes = { keys: gone, differences: new Float64Array([-1, 4, 1]) };
    expect(await proveSetUpdateFromPages(read, root, changes)).toEqual(proveSetUpdate(counted, changes));
    const under = { keys: gone, differences: new Float64Array([-1, -4, 1]) };
    expect(await asyncCodeOf(() => proveSetUpdateFromPages(read, root, under))).toBe("count-underflow");
  });
});

describe("compareSetPages()", () => {
  test("finds what compareSets() finds, for sets of any shape", async () => {
    const bases = [multisetOf(new Map()), counted, deepSet(6, multisetOf(new Map()))];
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...bases),
        fc.constantFrom(...bases),
        anyMultiset(),
        anyMultiset(),
        async (x, y, p, q) => {
          const [a, b] = [sumSets(x, p), sumSets(y, q)];
          const [left, right] = [folderOf(a), folderOf(b)];
          const found = await compareSetPages(left.read, left.root, right.read, right.root);
          const expected = compareSets(a, b);
          expect(equalBytes(found.keys, expected.keys)).toBe(true);
          expect(found.differences.every((difference, i) => difference === expected.differences[i])).toBe(true);
        },
      ),
      { numRuns: 12 },
    );
  });

  test("reads nothing for equal sets and only differing paths otherwise", async () => {
    const left = folderOf(counted);
    await compareSetPages(left.read, left.root, left.read, left.root);
    expect(left.opened).toEqual([]);
    const one = { keys: counted.keys.slice(0, 32), differences: new Float64Array([5]) };
    const right = folderOf(applyChanges(counted, one));
    expect(await compareSetPages(left.read, left.root, right.read, right.root)).toEqual(one);
    expect([...left.opened, ...right.opened].length).toBe(4);
  });

  test("a set that shrinks below one page is still compared page by slot", async () => {
    const left = folderOf(counted);
    const part = { keys: counted.keys.slice(0, 32 * 4000), counts: counted.counts.slice(0, 4000) };
    const right = folderOf(part);
    const changes = await compareSetPages(left.read, left.root, right.read, right.root);
    expect(changes).toEqual(compareSets(counted, part));
    // The slots that agree with the small set's keys are not read: 16 slots, about 12 of them the same.
    expect(left.opened.length).toBeLessThan(7);
  });

  test("refuses a page that was altered on a differing path", async () => {
    const left = folderOf(counted);
    const right = folderOf(multisetOf(new Map([["00".repeat(32), 1]])));
    right.files.set("set/root.page", folderOf(multisetOf(new Map([["01".repeat(32), 1]]))).files.get("set/root.page")!);
    expect(await asyncCodeOf(() => compareSetPages(left.read, left.root, right.read, right.root))).toBe(
      "root-mismatch",
    );
  });
});

test("random keys: every page that is built is read back as it was", () => {
  fc.assert(
    fc.property(anyMultiset(), (set) => {
      for (const [path, bytes] of folderOf(set).files) {
        expect(formatSetPage(parseSetPage(bytes, path))).toEqual(bytes);
      }
    }),
  );
});
