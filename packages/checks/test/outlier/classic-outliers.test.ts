import { describe, expect, it } from "vitest";
import type { TableColumn } from "../../src/check.js";
import { ecodScores } from "../../src/numeric/empirical-tails.js";
import { localOutlierFactors } from "../../src/numeric/local-outlier-factor.js";
import { nearestRowsDense } from "../../src/numeric/nearest-neighbours.js";
import { type ClassicMethod, type ClassicOptions, classicOutliers } from "../../src/outlier/classic-outliers.js";
import { outliers } from "../../src/outlier/outliers.js";
import { scaledMatrix } from "../../src/outlier/scaled-matrix.js";
import { allChecks, knownChecks } from "../../src/registry.js";
import { tableData, tableShape } from "../../src/table-data.js";
import { contextOf, normalOf, tableOf } from "../tables.js";

const METHODS: readonly ClassicMethod[] = ["lof", "ecod", "copod", "hbos", "isolation", "neighbours", "covariance"];
type Columns = Record<string, (number | string | null)[]>;

function cloud(n: number, d: number): Columns {
  const normal = normalOf(11);
  const columns: Columns = {};
  for (let j = 0; j < d; j++) columns[`c${j}`] = Array.from({ length: n }, () => normal());
  for (let j = 0; j < d; j++) columns[`c${j}`]![0] = 9;
  columns["c0"]![1] = null;
  return columns;
}

async function run(method: ClassicMethod, columns: Columns, options: ClassicOptions = {}) {
  const { table, rowOf } = tableOf(columns);
  const result = await classicOutliers(method).run(tableData(table, tableShape(table, {})), options, contextOf());
  return { ...result, rowOf };
}

describe("classicOutliers()", () => {
  it.each(METHODS)("%s ranks a far record first, claims nothing, and runs only when it is named", async (method) => {
    const { outcome, findings, scores, rowOf } = await run(method, cloud(300, 3));
    expect(outcome).toMatchObject({
      check: `outliers.${method}`,
      calibration: "uncalibrated",
      findings: 0,
      examined: 300,
    });
    expect([findings.length, outcome.suspects!.length, outcome.suspects![0]]).toEqual([0, 10, rowOf[0]]);
    expect(scores!.every(Number.isFinite)).toBe(true);
    expect(knownChecks().some(({ id }) => id === outcome.check)).toBe(true);
    expect(allChecks().some(({ id }) => id === outcome.check)).toBe(false);
  });

  it("has the scores of the kernels on columns in robust units", async () => {
    const n = 60;
    const columns = {
      a: Array.from({ length: n }, (_, i) => ((i * 37) % n) - 29.5),
      b: Array.from({ length: n }, (_, i) => ((i * 17) % n) ** 2),
    };
    const { table } = tableOf(columns);
    const numbers = table.columns.map((column) => column as Extract<TableColumn, { kind: "number" }>);
    const { matrix } = scaledMatrix(
      numbers,
      Int32Array.from({ length: n }, (_, row) => row),
    );
    const lof = await run("lof", columns, { neighbours: 5 });
    const ecod = await run("ecod", columns);
    const factors = localOutlierFactors(nearestRowsDense(matrix, 5, n, 0, n), 5);
    for (const [row, factor] of factors.entries()) expect(lof.scores![row]).toBeCloseTo(factor, 7);
    for (const [row, score] of ecodScores(matrix).entries()) expect(ecod.scores![row]).toBeCloseTo(score, 7);
  });

  it("has the views of outliers, whose mean is its score", async () => {
    const columns = cloud(300, 4);
    const views = await Promise.all(
      (["isolation", "neighbours", "covariance"] as const).map((view) => run(view, columns)),
    );
    const { c0: _, ...complete } = columns;
    const { table } = tableOf(complete);
    const whole = await outliers().run(tableData(table, tableShape(table, {})), {}, contextOf());
    const alone = await Promise.all((["isolation", "neighbours", "covariance"] as const).map((v) => run(v, complete)));
    for (const [row, score] of whole.scores!.entries()) {
      const mean = alone.reduce((sum, { scores }) => sum + scores![row]!, 0) / 3;
      expect(score).toBeCloseTo(mean, 6);
    }
    expect(new Set(views.map(({ outcome }) => outcome.suspects!.join())).size).toBe(3);
  });

  it("takes few records, and says why it cannot take none or one", async () => {
    for (const method of METHODS) {
      expect((await run(method, { a: [1, 2, 3] })).scores!.every(Number.isFinite)).toBe(true);
      expect((await run(method, { a: [1, 1, 1] })).outcome).toMatchObject({
        status: "skipped",
        reason: "No column of numbers varies.",
      });
      expect((await run(method, { a: [1] })).outcome.status).toBe("skipped");
    }
  });

  it("refuses options out of range", () => {
    const { table } = tableOf({ a: [1, 2] });
    const shape = tableShape(table, {});
    expect(() => classicOutliers("lof").reads(shape, { neighbours: 0 })).toThrow(/^neighbours: 0/);
    expect(() => classicOutliers("hbos").reads(shape, { bins: 1e5 })).toThrow(/^bins/);
  });
});
