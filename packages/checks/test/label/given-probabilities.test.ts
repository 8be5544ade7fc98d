import { describe, expect, it } from "vitest";
import type { CheckContext, CheckResult, Roles } from "../../src/check.js";
import { columnsOfClasses } from "../../src/label/given-probabilities.js";
import { labelFlips } from "../../src/label/label-flips.js";
import { checkMatrices, dataWithMatrices, type RecordMatrix } from "../../src/matrices.js";
import { tableData, tableShape } from "../../src/table-data.js";
import { contextOf, normalOf, randomOf, tableOf } from "../tables.js";

type Columns = Record<string, (number | string | null)[]>;
type Rows = readonly (readonly number[])[];

function matrixOf(rows: Rows, names?: readonly string[]): RecordMatrix {
  const columns = rows[0]?.length ?? 1;
  return { rows: rows.length, columns, values: Float64Array.from(rows.flat()), ...(names && { names }) };
}

/** Runs the check on records in the order of the input: the place of input i is that of record i. */
async function run(
  columns: Columns,
  probabilities: RecordMatrix,
  roles: Roles = {},
  over: Partial<CheckContext> = {},
): Promise<CheckResult> {
  const { table, rowOf } = tableOf(columns);
  const shape = tableShape(table, { label: "label", ...roles });
  const recordOf = new Int32Array(rowOf.length);
  for (const [record, row] of rowOf.entries()) recordOf[row] = record;
  const inner = tableData(table, shape);
  const data = await dataWithMatrices(
    {
      ...inner,
      place: (row) => ({ ...inner.place(row), record: recordOf[row]!, ordinal: recordOf[row]! }),
      row: (record) => rowOf[record]!,
    },
    { probabilities },
  );
  checkMatrices({ probabilities }, columns["label"]!.length);
  return labelFlips().run(data, {}, contextOf(over));
}

interface Pictures {
  readonly label: string[];
  readonly rows: number[][];
}

/** Four classes at the corners of a square of side `side`, unit normal; the exact posterior of each, to the power of `sure`. */
function pictures(seed: number, n: number, flips: number, { side = 4, sure = 1 } = {}): Pictures {
  const [random, normal] = [randomOf(seed), normalOf(seed + 900)];
  const label: string[] = [];
  const rows: number[][] = [];
  for (let i = 0; i < n; i++) {
    const corner = Math.floor(4 * random());
    const [x, y] = [side * (corner & 1) + normal(), side * (corner >> 1) + normal()];
    const odds = [0, 1, 2, 3].map((k) => (-((x - side * (k & 1)) ** 2 + (y - side * (k >> 1)) ** 2) / 2) * sure);
    const weights = odds.map((value) => Math.exp(value - Math.max(...odds)));
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    rows.push(weights.map((weight) => weight / total));
    const given = i < flips ? (corner + 1 + Math.floor(3 * random())) % 4 : corner;
    label.push("abcd"[given] as string);
  }
  return { label, rows };
}

