/** `assay manifest --unf`: what archives cite the data by, the same in every format, and in no manifest. */

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { assay, expectGood, expectRefusal, temporaryFolders } from "./command.js";

const folder = temporaryFolders();

test("prints one UNF for the records of a CSV and of a JSONL file, and leaves the manifest as it is", async () => {
  const cwd = folder();
  writeFileSync(join(cwd, "a.csv"), "a,b,c\n1,4,7\n2,5,8\n3,6,9\n");
  writeFileSync(join(cwd, "a.jsonl"), '{"c":7,"a":1,"b":4}\n{"a":2,"b":5,"c":8}\n{"a":3,"b":6,"c":9}\n');
  writeFileSync(join(cwd, "list.jsonl"), '{"a":[1]}\n');
  // Of the tests of the R package UNF.
  const unf = "UNF:6:ukDZSJXck7fn4SlPJMPFTQ==";
  expect(expectGood(await assay(cwd, ["manifest", "a.csv", "--unf"])).stdout).toContain(`unf          ${unf}`);
  const before = readFileSync(join(cwd, "a.assay/manifest.json"));
  expectGood(await assay(cwd, ["manifest", "a.csv"]));
  expect(readFileSync(join(cwd, "a.assay/manifest.json"))).toEqual(before);
  const json = expectGood(await assay(cwd, ["manifest", "a.jsonl", "--unf", "-o", "j.assay", "--json"])).json();
  expect(json.unf).toEqual({ unf, files: [{ path: "a.jsonl", unf }] });
  const none = expectGood(await assay(cwd, ["manifest", "list.jsonl", "--unf"]));
  expect(none.stdout).toContain('no UNF       list.jsonl: column "a" holds a list');
  const both = await assay(cwd, ["manifest", "a.csv", "--unf", "--since", "a.assay", "--json"]);
  expectRefusal(both, 64, "usage", "--unf", "--since");
});
