import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import type { Roles } from "../../src/check.js";
import {
  CONFIDENT_FILTERS,
  type ConfidentFilter,
  confidentLearning,
  LABEL_QUALITIES,
  labelQualities,
} from "../../src/label/confident-learning.js";
import { labelFlipsConfidentLearning } from "../../src/label/confident-learning-check.js";
import { pairwiseSum } from "../../src/numeric/pairwise-sum.js";
import { takeGreatest } from "../../src/numeric/selection.js";
import { allChecks, knownChecks, selectChecks } from "../../src/registry.js";
import { runChecks } from "../../src/run-checks.js";
import { tableData, tableShape } from "../../src/table-data.js";
import { contextOf, normalOf, randomOf, tableOf } from "../tables.js";

/** Rows of two classes; the last two are surely of the other. */
const small = {
  labels: Int32Array.of(0, 0, 0, 1, 1, 1, 0, 1),
  probabilities: Float64Array.of(0.9, 0.1, 0.8, 0.2, 0.7, 0.3, 0.2, 0.8, 0.1, 0.9, 0.3, 0.7, 0.05, 0.95, 0.85, 0.15),
  classes: 2,
};
const rowsOf = (issues: Uint8Array): number[] => [...issues.keys()].filter((row) => issues[row] === 1);

/** Random labels that often disagree with random probabilities, all of them different. */
const labelled = fc
  .record({ classes: fc.integer({ min: 2, max: 6 }), rows: fc.integer({ min: 2, max: 60 }), seed: fc.nat(1e6) })
  .map(({ classes, rows, seed }) => {
    const random = randomOf(seed);
    const labels = Int32Array.from({ length: rows }, () => Math.floor(classes * random()));
    const probabilities = new Float64Array(rows * classes);
    for (let row = 0; row < rows; row++) {
      let total = 0;
      for (let k = row * classes; k < (row + 1) * classes; k++) total += probabilities[k] = random() ** 3;
      for (let k = row * classes; k < (row + 1) * classes; k++) probabilities[k]! /= total;
    }
    return { labels, probabilities, classes };
  });

describe("confidentLearning()", () => {
  test.each(CONFIDENT_FILTERS)("%s flags the two labels that are surely wrong", (filter) => {
    expect(rowsOf(confidentLearning(small, filter).issues)).toEqual([6, 7]);
  });

  it("counts each class above its mean probability, scaled to the labels", () => {
    const { thresholds, joint } = confidentLearning(small, "both");
    expect([...thresholds]).toEqual([(0.9 + 0.8 + 0.7 + 0.05) / 4, (0.8 + 0.9 + 0.7 + 0.15) / 4]);
    expect([...joint]).toEqual([3, 1, 1, 3]);
  });

  it("flags for `both` what rate and class agree on, and never a label that is the most probable", () => {
    fc.assert(
      fc.property(labelled, (data) => {
        const flags = Object.fromEntries(
          CONFIDENT_FILTERS.map((filter) => [filter, confidentLearning(data, filter).issues]),
        ) as Record<ConfidentFilter, Uint8Array>;
        for (const row of data.labels.keys()) {
          const own = [...data.probabilities.subarray(row * data.classes, (row + 1) * data.classes)];
          const mostProbable = own[data.labels[row]!] === Math.max(...own);
          expect(flags.both[row]).toBe(flags.prune_by_class[row]! & flags.prune_by_noise_rate[row]!);
          for (const filter of CONFIDENT_FILTERS.slice(0, 5)) if (mostProbable) expect(flags[filter][row]).toBe(0);
        }
        const count = rowsOf(flags.confident_learning).length;
        expect(rowsOf(flags.low_self_confidence)).toHaveLength(count);
        expect(rowsOf(flags.low_normalized_margin)).toHaveLength(count);
      }),
    );
  });

  it("keeps the rows of each label in the joint counts", () => {
    fc.assert(
      fc.property(labelled, (data) => {
        const { joint } = confidentLearning(data, "both");
        for (let j = 0; j < data.classes; j++) {
          const own = joint.subarray(j * data.classes, (j + 1) * data.classes);
          expect(own.reduce((sum, count) => sum + count, 0)).toBe(data.labels.filter((label) => label === j).length);
          expect(own.every((count) => Number.isInteger(count) && count >= 0)).toBe(true);
        }
      }),
    );
  });

  it("follows the rows when they are shuffled", () => {
    fc.assert(
      fc.property(labelled, fc.constantFrom(...CONFIDENT_FILTERS), (data, filter) => {
        const rows = data.labels.length;
        const back = {
          classes: data.classes,
          labels: data.labels.slice().reverse(),
          probabilities: Float64Array.from(
            { length: rows * data.classes },
            (_, i) =>
              data.probabilities[(rows - 1 - Math.floor(i / data.classes)) * data.classes + (i % data.classes)]!,
          ),
        };
        const reversed = confidentLearning(back, filter).issues;
        expect([...reversed].reverse()).toEqual([...confidentLearning(data, filter).issues]);
      }),
    );
  });
});

