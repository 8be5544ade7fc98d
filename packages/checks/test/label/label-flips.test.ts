import { describe, expect, it } from "vitest";
import type { CheckContext, CheckResult, Roles } from "../../src/check.js";
import { likeNames } from "../../src/label/given-labels.js";
import { type LabelFlipsOptions, labelFlips } from "../../src/label/label-flips.js";
import * as tasks from "../../src/numeric-tasks.js";
import { runChecks } from "../../src/run-checks.js";
import { tableData, tableShape } from "../../src/table-data.js";
import { contextOf, normalOf, randomOf, tableOf } from "../tables.js";

type Columns = Record<string, (number | string | null)[]>;
type Run = CheckResult & { rowOf: Int32Array };

async function run(
  columns: Columns,
  roles: Roles = {},
  over: Partial<CheckContext> = {},
  options: LabelFlipsOptions = {},
): Promise<Run> {
  const { table, rowOf } = tableOf(columns);
  const shape = tableShape(table, { label: "label", ...roles });
  const result = await labelFlips().run(tableData(table, shape), options, contextOf(over));
  return { ...result, rowOf };
}

/** Four classes at the corners of a square of side 6, unit normal; the first `flips` records have another's label. */
function corners(seed: number, n: number, flips: number): Columns & { label: string[] } {
  const [random, normal] = [randomOf(seed), normalOf(seed + 500)];
  const columns = { x: [] as number[], y: [] as number[], noise: [] as number[], label: [] as string[] };
  for (let i = 0; i < n; i++) {
    const corner = Math.floor(4 * random());
    columns.x.push(6 * (corner & 1) + normal());
    columns.y.push(6 * (corner >> 1) + normal());
    columns.noise.push(normal());
    const given = i < flips ? (corner + 1 + Math.floor(3 * random())) % 4 : corner;
    columns.label.push("abcd"[given] as string);
  }
  return columns;
}

/** How many of these rows were among the first `flips` of the input. */
function hits(rows: Iterable<number>, rowOf: Int32Array, flips: number): number {
  const bad = new Set(rowOf.subarray(0, flips));
  return [...rows].filter((row) => bad.has(row)).length;
}

