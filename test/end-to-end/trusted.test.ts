/** `--trusted`: a slice that somebody has looked at calibrates the others, marked by a column or in a file of its own. */

import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { assay as assayFiles } from "@assay/assay/node";
import { beforeAll, describe, expect, test } from "vitest";
import { assay, everythingIn, expectRefusal, temporaryFolders } from "./command.js";

const folder = temporaryFolders();
const RECORDS = 1200;
const OUTLIERS = 60;
let cwd = "";

/** Six correlated columns; the first sixty records have three cells moved. From record 200 on, every other one was looked at. */
const rows = (() => {
  // Records that were looked at must be like the others but for the outliers: a plain congruence differs between odd and even rows.
  let state = 7;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const noise = (): number => next() + next() + next() - 1.5;
  return Array.from({ length: RECORDS }, (_, i) => {
    const common = 3 * noise();
    const cells = [0, 1, 2, 3, 4, 5].map(
      (j) => common + noise() + (i < OUTLIERS && j < 3 ? (j % 2 === 0 ? 12 : -12) : 0),
    );
    // Whole numbers only in what was looked at: read alone, that column would have another type.
    const count = Math.floor(8 * next()) + (i < 9 ? 0.5 : 0);
    return [i, ...cells, count, i >= 200 && i % 2 === 0 ? "yes" : "no"];
  });
})();
const header = ["id", "a", "b", "c", "d", "e", "f", "count", "reviewed"];
const csv = (lines: readonly (readonly unknown[])[]): string =>
  `${[header, ...lines].map((row) => row.join(",")).join("\n")}\n`;
const isReviewed = (row: readonly unknown[]): boolean => row[8] === "yes";
const jsonl = rows
  .filter(isReviewed)
  .map((row) =>
    JSON.stringify(Object.fromEntries(header.map((name, i) => [name, name === "count" ? Number(row[i]) : row[i]]))),
  );

beforeAll(() => {
  cwd = folder();
  mkdirSync(join(cwd, "config"));
  writeFileSync(join(cwd, "train.csv"), csv(rows));
  writeFileSync(join(cwd, "config/reviewed.csv"), csv(rows.filter(isReviewed).reverse()));
  writeFileSync(join(cwd, "reviewed.jsonl"), `${jsonl.join("\n")}\n`);
  writeFileSync(join(cwd, "reviewed=yes.csv"), csv(rows.filter(isReviewed)));
  writeFileSync(join(cwd, "others.csv"), csv(rows.slice(0, 300).map(([id, ...row]) => [-1 - Number(id), ...row])));
  writeFileSync(join(cwd, "none.csv"), csv([]));
  writeFileSync(join(cwd, "ragged.csv"), `${csv(rows.slice(0, 3))}1,2\n`);
  writeFileSync(
    join(cwd, "config/assay.config.json"),
    JSON.stringify({
      data: ["../train.csv"],
      checks: { exclude: ["id", "reviewed"], trusted: "reviewed.csv", failOn: "none" },
    }),
  );
});

interface Answer {
  readonly outcomes: { check: string; calibration: string; details: { trustedRecords: number } }[];
  readonly findings: { record: number; kind: string }[];
}

async function check(...args: string[]): Promise<Answer> {
  const base = ["check", "train.csv", "--exclude", "id", "--checks", "outliers", "--fail-on", "none", "--json"];
  const result = await assay(cwd, [...base, ...args]);
  expect(result, result.stderr).toMatchObject({ exitCode: 0 });
  return result.json() as unknown as Answer;
}

describe.concurrent("--trusted", () => {
  test("a file of trusted records calibrates as the column does that marks the same ones", async () => {
    const marked = await check("--trusted", "reviewed=yes");
    expect(marked.outcomes[0]).toMatchObject({ calibration: "conformal", details: { trustedRecords: 500 } });
    expect(marked.findings.length).toBeGreaterThan(OUTLIERS / 2);
    expect(marked.findings.filter(({ record }) => record >= OUTLIERS).length).toBeLessThanOrEqual(5);
    // The mark is no feature when it is the trust mark; beside a file it has to be excluded.
    for (const file of ["config/reviewed.csv", "reviewed.jsonl", "reviewed=yes.csv"]) {
      const answer = await check("--trusted", file, "--exclude", "id,reviewed");
      expect(answer.outcomes[0]?.details.trustedRecords).toBe(500);
      expect(answer.findings, file).toEqual(marked.findings);
    }
  });

  test("signs which file was trusted, from the folder of the config file", async () => {
    const run = await assay(cwd, ["run", "--config", "config/assay.config.json", "-o", "run.assay", "--json"]);
    expect(run, run.stderr).toMatchObject({ exitCode: 0 });
    const statements = readFileSync(join(cwd, "run.assay/statements.jsonl"), "utf8").trim().split("\n");
    const { predicate } = statements
      .map((line) => JSON.parse(line) as { predicateType: string; predicate: Record<string, unknown> })
      .find(({ predicateType }) => predicateType.endsWith("check-run/v1"))!;
    const sha256 = createHash("sha256")
      .update(readFileSync(join(cwd, "config/reviewed.csv")))
      .digest("hex");
    expect(predicate.inputs).toEqual([{ name: "reviewed.csv", use: "trusted", sha256 }]);
    expect(JSON.stringify(predicate.outcomes)).toContain('"calibration":"conformal"');
    expect(predicate.config).toMatchObject({ value: { checks: { trustedRecords: ["reviewed.csv"] } } });
    const verified = await assay(cwd, ["verify", "run.assay", "--data", "train.csv", "--json"]);
    expect(verified, verified.stderr).toMatchObject({ exitCode: 0 });
  });

  test("calibrates keyed leaves and the library's call, too", async () => {
    const options = { exclude: ["id", "reviewed"], checks: ["outliers"] } as const;
    const leafKey = new Uint8Array(32).fill(9);
    const trustedRecords = join(cwd, "config/reviewed.csv");
    const result = await assayFiles(join(cwd, "train.csv"), { ...options, leafKey, trustedRecords });
    expect(result.outcomes[0]).toMatchObject({ calibration: "conformal", details: { trustedRecords: 500 } });
  });

  test.each([
    ["neither a file nor a mark", "reviewed.tsv", 64, "usage", "no such file", "COLUMN=VALUE"],
    ["a column that is not there", "checked=yes", 64, "usage", '"checked"', '"reviewed"'],
    ["records that the data do not hold", "others.csv", 64, "usage", "none of the 300 records is in the data set"],
    ["a file without records", "none.csv", 64, "usage", "holds no record"],
    ["a folder", "config", 5, "is-a-directory", "--trusted config"],
    ["a broken file", "ragged.csv", 4, "ragged-record", "ragged.csv", "line 5"],
  ])("refuses %s", async (_, trusted, exitCode, code, ...words) => {
    const before = everythingIn(cwd).filter((path) => !path.startsWith("run.assay"));
    const result = await assay(cwd, [
      "run",
      "train.csv",
      "-o",
      "refused.assay",
      "--trusted",
      String(trusted),
      "--json",
    ]);
    expectRefusal(result, Number(exitCode), String(code), ...words.map(String));
    expect(everythingIn(cwd).filter((path) => !path.startsWith("run.assay") && !path.includes(".work.assay"))).toEqual(
      before,
    );
  });
});