describe("labelQualities()", () => {
  test.each(LABEL_QUALITIES)("%s is lower for a label that is less probable", (quality) => {
    const [good, , , , , , bad] = labelQualities(small, quality);
    expect(good).toBeGreaterThan(bad!);
    for (const value of labelQualities(small, quality)) {
      expect(value).toBeGreaterThanOrEqual(0);
      expect(value).toBeLessThanOrEqual(1);
    }
  });
});

describe("selection", () => {
  it("finds the places of the greatest, the first of equals", () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: -5, max: 5 }), { minLength: 1, maxLength: 300 }),
        fc.nat(299),
        (list, at) => {
          const k = 1 + (at % list.length);
          const values = Float64Array.from(list);
          const taken: number[] = [];
          takeGreatest(values, k, (place) => taken.push(place));
          const order = [...list.keys()].sort((a, b) => list[b]! - list[a]! || a - b);
          expect(taken.sort((a, b) => a - b)).toEqual(order.slice(0, k).sort((a, b) => a - b));
        },
      ),
    );
  });

  it("sums as numpy does", () => {
    // numpy.sum of 1/1 … 1/1000, which adding in turn misses in the last digit.
    expect(pairwiseSum(Float64Array.from({ length: 1000 }, (_, i) => 1 / (i + 1)))).toBe(7.485470860550345);
    expect(pairwiseSum(new Float64Array(0))).toBe(0);
  });
});

describe("labelFlipsConfidentLearning()", () => {
  type Columns = Record<string, (number | string | null)[]>;
  const run = async (columns: Columns, options = {}, roles: Roles = {}) => {
    const { table, rowOf } = tableOf(columns);
    const data = tableData(table, tableShape(table, { label: "label", ...roles }));
    return { ...(await labelFlipsConfidentLearning().run(data, options, contextOf())), rowOf, data };
  };
  const clusters = (n: number, flips: number): Columns => {
    const [random, normal] = [randomOf(3), normalOf(4)];
    const columns: { x: number[]; y: number[]; label: string[] } = { x: [], y: [], label: [] };
    for (let i = 0; i < n; i++) {
      const own = Math.floor(3 * random());
      columns.x.push(8 * own + normal());
      columns.y.push(normal());
      columns.label.push("abc"[(own + (i < flips ? 1 : 0)) % 3]!);
    }
    return columns;
  };

  it("suspects flipped labels by the built-in learners, and claims nothing", async () => {
    const { outcome, findings, scores, rowOf, data } = await run(clusters(300, 20), { filter: "both" });
    expect(outcome).toMatchObject({ status: "completed", calibration: "uncalibrated", findings: 0 });
    expect(findings).toEqual([]);
    const flipped = new Set([...rowOf.subarray(0, 20)].map((row) => data.place(row).record));
    const caught = outcome.suspects!.filter((record) => flipped.has(record)).length;
    expect(caught).toBeGreaterThanOrEqual(18);
    expect(outcome.suspects!.length).toBeLessThan(25);
    expect(outcome.reasons!.map(({ record }) => record)).toEqual(outcome.suspects);
    expect(outcome.reasons![0]!.message).toMatch(/^The label "[abc]" is doubted; most probable is "[abc]"\.$/);
    // Worst first.
    const inOrder = outcome.suspects!.map((record) => scores![data.row(record)]!);
    expect([...inOrder].sort((a, b) => b - a)).toEqual(inOrder);
  });

  it("refuses a filter that is none before it reads anything", () => {
    const shape = tableShape(tableOf(clusters(30, 0)).table, { label: "label" });
    const check = labelFlipsConfidentLearning();
    expect(() => check.reads(shape, { filter: "all" as ConfidentFilter })).toThrow(
      /filter: "all" is not one of prune_by/,
    );
    expect(() => check.reads(shape, { rankBy: "x" as "self_confidence" })).toThrow(/rankBy/);
  });

  it("says why it cannot run", async () => {
    expect((await run({ ...clusters(30, 0), label: Array(30).fill("a") })).outcome).toMatchObject({
      status: "skipped",
      reason: expect.stringContaining("Only one class"),
    });
    const shape = tableShape(tableOf({ x: [1, 2] }).table, {});
    expect(labelFlipsConfidentLearning().reads(shape, {})).toHaveProperty("skip");
  });

  it("runs only when it is named", async () => {
    expect(allChecks().map(({ id }) => id)).not.toContain("label-flips.confident-learning");
    expect(knownChecks().map(({ id }) => id)).toContain("label-flips.confident-learning");
    const { table } = tableOf(clusters(60, 3));
    const matrix = {
      rows: 60,
      columns: 3,
      names: ["c", "b", "a"],
      values: Float64Array.from({ length: 180 }, (_, i) => [0.2, 0.3, 0.5][(i + Math.floor(i / 3)) % 3]!),
    };
    const { outcomes } = await runChecks(
      { data: tableData(table), setRoot: new Uint8Array(32) },
      selectChecks(["label-flips.confident-learning"]),
      { roles: { label: "label" }, probabilities: matrix },
    );
    expect(outcomes).toMatchObject([
      {
        status: "completed",
        examined: 60,
        lookedAt: { matrices: ["probabilities"] },
        details: { labels: ["a", "b", "c"] },
      },
    ]);
  });
});
