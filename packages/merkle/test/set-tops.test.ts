import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { fromHex, toHex } from "../src/hex.js";
import { streamSetPages } from "../src/set-page-stream.js";
import { parseSetTops, topOfParts } from "../src/set-tops.js";
import { setTreeOf } from "../src/set-tree.js";
import { multisetOf } from "./arbitrary-sets.js";
import { codeOf, readVectors } from "./vectors.js";

interface TopsVectors {
  readonly keys: readonly (readonly [prefix: string, n: number])[];
  readonly root: string;
  readonly files: readonly { readonly path: string; readonly sha256: string; readonly bytes?: string }[];
  readonly invalid: readonly { readonly why: string; readonly bytes: string; readonly error: string }[];
}

const vectors = readVectors<TopsVectors>("set-tops");
const sha256Hex = (bytes: Uint8Array | string) => createHash("sha256").update(bytes).digest("hex");
const counts = vectors.keys.flatMap(([prefix, n]) =>
  Array.from(
    { length: n },
    (_, i) => [prefix + sha256Hex(`tops${prefix} ${i}`).slice(prefix.length), 1 + (i % 3)] as const,
  ),
);
const set = setTreeOf(multisetOf(new Map(counts)));

describe("set-tops.json", () => {
  it("has the tops beside every index page that are written here, and no others", async () => {
    expect(toHex(set.root)).toBe(vectors.root);
    const written = new Map<string, Uint8Array>();
    for await (const [path, bytes] of streamSetPages([set], { tops: true }))
      if (path.endsWith(".tops")) written.set(path, bytes);
    expect([...written.keys()].sort()).toEqual(vectors.files.map(({ path }) => path).sort());
    for (const { path, sha256, bytes } of vectors.files) {
      expect(sha256Hex(written.get(path) as Uint8Array), path).toBe(sha256);
      if (bytes !== undefined) expect(toHex(written.get(path) as Uint8Array)).toBe(bytes);
    }
  });

  it("is read as the parts of key pages, whose tops combine", () => {
    const { path, bytes = "" } = vectors.files[0] as TopsVectors["files"][number];
    expect(path).toBe("set-tops/root.tops");
    const slots = parseSetTops(fromHex(bytes), "");
    expect(slots.map((parts) => parts?.bits ?? 0)).toEqual([0, 1, 2, 0, 0, 0, 0, 0, 4, 0, 0, 0, 2, 0, 0, 0]);
    const eight = counts.filter(([key]) => key.startsWith("8"));
    expect(toHex(topOfParts(slots[8] as never, 1))).toBe(toHex(setTreeOf(multisetOf(new Map(eight))).root));
  });

  it.each(vectors.invalid.map((one) => [one.why, one] as const))("refuses %s", (_, { bytes, error }) => {
    expect(codeOf(() => parseSetTops(fromHex(bytes), ""))).toBe(error);
  });
});
