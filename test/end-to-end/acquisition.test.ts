/** What a config file says of sources ends in signed acquisition statements: which files, and so how many records, each covers. */

import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { assay, temporaryFolders } from "./command.js";

const folder = temporaryFolders();

test("a source covers the files that its patterns match", async () => {
  const cwd = folder();
  mkdirSync(join(cwd, "data/web"), { recursive: true });
  writeFileSync(join(cwd, "data/web/a.csv"), "n\n1\n2\n");
  writeFileSync(join(cwd, "data/web/b.csv"), "n\n3\n");
  writeFileSync(join(cwd, "data/own.csv"), "n\n4\n5\n6\n");
  const told = { kind: "open", acquiredAt: "2026-01-02", method: "download", acquirer: "Ada", licence: "CC0-1.0" };
  const sources = [
    { ...told, name: "web", paths: ["web/*.csv"] },
    { ...told, name: "own", paths: ["own.csv"], digest: "ab".repeat(32) },
  ];
  writeFileSync(join(cwd, "assay.config.json"), JSON.stringify({ data: ["data"], sources }));
  const run = await assay(cwd, ["run", "--config", "assay.config.json", "-o", "run.assay"]);
  expect(run, run.stderr).toMatchObject({ exitCode: 0 });
  const predicates = readFileSync(join(cwd, "run.assay/statements.jsonl"), "utf8")
    .trim()
    .split("\n")
    .map(
      (line) =>
        JSON.parse(line) as {
          predicateType: string;
          predicate: { source: object; coverage: object; objects: object[] };
        },
    )
    .filter(({ predicateType }) => predicateType.includes("acquisition"))
    .map(({ predicate }) => predicate);
  expect(predicates).toMatchObject([
    { source: { name: "web" }, coverage: { kind: "paths", patterns: ["web/*.csv"], records: 3 }, objects: [] },
    {
      source: { name: "own" },
      coverage: { kind: "paths", patterns: ["own.csv"], records: 3 },
      objects: [{ path: "own.csv" }],
    },
  ]);
});
