import { CheckError, SourceError } from "@assay/merkle";
import { describe, expect, test } from "vitest";
import type { Check, CheckContext, CheckData, Finding, Power } from "../../src/check.js";
import { sameLeaf } from "../../src/columns.js";
import { completed } from "../../src/outcome.js";
import type { Poison } from "../../src/power/poison.js";
import { allChecks, selectChecks } from "../../src/registry.js";
import { type RunChecksOptions, runChecks } from "../../src/run-checks.js";
import { tableData } from "../../src/table-data.js";
import { normalOf, randomOf, tableOf } from "../tables.js";

const setRoot = new Uint8Array(32).fill(9);
type Columns = Parameters<typeof tableOf>[0];

/** Two classes far apart in six correlated columns, an id and a source. */
function clean(n: number): Columns {
  const normal = normalOf(5);
  const common = Array.from({ length: n }, () => normal());
  const columns: Record<string, (number | string)[]> = { id: Array.from({ length: n }, (_, i) => 1000 + i) };
  for (let j = 0; j < 6; j++)
    columns[`x${j}`] = common.map((z, i) => z * (j % 2 === 0 ? 1 : -1) + 0.5 * normal() + (i % 2) * 4);
  columns.y = common.map((_, i) => (i % 2 === 0 ? "good" : "bad"));
  columns.s = common.map((_, i) => `s${i % 10}`);
  return columns;
}

const run = (columns: Columns, ids: readonly string[], options: RunChecksOptions = {}, checks?: readonly Check[]) =>
  runChecks({ data: tableData(tableOf(columns).table), setRoot }, checks ?? selectChecks(ids), {
    power: true,
    ...options,
  });
const powerOf = async (...args: Parameters<typeof run>) => {
  const { outcomes } = await run(...args);
  return Object.fromEntries(outcomes.map(({ check, power, notes }) => [check, { power, note: notes.at(-1)! }]));
};

