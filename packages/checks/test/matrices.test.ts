import { hashSource, joinAllKinds, type Kinds, scanSource, sourceOfBytes } from "@assay/records";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { CheckData } from "../src/check.js";
import { scannedData } from "../src/check-data.js";
import { labelFlips } from "../src/label/label-flips.js";
import { checkMatrices, dataWithMatrices, type RecordMatrix } from "../src/matrices.js";
import { outliers } from "../src/outlier/outliers.js";
import { allChecks } from "../src/registry.js";
import { type CheckRun, type RunChecksOptions, runChecks } from "../src/run-checks.js";
import { leafHex, tableData } from "../src/table-data.js";
import { normalOf, randomOf, tableOf } from "./tables.js";

const setRoot = new Uint8Array(32).fill(5);

function matrixOf(rows: readonly (readonly number[])[], single = false): RecordMatrix {
  const values = rows.flat();
  return {
    rows: rows.length,
    columns: rows[0]?.length ?? 1,
    values: single ? Float32Array.from(values) : Float64Array.from(values),
  };
}

/** Files of lines as the framework sees them. */
async function scanned(files: Readonly<Record<string, readonly string[]>>) {
  const bytes = Object.entries(files).map(([path, lines]) => ({
    path,
    bytes: new TextEncoder().encode(`label\n${lines.join("\n")}\n`),
  }));
  const source = await scanSource(await sourceOfBytes("tiny", bytes));
  const leaves: Uint8Array[][] = source.files.map(() => []);
  let kinds: Kinds = {};
  for await (const hashed of hashSource(source)) {
    leaves[hashed.file]?.push(hashed.leaves);
    kinds = joinAllKinds(kinds, hashed.kinds);
  }
  return { scanned: source, kinds, leaves: leaves.map((pieces) => new Uint8Array(Buffer.concat(pieces))) };
}

describe("checkMatrices()", () => {
  const good = matrixOf([
    [0.25, 0.75],
    [1.0004, 0],
  ]);
  test("takes what fits, and probabilities that sum to 1 within 0.001", () => {
    checkMatrices({ probabilities: good, embeddings: matrixOf([[-3], [1e300]]) }, 2);
  });

  const cases: readonly [string, Parameters<typeof checkMatrices>, RegExp][] = [
    [
      "another number of rows",
      [{ embeddings: good }, 3],
      /2 rows, and the data set has 3 records.*line of column names/,
    ],
    ["more rows", [{ embeddings: good }, 1], /2 rows, and the data set has 1 records/],
    ["a transpose", [{ embeddings: matrixOf([[1, 2, 3]]) }, 3], /may be the transpose/],
    [
      "an index column, as pandas writes one",
      [
        {
          embeddings: {
            ...matrixOf([
              [0, 7],
              [1, 9],
            ]),
            names: ["", "a"],
          },
        },
        2,
      ],
      /embeddings: the column without a name numbers the rows, as pandas writes an index/,
    ],
    [
      "probabilities of one column",
      [{ probabilities: matrixOf([[0.2], [0.9]]) }, 2],
      /one for each class, of two classes 1 − p and p/,
    ],
    ["NaN", [{ embeddings: matrixOf([[1], [Number.NaN]]) }, 2], /embeddings: row 1 \(from 0\) has NaN in column 0/],
    [
      "infinity",
      [{ embeddings: matrixOf([[1, Number.POSITIVE_INFINITY]]) }, 1],
      /row 0 \(from 0\) has Infinity in column 1/,
    ],
    ["a negative probability", [{ probabilities: matrixOf([[1.5, -0.5]]) }, 1], /row 0 .* has -0\.5 in column 1/],
    ["logits", [{ probabilities: matrixOf([[3, 4]]) }, 1], /row 0 .* sums to 7; .* not logits/],
    ["a sum just too small", [{ probabilities: matrixOf([[0.5, 0.498]]) }, 1], /sums to 0\.998/],
  ];
  for (const [claim, parameters, reason] of cases) {
    test(`refuses ${claim}`, () => {
      expect(() => checkMatrices(...parameters)).toThrow(
        expect.objectContaining({ name: "FormatError", code: "bad-matrix" }),
      );
      expect(() => checkMatrices(...parameters)).toThrow(reason);
    });
  }

  test("refuses what is no matrix as a mistake of the caller", () => {
    expect(() => checkMatrices({ embeddings: { ...good, columns: 3 } }, 2)).toThrow(RangeError);
    expect(() => checkMatrices({ embeddings: { rows: 2, columns: 0, values: new Float64Array(0) } }, 2)).toThrow(
      RangeError,
    );
    expect(() => checkMatrices({ probabilities: { ...good, names: ["a", "a"] } }, 2)).toThrow(RangeError);
    expect(() => checkMatrices({ embeddings: { ...good, values: [1, 2, 3, 4] as never } }, 2)).toThrow(RangeError);
  });
});

