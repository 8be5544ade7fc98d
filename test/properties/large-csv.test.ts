/** A CSV file that is large enough to be shared out: everything is the same on any number of workers, read once or twice. */

import { buildManifest, buildStoredManifest, storedManifestFiles } from "@assay/manifest";
import { createSha256, toHex } from "@assay/merkle";
import { type Source, scanSource, sourceOfBytes } from "@assay/records";
import { workerExecutor } from "@assay/records/node";
import { beforeAll, describe, expect, test } from "vitest";

const RECORDS = 200_000;

/** More than 32 MiB, from which on a file is shared out; what `odd` is stands in the last tenth. */
function fileOf(odd = "1"): Uint8Array {
  const lines = Array.from({ length: RECORDS }, (_, i) => {
    const text = i % 5 === 0 ? `"two\nlines, ""quoted"" ${i % 1000}"` : `plain é text number ${i % 90_000}`;
    return `${i},${i === RECORDS - 5000 ? odd : i % 700},${text},${i % 2 === 0},${"word ".repeat(25)}\n`;
  });
  return new TextEncoder().encode(`id,count,text,flag,note\n${lines.join("")}`);
}

const sourceOf = (bytes: Uint8Array): Promise<Source> => sourceOfBytes("large", [{ path: "large.csv", bytes }]);

/** Digests of the files of the manifest, whether leaves were made in the scan, and its warnings. */
async function sealed(source: Source, workers: number): Promise<unknown> {
  const executor = workerExecutor({ workers });
  try {
    const scanned = await scanSource(source, { executor, leafBytes: 2 ** 27 });
    const built = await buildStoredManifest(scanned, { executor });
    const files: Record<string, string> = {};
    for await (const { path, bytes } of storedManifestFiles(built)) {
      const hash = createSha256();
      for await (const piece of bytes instanceof Uint8Array ? [bytes] : bytes) hash.update(piece);
      files[path] = toHex(hash.digest());
    }
    const { file: _, early, ...rest } = scanned.files[0] as (typeof scanned.files)[number];
    return { head: built.datasetHead, files, rest, warnings: scanned.warnings, isEarly: early !== undefined };
  } finally {
    await executor.close();
  }
}

let expected: Awaited<ReturnType<typeof buildManifest>>;
beforeAll(async () => {
  expect(fileOf().length).toBeGreaterThan(2 ** 25);
  expected = await buildManifest(await scanSource(await sourceOf(fileOf())));
}, 120_000);

describe("a large CSV file", { timeout: 120_000 }, () => {
  test("has one manifest, read once on 1, 2 and 7 workers", async () => {
    const source = await sourceOf(fileOf());
    const alone = await sealed(source, 1);
    expect(alone).toMatchObject({ head: expected.datasetHead, isEarly: true });
    for (const workers of [2, 7]) expect(await sealed(source, workers)).toEqual(alone);
  });

  test("and when a late value makes a column text, with the same warning", async () => {
    const source = await sourceOf(fileOf("n/a"));
    const alone = (await sealed(source, 1)) as { isEarly: boolean; warnings: unknown[] };
    expect(alone.isEarly).toBe(false);
    expect(alone.warnings).toHaveLength(1);
    const { isEarly: _, ...rest } = alone;
    expect(await sealed(source, 2)).toMatchObject(rest);
  });
});
