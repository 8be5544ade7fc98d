import { CheckError, SourceError } from "@assay/merkle";
import { scanSource, sourceOfBytes } from "@assay/records";
import { describe, expect, test } from "vitest";
import type { Check, CheckContext, CheckData, CheckResult, Finding } from "../src/check.js";
import { formatFindings } from "../src/findings.js";
import { completed } from "../src/outcome.js";
import { allChecks, selectChecks } from "../src/registry.js";
import { type RunChecksOptions, runChecks } from "../src/run-checks.js";
import { tableData } from "../src/table-data.js";
import { randomOf, tableOf } from "./tables.js";

const setRoot = new Uint8Array(32).fill(9);

/** A check that runs what it is given. */
function checkOf(
  run: (data: CheckData, context: CheckContext) => Promise<Partial<CheckResult>>,
  over: Partial<Check> = {},
): Check {
  const check = { id: over.id ?? "probe", version: "1" };
  return {
    ...check,
    reads: () => ({ columns: [] }),
    memory: () => 0,
    ...over,
    async run(data, _options, context) {
      const result = await run(data, context);
      const outcome = completed(check, data, context, {
        columns: ["x"],
        examined: 3,
        findings: 0,
        calibration: "exact",
      });
      return { outcome, findings: [], ...result };
    },
  };
}

function finding(data: CheckData, over: Partial<Finding> = {}): Finding {
  return { check: "probe", kind: "k", ...data.place(0), score: 1, severity: "low", message: "", evidence: {}, ...over };
}

const { table } = tableOf({ x: [1, 2, 3], y: ["a", "b", "a"], z: [null, null, null] });
const run = (check: Check, options: RunChecksOptions = {}, input = {}) =>
  runChecks({ data: tableData(table), setRoot, ...input }, [check], options);

