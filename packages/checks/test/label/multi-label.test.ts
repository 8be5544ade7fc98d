/** Records with several labels, in lists and in columns. */

import { describe, expect, it } from "vitest";
import type { CheckContext, CheckData, DataShape, Roles, Table } from "../../src/check.js";
import { checkRoles } from "../../src/columns.js";
import { labelFlipsConfidentLearning } from "../../src/label/confident-learning-check.js";
import { labelFlips } from "../../src/label/label-flips.js";
import { labelLists } from "../../src/label/multi-label.js";
import { tableData, tableShape } from "../../src/table-data.js";
import { contextOf, normalOf, tableOf } from "../tables.js";

const N = 700;
/** Two labels by the signs of two columns; one record of five, where the sign is clear, has its label "west" the wrong way round. */
function tags(): { x: number[]; y: number[]; tags: (string | null)[]; bad: Set<number> } {
  const normal = normalOf(5);
  const [x, y, lists, bad] = [[] as number[], [] as number[], [] as (string | null)[], new Set<number>()];
  for (let i = 0; i < N; i++) {
    x.push(3 * normal());
    y.push(3 * normal());
    const flipped = i % 5 === 0 && Math.abs(x[i]!) > 0.5;
    if (flipped) bad.add(i);
    const own = [
      ...(x[i]! < 0 !== flipped ? ["west"] : []),
      ...(y[i]! > 0 ? ["north"] : []),
      ...(i < 3 ? ["seldom"] : []),
    ];
    lists.push(i === 20 ? null : JSON.stringify(own));
  }
  return { x, y, tags: lists, bad };
}

function listed(table: Table, roles: Roles): CheckData {
  const shape = tableShape(table, roles);
  const kinds = { ...shape.kinds, tags: { list: "text" } } as DataShape["kinds"];
  return tableData(table, { ...shape, kinds });
}

const run = (data: CheckData, over: Partial<CheckContext> = {}) => labelFlips().run(data, {}, contextOf(over));

describe("label-flips on lists of labels", () => {
  it("accuses the label that is wrong, and answers as for a column of that label alone", async () => {
    const { bad, ...columns } = tags();
    const { table, rowOf } = tableOf(columns);
    const { outcome, findings, scores } = await run(listed(table, { label: "tags" }));
    expect(outcome).toMatchObject({
      status: "completed",
      calibration: "posterior",
      examined: N - 1,
      findings: findings.length,
    });
    const wrong = new Set([...bad].map((i) => rowOf[i]));
    const hits = findings.filter(({ record, evidence }) => wrong.has(record) && evidence.label === "west").length;
    expect(hits).toBeGreaterThan(0.6 * bad.size);
    expect(findings.length - hits).toBeLessThanOrEqual(3);
    expect(findings[0]!.message).toMatch(/"(not )?west"/);
    expect(outcome.reasons!.map(({ record }) => record)).toEqual(outcome.suspects!.slice(0, 50));
    expect(outcome.reasons![0]!.evidence).toMatchObject({
      label: "west",
      given: expect.stringMatching(/^(not )?west$/),
    });
    expect(outcome.notes.join("\n")).toContain('label "seldom": held or not held by fewer than 5 records');
    const { labels } = outcome.details as { labels: { label: string; rate: number }[] };
    expect(labels.map(({ label }) => label)).toEqual(["north", "west"]);
    expect(labels[1]!.rate).toBeGreaterThan(0.03);
    expect(labels[0]!.rate).toBeLessThan(0.03);

    // The same leaves with one label as a column.
    const codes = table.columns[2] as Extract<Table["columns"][number], { kind: "category" }>;
    const { names, holders } = labelLists(codes);
    const west = holders[names.indexOf("west")]!;
    const alone = {
      ...codes,
      categories: ["west", "not west"],
      codes: codes.codes.map((c) => (c < 0 ? -1 : west.has(c) ? 0 : 1)),
    };
    const one = { ...table, columns: [...table.columns.slice(0, 2), alone] };
    const single = await run(tableData(one, tableShape(one, { label: "tags" })));
    const ofWest = findings.filter(({ evidence }) => evidence.label === "west");
    expect(ofWest.map(({ evidence: { label: _, ...rest }, ...finding }) => ({ ...finding, evidence: rest }))).toEqual(
      single.findings,
    );
    for (const [row, score] of single.scores!.entries())
      if (!Number.isNaN(score)) expect(scores![row]).toBeGreaterThanOrEqual(score);
  });

  it("names no label where values are not shown", async () => {
    const { bad: _, ...columns } = tags();
    const { table } = tableOf(columns);
    const result = await run(listed(table, { label: "tags" }), { showValues: false });
    expect(result.findings.length).toBeGreaterThan(0);
    expect(JSON.stringify(result)).not.toMatch(/west|north|seldom/);
  });

  it("says what it cannot judge", async () => {
    const few = tableOf({ x: [1, 2, 3, 4], tags: ['["a"]', '["b",2]', "[]", null] });
    const { outcome } = await run(listed(few.table, { label: "tags" }));
    expect(outcome).toMatchObject({ status: "skipped" });
    expect(outcome.reason).toContain("No label is held by 5 records");
    expect(labelLists(few.table.columns[1]!).names).toEqual(["2", "a", "b"]);
  });
});

