import { describe, expect, test } from "vitest";
import { conflictingDuplicates } from "../../src/label/conflicting-duplicates.js";
import { tableData, tableShape } from "../../src/table-data.js";
import { contextOf, randomOf, tableOf } from "../tables.js";

async function find(columns: Parameters<typeof tableOf>[0]) {
  const { table, rowOf } = tableOf(columns);
  const context = contextOf();
  const result = await conflictingDuplicates().run(tableData(table, tableShape(table, { label: "y" })), {}, context);
  const accused = result.findings.map(({ record }) => rowOf.indexOf(record)).sort((a, b) => a - b);
  return { ...result, accused };
}

const random = randomOf(4);
const features = Array.from({ length: 100 }, () => random());
const labels = features.map((_, i) => `c${i % 3}`);

describe("conflictingDuplicates()", () => {
  test("accuses the minority of equal features, low; both when there is none", async () => {
    const x = [...features, features[0], features[0], features[1]] as number[];
    const id = x.map((_, i) => i);
    const { accused, findings, outcome } = await find({ x, id, y: [...labels, "c0", "c2", "c0"] });
    // Of features[0]: c0 twice, c2 once. Of features[1]: c1 and c0.
    expect(accused).toEqual([1, 101, 102]);
    expect(new Set(findings.map(({ severity }) => severity))).toEqual(new Set(["low"]));
    expect(findings.map(({ score }) => score).sort()).toEqual([0.5, 0.5, 1 - 1 / 3]);
    expect(outcome).toMatchObject({ status: "completed", calibration: "exact", details: { conflicting: 2 } });
  });
  test("gives copies of one record one vote", async () => {
    const { accused } = await find({
      x: [...features, ...Array(12).fill(features[0])],
      y: [...labels, ...Array(12).fill("c2")],
    });
    expect(accused).toContain(0);
    expect(accused).toHaveLength(13);
  });
  test("finds every contradiction, however many there are, where a feature tells records apart", async () => {
    const { findings } = await find({
      x: [...features, ...features],
      y: [...labels, ...labels.map((_, i) => `c${(i + 1) % 3}`)],
    });
    expect(findings).toHaveLength(200);
  });
  test("finds nothing where features are coarse and do not determine the label", async () => {
    const n = 600;
    const { findings, outcome } = await find({
      id: Array.from({ length: n }, (_, i) => i),
      a: Array.from({ length: n }, () => Math.floor(random() * 4)),
      b: Array.from({ length: n }, () => `b${Math.floor(random() * 3)}`),
      y: Array.from({ length: n }, () => `c${Math.floor(random() * 2)}`),
    });
    expect(findings).toEqual([]);
    expect(outcome.calibration).toBe("uncalibrated");
    expect(outcome.disputed?.length).toBeGreaterThan(100);
  });
  test("finds nothing without contradictions, with missing labels, or with one class", async () => {
    expect(
      (
        await find({
          x: [...features, ...features],
          id: [...features, ...features].map((_, i) => i),
          y: [...labels, ...labels],
        })
      ).findings,
    ).toEqual([]);
    expect((await find({ x: [1, 1, 1], y: ["a", null, null] })).findings).toEqual([]);
    expect((await find({ x: [1, 1, 2], z: [1, 2, 3], y: ["a", "a", "a"] })).findings).toEqual([]);
  });
  test("is skipped when every feature is an id", async () => {
    const { outcome } = await find({ id: features.map((_, i) => i), y: labels });
    expect(outcome).toMatchObject({ status: "skipped" });
  });
});