describe("labelFlips() with given probabilities", () => {
  it("needs no feature column, finds planted flips, and names the records whose rows it judged", async () => {
    const { label, rows } = pictures(1, 800, 80);
    const { outcome, findings } = await run({ label }, matrixOf(rows));
    expect(outcome).toMatchObject({ status: "completed", calibration: "posterior", examined: 800 });
    expect(outcome.lookedAt).toMatchObject({ columns: ["label"], label: "label", matrices: ["probabilities"] });
    expect(outcome.notes.join("\n")).toContain("whether they were made out of fold cannot be seen");
    const right = findings.filter(({ record }) => record < 80).length;
    expect(right).toBeGreaterThan(60);
    for (const { record, evidence } of findings) {
      expect(evidence["given"]).toBe(label[record]);
      expect(evidence["learners"]).toHaveLength(1);
      expect(evidence["neighbours"]).toMatchObject({ count: 0 });
    }
    expect(outcome.estimate!.rate).toBeGreaterThan(0.05);
    expect(outcome.estimate!.rate).toBeLessThan(0.15);
  });

  it("is quiet on clean data, however sure the probabilities are of themselves", async () => {
    for (const sure of [0.5, 1, 3, 10]) {
      for (let seed = 0; seed < 4; seed++) {
        const { label, rows } = pictures(seed + 40, 1000, 0, { sure, side: 3 });
        const { findings, outcome } = await run({ label }, matrixOf(rows));
        expect(findings, `seed ${seed}, sure ${sure}`).toHaveLength(0);
        if (sure > 1) expect(outcome.notes.join("\n")).toContain("surer than");
      }
    }
  });

  it("keeps the false share that it claims, however sure the model is, and whether it has seen the flips", async () => {
    for (const [sure, knows] of [
      [1, false],
      [4, false],
      [1, true],
      [3, true],
    ] as const) {
      let [found, share] = [0, 0];
      for (let seed = 0; seed < 12; seed++) {
        const { label, rows } = pictures(seed + 60, 1200, 100, { side: 3.5 });
        const said = rows.map((row) => {
          const powers = row.map((p) => (knows ? (11 / 12) * p + (1 - p) / 36 : p) ** sure);
          const total = powers.reduce((sum, power) => sum + power, 0);
          return powers.map((power) => power / total);
        });
        const { findings, outcome } = await run({ label }, matrixOf(said));
        const wrong = findings.filter(({ record }) => record >= 100).length;
        found += findings.length;
        share += findings.length > 0 ? wrong / findings.length : 0;
        if (sure === 1) expect(outcome.details).toMatchObject({ calibration: { knowsFlips: knows } });
      }
      expect(found, `sure ${sure}, knows ${knows}`).toBeGreaterThan(400);
      expect(share / 12, `sure ${sure}, knows ${knows}`).toBeLessThan(0.05);
    }
  });

  it("gives the same answer after a shuffle, also of records with equal leaves and different rows", async () => {
    const { label, rows } = pictures(2, 600, 60);
    const plain = await run({ label }, matrixOf(rows));
    const order = label.map((_, i) => (i * 7 + 3) % 600);
    const shuffled = await run({ label: order.map((i) => label[i]!) }, matrixOf(order.map((i) => rows[i]!)));
    const keysOf = ({ findings }: CheckResult, back: (record: number) => number): string[] =>
      findings.map(({ kind, leaf, score, q, record }) => JSON.stringify([kind, leaf, score, q, back(record)])).sort();
    expect(plain.findings.length).toBeGreaterThan(20);
    expect(keysOf(shuffled, (record) => order[record]!)).toEqual(keysOf(plain, (record) => record));
    const { suspects: _, reasons: others, disputed: __, ...rest } = shuffled.outcome;
    const { suspects, reasons, disputed, ...expected } = plain.outcome;
    expect(rest).toEqual(expected);
    const placeless = (list: typeof reasons) => list!.map(({ record: _, ...reason }) => reason);
    expect(placeless(others)).toEqual(placeless(reasons));
    expect(shuffled.outcome.suspects).toHaveLength(suspects!.length);
    expect(shuffled.outcome.disputed).toHaveLength(disputed!.length);
  });

  it("attack: each flip planted twelve times counts once, though its copies fell into different folds", async () => {
    const { label, rows } = pictures(3, 900, 60);
    const x = label.map((_, i) => i + 0.25);
    const once = await run({ label, x }, matrixOf(rows));
    const eleven = <T>(cells: readonly T[]): T[] => [
      ...cells,
      ...Array.from({ length: 11 }, () => cells.slice(0, 60)).flat(),
    ];
    const random = randomOf(5);
    const copies = eleven(rows).map((row, i) => {
      if (i < 900) return row;
      // Another fold's model says nearly the same.
      const moved = row.map((p) => p * (0.98 + 0.04 * random()) + 1e-9);
      const total = moved.reduce((sum, p) => sum + p, 0);
      return moved.map((p) => p / total);
    });
    const { findings, outcome } = await run({ label: eleven(label), x: eleven(x) }, matrixOf(copies));
    expect(outcome.details).toMatchObject({ distinctRecords: 900 });
    const bad = findings.filter(({ record }) => record < 60 || record >= 900).length;
    expect(once.findings.length).toBeGreaterThan(40);
    expect(bad).toBeGreaterThan(12 * 40);
    expect(findings.length - bad).toBeLessThanOrEqual(4);
    expect(findings[0]!.evidence["copies"]).toBe(12);
  });

  it("tells records apart where features are coarse or probabilities are rounded to one class each", async () => {
    const { label, rows } = pictures(4, 600, 60);
    const random = randomOf(9);
    const sex = label.map(() => "fm"[Math.floor(2 * random())] as string);
    const { outcome } = await run({ label, sex }, matrixOf(rows));
    expect(outcome.details).toMatchObject({ distinctRecords: 600 });
    expect(outcome.notes.join("\n")).toContain("many records have equal features");
    const hard = rows.map((row) => row.map((p) => (p === Math.max(...row) ? 1 : 0)));
    const rounded = await run({ label }, matrixOf(hard));
    expect(rounded.outcome).toMatchObject({ status: "completed", examined: 600 });
    expect(rounded.outcome.details).toMatchObject({ distinctRecords: 600 });
  });

  it("finds columns by their names in any order; classes that are too small are left out", async () => {
    const { label, rows } = pictures(6, 500, 50);
    const plain = await run({ label }, matrixOf(rows));
    const turned = await run(
      { label },
      matrixOf(
        rows.map((row) => [...row].reverse()),
        ["d", "c", "b", "a"],
      ),
    );
    expect(turned.findings.map(({ record, score }) => [record, score])).toEqual(
      plain.findings.map(({ record, score }) => [record, score]),
    );
    const rare = [...label];
    rare[400] = "e";
    const wider = await run({ label: rare }, matrixOf(rows.map((row) => [...row, 0])));
    expect(wider.outcome).toMatchObject({ status: "completed", examined: 499 });
    expect(wider.outcome.notes.join("\n")).toContain("fewer than 5 distinct records");
  });

  it("is refused with names and numbers where the classes are others", async () => {
    const { label, rows } = pictures(7, 100, 0);
    const refusal = async (matrix: RecordMatrix): Promise<unknown> => run({ label }, matrix).catch((error) => error);
    expect(await refusal(matrixOf(rows.map(([a, b, c, d]) => [a! + d!, b!, c!])))).toMatchObject({
      code: "bad-matrix",
      message: expect.stringMatching(/3 columns, and column "label" has 4 classes: "a", "b", "c", "d"/),
    });
    expect(await refusal(matrixOf(rows, ["a", "b", "c", "x"]))).toMatchObject({
      name: "FormatError",
      message: expect.stringMatching(/1 classes have no column: "d"; 1 columns are no class: "x"/),
    });
    const hidden = await run({ label }, matrixOf(rows, ["a", "b", "c", "x"]), {}, { showValues: false }).catch(
      (e) => e,
    );
    expect(hidden.message).not.toContain('"d"');
  });
});

