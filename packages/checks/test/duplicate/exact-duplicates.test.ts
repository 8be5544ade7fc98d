import { expect, test } from "vitest";
import { exactDuplicates } from "../../src/duplicate/exact-duplicates.js";
import { tableData } from "../../src/table-data.js";
import { contextOf, tableOf } from "../tables.js";

test("exactDuplicates() accuses every occurrence but the first, low, and names the first", async () => {
  const { table } = tableOf({ x: [1, 2, 1, 3, 1, 2] });
  const { findings, outcome, scores } = await exactDuplicates().run(tableData(table), {}, contextOf());
  expect(findings.map(({ kind, score, severity }) => [kind, score, severity]).sort()).toEqual([
    ["copy", 2, "low"],
    ["copy", 3, "low"],
    ["copy", 3, "low"],
  ]);
  for (const { leaf, record, evidence } of findings) {
    const first = (evidence.first as { record: number }).record;
    expect(first).toBeLessThan(record);
    expect(tableData(table).place(first).leaf).toBe(leaf);
  }
  expect(outcome).toMatchObject({
    status: "completed",
    calibration: "exact",
    examined: 6,
    details: { distinct: 3, repeated: 2 },
  });
  expect([...(scores as Float64Array)].sort()).toEqual([0, 1, 1, 2, 2, 2]);
});

test("exactDuplicates() finds nothing among distinct records, however close", async () => {
  const { table } = tableOf({ x: [1, 1 + Number.EPSILON, Number.NaN], y: ["a", "a", "a "] });
  const { findings } = await exactDuplicates().run(tableData(table), {}, contextOf());
  expect(findings).toEqual([]);
});
