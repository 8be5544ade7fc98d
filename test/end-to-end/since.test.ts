/** `assay manifest --since`: only what changed is read again, and the answer is the one of reading everything. */

import {
  appendFileSync,
  type Dirent,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { assay, temporaryFolders } from "./command.js";

const folder = temporaryFolders();

/** A folder of shards that was sealed once, `first.assay`. */
async function sealed(files: Record<string, string>, ...args: string[]): Promise<string> {
  const cwd = folder();
  mkdirSync(join(cwd, "shards"));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(cwd, "shards", name), text);
  const first = await assay(cwd, ["manifest", "shards", "-o", "first.assay", ...args]);
  expect(first, first.stderr).toMatchObject({ exitCode: 0 });
  return cwd;
}

/** Seals again, both ways, and compares every byte of the manifest. */
async function sealBoth(cwd: string, ...args: string[]): Promise<{ claimed: string[]; stderr: string }> {
  const write = async (name: string, ...how: string[]) => {
    const result = await assay(cwd, ["manifest", "shards", "-o", name, "--json", ...how, ...args]);
    expect(result, result.stderr).toMatchObject({ exitCode: 0 });
    return result;
  };
  const since = await write("since.assay", "--since", "first.assay");
  await write("whole.assay");
  const filesOf = (name: string) =>
    (readdirSync(join(cwd, name), { recursive: true, withFileTypes: true }) as Dirent[])
      .filter((one) => one.isFile() && one.name !== "seen.jsonl")
      .map((one) => join(one.parentPath, one.name).slice(join(cwd, name).length))
      .sort();
  expect(filesOf("since.assay")).toEqual(filesOf("whole.assay"));
  for (const file of filesOf("whole.assay"))
    expect(
      readFileSync(join(cwd, "since.assay", file)).equals(readFileSync(join(cwd, "whole.assay", file))),
      file,
    ).toBe(true);
  return { claimed: (since.json() as { claimed: string[] }).claimed, stderr: since.stderr };
}

/** {@link sealBoth}, verified with the data. */
async function again(cwd: string, ...args: string[]): Promise<{ claimed: string[]; stderr: string }> {
  const answer = await sealBoth(cwd, ...args);
  const verified = await assay(cwd, ["verify", "since.assay", "--data", "shards"]);
  expect(verified, verified.stderr).toMatchObject({ exitCode: 0 });
  return answer;
}

