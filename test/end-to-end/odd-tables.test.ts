/** What `outliers` and `rare-values` say of tables that are hardly tables, through the command: a clear outcome, never a number that is none. */

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { toParquet } from "../properties/generated-table.js";
import { assay, temporaryFolders } from "./command.js";
import { seededNumbers } from "./data.js";

const folder = temporaryFolders();

interface Answer {
  readonly outcomes: readonly {
    readonly check: string;
    readonly status: string;
    readonly reason?: string;
    readonly calibration: string;
    readonly notes: readonly string[];
  }[];
  readonly findings: readonly { readonly check: string; readonly kind: string }[];
}

async function check(name: string, bytes: string | Uint8Array): Promise<(id: string) => string> {
  const cwd = folder();
  writeFileSync(join(cwd, name), bytes);
  const result = await assay(cwd, ["check", name, "--checks", "outliers,rare-values", "--scores", "s.csv", "--json"]);
  expect(result.exitCode, result.stderr).toBe(0);
  expect(readFileSync(join(cwd, "s.csv"), "utf8")).not.toMatch(/NaN|Infinity/);
  const { outcomes, findings } = result.json() as unknown as Answer;
  return (id) => {
    const { status, reason, calibration, notes } = outcomes.find((outcome) => outcome.check === id)!;
    const kinds = findings.filter((finding) => finding.check === id).map(({ kind }) => kind);
    return [status, calibration, reason ?? "", ...kinds.sort(), ...notes].join(" | ");
  };
}

function csv(columns: number, records: number, cell: (record: number, column: number) => string): string {
  const line = (of: (column: number) => string): string => Array.from({ length: columns }, (_, j) => of(j)).join(",");
  return `${line((j) => `c${j}`)}\n${Array.from({ length: records }, (_, i) => line((j) => cell(i, j))).join("\n")}\n`;
}

describe.concurrent("assay check --checks outliers,rare-values", () => {
  const next = seededNumbers(5);
  const number = (): string => next().toFixed(4);
  const first = Array.from({ length: 300 }, number);
  const cases: readonly [string, string, RegExp, RegExp][] = [
    [
      "columns that do not vary",
      csv(2, 300, (_, j) => (j === 0 ? "1" : "x")),
      /^skipped \| .*No column of numbers varies, and no category.*"c0", "c1": it has the same value/,
      /^skipped \| .*No column of numbers or of categories varies/,
    ],
    [
      "a column without a value beside two that have some",
      csv(3, 300, (_, j) => (j === 1 ? "" : number())),
      /^completed \| decoy/,
      /^completed \| uncalibrated .*without trusted records/,
    ],
    [
      "nothing but empty cells",
      csv(2, 300, () => ""),
      /^skipped \| .*It needs a column of numbers, categories, text/,
      /^skipped \| .*It needs a column of numbers or of categories/,
    ],
    [
      "words for infinity",
      csv(2, 300, (i, j) => (i === 5 && j === 0 ? "inf" : i === 7 && j === 1 ? "1e999" : number())),
      /^completed \| decoy .*"c0" was read as numbers; 1 odd cell/,
      /odd-cell \| odd-cell \| "c0" was read as numbers; 1 odd cell/,
    ],
    [
      "the same column four times",
      csv(4, 300, (i) => first[i] as string),
      /^completed \| decoy .*"c1", "c2", "c3": the same numbers as another column.*exclude what repeats/,
      /^completed \| uncalibrated/,
    ],
    [
      "seven records",
      csv(3, 7, (i, j) => (j === 2 ? ["x", "y"][i % 2]! : number())),
      /^completed \| uncalibrated .*only 7 distinct records; 200 are needed/,
      /^completed \| uncalibrated .*without trusted records/,
    ],
    [
      "one record",
      csv(2, 1, number),
      /^skipped \| .*One record cannot be compared/,
      /^skipped \| .*No column of numbers or of categories varies/,
    ],
    [
      "one column of numbers",
      csv(1, 300, number),
      /^completed \| uncalibrated .*with one numeric column no claim is possible without trusted records/,
      /^completed \| uncalibrated .*without trusted records/,
    ],
    [
      "one column of categories",
      csv(1, 300, (i) => (i === 3 ? "z" : ["x", "y"][i % 2]!)),
      /^completed \| uncalibrated .*without numbers a claim needs trusted records/,
      /^completed \| uncalibrated .*nothing was compared but categories/,
    ],
    [
      "numbers next to what a double can hold",
      csv(2, 300, (i, j) => (j === 1 ? `${number()}e-320` : i === 3 ? "1e308" : `-${number()}e308`)),
      /^completed \| decoy/,
      /^completed \| uncalibrated/,
    ],
    [
      "ten thousand columns",
      csv(10_000, 12, number),
      /^completed \| uncalibrated .*only 12 distinct records/,
      /^completed \| uncalibrated/,
    ],
  ];
  test.each(cases)("on %s", async (_, bytes, outliers, rareValues) => {
    const said = await check("odd.csv", bytes);
    expect(said("outliers")).toMatch(outliers);
    expect(said("rare-values")).toMatch(rareValues);
  });

  test("on infinite numbers, which Parquet can hold", async () => {
    const own = (i: number): number => (i === 4 ? Number.POSITIVE_INFINITY : i === 5 ? Number.NaN : next());
    const columns = { a: Array.from({ length: 300 }, (_, i) => own(i)), b: Array.from({ length: 300 }, next) };
    const said = await check("odd.parquet", toParquet(columns, 100));
    expect(said("outliers")).toMatch(/^completed \| decoy .*"a" was read as numbers; 1 infinite cell/);
    expect(said("rare-values")).toMatch(/^completed \| uncalibrated .*non-finite \|/);
  });
});