describe("runChecks() with power", () => {
  const roles = { label: "y", source: "s" };

  test("changes no finding, no score and nothing of an outcome but power and one note", async () => {
    const columns = clean(600);
    (columns.y as string[])[0] = "bad";
    const data = () => tableData(tableOf(columns).table);
    const plain = await runChecks({ data: data(), setRoot }, allChecks(), { roles });
    const measured = await runChecks({ data: data(), setRoot }, allChecks(), { roles, power: true });
    expect(measured.findings).toEqual(plain.findings);
    expect(measured.scores).toEqual(plain.scores);
    expect(measured.unread).toEqual(plain.unread);
    expect(plain.outcomes.some((outcome) => "power" in outcome)).toBe(false);
    expect(measured.outcomes.map(({ power: _, notes, ...rest }) => ({ ...rest, notes: notes.slice(0, -1) }))).toEqual(
      plain.outcomes,
    );
  });

  test("catches each poison where the classes are far apart, and misses fewer flips than can be claimed", async () => {
    const power = await powerOf(clean(600), [], { roles }, allChecks());
    for (const id of ["exact-duplicates", "near-duplicates", "conflicting-duplicates"]) {
      expect(power[id]!.power!.tried.map(({ fraction }) => fraction)).toEqual([0.1, 0.05, 0.02, 0.01]);
      expect(power[id]!.power!.smallest).toBe(0.01);
      for (const { recall, falseDiscovery } of power[id]!.power!.tried)
        expect([recall, falseDiscovery]).toEqual([1, 0]);
    }
    const { smallest, tried } = power["label-flips"]!.power!;
    expect(smallest).toBeGreaterThanOrEqual(0.02);
    // At a rate of .05 twelve findings of six hundred records cannot be claimed.
    expect(tried.at(-1)).toMatchObject({ recall: 0 });
    for (const { falseDiscovery } of tried) expect(falseDiscovery).toBeLessThanOrEqual(0.2);
    expect(power["label-flips"]!.note).toMatch(/^power: caught flipped labels in [25] % \(/);
    expect(power["bad-sources"]!.power).toBeUndefined();
    expect(power["bad-sources"]!.note).toMatch(/^power was not measured: it reads what the other checks find/);
  });

  test("says that a check is blind where the label does not follow from the features", async () => {
    const random = randomOf(4);
    const columns = { ...clean(500), y: Array.from({ length: 500 }, () => (random() < 0.5 ? "good" : "bad")) };
    const { "label-flips": flips } = await powerOf(columns, ["label-flips"], { roles });
    expect(flips!.power).toEqual({ attack: "label-flip", smallest: null, tried: [] });
    expect(flips!.note).toMatch(/could not have seen any poison here/);
  });

  test("says that near copies cannot be seen where nothing but one cell tells them apart, and short texts with a typo", async () => {
    const { x0, x1, y } = clean(400);
    const bare = await powerOf({ x0: x0!, x1: x1!, y: y! }, ["near-duplicates"], { roles: { label: "y" } });
    expect(bare["near-duplicates"]!.power).toMatchObject({ attack: "near-copy", smallest: null });
    expect(bare["near-duplicates"]!.power!.tried.every(({ recall }) => recall === 0)).toBe(true);
    const random = randomOf(8);
    const word = () => Math.floor(random() * 36 ** 6).toString(36);
    const texts = (words: number) => ({
      t: Array.from({ length: 300 }, () => Array.from({ length: words }, word).join(" ")),
    });
    const { "near-duplicates": long } = await powerOf(texts(20), ["near-duplicates"], { roles: { text: "t" } });
    expect(long!.power!.smallest).toBe(0.02);
    expect(long!.note).toContain("copies with one character of the text changed");
    const { "near-duplicates": short } = await powerOf(texts(3), ["near-duplicates"], { roles: { text: "t" } });
    expect(short!.power!.smallest).toBeNull();
  });

  test("goes on where much poison hides itself, and finds the least that is caught", async () => {
    const { outliers } = await powerOf(clean(2000), ["outliers"], { roles });
    const { tried, smallest } = outliers!.power!;
    expect(tried[0]).toMatchObject({ fraction: 0.1, recall: 0 });
    expect(smallest).not.toBeNull();
  });

  test("depends on neither the order of the records nor on how work is mapped", async () => {
    const columns = clean(400);
    const order = Array.from({ length: 400 }, (_, i) => (i * 171) % 400);
    const shuffled = Object.fromEntries(
      Object.entries(columns).map(([name, cells]) => [name, order.map((i) => cells[i]!)]),
    );
    expect(await powerOf(shuffled, [], { roles }, allChecks())).toEqual(
      await powerOf(columns, [], { roles }, allChecks()),
    );
    const other = await powerOf(columns, ["label-flips"], { roles, seed: 4 });
    expect(other["label-flips"]!.power).not.toEqual(
      (await powerOf(columns, ["label-flips"], { roles }))["label-flips"]!.power,
    );
  });

  test("does not measure what it cannot plant: too few records, one class, too little memory", async () => {
    expect((await powerOf(clean(30), ["exact-duplicates"]))["exact-duplicates"]).toEqual({
      power: undefined,
      note: "power was not measured: a tenth of 30 records are fewer than 5",
    });
    const one = { ...clean(100), y: Array(100).fill("a") };
    const { "conflicting-duplicates": conflicts } = await powerOf(one, ["conflicting-duplicates"], { roles });
    expect(conflicts).toEqual({ power: undefined, note: "power was not measured: there is only one label" });
    const { outcomes } = await run(clean(100), ["exact-duplicates"], { maxMemoryBytes: 900 });
    expect(outcomes[0]).toMatchObject({ status: "completed" });
    expect(outcomes[0]!.notes.at(-1)).toMatch(/not measured: .* maxMemoryBytes is 900/);
  });
});

/** A check of one column that accuses what `accuse` says. */
function checkOf(poison: Poison, accuse: (data: CheckData) => Promise<readonly number[]>): Check {
  const check = { id: "probe", version: "1" };
  return {
    ...check,
    poison: [poison],
    reads: () => ({ columns: ["x"] }),
    memory: () => 0,
    async run(data: CheckData, _options: unknown, context: CheckContext) {
      const findings = (await accuse(data)).map(
        (row): Finding => ({
          check: "probe",
          kind: "k",
          ...data.place(row),
          score: 1,
          severity: "low",
          message: "",
          evidence: {},
        }),
      );
      const outcome = completed(check, data, context, {
        columns: ["x"],
        examined: data.shape.records,
        findings: findings.length,
        calibration: "exact",
      });
      return { outcome, findings };
    },
  };
}

describe("measurePower()", () => {
  const columns = { x: Array.from({ length: 200 }, (_, i) => (i < 4 ? -1 : i)) };
  const mark = (value: number): Poison => ({
    attack: "mark",
    stands: "instead",
    prepare: async () => ({ what: "marks", plant: () => new Map([["x", { value }]]) }),
  });
  const cells = async (data: CheckData) => {
    const [x] = (await data.table(["x"])).columns;
    return x!.kind === "number" ? [...x!.values.entries()] : [];
  };
  const measured = async (check: Check): Promise<Power | undefined> =>
    (await run(columns, [], {}, [check])).outcomes[0]!.power;

  test("counts what is found anyway neither as caught nor as false", async () => {
    const check = checkOf(mark(-1), async (data) => (await cells(data)).filter(([, x]) => x < 0).map(([row]) => row));
    expect(await measured(check)).toEqual({
      attack: "mark",
      smallest: 0.05,
      tried: [
        { fraction: 0.1, planted: 20, recall: 1, falseDiscovery: 0 },
        { fraction: 0.05, planted: 10, recall: 1, falseDiscovery: 0 },
      ],
    });
  });
  test("gives no planted copy the credit of a finding that is made anyway", async () => {
    const twice = { x: [...Array(100).keys(), ...Array(100).keys()] };
    const { outcomes } = await run(twice, [], {}, selectChecks(["exact-duplicates"]));
    // A hundred findings of its own, and every planted copy.
    expect(outcomes[0]).toMatchObject({ findings: 100, power: { smallest: 0.05 } });
    const blind: Check = {
      ...checkOf({ ...mark(0), stands: "repeated" }, async (data) => {
        const { leaves, length } = await data.table([]);
        return [...Array(length).keys()].filter((row) => row > 0 && sameLeaf(leaves, row - 1, row) && row < 150);
      }),
    };
    for (const { recall } of (await run(twice, [], {}, [blind])).outcomes[0]!.power!.tried)
      expect(recall).toBeLessThan(1);
  });
  test("does not take a check for good that accuses everything as soon as anything is planted", async () => {
    const check = checkOf(mark(-5), async (data) => {
      const all = await cells(data);
      return all.some(([, x]) => x === -5) ? all.map(([row]) => row) : [];
    });
    const power = await measured(check);
    expect(power).toMatchObject({ smallest: null });
    expect(power!.tried[0]).toEqual({ fraction: 0.1, planted: 20, recall: 1, falseDiscovery: 0.9 });
    const { outcomes } = await run(columns, [], {}, [check]);
    expect(outcomes[0]!.notes.at(-1)).toMatch(/more of its findings were false than its rate explains/);
  });
  test("takes a check that fails on the copy for blind, and says why", async () => {
    const check = checkOf(mark(-5), async (data) => {
      if ((await cells(data)).some(([, x]) => x === -5)) throw new CheckError("memory-exceeded", "too much");
      return [];
    });
    const { outcomes } = await run(columns, [], {}, [check]);
    expect(outcomes[0]).toMatchObject({ status: "completed", power: { smallest: null } });
    expect(outcomes[0]!.notes.at(-1)).toMatch(/could not have seen marks here.*memory-exceeded: too much/);
  });
  test("throws when the data cannot be read, and stops when aborted", async () => {
    const error = new SourceError("source-changed", "it changed");
    const failing: Poison = { ...mark(1), prepare: () => Promise.reject(error) };
    await expect(run(columns, [], {}, [checkOf(failing, async () => [])])).rejects.toBe(error);
    const controller = new AbortController();
    const stopping: Poison = {
      ...mark(1),
      async prepare(data) {
        controller.abort(new Error("stop"));
        return mark(1).prepare(data);
      },
    };
    await expect(run(columns, [], { signal: controller.signal }, [checkOf(stopping, async () => [])])).rejects.toThrow(
      "stop",
    );
  });
  test("never reads a column that is excluded", async () => {
    const prying: Poison = { ...mark(1), prepare: async (data) => ((await data.table(["x"])).length ? "no" : "none") };
    const check: Check = { ...checkOf(prying, async () => []), reads: () => ({ columns: [] }) };
    const { outcomes } = await run(columns, [], { roles: { exclude: ["x"] } }, [check]);
    expect(outcomes[0]!.notes.at(-1)).toMatch(/not measured: excluded-column/);
  });
  test("tells progress that never goes back", async () => {
    const shares: number[] = [];
    await run(clean(300), ["exact-duplicates", "outliers"], { onProgress: ({ done }) => shares.push(done) });
    expect([...shares].sort((a, b) => a - b)).toEqual(shares);
    expect(shares.at(-1)).toBe(2);
  });
});
