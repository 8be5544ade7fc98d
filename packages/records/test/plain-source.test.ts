import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import { sha256, toHex, treeRoot } from "@assay/merkle";
import { type HashOptions, hashSource, removeRecords, type ScannedSource, scanSource } from "@assay/records";
import { openSource, workerExecutor } from "@assay/records/node";
import { afterAll, expect, it } from "vitest";

const folder = mkdtempSync(join(tmpdir(), "assay-plain-source-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** More text than is held in memory, in two gzip members, so that it is looked at twice and entered in the middle. */
function largeText(): Uint8Array {
  const line = (i: number): string =>
    `${i},${(i * 2_654_435_761) % 1_000_003},${"abcdefgh".slice(i % 7)} ${"words and ".repeat(15 + (i % 9))}\n`;
  let text = "id,value,word\n";
  const pieces: Buffer[] = [];
  for (let i = 0; i < 180_000; i++) {
    text += line(i);
    if (text.length > 1e6) {
      pieces.push(Buffer.from(text));
      text = "";
    }
  }
  return new Uint8Array(Buffer.concat([...pieces, Buffer.from(text)]));
}

async function rootOf(source: ScannedSource, options: HashOptions = {}): Promise<string> {
  const pieces: Uint8Array[] = [];
  for await (const { leaves } of hashSource(source, options)) pieces.push(leaves);
  return toHex(treeRoot(new Uint8Array(Buffer.concat(pieces))));
}

it("is one data set on any number of workers, also where it is read twice and entered in the middle", async () => {
  const text = largeText();
  expect(text.length).toBeGreaterThan(33 * 1024 * 1024);
  const half = Math.floor(text.length / 2);
  const members = [text.subarray(0, half), text.subarray(half)].map((member) => gzipSync(member, { level: 1 }));
  const stored = new Uint8Array(Buffer.concat(members));
  writeFileSync(join(folder, "large.csv.gz"), stored);
  writeFileSync(join(folder, "large.csv"), text);
  const plainRoot = await rootOf(await scanSource(await openSource([join(folder, "large.csv")])));
  const executor = workerExecutor({ workers: 3 });
  try {
    const source = await scanSource(await openSource([join(folder, "large.csv.gz")]), { executor });
    expect(source.files[0]?.index).toMatchObject({
      bytes: toHex(sha256(stored)),
      size: stored.length,
      compression: { method: "gzip", size: text.length },
    });
    const { parts } = source.files[0]?.index ?? { parts: [] };
    expect(new Set(parts.map(({ from }) => from?.stored)).size).toBe(2);
    expect(await rootOf(source, { executor })).toEqual(plainRoot);
    expect(await rootOf(source)).toEqual(plainRoot);
    const ordinals = [3, 70_000, 70_001, 179_999];
    const child: Uint8Array[] = [];
    for await (const piece of removeRecords(source, 0, ordinals) ?? []) child.push(piece);
    const lines = new TextDecoder().decode(text).split("\n");
    const left = lines.filter((_, i) => !ordinals.includes(i - 1)).join("\n");
    expect(Buffer.compare(gunzipSync(Buffer.concat(child)), Buffer.from(left))).toBe(0);
  } finally {
    await executor.close();
  }
});