const seen = (cwd: string, name: string) =>
  readFileSync(join(cwd, name, "seen.jsonl"), "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as { path: string; trust: string });

const CSV = "n,t\n1,x\n2,y\n";

describe.concurrent("assay manifest --since", () => {
  test("reads a new file alone, says which are claimed, and goes on from there", async () => {
    const cwd = await sealed({ "a.csv": CSV, "b.jsonl": '{"n":7}\n', "empty.csv": "n,t\n" });
    writeFileSync(join(cwd, "shards/c.csv"), "n,t\n3,z\n");
    expect(await again(cwd)).toMatchObject({ claimed: ["a.csv", "b.jsonl", "empty.csv"] });
    expect(seen(cwd, "since.assay").map(({ path, trust }) => `${path} ${trust}`)).toEqual([
      "a.csv claimed",
      "b.jsonl claimed",
      "c.csv read",
      "empty.csv claimed",
    ]);
    const third = await assay(cwd, ["manifest", "shards", "--since", "since.assay", "-o", "third.assay", "--json"]);
    expect((third.json() as { claimed: string[] }).claimed).toHaveLength(4);
    expect(readFileSync(join(cwd, "third.assay/manifest.json"))).toEqual(
      readFileSync(join(cwd, "whole.assay/manifest.json")),
    );
  });

  test("of a file that grew parses only what is behind it", async () => {
    const cwd = await sealed({ "a.csv": `\ufeff\n"n\nm",t\r\n1,x\r\n`, "b.jsonl": '{"m":[7]}\n', "c.csv": CSV });
    appendFileSync(join(cwd, "shards/a.csv"), '2,"y\nz"\r\n3,');
    appendFileSync(join(cwd, "shards/b.jsonl"), '{"m":[8,"x"]}');
    const { claimed, stderr } = await again(cwd);
    expect(claimed).toEqual(["c.csv"]);
    expect(stderr).not.toContain("read as a whole");
    expect(seen(cwd, "since.assay").map(({ trust }) => trust)).toEqual(["read", "read", "claimed"]);
  });

  test("takes a folder whose set has no tops, and gives it some", async () => {
    const records = (begin: number, end: number) =>
      Array.from({ length: end - begin }, (_, i) => `${begin + i},x\n`).join("");
    const cwd = await sealed({ "a.csv": `n,t\n${records(0, 5000)}` });
    expect(readdirSync(join(cwd, "first.assay/set-tops"))).toEqual(["root.tops"]);
    rmSync(join(cwd, "first.assay/set-tops"), { recursive: true });
    writeFileSync(join(cwd, "shards/b.csv"), `n,t\n${records(5000, 5010)}`);
    expect(await again(cwd)).toMatchObject({ claimed: ["a.csv"] });
  });

  test("never opens what it claims: a change that keeps size and time is seen by verify", async () => {
    const cwd = await sealed({ "a.csv": CSV, "b.csv": "n,t\n5,q\n" });
    const path = join(cwd, "shards/a.csv");
    const { atimeMs, mtimeMs } = statSync(path);
    utimesSync(path, atimeMs / 1000, Math.floor(mtimeMs / 1000));
    rmSync(join(cwd, "first.assay"), { recursive: true });
    expect(await assay(cwd, ["manifest", "shards", "-o", "first.assay"])).toMatchObject({ exitCode: 0 });
    writeFileSync(path, CSV.replace("1,x", "9,x"));
    utimesSync(path, atimeMs / 1000, Math.floor(mtimeMs / 1000));
    const since = await assay(cwd, ["manifest", "shards", "--since", "first.assay", "-o", "since.assay", "--json"]);
    expect((since.json() as { claimed: string[] }).claimed).toEqual(["a.csv", "b.csv"]);
    const verified = await assay(cwd, ["verify", "since.assay", "--data", "shards", "--json"]);
    expect(verified.exitCode).toBe(2);
    expect(verified.stdout).toContain("bytes-mismatch");
  });

  test("splits by path, keyed leaves and kept leaves are taken over", async () => {
    const key = `${"07".repeat(32)}\n`;
    const cwd = await sealed({ "test-a.csv": CSV });
    writeFileSync(join(cwd, "leaf.key"), key);
    const args = [
      "--split-paths",
      "test=test-*",
      "--split-paths",
      "train=train-*",
      "--leaf-key",
      "leaf.key",
      "--keep",
      "leaves",
    ];
    expect(await assay(cwd, ["manifest", "shards", "-o", "first.assay", "--overwrite", ...args])).toMatchObject({
      exitCode: 0,
    });
    writeFileSync(join(cwd, "shards/train-b.csv"), "n,t\n4,w\n");
    expect(await sealBoth(cwd, ...args)).toMatchObject({ claimed: ["test-a.csv"] });
  });

  test.each<[string, Record<string, string>, (cwd: string) => void, string, ...string[]]>([
    [
      "a value of another type",
      { "a.csv": CSV },
      (cwd) => writeFileSync(join(cwd, "shards/b.csv"), "n,t\n1.5,x\n"),
      "does not fit",
    ],
    [
      "a new column",
      { "a.csv": CSV },
      (cwd) => writeFileSync(join(cwd, "shards/b.csv"), "n,u\n1,x\n"),
      "other columns",
    ],
    [
      "a text that is gone, which had made a column text",
      { "a.csv": CSV, "b.csv": "n,t\nmany,x\n" },
      (cwd) => rmSync(join(cwd, "shards/b.csv")),
      "b.csv, from which types were inferred",
    ],
    [
      "a text of another type at the end of a file",
      { "a.csv": CSV, "b.csv": CSV },
      (cwd) => appendFileSync(join(cwd, "shards/b.csv"), "many,z\n"),
      "does not fit the earlier types",
    ],
    [
      "a text that was appended to, and changed in front",
      { "a.csv": CSV, "b.csv": CSV },
      (cwd) => writeFileSync(join(cwd, "shards/b.csv"), `${CSV.replace("1,x", "4,x")}3,z\n`),
      "its first bytes are others",
    ],
    [
      "a last line that went on",
      { "a.csv": CSV, "b.csv": CSV.trimEnd() },
      (cwd) => appendFileSync(join(cwd, "shards/b.csv"), "y\n"),
      "did not end with the end of a line",
    ],
    ["leaves that were not kept", { "a.csv": CSV }, () => {}, "keeps no leaves", "--keep", "none"],
    [
      "nothing as it was",
      { "a.jsonl": '{"a":1}\n' },
      (cwd) => writeFileSync(join(cwd, "shards/a.jsonl"), '{"a":12}\n'),
      "no file is as",
    ],
  ])("reads everything again, and says why: %s", async (_, files, change, remark, ...args) => {
    const cwd = await sealed(files, ...args);
    change(cwd);
    const { claimed, stderr } = await again(cwd);
    expect(claimed).toEqual([]);
    expect(stderr).toContain(remark);
  });

  test("reads everything again where other paths are left out", async () => {
    const cwd = await sealed({ "a.csv": CSV, "b.csv": CSV }, "--ignore", "*.txt");
    const { claimed, stderr } = await sealBoth(cwd, "--ignore", "b.*");
    expect(claimed).toEqual([]);
    expect(stderr).toContain("--ignore");
  });

  test("a folder that was changed is refused, and so is none", async () => {
    const cwd = await sealed({ "a.csv": CSV });
    const tile = join(cwd, "first.assay/files.jsonl");
    writeFileSync(tile, readFileSync(tile, "utf8").replace('"records":2', '"records":3'));
    const refused = await assay(cwd, ["manifest", "shards", "--since", "first.assay", "-o", "x.assay", "--json"]);
    expect([2, 4]).toContain(refused.exitCode);
    expect(await assay(cwd, ["manifest", "shards", "--since", "none.assay", "-o", "x.assay"])).toMatchObject({
      exitCode: 5,
    });
  });
});
