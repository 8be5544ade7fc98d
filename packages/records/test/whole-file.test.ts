import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { inlineExecutor } from "../src/executor.js";
import { openSource } from "../src/open-source.js";
import { scanSource } from "../src/scan-source.js";
import type { SourceFile } from "../src/source.js";
import { isWorthSharing } from "../src/whole-file.js";

const filesOf = (count: number, size: number): SourceFile[] =>
  Array.from({ length: count }, (_, i) => ({ path: `${i}`, format: "files", size, location: `/${i}`, identity: "" }));

it("isWorthSharing() says yes to gigabytes and to many files, and no to what one thread does in half a second", () => {
  expect(isWorthSharing(filesOf(4, 400_000_000))).toBe(true);
  expect(isWorthSharing(filesOf(100_000, 100))).toBe(true);
  expect(isWorthSharing(filesOf(20_000, 8192))).toBe(false);
  expect(isWorthSharing([])).toBe(false);
});

it("scanSource() gives no files to threads that are not worth sharing, and has their digests", async () => {
  const folder = await mkdtemp(join(tmpdir(), "assay-files-"));
  try {
    await writeFile(join(folder, "a.bin"), "a");
    const tasks: string[] = [];
    const executor: ReturnType<typeof inlineExecutor> = {
      ...inlineExecutor(),
      workers: 2,
      map(task, inputs, options) {
        const all = [...inputs];
        if (all.length > 0) tasks.push(task.name);
        return inlineExecutor().map(task, all, options);
      },
    };
    const { files } = await scanSource(await openSource([folder], { format: "files" }), { executor });
    expect(files.map(({ index }) => index.bytes)).toEqual([
      "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb",
    ]);
    expect(tasks).toEqual([]);
  } finally {
    await rm(folder, { recursive: true });
  }
});
