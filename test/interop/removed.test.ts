/**
 * Files without some of their records, as other tools read them: the same schema, and exactly the records that stay.
 * ASSAY_INTEROP_PYTHON names a Python with pyarrow, pandas and DuckDB, ASSAY_INTEROP_DIR the folder that `make-fixtures.py`
 * wrote; without them these tests fail, because then nothing was checked.
 */

import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { scanSource } from "@assay/records";
import { openSource, writeWithoutRecords } from "@assay/records/node";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const python = process.env.ASSAY_INTEROP_PYTHON ?? "";
const root = process.env.ASSAY_INTEROP_DIR ?? "";
const script = fileURLToPath(new URL("compare-removed.py", import.meta.url));

const FOLDERS = ["simple", "flat", "nested", "exotic-parquet", "exotic-arrow", "forms"];
const arrays = fileURLToPath(new URL("../fixtures/arrays", import.meta.url));
const files = [
  ...FOLDERS.flatMap((folder) =>
    existsSync(join(root, folder))
      ? readdirSync(join(root, folder))
          .filter((name) => /\.(parquet|arrows?)$/.test(name))
          .map((name) => join(folder, name))
      : [],
  ),
  ...readdirSync(arrays)
    .filter((name) => /\.(npy|npz|safetensors)$/.test(name))
    .map((name) => join("arrays", name)),
];

/** Which records leave. */
const REMOVALS: Readonly<Record<string, (ordinal: number, records: number) => boolean>> = {
  "the first": (ordinal) => ordinal === 0,
  "the last": (ordinal, records) => ordinal === records - 1,
  "every third": (ordinal) => ordinal % 3 === 1,
  "all but one": (ordinal, records) => ordinal !== records >> 1,
  all: () => true,
};

interface Comparison {
  readonly parent: string;
  readonly child: string;
  readonly removed: readonly number[];
  readonly name: string;
}

let scratch = "";
let faults: ReadonlyMap<string, readonly string[]> = new Map();

async function childrenOf(file: string): Promise<Comparison[]> {
  const parent = file.startsWith("arrays") ? join(arrays, "..", file) : join(root, file);
  const scanned = await scanSource(await openSource([parent]));
  const out: Comparison[] = [];
  for (const [what, leaves] of Object.entries(REMOVALS)) {
    const ordinals = Array.from({ length: scanned.records }, (_, ordinal) => ordinal);
    const removed = ordinals.filter((ordinal) => leaves(ordinal, scanned.records));
    const folder = join(scratch, String(out.length), file);
    await writeWithoutRecords(scanned, new Map([[0, removed]]), folder);
    const child = join(folder, (scanned.files[0] as { file: { path: string } }).file.path);
    out.push({ parent, child, removed, name: `${file} without ${what}` });
  }
  return out;
}

beforeAll(async () => {
  // The first test says what is missing.
  if (python === "" || root === "") return;
  scratch = mkdtempSync(join(tmpdir(), "assay-removed-"));
  const comparisons: Comparison[] = [];
  for (const file of files) comparisons.push(...(await childrenOf(file)));
  const { stdout, stderr, status } = spawnSync(python, [script], {
    input: JSON.stringify(comparisons),
    encoding: "utf8",
    maxBuffer: 2 ** 28,
  });
  if (status !== 0) throw new Error(`${python} compare-removed.py failed: ${stderr}`);
  const results = JSON.parse(stdout) as string[][];
  faults = new Map(comparisons.map(({ name }, i) => [name, results[i] ?? ["not compared"]]));
});

afterAll(() => {
  if (scratch !== "") rmSync(scratch, { recursive: true, force: true });
});

it("ASSAY_INTEROP_PYTHON and ASSAY_INTEROP_DIR are set, and the fixtures are there", () => {
  expect(python, "set ASSAY_INTEROP_PYTHON to a Python that has pyarrow, pandas and duckdb").not.toBe("");
  expect(root, "set ASSAY_INTEROP_DIR to the folder that make-fixtures.py wrote").not.toBe("");
  expect(files.length).toBeGreaterThanOrEqual(63);
});

describe("their tools read the same schema and the remaining records of", () => {
  it.each(files)("%s", (file) => {
    for (const what of Object.keys(REMOVALS)) {
      const name = `${file} without ${what}`;
      expect(faults.get(name), name).toEqual([]);
    }
  });
});
