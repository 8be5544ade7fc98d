/** What the command says of bad input: one clear message with the place, the exit code, and nothing left behind. */

import {
  appendFileSync,
  copyFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { assay, everythingIn, expectRefusal, FIXTURES, temporaryFolders } from "./command.js";
import { cleanCsv } from "./data.js";

const folder = temporaryFolders();

describe.concurrent("assay run refuses bad data", () => {
  const parquet = readFileSync(join(FIXTURES, "simple/pyarrow.parquet"));
  const arrow = readFileSync(join(FIXTURES, "simple/pyarrow-feather.arrow"));
  const cases: readonly [string, string, string | Uint8Array, number, string, ...(string | RegExp)[]][] = [
    ["an empty CSV", "bad.csv", "", 4, "no-header", "bad.csv, line 1"],
    ["a ragged record", "bad.csv", "a,b\n1,2\n3\n", 4, "ragged-record", "bad.csv, line 3", "1 field instead of 2"],
    ["an unclosed quote", "bad.csv", 'a,b\n1,"2\n3,4\n', 4, "bad-csv", 'bad.csv, line 2, column "b"'],
    ["bytes that are not UTF-8", "bad.csv", Buffer.from("a,b\n1,\xff\n", "latin1"), 4, "invalid-utf8", "line 2"],
    ["two columns of one name", "bad.csv", "a,a\n1,2\n", 4, "duplicate-column", 'line 1, column "a"'],
    ["a Parquet file that was cut off", "bad.parquet", parquet.subarray(0, -40), 4, "bad-parquet", "bad.parquet"],
    ["an Arrow file that was cut off", "bad.arrow", arrow.subarray(0, -40), 4, "bad-arrow", "bad.arrow"],
    ["JSON that breaks off", "bad.jsonl", '{"a":1}\n{"a":\n', 4, "bad-json", "bad.jsonl, line 2"],
    ["a JSON member twice", "bad.jsonl", '{"a":1,"a":2}\n', 4, "duplicate-key", "bad.jsonl, line 1"],
    ["gzip that was cut off", "bad.csv.gz", gzipSync("a\n1\n").subarray(0, -3), 4, "bad-compression", "bad.csv.gz"],
    ["a bomb", "bad.jsonl.gz", gzipSync(Buffer.alloc(66 << 20, 32)), 4, "limit-exceeded", "maxInflation"],
    ["a line in gzip that is no object", "bad.jsonl.gz", gzipSync("{}\n[1]\n"), 4, "not-a-record", "line 2"],
    ["text behind a JSON array", "bad.json", "[{}]\n{}", 4, "bad-json", "bad.json, line 2"],
    ["JSON that is nested too deep", "bad.json", `[${'{"a":'.repeat(10_000)}1${"}".repeat(10_000)}]`, 4, "too-deep"],
    ["a JSON line that is no object", "bad.jsonl", "[1]\n", 4, "not-a-record", "bad.jsonl, line 1"],
  ];
  for (const [claim, name, bytes, exitCode, code, ...places] of cases)
    test(claim, async () => {
      const cwd = folder();
      writeFileSync(join(cwd, name), bytes);
      expectRefusal(await assay(cwd, ["run", name, "--json"]), exitCode, code, ...places);
      expect(everythingIn(cwd)).toEqual([name]);
    });

  test("a missing file", async () => {
    const cwd = folder();
    expectRefusal(await assay(cwd, ["run", "nothing.csv", "--json"]), 5, "not-found", "nothing.csv");
    expect(everythingIn(cwd)).toEqual([]);
  });

  test("a directory where a file is expected", async () => {
    const cwd = folder();
    writeFileSync(join(cwd, "a.csv"), "a\n1\n");
    mkdirSync(join(cwd, "place"));
    expectRefusal(await assay(cwd, ["run", "a.csv", "--schema", "place", "--json"]), 5, "is-a-directory", "place");
    expectRefusal(await assay(cwd, ["verify", "a.csv", "--json"]), 5, "cannot-read", "a.csv");
    expect(everythingIn(cwd)).toEqual(["a.csv", "place"]);
  });

  test("a name with a line end, and links that lead in a circle", async () => {
    const cwd = folder();
    mkdirSync(join(cwd, "data"));
    writeFileSync(join(cwd, "data", "a\nb.csv"), "a\n1\n");
    expectRefusal(await assay(cwd, ["run", "data", "--json"]), 4, "bad-path", "a\\nb.csv");
    rmSync(join(cwd, "data", "a\nb.csv"));
    writeFileSync(join(cwd, "data", "a.csv"), "a\n1\n");
    symlinkSync(join(cwd, "data"), join(cwd, "data", "again"));
    expectRefusal(await assay(cwd, ["run", "data", "--json"]), 5, "link-loop", "again");
    expect(readdirSync(cwd)).toEqual(["data"]);
  });

  test("a glob that nothing matches; one that something does is read and found again", async () => {
    const cwd = folder();
    mkdirSync(join(cwd, "shards/deep"), { recursive: true });
    for (const name of ["1.csv", "2.csv", "deep/3.csv"]) writeFileSync(join(cwd, "shards", name), `a\n${name[0]}\n`);
    writeFileSync(join(cwd, "shards/notes.bin"), "x");
    expectRefusal(await assay(cwd, ["run", "shards/*.json", "--json"]), 5, "not-found", "*.json");
    const made = await assay(cwd, ["manifest", "shards/**/*.csv", "--json"]);
    expect(made.json()).toMatchObject({
      manifest: expect.stringMatching(/shards.shards.assay.manifest.json$/),
      files: 3,
      records: 3,
    });
    expect(await assay(cwd, ["verify", "shards/shards.assay"])).toMatchObject({ exitCode: 0 });
    // Whether the shell or the command looks for the files, their folder goes beside them, and the next run does not read it.
    const expanded = await assay(cwd, ["manifest", "shards/1.csv", "shards/2.csv", "-o", "two.assay", "--json"]);
    const listed = await assay(cwd, ["manifest", "shards/1.csv", "shards/2.csv", "--overwrite", "--json"]);
    const quoted = await assay(cwd, ["manifest", "shards/*.csv", "--json"]);
    for (const one of [expanded, listed, quoted]) expect(one, one.stderr).toMatchObject({ exitCode: 0 });
    expect(quoted.json()).toEqual(listed.json());
    expect(quoted.json()).toMatchObject({ manifest: expect.stringMatching(/shards.shards.assay.manifest.json$/) });
    expect((expanded.json() as { dataset: string }).dataset).toBe((quoted.json() as { dataset: string }).dataset);
    expect(await assay(cwd, ["manifest", "shards/**/*.csv", "--overwrite"])).toMatchObject({ exitCode: 0 });
    writeFileSync(join(cwd, "shards/deep/3.csv"), "a\n4\n");
    expect(await assay(cwd, ["verify", "shards/shards.assay"])).toMatchObject({ exitCode: 2 });
  });

  test("a file that changes while it is read", async () => {
    const cwd = folder();
    writeFileSync(join(cwd, "grows.csv"), cleanCsv(60_000));
    let timer: NodeJS.Timeout | undefined;
    const result = await assay(cwd, ["run", "grows.csv", "--json"], {
      onSpawn: () => {
        timer = setInterval(() => appendFileSync(join(cwd, "grows.csv"), "1,2,3,yes\n"), 5);
      },
    });
    clearInterval(timer);
    expectRefusal(result, 5, "source-changed", "grows.csv");
    expect(everythingIn(cwd)).toEqual(["grows.csv"]);
  });
});

describe.concurrent("assay run goes on with strange data", () => {
  const rows = (count: number, row: (i: number) => string): string =>
    Array.from({ length: count }, (_, i) => `${row(i)}\n`).join("");
  const cases: readonly [string, string, number, RegExp][] = [
    ["a header and no records", "x,label\n", 0, /The data set has no records/],
    ["one class only", `x,label\n${rows(50, (i) => `${i}.5,yes`)}`, 50, /Only one class/],
    ["constant columns", `x,same,label\n${rows(50, (i) => `${i}.5,7,${i % 2}`)}`, 50, /./],
    ["columns that are null throughout", `x,none,label\n${rows(50, (i) => `${i}.5,,${i % 2}`)}`, 50, /./],
    ["NaN and infinities", `x,label\n${rows(50, (i) => `${i}.5,${i % 2}`)}NaN,1\nInfinity,0\n-Infinity,1\n`, 53, /./],
    ["fields of a million characters", `t,label\n${rows(3, (i) => `${"x".repeat(1e6)}${i},${i % 2}`)}`, 3, /./],
  ];
  for (const [claim, text, records, says] of cases)
    test(claim, async () => {
      const cwd = folder();
      writeFileSync(join(cwd, "odd.csv"), text);
      const result = await assay(cwd, ["run", "odd.csv", "--label", "label", "--fail-on", "none", "--json"]);
      expect(result, result.stderr).toMatchObject({ exitCode: 0 });
      const document = result.json() as { records: number; outcomes: { status: string; reason?: string }[] };
      expect(document.records).toBe(records);
      expect(document.outcomes.filter(({ status }) => status === "failed")).toEqual([]);
      expect(document.outcomes.map(({ reason }) => reason ?? "").join("\n")).toMatch(says);
      expect(await assay(cwd, ["verify", "odd.assay"])).toMatchObject({ exitCode: 0 });
    });

  test("a Parquet column with NaN reads like the JSON that pyarrow wrote", async () => {
    const cwd = folder();
    copyFileSync(join(FIXTURES, "simple/pyarrow.parquet"), join(cwd, "a.parquet"));
    copyFileSync(join(FIXTURES, "simple/duckdb.parquet"), join(cwd, "b.parquet"));
    const result = await assay(cwd, ["compare", "a.parquet", "b.parquet", "--json"]);
    expect(result.json()).toMatchObject({ sameSet: true, added: 0, removed: 0 });
  });
});