describe("dataWithMatrices()", () => {
  /** What a check can see of each row: leaf, row of the matrix, and the record that it is said to be. */
  async function seen(data: CheckData, original: RecordMatrix): Promise<string[]> {
    const { leaves, length } = await data.table(["label"]);
    const matrix = data.matrix?.("embeddings") as RecordMatrix;
    return Array.from({ length }, (_, row) => {
      const own = [...matrix.values.subarray(row * matrix.columns, (row + 1) * matrix.columns)];
      const { record, leaf } = data.place(row);
      expect(data.row(record)).toBe(row);
      expect(leaf).toBe(leafHex(leaves, row));
      // The record that is named is the one whose row this is.
      expect(own).toEqual([...original.values.subarray(record * matrix.columns, (record + 1) * matrix.columns)]);
      return JSON.stringify([leaf, own]);
    });
  }

  test("property: however records are shuffled and cut into files, checks see the same rows in the same order", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.constantFrom("a", "b"), fc.integer({ min: 0, max: 3 }), fc.integer({ min: 0, max: 1 })), {
          minLength: 1,
          maxLength: 30,
        }),
        fc.infiniteStream(fc.nat()),
        fc.nat({ max: 29 }),
        async (records, keys, cut) => {
          const shuffled = records.map((record) => ({ record, key: keys.next().value as number }));
          shuffled.sort((a, b) => a.key - b.key);
          const other = shuffled.map(({ record }) => record);
          const views = [];
          for (const [list, border] of [
            [records, records.length],
            [other, Math.min(cut, records.length)],
          ] as const) {
            const lines = list.map(([label]) => label);
            const files = { "a.csv": lines.slice(0, border), "b.csv": lines.slice(border) };
            const whole = border === list.length ? { "a.csv": lines } : border === 0 ? { "b.csv": lines } : files;
            const matrix = matrixOf(list.map(([, x, y]) => [x, y]));
            const data = await dataWithMatrices(scannedData(await scanned(whole)), { embeddings: matrix });
            views.push(await seen(data, matrix));
          }
          expect(views[1]).toEqual(views[0]);
        },
      ),
      { numRuns: 60 },
    );
  });

  test("says what there is in the shape, and nothing of what there is not", async () => {
    const { table } = tableOf({ x: [1, 2, 3] });
    const data = await dataWithMatrices(tableData(table), { embeddings: matrixOf([[1], [2], [3]], true) });
    expect(data.shape.matrices).toEqual({ embeddings: { columns: 1, bytes: 4 } });
    expect(data.matrix?.("probabilities")).toBeUndefined();
  });
});

/** Two classes that only the embeddings tell apart; the first `flips` labels are flipped, the last three records are odd. */
function vectors(n: number, flips: number) {
  const [random, normal] = [randomOf(3), normalOf(4)];
  const label: string[] = [];
  const rows: number[][] = [];
  for (let i = 0; i < n; i++) {
    const side = random() < 0.5;
    rows.push(Array.from({ length: 8 }, (_, j) => normal() + (j < 3 && side ? 4 : 0)));
    label.push(side !== i < flips ? "yes" : "no");
  }
  return { label, rows };
}