describe("labelFlips()", () => {
  it("is quiet on clean data: no finding in ten tables, separable or not", async () => {
    for (let seed = 0; seed < 10; seed++) {
      const columns = corners(seed, 300, 0);
      const scale = seed % 2 === 0 ? 1 : 4;
      const normal = normalOf(seed + 77);
      columns["x"] = columns["x"]!.map((value) => (value as number) + scale * normal());
      const { outcome } = await run(columns);
      expect(outcome).toMatchObject({ status: "completed", findings: 0 });
    }
  });

  it("is quiet where honest classes overlap in whole stretches, as prices of several companies do", async () => {
    for (const seed of [3, 7, 13, 19, 23, 24]) {
      const normal = normalOf(seed);
      const columns = { price: [] as number[], label: [] as string[] };
      for (let k = 0; k < 3 + (seed % 5); k++) {
        let level = 4 * normal();
        const drift = 0.03 * normal();
        for (let t = 0; t < 120; t++) {
          level += drift + 0.25 * normal();
          columns.price.push(Math.round(2000 * Math.exp(0.3 * level)) / 100);
          columns.label.push(`company ${k}`);
        }
      }
      const { outcome } = await run(columns);
      expect(outcome, `seed ${seed}`).toMatchObject({ status: "completed", findings: 0 });
    }
  });

  it("finds flips from one class into another, whose territory stays pure", async () => {
    const columns = corners(4, 1200, 0);
    const random = randomOf(9);
    const flipped = new Set<number>();
    for (const [i, label] of columns.label.entries()) {
      if (label !== "a" || random() > 0.25) continue;
      columns.label[i] = "b";
      flipped.add(i);
    }
    const { outcome, findings, rowOf } = await run(columns);
    const bad = new Set([...flipped].map((i) => rowOf[i]));
    const right = findings.filter(({ record }) => bad.has(record)).length;
    expect(outcome.calibration).toBe("posterior");
    expect(right).toBeGreaterThan(0.5 * flipped.size);
    expect(findings.length - right).toBeLessThanOrEqual(0.05 * findings.length);
  });

  it("finds planted flips: 10 % of 600", async () => {
    const { outcome, findings, rowOf, scores } = await run(corners(1, 600, 60));
    expect(outcome).toMatchObject({ calibration: "posterior", fdr: 0.05, examined: 600 });
    expect(
      hits(
        findings.map(({ record }) => record),
        rowOf,
        60,
      ),
    ).toBeGreaterThan(30);
    expect(
      findings.length -
        hits(
          findings.map(({ record }) => record),
          rowOf,
          60,
        ),
    ).toBeLessThanOrEqual(1);
    const { low, rate, high } = outcome.estimate!;
    expect(rate).toBeGreaterThan(0.07);
    expect(rate).toBeLessThan(0.13);
    expect(low).toBeLessThanOrEqual(rate);
    expect(high).toBeGreaterThanOrEqual(rate);
    const suspects = outcome.suspects!;
    const found = hits(suspects, rowOf, 60);
    expect((2 * found) / (suspects.length + 60)).toBeGreaterThan(0.9);
    expect(hits(outcome.disputed!, rowOf, 60)).toBeGreaterThan(50);
    const ranked = suspects.map((row) => scores![row]!);
    expect(ranked).toEqual([...ranked].sort((a, b) => b - a));
    const weights = Object.values((outcome.details as { weights: Record<string, number> }).weights);
    expect(weights.reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(1, 6);
  });

  it("makes no claim where most labels disagree with the surest predictions, and says so", async () => {
    const { outcome, findings } = await run(corners(9, 800, 500));
    expect(outcome.estimate!.rate).toBeGreaterThan(0.5);
    expect(outcome).toMatchObject({ status: "completed", calibration: "uncalibrated" });
    expect(outcome.notes.join(" ")).toContain("more than half of the labels disagree");
    expect(findings).toEqual([]);
  });

  it("gives rates by class and by source with intervals, and claims within each source what it claims of all", async () => {
    const columns = corners(1, 800, 100) as Columns;
    const random = randomOf(71);
    // Nine in ten of the flips come from one site of five.
    columns["site"] = columns["label"]!.map((_, i) =>
      i < 100 && random() < 0.9 ? "bad" : `site ${Math.floor(4 * random())}`,
    );
    const { table, rowOf } = tableOf(columns);
    const roles = { label: "label", source: "site" };
    const input = { data: tableData(table), setRoot: new Uint8Array(32) };
    const { outcomes, findings } = await runChecks(input, [labelFlips()], { roles });
    const [outcome] = outcomes;
    const [worst, ...others] = outcome!.sources!;
    expect(worst!.source).toBe("bad");
    expect(worst!.low).toBeGreaterThan(Math.max(...others.map(({ high }) => high)));
    const { classes } = outcome!.details as { classes: { flipRate: number; low: number; high: number }[] };
    expect(classes).toHaveLength(4);
    for (const { flipRate, low, high } of classes) expect(low <= flipRate && flipRate <= high).toBe(true);
    expect(findings.length).toBeGreaterThan(50);
    const site = columns["site"] as string[];
    const doubts = new Map<string, number[]>();
    for (const { record, evidence } of findings) {
      const name = site[rowOf.indexOf(record)]!;
      doubts.set(name, [...(doubts.get(name) ?? []), 1 - (evidence["posterior"] as number)]);
    }
    for (const own of doubts.values()) expect(own.reduce((a, b) => a + b) / own.length).toBeLessThanOrEqual(0.05);
  });

  it("says of a finding what was given, what is suggested, and who says so", async () => {
    const columns = corners(2, 600, 60);
    const { outcome, findings, rowOf } = await run(columns);
    const { evidence, record, q, message } = findings[0]!;
    expect(outcome.suspects!.length).toBeGreaterThan(50);
    expect(outcome.reasons!.map((reason) => reason.record)).toEqual(outcome.suspects!.slice(0, 50));
    expect(outcome.reasons!.find((reason) => reason.record === record)).toMatchObject({ message, evidence });
    const input = rowOf.indexOf(record);
    const corner = "abcd"[(Number(columns["x"]![input]) > 3 ? 1 : 0) + (Number(columns["y"]![input]) > 3 ? 2 : 0)];
    expect(evidence).toMatchObject({ given: columns.label[input], suggested: corner, copies: 1 });
    expect(message).toContain(`"${corner}"`);
    expect(evidence["posterior"]).toBeGreaterThan(0.5);
    expect(q).toBeLessThanOrEqual(0.05);
    const nearest = evidence["neighbours"] as { count: number; nearest: { leaf: string; label: string }[] };
    expect(nearest.count).toBe(25);
    expect(nearest.nearest.filter(({ label }) => label === corner).length).toBeGreaterThan(2);
    expect(nearest.nearest[0]!.leaf).toMatch(/^[0-9a-f]{64}$/);
    const hidden = await run(columns, {}, { showValues: false });
    expect(hidden.findings[0]!.evidence).not.toHaveProperty("given");
    expect(hidden.findings[0]!.message).not.toContain(`"${corner}"`);
    expect(JSON.stringify(hidden.outcome.reasons)).not.toMatch(/"[a-d]"/);
  });

  it("gives the same answer after a shuffle and however work is cut; an id column does not matter", async () => {
    const columns = corners(3, 400, 60);
    const plain = await run(columns);
    expect(plain.findings.length).toBeGreaterThan(20);
    const shuffled = Object.fromEntries(Object.entries(columns).map(([name, cells]) => [name, [...cells].reverse()]));
    const again = await run(shuffled);
    expect(again.findings).toEqual(plain.findings);
    expect(again.outcome).toEqual(plain.outcome);
    const withId = await run({ ...columns, id: columns.label.map((_, i) => `r${i}`) });
    for (let i = 0; i < 400; i++) expect(withId.scores![withId.rowOf[i]!]).toBe(plain.scores![plain.rowOf[i]!]);
    const map: CheckContext["map"] = async (task, parts) => {
      const part = tasks[task.name as "forestPart"] as (options: never, range: never) => unknown;
      const outputs = [...parts].reverse().map((range) => part(structuredClone(task.options) as never, range as never));
      return outputs.reverse() as never;
    };
    const elsewhere = await run(columns, {}, { map });
    expect(elsewhere.findings).toEqual(plain.findings);
    expect(elsewhere.scores).toEqual(plain.scores);
  });

  it("attack: each flip planted twelve times", async () => {
    const columns = corners(4, 800, 80);
    const once = (await run(columns)).findings.length;
    expect(once).toBeGreaterThan(40);
    const copied = Object.fromEntries(
      Object.entries(columns).map(([name, cells]) => [
        name,
        [...cells, ...Array.from({ length: 11 }, () => cells.slice(0, 80)).flat()],
      ]),
    ) as Columns;
    // Each copy under an id of its own, so that copies are not equal records.
    copied["id"] = copied["label"]!.map((_, i) => `id-${i}`);
    const { findings, outcome, rowOf } = await run(copied);
    const isBad = (row: number): boolean => rowOf.indexOf(row) < 80 || rowOf.indexOf(row) >= 800;
    const caught = findings.filter(({ record }) => isBad(record)).length;
    expect(caught).toBe(12 * once);
    expect(findings).toHaveLength(caught);
    expect(outcome.suspects!.filter(isBad).length).toBeGreaterThan(0.85 * 960);
    expect(findings[0]!.evidence["copies"]).toBe(12);
  });

  it("attack: one odd cell that hides a numeric column", async () => {
    const columns = corners(5, 500, 60);
    columns["x"]![499] = "?";
    const { outcome, findings, rowOf } = await run(columns);
    expect(outcome.lookedAt.columns).toContain("x");
    expect(
      hits(
        findings.map(({ record }) => record),
        rowOf,
        60,
      ),
    ).toBeGreaterThan(25);
  });

  it("reads categories and missing values", async () => {
    const columns = corners(6, 600, 70);
    columns["x"] = columns["x"]!.map((value) => ((value as number) > 3 ? "right" : "left"));
    columns["y"] = columns["y"]!.map((value, i) => (i % 10 === 9 ? null : value));
    const { outcome, rowOf } = await run(columns);
    expect(hits(outcome.suspects!, rowOf, 70) / 70).toBeGreaterThan(0.8);
  });

  it("looks for neighbours by the angle between embeddings where that is asked for", async () => {
    const random = randomOf(31);
    const normal = normalOf(32);
    const label: string[] = [];
    const values: number[] = [];
    // Four directions, and lengths that say nothing.
    for (let i = 0; i < 500; i++) {
      const own = Math.floor(4 * random());
      const [angle, length] = [(own * Math.PI) / 2 + 0.15 * normal(), 0.01 + 20 * random() ** 4];
      values.push(length * Math.cos(angle), length * Math.sin(angle));
      label.push("abcd"[own]!);
    }
    for (let i = 0; i < 50; i++) label[i] = label[i] === "a" ? "c" : "a";
    const { table, rowOf } = tableOf({ label, at: label.map((_, i) => i) });
    const sorted = new Float64Array(1000);
    for (let i = 0; i < 500; i++) sorted.set(values.slice(2 * i, 2 * i + 2), 2 * rowOf[i]!);
    const embeddings = { rows: 500, columns: 2, values: sorted };
    /** Of the neighbours of suspects, the share that has the label which is suggested. */
    const agreement = async (distance: "euclidean" | "cosine") => {
      const input = { data: tableData(table), setRoot: new Uint8Array(32) };
      const { outcomes } = await runChecks(input, [labelFlips()], {
        roles: { label: "label", exclude: ["at"] },
        embeddings,
        checkOptions: { "label-flips": { distance } },
      });
      const shares = outcomes[0]!.reasons!.map(
        ({ evidence }) => (evidence["neighbours"] as { suggested: number }).suggested / 25,
      );
      return shares.reduce((sum, share) => sum + share, 0) / shares.length;
    };
    expect(await agreement("cosine")).toBeGreaterThan(await agreement("euclidean"));
    const shape = tableShape(table, { label: "label" });
    expect(() => labelFlips().reads(shape, { distance: "manhattan" as "cosine" })).toThrow(
      'distance: "manhattan" is not one of euclidean, cosine',
    );
    expect(() => labelFlips().reads(shape, { distance: "cosine" })).toThrow("none are given (embeddings)");
  });

  it("reads text: flips of 20 % among 400 sentences", async () => {
    const random = randomOf(7);
    const pick = (words: string): string => words.split(" ")[Math.floor(5 * random())] as string;
    const text: string[] = [];
    const label: string[] = [];
    for (let i = 0; i < 400; i++) {
      const good = random() < 0.5;
      const words = [pick("the a this that one"), pick("film book song meal day"), pick("was is seems looks sounds")];
      for (let k = 0; k < 3; k++)
        words.push(pick(good ? "great lovely superb fine bright" : "awful dull poor grim weak"));
      text.push(words.join(" "));
      label.push(good !== i < 80 ? "good" : "bad");
    }
    const { outcome, findings, rowOf } = await run({ text, label }, { text: "text" });
    expect(outcome.lookedAt.columns).toEqual(["text", "label"]);
    expect(hits(outcome.suspects!, rowOf, 80)).toBeGreaterThan(65);
    expect(
      findings.length -
        hits(
          findings.map(({ record }) => record),
          rowOf,
          80,
        ),
    ).toBeLessThanOrEqual(2);
  });

  it("makes no claim where classes overlap too much, and says so", async () => {
    let refused = 0;
    for (let seed = 0; seed < 4; seed++) {
      const columns = corners(seed + 20, 600, 120);
      for (const name of ["x", "y"]) columns[name] = columns[name]!.map((value) => (value as number) / 3);
      const normal = normalOf(seed + 90);
      for (const name of ["x", "y"]) columns[name] = columns[name]!.map((value) => (value as number) + normal());
      const { outcome, findings, rowOf } = await run(columns);
      const wrong =
        findings.length -
        hits(
          findings.map(({ record }) => record),
          rowOf,
          120,
        );
      expect(wrong).toBeLessThanOrEqual(0.15 * findings.length);
      if (outcome.calibration === "uncalibrated") refused++;
    }
    expect(refused).toBeGreaterThan(0);
  });

  it("does not call honest overlap flips: nothing flipped, and the features say little", async () => {
    for (let seed = 0; seed < 3; seed++) {
      const normal = normalOf(seed + 40);
      const columns: Columns & { label: string[] } = { label: [] };
      for (let j = 0; j < 12; j++) columns[`v${j}`] = Array.from({ length: 400 }, () => normal());
      for (const value of columns["v0"]!) columns.label.push((value as number) + 2.2 * normal() > 0 ? "yes" : "no");
      const { outcome, findings } = await run(columns);
      expect(findings).toEqual([]);
      expect(outcome.calibration).toBe("uncalibrated");
      expect(outcome.estimate!.low).toBe(0);
      expect(outcome.notes.join()).toContain("the rate may be anything from 0");
    }
  });

  it("claims nothing where the features say nothing, and says that its ranking may say nothing", async () => {
    const columns = corners(30, 400, 0);
    const random = randomOf(31);
    const { outcome } = await run({
      noise: columns["noise"]!,
      label: columns.label.map(() => "ab"[Math.floor(2 * random())] as string),
    });
    expect(outcome).toMatchObject({ status: "completed", calibration: "uncalibrated", findings: 0 });
    expect(outcome.estimate!.low).toBe(0);
    expect(outcome.notes.join(" ")).toContain("no better than chance");
    expect(outcome.suspects).toHaveLength(Math.floor(400 * outcome.estimate!.rate + 0.5));
  });

  it("leaves out records without a label and classes of fewer than five groups, and names them", async () => {
    const columns = corners(8, 300, 0) as Columns;
    columns["label"]![0] = null;
    columns["label"]![1] = "rare";
    columns["label"]![2] = "rare";
    const { outcome, scores, rowOf } = await run(columns);
    expect(outcome.examined).toBe(297);
    const notes = outcome.notes.join("\n");
    expect(notes).toContain("1 records without a label");
    expect(notes).toContain('1 class has fewer than 5 distinct records and could not be judged: "rare"');
    for (const i of [0, 1, 2]) expect(scores![rowOf[i]!]).toBeNaN();
    // Copies do not make a class of five.
    const copies = await run({
      ...columns,
      x: [...columns["x"]!, ...new Array<number>(20).fill(0)],
      y: [...columns["y"]!, ...new Array<number>(20).fill(99)],
      noise: [...columns["noise"]!, ...new Array<number>(20).fill(0)],
      label: [...columns["label"]!, ...new Array<string>(20).fill("rare")],
    });
    expect(copies.outcome.examined).toBe(297);
  });

  it("judges a hundred classes of which some are too rare, and names those", async () => {
    const [random, normal] = [randomOf(61), normalOf(62)];
    const centres = Array.from({ length: 100 }, () => [30 * random(), 30 * random(), 30 * random()]);
    const columns: Columns = { x: [], y: [], z: [], label: [] };
    for (let i = 0; i < 1200; i++) {
      const truth = i % 100;
      const centre = centres[truth] as [number, number, number];
      for (const [j, name] of ["x", "y", "z"].entries()) columns[name]!.push(centre[j]! + 0.3 * normal());
      const given = i < 120 ? (truth + 1 + Math.floor(99 * random())) % 100 : truth;
      columns["label"]!.push(`class ${given}`);
    }
    for (let i = 0; i < 8; i++) {
      for (const name of ["x", "y", "z"]) columns[name]!.push(30 * random());
      columns["label"]!.push(i < 4 ? "rare" : "rarer");
    }
    const { outcome, findings, rowOf } = await run(columns);
    expect(outcome.examined).toBe(1200);
    expect(outcome.notes.join("\n")).toContain(
      '2 classes have fewer than 5 distinct records and could not be judged: "rare", "rarer"',
    );
    const right = hits(
      findings.map(({ record }) => record),
      rowOf,
      120,
    );
    expect(right).toBeGreaterThan(60);
    expect(findings.length - right).toBeLessThanOrEqual(0.05 * findings.length);
    expect(hits(outcome.suspects!, rowOf, 120)).toBeGreaterThan(95);
  });

  it("takes a blank label for none, and says which labels may be one", async () => {
    const columns = corners(8, 300, 0) as Columns;
    for (const i of [0, 1, 2]) columns["label"]![i] = [" ", "", '""'][i]!;
    for (let i = 3; i < 20; i++) columns["label"]![i] = "A";
    const { outcome } = await run(columns);
    expect(outcome.examined).toBe(297);
    const notes = outcome.notes.join("\n");
    expect(notes).toContain("3 records without a label");
    expect(notes).toContain('1 label is written in several ways, each of which counts as a class: "A = a"');
    expect(likeNames(["1", '"1"', "1.0", "2", "x ", "x", "y"])).toEqual([
      ["1", '"1"', "1.0"],
      ["x ", "x"],
    ]);
  });

  it("does not accuse all of a class that it has not learnt", async () => {
    const columns = corners(10, 600, 80) as Columns;
    // Four equal records are one place, too few to learn; six flips into the class make it large enough to be judged.
    for (let i = 590; i < 600; i++) {
      if (i < 594) for (const name of Object.keys(columns)) columns[name]![i] = -40;
      columns["label"]![i] = "island";
    }
    const { outcome, findings, rowOf } = await run(columns);
    const island = new Set([590, 591, 592, 593].map((i) => rowOf[i]));
    expect(findings.length).toBeGreaterThan(25);
    expect(findings.filter(({ record }) => island.has(record))).toEqual([]);
    expect(outcome.notes.join("\n")).toContain(
      '1 class is never recognised, so nothing is claimed about them: "island"',
    );
  });

  it("skips with a reason what it cannot judge", async () => {
    const skip = async (columns: Columns, roles: Roles = {}): Promise<string> => {
      const { outcome } = await run(columns, roles);
      expect(outcome).toMatchObject({ status: "skipped", findings: 0, calibration: "not-applicable" });
      return outcome.reason!;
    };
    const x = Array.from({ length: 40 }, (_, i) => i / 7);
    expect(await skip({ x, label: x.map(() => "one") })).toContain("Only one class");
    expect(await skip({ x, label: x.map((_, i) => `class ${i}`) })).toContain("No class");
    expect(await skip({ x: x.map(() => 1), label: x.map((_, i) => i % 2) })).toContain("No column besides");
    expect(await skip({ label: x.map((_, i) => i % 2) })).toContain("besides the label");
    const many = Array.from({ length: 1200 }, (_, i) => i / 7);
    expect(await skip({ x: many, label: many })).toContain("measurement");
    expect(labelFlips().reads(tableShape(tableOf({ x }).table), {})).toHaveProperty("skip");
    const big = await run(corners(9, 200, 0), {}, {}, { maxProbabilityBytes: 1000 });
    expect(big.outcome.reason).toContain("maxProbabilityBytes");
  });
});
