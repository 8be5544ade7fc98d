import { describe, expect, it } from "vitest";
import type { Roles } from "../../src/check.js";
import { accusesRecord } from "../../src/findings.js";
import { agreementOfAnnotators } from "../../src/label/annotator-votes.js";
import { annotators } from "../../src/label/annotators.js";
import { type AnnotatorVotes, dawidSkene } from "../../src/numeric/dawid-skene.js";
import { wilsonInterval } from "../../src/numeric/wilson-interval.js";
import { runChecks } from "../../src/run-checks.js";
import { tableData, tableShape } from "../../src/table-data.js";
import { contextOf, randomOf, tableOf } from "../tables.js";

/** A congruence that other languages can repeat. */
function congruence(): () => number {
  let state = 12345;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

/** Forty items of three classes, six annotators who are right with these probabilities, four fifths of all pairs. */
function crowd(): AnnotatorVotes & { truth: number[] } {
  const random = congruence();
  const [item, annotator, label, truth]: [number[], number[], number[], number[]] = [[], [], [], []];
  for (let i = 0; i < 40; i++) {
    const right = Math.floor(random() * 3);
    truth.push(right);
    for (const [a, p] of [0.95, 0.9, 0.8, 0.7, 0.5, 0.34].entries()) {
      if (random() >= 0.8) continue;
      item.push(i);
      annotator.push(a);
      label.push(random() < p ? right : (right + 1 + Math.floor(random() * 2)) % 3);
    }
  }
  const columns = { item: Int32Array.from(item), annotator: Int32Array.from(annotator), label: Int32Array.from(label) };
  return { ...columns, items: 40, annotators: 6, classes: 3, truth };
}

describe("dawidSkene()", () => {
  // crowd-kit 1.4.2, DawidSkene(n_iter=2000, tol=-1), on the same votes.
  const consensus = "0200221022 1110022020 2121100012 0110201001".replaceAll(" ", "");
  const lastConfusion = [
    [0.2041218000434259, 0.3310773298933249, 0.4648008700632492],
    [0, 0.5342231589181728, 0.46577684107248046],
    [0.5280403609078803, 0, 0.47195963907639726],
  ];

  it("without smoothing gives the consensus, the prior and the confusions of crowd-kit", () => {
    const votes = crowd();
    expect(votes.item).toHaveLength(195);
    const { posterior, prior, confusion } = dawidSkene(votes, { smoothing: 0, maxRounds: 2000 });
    const best = Array.from({ length: 40 }, (_, i) => {
      const own = [...posterior.subarray(3 * i, 3 * i + 3)];
      return own.indexOf(Math.max(...own));
    });
    expect(best.join("")).toBe(consensus);
    for (const [k, share] of [0.40695999994945486, 0.290912971427311, 0.3021270286232342].entries())
      expect(prior[k]).toBeCloseTo(share, 6);
    for (const [j, row] of lastConfusion.entries())
      for (const [l, p] of row.entries()) expect(confusion[5 * 9 + j * 3 + l]).toBeCloseTo(p, 6);
  });

  it("keeps its posterior, prior and confusions distributions", () => {
    const { posterior, prior, confusion, rounds } = dawidSkene(crowd());
    expect(rounds).toBeGreaterThan(1);
    for (const values of [posterior, prior, confusion]) {
      for (let at = 0; at < values.length; at += 3) {
        expect(values[at]! + values[at + 1]! + values[at + 2]!).toBeCloseTo(1, 12);
        for (let k = at; k < at + 3; k++) expect(values[k]).toBeGreaterThanOrEqual(0);
      }
    }
  });
});

describe("agreementOfAnnotators()", () => {
  it("compares each label with the majority of the others, and ties with nothing", () => {
    const votes = {
      item: Int32Array.of(0, 0, 0, 1, 1, 2),
      annotator: Int32Array.of(0, 1, 2, 0, 1, 2),
      label: Int32Array.of(0, 0, 1, 1, 0, 1),
      items: 3,
      annotators: 3,
      classes: 2,
    };
    expect(agreementOfAnnotators(votes)).toEqual([
      // Item 0: the others of 0 and of 1 are tied.
      { compared: 1, agreed: 0 },
      { compared: 1, agreed: 0 },
      { compared: 1, agreed: 0 },
    ]);
  });
});

describe("wilsonInterval()", () => {
  it("is that of statsmodels", () => {
    // statsmodels.stats.proportion.proportion_confint(8, 10, method="wilson")
    const { rate, low, high } = wilsonInterval(8, 10);
    expect(rate).toBe(0.8);
    expect(low).toBeCloseTo(0.490162471536642, 12);
    expect(high).toBeCloseTo(0.943317848545625, 12);
    expect(wilsonInterval(0, 5).low).toBe(0);
    expect(wilsonInterval(5, 5).high).toBe(1);
  });
});

type Columns = Record<string, (number | string | null)[]>;
type Crowd = Record<"task" | "worker" | "label" | "truth", (string | null)[]>;

/** Items of four classes, each labelled by `each` of the annotators, who are right with these probabilities. */
function labelled(seed: number, items: number, each: number, skills: readonly number[]): Crowd {
  const random = randomOf(seed);
  const columns = { task: [] as string[], worker: [] as string[], label: [] as string[], truth: [] as string[] };
  for (let i = 0; i < items; i++) {
    const right = Math.floor(4 * random());
    const free = [...skills.keys()];
    for (let v = 0; v < each; v++) {
      const [a] = free.splice(Math.floor(free.length * random()), 1);
      const own = random() < skills[a!]! ? right : (right + 1 + Math.floor(3 * random())) % 4;
      columns.task.push(`task ${i}`);
      columns.worker.push(`w${a}`);
      columns.label.push("abcd"[own]!);
      columns.truth.push("abcd"[right]!);
    }
  }
  return columns;
}

async function run(columns: Columns, roles: Roles = {}) {
  const { table, rowOf } = tableOf(columns);
  const shape = tableShape(table, { label: "label", annotator: "worker", item: "task", exclude: ["truth"], ...roles });
  const data = tableData(table, shape);
  return { ...(await annotators().run(data, {}, contextOf())), rowOf, data };
}

describe("annotators()", () => {
  it("accuses nobody among equals: in at most 5 % of 60 crowds", async () => {
    let loud = 0;
    for (let seed = 0; seed < 60; seed++) {
      const { findings } = await run(labelled(seed, 80, 5, Array(12).fill(0.8)));
      if (findings.length > 0) loud++;
    }
    expect(loud).toBeLessThanOrEqual(3);
  });

  it("names those who guess, and their labels are among the suspects", async () => {
    const skills = [...Array(10).fill(0.9), 0.25, 0.3];
    const columns = labelled(5, 200, 5, skills);
    const { outcome, findings, scores, rowOf, data } = await run(columns);
    expect(outcome).toMatchObject({ status: "completed", calibration: "exact", examined: 1000, findings: 2 });
    expect(findings.map(({ evidence }) => evidence["annotator"]).sort()).toEqual(["w10", "w11"]);
    expect(findings.every((finding) => !accusesRecord(finding))).toBe(true);
    const wrong = columns.label.filter((label, i) => label !== columns.truth[i]).length / 1000;
    expect(outcome.estimate!.low).toBeLessThan(wrong);
    expect(outcome.estimate!.high).toBeGreaterThan(wrong);
    const bad = new Set([...rowOf.keys()].filter((i) => columns.label[i] !== columns.truth[i]).map((i) => rowOf[i]!));
    const caught = outcome.suspects!.filter((record) => bad.has(data.row(record))).length;
    expect(caught / outcome.suspects!.length).toBeGreaterThan(0.9);
    expect(scores!.every((score) => score >= 0 && score <= 1)).toBe(true);
    expect(outcome.reasons!.map(({ record }) => record)).toEqual(outcome.suspects!.slice(0, 50));
    const right = outcome.reasons!.filter(({ record, evidence }) => {
      const input = [...rowOf.keys()].find((i) => rowOf[i] === data.row(record))!;
      return evidence.given === columns.label[input] && evidence.consensus === columns.truth[input];
    });
    expect(right.length).toBeGreaterThan(45);
    const listed = (outcome.details!["annotators"] as { annotator: string; accuracy: { rate: number } }[]).slice(0, 2);
    expect(listed.map(({ annotator }) => annotator).sort()).toEqual(["w10", "w11"]);
  });

  it("finds the truth more often than the majority does, where some guess", async () => {
    let ours = 0;
    let majority = 0;
    for (let seed = 0; seed < 10; seed++) {
      const skills = [0.95, 0.95, 0.9, 0.25, 0.25, 0.25, 0.25];
      const columns = labelled(100 + seed, 150, 7, skills);
      const { table } = tableOf(columns);
      expect(table.length).toBe(1050);
      const task = columns.task.map((name) => Number((name as string).slice(5)));
      const votes = {
        item: Int32Array.from(task),
        annotator: Int32Array.from(columns.worker, (name) => Number((name as string).slice(1))),
        label: Int32Array.from(columns.label, (name) => "abcd".indexOf(name as string)),
        items: 150,
        annotators: 7,
        classes: 4,
      };
      const { posterior } = dawidSkene(votes);
      for (let i = 0; i < 150; i++) {
        const truth = "abcd".indexOf(columns.truth[7 * i]!);
        const own = [...posterior.subarray(4 * i, 4 * i + 4)];
        if (own.indexOf(Math.max(...own)) === truth) ours++;
        const counts = [0, 0, 0, 0];
        for (let v = 7 * i; v < 7 * i + 7; v++) counts[votes.label[v]!]!++;
        if (counts.indexOf(Math.max(...counts)) === truth) majority++;
      }
    }
    expect(ours).toBeGreaterThan(majority + 50);
  });

  it("counts equal records once, leaves out what is missing, and says so", async () => {
    const columns = labelled(1, 30, 3, [0.9, 0.9, 0.9]);
    for (const name of ["task", "worker", "label", "truth"] as const) columns[name].push(columns[name][0]!);
    columns.worker[5] = null;
    columns.label[9] = null;
    const { outcome, scores } = await run(columns);
    expect(outcome).toMatchObject({ status: "completed", examined: 88 });
    expect(outcome.notes.join()).toContain("3 records that lack a label");
    expect(scores!.filter(Number.isNaN)).toHaveLength(3);
  });

  it("takes equal features as items where none is named", async () => {
    const { task: text, ...columns } = labelled(2, 40, 4, [0.9, 0.9, 0.9, 0.9]);
    const { table } = tableOf({ ...columns, text: text! } as Columns);
    const shape = tableShape(table, { label: "label", annotator: "worker", exclude: ["truth"] });
    const { outcome } = await annotators().run(tableData(table, shape), {}, contextOf());
    expect(outcome).toMatchObject({ status: "completed", details: { items: 40, itemsOfSeveral: 40 } });
    expect(outcome.notes.join()).toContain("records of equal features were taken as one item");
  });

  it("reads a column for each annotator as it reads a record for each label", async () => {
    const long = labelled(5, 200, 5, [...Array(10).fill(0.9), 0.25, 0.3]);
    const workers = [...new Set(long.worker as string[])].sort();
    const tasks = [...new Set(long.task as string[])];
    const wide: Columns = { task: tasks };
    for (const worker of workers) {
      wide[worker] = tasks.map((task) => {
        const at = long.task.findIndex((own, i) => own === task && long.worker[i] === worker);
        return at < 0 ? null : long.label[at]!;
      });
    }
    const answer = async (columns: Columns, roles: Roles) => {
      const { table, rowOf } = tableOf(columns);
      const data = tableData(table, tableShape(table, roles));
      return { ...(await annotators().run(data, {}, contextOf())), rowOf };
    };
    const { outcome, findings } = await answer(wide, { annotations: workers });
    const other = await run(long);
    const plain = (result: typeof other) =>
      result.findings.map(({ p, q, evidence, message }) => ({ p, q, evidence, message }));
    expect(plain({ ...other, findings })).toEqual(plain(other));
    expect(findings).toHaveLength(2);
    expect(outcome.details).toMatchObject({ items: 200, itemsOfSeveral: 200 });
    expect(outcome.examined).toBe(200);
    expect(outcome.estimate!.rate).toBeCloseTo(other.outcome.estimate!.rate, 9);
    expect(outcome.reasons![0]!.evidence).toMatchObject({ annotator: expect.stringMatching(/^w\d+$/) });
    expect(new Set(outcome.suspects).size).toBe(outcome.suspects!.length);
    // Items of which nothing is known but their labels are no copies of each other.
    const { task: _, ...bare } = wide;
    expect((await answer(bare, { annotations: workers })).outcome.details).toMatchObject({ items: 200 });
  });

  it("says what it needs", async () => {
    const { table } = tableOf(labelled(3, 20, 1, [0.9, 0.9]));
    const skip = (roles: Roles) => annotators().reads(tableShape(table, roles), {});
    expect(skip({})).toEqual({ skip: expect.stringContaining("label") });
    expect(skip({ label: "label" })).toEqual({ skip: expect.stringContaining("annotator") });
    expect(skip({ label: "label", annotator: "worker", features: ["label"] })).toEqual({
      skip: expect.stringContaining("(item)"),
    });
    expect((await run(labelled(3, 20, 1, [0.9, 0.9]))).outcome).toMatchObject({
      status: "skipped",
      reason: "No item was labelled by two annotators.",
    });
    const measured = labelled(3, 2000, 1, [0.9, 0.9]);
    expect((await run({ ...measured, label: measured.label.map((_, i) => i / 7) })).outcome.status).toBe("skipped");
  });

  it("names no value when leaves are keyed", async () => {
    const columns = labelled(5, 200, 5, [...Array(10).fill(0.9), 0.25]);
    const { table } = tableOf(columns);
    const shape = tableShape(table, { label: "label", annotator: "worker", item: "task", exclude: ["truth"] });
    const { outcome, findings } = await annotators().run(tableData(table, shape), {}, contextOf({ showValues: false }));
    expect(findings).toHaveLength(1);
    expect(JSON.stringify([outcome, findings])).not.toMatch(/"w\d|task \d/);
  });

  it("gives the same answer when records are shuffled", async () => {
    const columns = labelled(8, 60, 4, [0.9, 0.9, 0.9, 0.9, 0.3]);
    const order = [...columns.label.keys()].reverse();
    const shuffled = Object.fromEntries(
      Object.entries(columns).map(([name, cells]) => [name, order.map((i) => cells[i]!)]),
    );
    const answer = async (own: Columns) => {
      const { table } = tableOf(own);
      const { outcomes, findings } = await runChecks(
        { data: tableData(table), setRoot: new Uint8Array(32) },
        [annotators()],
        {
          roles: { label: "label", annotator: "worker", item: "task", exclude: ["truth"] },
        },
      );
      return [outcomes, findings];
    };
    expect(await answer(shuffled)).toEqual(await answer(columns));
  });
});
