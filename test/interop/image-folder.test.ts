/**
 * Image folders with metadata have the records that `datasets` (Hugging Face) loads from them. ASSAY_INTEROP_PYTHON names a Python
 * with the packages of requirements.txt; without it these tests fail.
 */

import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { columnToTexts, readBatches, scanSource } from "@assay/records";
import { openSource } from "@assay/records/node";
import { afterAll, describe, expect, test } from "vitest";
import { greyPng } from "../../packages/checks/test/image/make-png.js";

const python = process.env.ASSAY_INTEROP_PYTHON ?? "";
const root = mkdtempSync(join(tmpdir(), "assay-image-folder-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const pictures = Array.from({ length: 6 }, (_, i) => greyPng(4, 4, new Array(16).fill(40 * i)));

function write(name: string, files: Readonly<Record<string, string | Uint8Array>>): string {
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(root, name, path)), { recursive: true });
    writeFileSync(join(root, name, path), content);
  }
  return join(root, name);
}

/** Our records as `load-image-folder.py` prints them: pictures as digests in hex, under the names that `datasets` has for them. */
async function recordsOf(folder: string): Promise<string[]> {
  const names: Readonly<Record<string, string>> = { file: "image", files: "images" };
  const hex = (base64: string): string => Buffer.from(base64, "base64").toString("hex");
  const lines: string[] = [];
  for await (const { batch } of readBatches(await scanSource(await openSource([folder])))) {
    const columns = batch.columns.map((column) => ({ column, texts: columnToTexts(column) }));
    for (let row = 0; row < batch.length; row++) {
      const record = columns.map(({ column, texts }) => {
        const text = texts[row] as string | null;
        const value =
          text === null || column.type === "text"
            ? text
            : column.type === "bytes"
              ? hex(text)
              : column.type === "list"
                ? text.slice(1, -1).split(",").map(hex)
                : JSON.parse(text);
        return [names[column.name] ?? column.name, value] as const;
      });
      lines.push(JSON.stringify(Object.fromEntries(record.sort(([a], [b]) => (a < b ? -1 : 1)))));
    }
  }
  return lines.sort();
}

function recordsThere(folder: string): string[] {
  expect(python, "set ASSAY_INTEROP_PYTHON to a Python with the packages of requirements.txt").not.toBe("");
  const output = execFileSync(python, [join(import.meta.dirname, "load-image-folder.py"), folder], {
    encoding: "utf8",
  });
  return output
    .trim()
    .split("\n")
    .map((line) => JSON.stringify(JSON.parse(line)))
    .sort();
}

const names = (folder: string): Record<string, Uint8Array> =>
  Object.fromEntries(pictures.map((bytes, i) => [`${folder}${i}.png`, bytes]));
const parquet = (folder: string, code: string): void => {
  execFileSync(python, ["-c", `import pyarrow as pa, pyarrow.parquet as pq\n${code}`], { cwd: folder });
};

describe("an image folder as `datasets` loads it", () => {
  test("metadata.csv, in folders of splits", async () => {
    const folder = write("csv", {
      ...names("train/images/"),
      "test/x.png": pictures[2] as Uint8Array,
      "train/metadata.csv": `file_name,label,n\n${pictures.map((_, i) => `images/${i}.png,${i % 2 ? "dog" : "cat"},${i}\n`).join("")}`,
      "test/metadata.csv": "file_name,label,n\nx.png,dog,7\n",
    });
    const ours = await recordsOf(folder);
    expect(ours).toHaveLength(7);
    expect(ours).toEqual(recordsThere(folder));
  });

  test("metadata.jsonl with a second picture and a list of pictures; a picture in two records", async () => {
    const folder = write("jsonl", {
      ...names("train/"),
      "train/metadata.jsonl": [
        { file_name: "0.png", mask_file_name: "./1.png", page_file_names: ["2.png", "3.png"], text: "a" },
        { file_name: "0.png", mask_file_name: "4.png", page_file_names: ["5.png"], text: "b" },
      ]
        .map((record) => `${JSON.stringify(record)}\n`)
        .join(""),
    });
    const ours = await recordsOf(folder);
    expect(ours).toHaveLength(2);
    expect(ours).toEqual(recordsThere(folder));
  });

  test("metadata.parquet, by pyarrow", async () => {
    const folder = write("parquet", names("train/"));
    parquet(
      join(folder, "train"),
      `pq.write_table(pa.table({"file_names": [["0.png", "1.png"], ["2.png"]], "x": [1.5, 2.5]}), "metadata.parquet")`,
    );
    const ours = await recordsOf(folder);
    expect(ours).toHaveLength(2);
    expect(ours).toEqual(recordsThere(folder));
  });
});