describe("columnsOfClasses()", () => {
  const numbers = { name: "label", kind: "number", values: Float64Array.of(2, 10, 9) } as const;
  const labels = { names: ["10", "2", "9"], classOf: Int32Array.of(1, 0, 2) };
  const three = matrixOf([[1, 0, 0]]);

  it("takes columns without names in ascending order: as numbers where all labels are, else by code point", () => {
    expect([...columnsOfClasses(three, labels, numbers, true)]).toEqual([2, 0, 1]);
    const texts = { name: "label", kind: "category", codes: labels.classOf, categories: labels.names } as const;
    expect([...columnsOfClasses(three, labels, texts, true)]).toEqual([0, 1, 2]);
    const odd = { ...numbers, odd: [{ row: 0, text: "?" }] };
    expect([...columnsOfClasses(three, labels, odd, true)]).toEqual([0, 1, 2]);
  });

  it("takes 2.0 for the class 2 where labels are numbers, and no column twice", () => {
    expect([...columnsOfClasses({ ...three, names: ["2.0", "9", "1e1"] }, labels, numbers, true)]).toEqual([2, 0, 1]);
    expect(() => columnsOfClasses({ ...three, names: ["2", "2.0", "9"] }, labels, numbers, true)).toThrow(
      /no column: "10"/,
    );
  });
});
