/**
 * Nothing is cried where nothing is wrong: 40 small clean tables, of eight kinds that honest data comes in, through the whole
 * command. A finding of severity medium or high claims that at most one in twenty of its kind is false.
 */

import { join } from "node:path";
import { checkData } from "@assay/assay/node";
import { describe, expect, test } from "vitest";
import { Draws, rounded, type Table, toCsv, type Value } from "./generated-table.js";
import { ownFolder, writeData } from "./main-job-run.js";

const folder = ownFolder();

/** Records of classes whose features are drawn around the centre of the class. */
function classes(
  draws: Draws,
  records: number,
  shares: readonly number[],
  features: (place: number) => Readonly<Record<string, Value>>,
  names: readonly string[] = ["a", "b", "c", "d"],
): Table {
  const rows = Array.from({ length: records }, () => {
    let rest = draws.uniform();
    let known = 0;
    while (known < shares.length - 1 && rest >= (shares[known] as number)) rest -= shares[known++] as number;
    return { ...features(known), label: names[known] as string };
  });
  return Object.fromEntries(
    Object.keys(rows[0] as object).map((name) => [name, rows.map((row) => row[name as keyof typeof row] as Value)]),
  );
}

const KINDS: Readonly<Record<string, (draws: Draws) => Table>> = {
  "numbers, classes well apart": (draws) =>
    classes(draws, 300, [0.4, 0.3, 0.3], (place) => ({
      x: rounded(place * 6 + draws.normal()),
      y: rounded((place % 2) * 6 + draws.normal()),
    })),
  "numbers, classes that overlap": (draws) =>
    classes(draws, 300, [0.5, 0.5], (place) => ({
      x: rounded(place * 1.5 + draws.normal()),
      y: rounded(draws.normal()),
      z: rounded(place * 0.5 + draws.normal()),
    })),
  "numbers and categories": (draws) =>
    classes(draws, 300, [0.5, 0.5], (place) => ({
      amount: rounded(50 + place * 20 + 10 * draws.normal(), 2),
      region: draws.pick(["north", "south", "east", "west"]),
      plan: draws.uniform() < 0.3 + 0.4 * place ? "gold" : "plain",
    })),
  "one class in fifty": (draws) =>
    classes(draws, 500, [0.98, 0.02], (place) => ({
      x: rounded(place * 4 + draws.normal()),
      y: rounded(place * 3 + draws.normal()),
    })),
  "heavy tails": (draws) =>
    classes(draws, 300, [0.5, 0.5], (place) => ({
      income: rounded(Math.exp(8 + place + 1.2 * draws.normal()), 2),
      ratio: rounded(draws.normal() / Math.sqrt((draws.normal() ** 2 + draws.normal() ** 2 + draws.normal() ** 2) / 3)),
    })),
  "integers that code categories": (draws) =>
    classes(
      draws,
      300,
      [0.6, 0.4],
      (place) => ({
        grade: 1 + draws.below(3) + 2 * place,
        rooms: 1 + draws.below(6),
        year: 1990 + draws.below(30),
        code: draws.pick([10, 20, 30, 99]),
      }),
      ["0", "1"],
    ),
  "texts with labels": (draws) =>
    classes(draws, 240, [0.5, 0.5], (place) => ({
      text: Array.from({ length: 8 }, () =>
        draws.uniform() < 0.5
          ? draws.pick(place === 0 ? ["refund", "invoice", "charge", "bill"] : ["login", "password", "screen", "crash"])
          : `${draws.pick(["the", "my", "a", "this", "our"])} ${draws.pick(["order", "page", "phone", "card", "account", "box"])}`,
      ).join(" "),
    })),
  "values that are missing": (draws) =>
    classes(draws, 300, [0.5, 0.5], (place) => ({
      x: draws.uniform() < 0.15 ? null : rounded(place * 5 + draws.normal()),
      y: draws.uniform() < 0.05 ? null : rounded(draws.normal()),
      city: draws.uniform() < 0.1 ? null : draws.pick(["Bern", "Basel", "Genf"]),
    })),
};

const PER_KIND = 5;
const loudTables: string[] = [];
const completedChecks = new Map<string, number>();

describe("checkData() on clean tables", () => {
  test.each(Object.keys(KINDS))("is quiet: %s", async (kind) => {
    for (let seed = 0; seed < PER_KIND; seed++) {
      const table = (KINDS[kind] as (draws: Draws) => Table)(new Draws(1000 * Object.keys(KINDS).indexOf(kind) + seed));
      const name = `${kind.replaceAll(/\W+/g, "-")}-${seed}.csv`;
      const data = join(writeData(folder, { [name]: toCsv(table) }), name);
      const { findings, outcomes } = await checkData([data], { workers: 1, checking: { roles: { label: "label" } } });
      expect(outcomes.filter(({ status }) => status === "failed")).toEqual([]);
      for (const { check, status } of outcomes)
        if (status === "completed") completedChecks.set(check, (completedChecks.get(check) ?? 0) + 1);
      const loud = findings.filter(({ severity }) => severity !== "low");
      if (loud.length > 0) loudTables.push(`${name}: ${loud.map(({ check, q }) => `${check} ${q}`).join(", ")}`);
      // One false finding now and then is what the claim allows; a handful at once is a check that does not know such data.
      expect(loud.length, JSON.stringify(loud.slice(0, 3), null, 1)).toBeLessThanOrEqual(2);
    }
  });

  test("is loud on no more of them than it claims, and did look", () => {
    const tables = PER_KIND * Object.keys(KINDS).length;
    expect(tables).toBeGreaterThanOrEqual(40);
    expect(loudTables.length, loudTables.join("\n")).toBeLessThanOrEqual(0.05 * tables);
    for (const check of ["exact-duplicates", "conflicting-duplicates", "label-flips", "outliers"])
      expect(completedChecks.get(check) ?? 0, check).toBeGreaterThan(tables / 2);
  });
});