describe("runChecks()", () => {
  test("fails every check, and not the run, when not even the leaves fit: they are not read then", async () => {
    const bytes = new TextEncoder().encode("x,source\n1,a\n2,b\n3,b\n");
    const scanned = await scanSource(await sourceOfBytes("tiny", [{ path: "a.csv", bytes }]));
    let read = 0;
    const leaves = async () => {
      read++;
      return [Uint8Array.from({ length: 96 }, (_, i) => i)];
    };
    const input = { scanned, kinds: { x: "number", source: "text" }, leaves, setRoot } as const;
    const over = await runChecks(input, allChecks(), { maxMemoryBytes: 100, roles: { source: "source" } });
    expect(over.outcomes).toHaveLength(allChecks().length);
    expect(over.outcomes.every(({ status }) => status === "failed" || status === "skipped")).toBe(true);
    expect(over.outcomes.some(({ reason }) => reason?.startsWith("memory-exceeded: "))).toBe(true);
    expect(over).toMatchObject({ findings: [], records: 3 });
    expect(read).toBe(0);
    const within = await runChecks(input, allChecks(), { maxMemoryBytes: 10 ** 6 });
    expect(within.outcomes.some(({ status }) => status === "completed")).toBe(true);
    expect(read).toBe(1);
  });

  test("turns an unexpected error of a check into an outcome that failed and says why", async () => {
    const { outcomes } = await run(
      checkOf(async () => {
        throw new TypeError("oops");
      }),
    );
    expect(outcomes[0]).toMatchObject({ check: "probe", status: "failed", examined: 0 });
    expect(outcomes[0]?.reason).toMatch(/TypeError: oops/);
  });
  test("fails a check with the code of its CheckError", async () => {
    const { outcomes } = await run(
      checkOf(async () => {
        throw new CheckError("memory-exceeded", "too big");
      }),
    );
    expect(outcomes[0]).toMatchObject({ status: "failed", reason: "memory-exceeded: too big" });
  });
  test("throws when the data cannot be read: that is no matter of one check", async () => {
    const error = new SourceError("source-changed", "it changed");
    await expect(
      run(
        checkOf(async () => {
          throw error;
        }),
      ),
    ).rejects.toBe(error);
  });
  test.each([
    ["a score that is NaN", (data: CheckData) => ({ findings: [finding(data, { score: Number.NaN })] })],
    [
      "infinite evidence",
      (data: CheckData) => ({ findings: [finding(data, { evidence: { x: [Number.POSITIVE_INFINITY] } })] }),
    ],
    ["a finding of another check", (data: CheckData) => ({ findings: [finding(data, { check: "other" })] })],
    ["a record that is not there", (data: CheckData) => ({ findings: [finding(data, { record: 3 })] })],
    ["too few scores", () => ({ scores: new Float64Array(2) })],
    ["an infinite score", () => ({ scores: Float64Array.of(1, 2, Number.NEGATIVE_INFINITY) })],
  ])("lets no %s leave", async (_, answer) => {
    const { outcomes, findings } = await run(checkOf(async (data) => answer(data)));
    expect(outcomes[0]?.status).toBe("failed");
    expect(findings).toEqual([]);
  });
  test("skips what the data do not allow and says what it needs", async () => {
    const { outcomes } = await runChecks({ data: tableData(table), setRoot }, allChecks());
    const skipped = outcomes.filter(({ status }) => status === "skipped");
    expect(skipped.map(({ check }) => check)).toEqual(
      expect.arrayContaining(["conflicting-duplicates", "bad-sources"]),
    );
    for (const { reason } of skipped) expect(reason).toMatch(/needs/);
    expect(outcomes.map(({ check }) => check)).toEqual(allChecks().map(({ id }) => id));
  });
  test("skips every check when there are no records", async () => {
    const { outcomes } = await runChecks({ data: tableData(tableOf({ x: [] }).table), setRoot }, allChecks());
    expect(new Set(outcomes.map(({ status }) => status))).toEqual(new Set(["skipped"]));
    expect(outcomes[0]?.reason).toMatch(/no records/);
  });
  test("names the option for a column that is not there", async () => {
    await expect(
      run(
        checkOf(async () => ({})),
        { roles: { label: "lable" } },
      ),
    ).rejects.toThrow(/^label: there is no column "lable"/);
    await expect(
      run(
        checkOf(async () => ({})),
        { fdr: 0 },
      ),
    ).rejects.toThrow(/^fdr/);
    await expect(
      run(
        checkOf(async () => ({})),
        { checkOptions: { other: {} } },
      ),
    ).rejects.toThrow(/^checkOptions/);
  });
  test("never gives an excluded column to a check", async () => {
    const { outcomes } = await run(
      checkOf(async (data) => {
        await data.table(["x"]);
        return {};
      }),
      { roles: { exclude: ["x"] } },
    );
    expect(outcomes[0]).toMatchObject({ status: "failed" });
    expect(outcomes[0]?.reason).toMatch(/^excluded-column/);
  });
  test("lists what no check looked at", async () => {
    const { outcomes, unread } = await run(
      checkOf(async (data) => {
        await data.table(["x"]);
        return {};
      }),
      { roles: { exclude: ["y"] } },
    );
    expect(unread).toEqual(["y", "z"]);
    expect(outcomes[0]?.lookedAt).toEqual({ columns: ["x"], records: 3, unread: ["y", "z"], excluded: ["y"] });
    expect(outcomes[0]?.passes).toBe(1);
  });
  test("does not believe a check that it looked at a column that it did not read", async () => {
    const { outcomes } = await run(checkOf(async () => ({})));
    expect(outcomes[0]?.lookedAt.columns).toEqual([]);
  });
  test("derives seeds from the set root and the id, or takes the one that is given", async () => {
    const seeds = async (options: RunChecksOptions) =>
      (
        await run(
          checkOf(async () => ({})),
          options,
        )
      ).outcomes[0]?.seed;
    expect(await seeds({})).toMatchObject({ origin: "derived" });
    expect(await seeds({ seed: 5 })).toMatchObject({ origin: "given" });
    expect((await seeds({ seed: 5 }))?.value).not.toBe((await seeds({}))?.value);
  });
  test("hides values when leaves are keyed, unless they may be shown", async () => {
    const shows = async (keyed: boolean, showValues: boolean) => {
      let seen: boolean | undefined;
      await run(
        checkOf(async (_, context) => {
          seen = context.showValues;
          return {};
        }),
        { showValues },
        { keyed },
      );
      return seen;
    };
    expect([await shows(false, false), await shows(true, false), await shows(true, true)]).toEqual([true, false, true]);
  });
  test("stops at once when aborted, and throws the reason", async () => {
    const controller = new AbortController();
    const stop = checkOf(async () => {
      controller.abort(new Error("stop"));
      throw new Error("other");
    });
    await expect(run(stop, { signal: controller.signal })).rejects.toThrow("stop");
    await expect(run(stop, { signal: controller.signal })).rejects.toThrow("stop");
  });
  test("caps findings, and fails the check that has more", async () => {
    const many = checkOf(async (data) => ({ findings: [finding(data), finding(data)] }));
    expect((await run(many, { maxFindings: 1 })).outcomes[0]?.reason).toMatch(/^too-many-findings/);
  });
  test("runs checks that follow last, and reports all in the order given", async () => {
    const ran: string[] = [];
    const named = (id: string, follows: boolean) =>
      checkOf(
        async (_, { results }) => {
          ran.push(`${id}${results.length}`);
          return {};
        },
        { id, follows },
      );
    const { outcomes } = await runChecks({ data: tableData(table), setRoot }, [
      named("b", true),
      named("a", false),
      named("c", true),
    ]);
    expect(ran).toEqual(["a0", "b1", "c2"]);
    expect(outcomes.map(({ check }) => check)).toEqual(["b", "a", "c"]);
    await expect(
      runChecks({ data: tableData(table), setRoot }, [named("a", false), named("a", false)]),
    ).rejects.toThrow(/twice/);
  });
  test("gives scores by record", async () => {
    const { scores } = await run(checkOf(async () => ({ scores: Float64Array.of(1 / 3, Number.NaN, 3) })));
    expect([...(scores.get("probe") as Float64Array)]).toEqual([0.333333333, Number.NaN, 3]);
  });
});