describe("label-flips on several label columns", () => {
  /** The labels of `tags` as columns of 0 and 1. */
  function indicators() {
    const { tags: lists, bad, x, y } = tags();
    const holds = (label: string) => lists.map((list) => (list === null ? null : Number(list.includes(label))));
    return { columns: { x, y, west: holds("west"), north: holds("north") }, bad };
  }

  it("judges each column by the features and not by the other labels, and names it", async () => {
    const { columns, bad } = indicators();
    const { table, rowOf } = tableOf(columns);
    const data = tableData(table, tableShape(table, { labels: ["west", "north"] }));
    const { outcome, findings, scores } = await run(data, { showValues: false });
    expect(outcome).toMatchObject({ status: "completed", calibration: "posterior", findings: findings.length });
    expect([...outcome.lookedAt.columns].sort()).toEqual(["north", "west", "x", "y"]);
    const wrong = new Set([...bad].map((i) => rowOf[i]));
    const hits = findings.filter(({ record, evidence }) => wrong.has(record) && evidence.label === "west").length;
    expect(hits).toBeGreaterThan(0.6 * bad.size);
    expect(findings.length - hits).toBeLessThanOrEqual(3);
    expect(findings[0]!.message).toBe('Label "west": The label contradicts the features.');
    expect(outcome.reasons![0]!.message).toBe('Label "west": The label contradicts the features.');
    const { labels } = outcome.details as { labels: { label: string; rate: number }[] };
    expect(labels.map(({ label }) => label)).toEqual(["north", "west"]);

    const single = await run(tableData(table, tableShape(table, { label: "west", exclude: ["north"] })));
    expect(single.findings).toHaveLength(findings.filter(({ evidence }) => evidence.label === "west").length);
    for (const [row, score] of single.scores!.entries())
      if (!Number.isNaN(score)) expect(scores![row]).toBeGreaterThanOrEqual(score);
  });

  it("refuses what contradicts itself, and says how several columns are named", () => {
    const { table } = tableOf(indicators().columns);
    const refuse = (roles: Roles) => () => checkRoles(tableShape(table, roles));
    expect(refuse({ label: "west", labels: ["north", "x"] })).toThrow("labels: label is given too");
    expect(refuse({ labels: ["west"] })).toThrow("labels: name at least two columns");
    expect(refuse({ labels: ["west", "nowhere"] })).toThrow('labels: there is no column "nowhere"');
    expect(refuse({ label: "west,north" })).toThrow("label: it is one column; name several as labels: west,north");
    expect(refuse({ annotator: "west,north" })).toThrow("name several as annotations");
    expect(labelFlipsConfidentLearning().reads(tableShape(table, { labels: ["west", "north"] }), {})).toEqual({
      skip: expect.stringContaining("name one (label)"),
    });
  });
});