describe("runChecks() with matrices", () => {
  const { label, rows } = vectors(600, 60);
  async function run(
    checks: Parameters<typeof runChecks>[1],
    options: RunChecksOptions,
    order = label.map((_, i) => i),
  ): Promise<CheckRun> {
    const input = await scanned({
      "a.csv": order.slice(0, 200).map((i) => label[i]!),
      "b.csv": order.slice(200).map((i) => label[i]!),
    });
    return runChecks({ ...input, setRoot }, checks, options);
  }

  test("label-flips and outliers look at embeddings where the data has no feature at all, and say so", async () => {
    const embeddings = matrixOf(rows, true);
    const { outcomes, findings } = await run([labelFlips(), outliers()], { roles: { label: "label" }, embeddings });
    const [flips, odd] = outcomes;
    expect(flips).toMatchObject({ status: "completed", lookedAt: { columns: ["label"], matrices: ["embeddings"] } });
    expect(odd).toMatchObject({ status: "completed", lookedAt: { columns: [], matrices: ["embeddings"] } });
    expect(flips!.notes.join("\n")).toContain("looked at 8 of 8 columns of the embeddings");
    const found = findings.filter(({ check }) => check === "label-flips");
    expect(found.length).toBeGreaterThan(30);
    expect(found.filter(({ record }) => record >= 60).length).toBeLessThanOrEqual(2);
    // Without them neither can run.
    const bare = await run([labelFlips(), outliers()], { roles: { label: "label" } });
    expect(bare.outcomes.map(({ status }) => status)).toEqual(["skipped", "skipped"]);
    expect(bare.outcomes.map(({ reason }) => reason).join()).toContain("embeddings");
  });

  test("gives the same findings when records and matrix are shuffled, up to their places", async () => {
    const order = label.map((_, i) => (i * 11 + 5) % 600);
    const options = { roles: { label: "label" } };
    const keys = ({ findings }: CheckRun, back: (record: number) => number): string[] =>
      findings
        .map(({ check, kind, leaf, score, p, q, record }) =>
          JSON.stringify([check, kind, leaf, score, p, q, back(record)]),
        )
        .sort();
    const plain = await run([labelFlips(), outliers()], { ...options, embeddings: matrixOf(rows) });
    const shuffled = await run(
      [labelFlips(), outliers()],
      { ...options, embeddings: matrixOf(order.map((i) => rows[i]!)) },
      order,
    );
    expect(plain.findings.length).toBeGreaterThan(30);
    expect(keys(shuffled, (record) => order[record]!)).toEqual(keys(plain, (record) => record));
    const scores = shuffled.scores.get("label-flips")!;
    for (const [place, record] of order.entries()) expect(scores[place]).toBe(plain.scores.get("label-flips")![record]);
  });

  test("finds records that are odd in their embeddings, and names the columns", async () => {
    const [random, normal] = [randomOf(8), normalOf(9)];
    const odd = Array.from({ length: 600 }, (_, i) => {
      const common = normal();
      const moved = (j: number): number =>
        i < 50 && j % 3 === i % 3 ? (random() < 0.5 ? -1 : 1) * (8 + 4 * random()) : 0;
      return Array.from({ length: 9 }, (_, j) => 0.6 * common + 0.8 * normal() + moved(j));
    });
    const { findings } = await run([outliers()], { embeddings: matrixOf(odd) });
    expect(findings.filter(({ record }) => record < 50).length).toBeGreaterThan(30);
    expect(findings.filter(({ record }) => record >= 50).length).toBeLessThanOrEqual(3);
    for (const { record, evidence } of findings) {
      for (const { column, value } of evidence["columns"] as { column: string; value: number }[])
        expect(value).toBe(odd[record]![Number(/^embeddings\[([0-8])\]$/.exec(column)?.[1])]);
    }
  });

  test("refuses what cannot be: no label, no check that looks, another number of rows, another set of classes", async () => {
    const probabilities = matrixOf(label.map(() => [0.5, 0.5]));
    await expect(run(allChecks(), { probabilities })).rejects.toThrow(/probabilities: .*label/);
    await expect(run([outliers()], { roles: { label: "label" }, probabilities })).rejects.toThrow(/none of the checks/);
    await expect(run([outliers()], { embeddings: matrixOf([[1]]) })).rejects.toMatchObject({ code: "bad-matrix" });
    const three = matrixOf(label.map(() => [0.5, 0.25, 0.25]));
    await expect(run(allChecks(), { roles: { label: "label" }, probabilities: three })).rejects.toMatchObject({
      name: "FormatError",
      code: "bad-matrix",
    });
  });

  test("counts matrices in the memory that a check may take", async () => {
    const { outcomes } = await run([outliers()], { embeddings: matrixOf(rows), maxMemoryBytes: 200_000 });
    expect(outcomes[0]).toMatchObject({ status: "failed", reason: expect.stringContaining("memory-exceeded") });
  });
});