test("selectChecks() refuses an id that no check has, and keeps the order of the registry", () => {
  expect(() => selectChecks(["outlier"])).toThrow(/no check "outlier"; there are exact-duplicates/);
  expect(selectChecks(["bad-sources", "exact-duplicates"]).map(({ id }) => id)).toEqual([
    "exact-duplicates",
    "bad-sources",
  ]);
});

describe("runChecks() with a trust mark", () => {
  const probe = checkOf(async () => ({}));
  test("refuses one that no record carries, and names what there is unless leaves are keyed", async () => {
    const roles = { trusted: { column: "y", value: "c" } };
    await expect(run(probe, { roles })).rejects.toThrow(
      new RangeError('trusted: no record has "c" in column "y"; it holds "a", "b"'),
    );
    await expect(run(probe, { roles }, { keyed: true })).rejects.toThrow(
      new RangeError('trusted: no record has "c" in column "y"'),
    );
  });
  test.each([
    ["y", "a"],
    ["x", "2"],
    ["x", "2.0"],
  ])("takes %s=%s, which one does", async (column, value) => {
    const { outcomes } = await run(probe, { roles: { trusted: { column, value } } });
    expect(outcomes[0]).toMatchObject({ status: "completed" });
  });
});

describe("all checks", () => {
  const fixed = ["exact-duplicates", "near-duplicates", "conflicting-duplicates", "bad-sources"];
  const roles = { label: "y", source: "s", text: "t" };
  const odd: Record<string, Record<string, (number | string | null)[]>> = {
    "one record": { x: [1], y: ["a"], s: ["p"], t: ["one two"] },
    "columns without values": { x: [null, null], y: [null, null], s: [null, null], t: [null, null] },
    "constant columns": {
      x: Array(50).fill(1),
      y: Array(50).fill("a"),
      s: Array(50).fill("p"),
      t: Array(50).fill("same text"),
    },
    "a label with one class": {
      x: [1, 2, 3, 4],
      y: ["a", "a", "a", "a"],
      s: ["p", "q", "p", "q"],
      t: ["a", "b", "c", "d"],
    },
    "prototype names": {
      x: Array.from({ length: 60 }, (_, i) => i % 7),
      y: Array.from({ length: 60 }, (_, i) => ["__proto__", "constructor", "toString"][i % 3] as string),
      s: Array.from({ length: 60 }, (_, i) => ["__proto__", "hasOwnProperty", "valueOf", ""][i % 4] as string),
      t: Array.from(
        { length: 60 },
        (_, i) => ["__proto__", "constructor", "\u0000", "\ud83d\ude00", ""][i % 5] as string,
      ),
    },
    "columns with prototype names": Object.fromEntries([
      ["__proto__", Array.from({ length: 30 }, (_, i) => i / 3)],
      ["constructor", Array.from({ length: 30 }, (_, i) => `c${i % 2}`)],
      ["y", Array.from({ length: 30 }, (_, i) => `c${i % 2}`)],
      ["s", Array.from({ length: 30 }, (_, i) => `s${i % 3}`)],
      ["t", Array.from({ length: 30 }, (_, i) => `t${i}`)],
    ]),
    "huge and tiny numbers": {
      x: Array.from({ length: 40 }, (_, i) => [1e308, -1e308, 5e-324, 0][i % 4] as number),
      y: Array.from({ length: 40 }, (_, i) => i % 2),
      s: Array.from({ length: 40 }, (_, i) => i % 4),
      t: Array.from({ length: 40 }, (_, i) => `${i}`),
    },
  };
  test.each(Object.keys(odd))("answer with an outcome for %s, and write findings that can be read", async (name) => {
    const data = tableData(tableOf(odd[name] as never).table);
    const { outcomes, findings } = await runChecks({ data, setRoot }, selectChecks(fixed), { roles });
    for (const { check, status, reason } of outcomes) expect([check, status, reason]).not.toContain("failed");
    expect(formatFindings(findings).length >= 0).toBe(true);
  });

  test("find the same whatever the order of records", async () => {
    const random = randomOf(3);
    const rows = Array.from({ length: 400 }, (_, i) => ({
      x: i % 50 === 0 ? 1.5 : random(),
      y: i % 97 === 0 ? "b" : "a",
      s: `s${i % 4}`,
      t:
        i % 25 === 0
          ? "win a prize today for free in our shop"
          : `message ${Math.floor(random() * 1e9)} of the day ${i % 100}`,
    }));
    rows.push(...rows.slice(0, 20), ...rows.slice(0, 5));
    const found = async (order: readonly number[]) => {
      const at = (name: "x" | "y" | "s" | "t") => order.map((i) => rows[i]?.[name] as never);
      const data = tableData(tableOf({ x: at("x"), y: at("y"), s: at("s"), t: at("t") }).table);
      const { findings } = await runChecks({ data, setRoot }, selectChecks(fixed), { roles });
      return findings
        .map(({ check, kind, leaf, score, p, q }) => JSON.stringify([check, kind, leaf, score, p, q]))
        .sort();
    };
    const order = rows.map((_, i) => i);
    const straight = await found(order);
    expect(straight.length).toBeGreaterThan(40);
    expect(await found([...order].reverse())).toEqual(straight);
    expect(await found([...order].sort((a, b) => (a % 7) - (b % 7)))).toEqual(straight);
  });
});
