/** Options of single checks, by the command, by the config and by the call: they do something, and what is signed says them. */

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { assay as call, UsageError } from "@assay/assay/node";
import { beforeAll, expect, test } from "vitest";
import { assay, temporaryFolders } from "./command.js";

const folder = temporaryFolders();
let cwd = "";

/** Two texts that share nine shingles of every ten or so: copies at .7, none at .95. */
const TEXTS = [
  "the quick brown fox jumps over the lazy dog by the river",
  "the quick brown fox jumps over the lazy cat by the river",
];

beforeAll(() => {
  cwd = folder();
  writeFileSync(join(cwd, "notes.csv"), `text\n${TEXTS.join("\n")}\nsomething else entirely with other words\n`);
  writeFileSync(
    join(cwd, "assay.config.json"),
    JSON.stringify({ checks: { text: "text", options: { "near-duplicates": { similarity: 0.95 } } } }),
  );
});

const nearCopies = (stdout: string): number =>
  JSON.parse(stdout).outcomes.find(({ check }: { check: string }) => check === "near-duplicates").findings;

test("an option of the command wins over the config's", async () => {
  const asked = ["check", "notes.csv", "--json", "--checks", "near-duplicates"];
  const ofFile = [...asked, "--config", "assay.config.json"];
  const { stdout } = await assay(cwd, ofFile);
  expect(nearCopies(stdout)).toBe(0);
  const other = await assay(cwd, [...ofFile, "--check-option", "near-duplicates.similarity=.7"]);
  expect(nearCopies(other.stdout)).toBeGreaterThan(0);
});

test("what was asked of a check is in the statement of the run", async () => {
  const options = [
    "--text",
    "text",
    "--check-option",
    "near-duplicates.similarity=0.7",
    "-o",
    "out.assay",
    "--fail-on",
    "none",
  ];
  expect(await assay(cwd, ["run", "notes.csv", ...options])).toMatchObject({ exitCode: 0 });
  const statements = readFileSync(join(cwd, "out.assay/statements.jsonl"), "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  const run = statements.find(({ predicateType }) => predicateType.includes("check-run"));
  expect(run.predicate.config.value.checks.options).toEqual({ "near-duplicates": { similarity: 0.7 } });
});

test("the call takes the same options, and refuses one that there is not", async () => {
  const path = join(cwd, "notes.csv");
  const { findings } = await call(path, { text: "text", checkOptions: { "near-duplicates": { similarity: 0.7 } } });
  expect(findings.some(({ check }) => check === "near-duplicates")).toBe(true);
  await expect(call(path, { checkOptions: { "near-duplicates": { alike: 1 } } })).rejects.toThrow(UsageError);
  await expect(call(path, { txt: "text" } as never)).rejects.toThrow(/no option "txt"/);
});
