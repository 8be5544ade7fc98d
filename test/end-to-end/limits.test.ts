/** Caps from the command line and the config file, and the rows of a query as the data of a folder. */

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { assay, expectGood, expectRefusal, temporaryFolders } from "./command.js";

const folder = temporaryFolders();

describe("--limit", () => {
  test("moves a cap for every reading of the data, and what hits it names it", async () => {
    const cwd = folder();
    writeFileSync(join(cwd, "a.csv"), `x,y\n${"z".repeat(3000)},1\n`);
    const tight = ["--limit", "maxRecordBytes=2K", "--json"];
    expectRefusal(await assay(cwd, ["manifest", "a.csv", ...tight]), 4, "limit-exceeded", "--limit maxRecordBytes=");
    expectGood(await assay(cwd, ["run", "a.csv", "--fail-on", "none", "--limit", "maxRecordBytes=4K"]));
    expectRefusal(await assay(cwd, ["verify", "a.assay", ...tight]), 4, "limit-exceeded", "--limit maxRecordBytes=");
    expectGood(await assay(cwd, ["verify", "a.assay"]));
    const both = ["--limit", "maxColumns=1", "--limit", "maxRecordBytes=1M", "--json"];
    expectRefusal(await assay(cwd, ["check", "a.csv", ...both]), 4, "limit-exceeded", "maxColumns");
    for (const wrong of ["maxRecordBytes", "maxRecordBytes=0", "maxRecordBytes=1T", "no=1", "maxRecordBytes=-1"])
      expect(await assay(cwd, ["manifest", "a.csv", "--limit", wrong])).toMatchObject({ exitCode: 64 });
  });

  test("is `reading.limits` in the config file, over which the option wins", async () => {
    const cwd = folder();
    writeFileSync(join(cwd, "a.csv"), "x,y\n1,2\n");
    const config = { data: ["a.csv"], reading: { limits: { maxColumns: 1 } } };
    writeFileSync(join(cwd, "assay.config.json"), JSON.stringify(config));
    const asked = ["manifest", "--config", "assay.config.json", "--json"];
    expectRefusal(await assay(cwd, asked), 4, "limit-exceeded", "maxColumns");
    expectGood(await assay(cwd, [...asked, "--limit", "maxColumns=2"]));
    writeFileSync(join(cwd, "assay.config.json"), JSON.stringify({ reading: { limits: { maxRows: 1 } } }));
    expectRefusal(await assay(cwd, asked), 4, "bad-config", "reading.limits");
  });
});

describe("--query", () => {
  const query = "SELECT i, i * 2 AS twice FROM range(50) t(i) ORDER BY i";

  test("gives the data that verify and compare look at", async () => {
    const cwd = folder();
    expectGood(await assay(cwd, ["manifest", "--query", query, "--name", "rows"]));
    const asked = ["verify", "rows.assay", "--set-only", "--json", "--query"];
    expect(expectGood(await assay(cwd, [...asked, query])).json()).toMatchObject({ data: "checked" });
    const other = query.replace("50", "51");
    expectRefusal(await assay(cwd, [...asked, other]), 2, "set-root-mismatch");
    expectRefusal(
      await assay(
        cwd,
        [...asked, query, "--no-data"].filter((a) => a !== "--set-only"),
      ),
      64,
      "usage",
    );
    writeFileSync(join(cwd, "a.csv"), "i,twice\n0,0\n");
    expectGood(await assay(cwd, ["manifest", "a.csv"]));
    expectRefusal(await assay(cwd, ["verify", "a.assay", "--json", "--query", query]), 64, "usage", "compare");
  });
});
