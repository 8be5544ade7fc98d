/** The main flow as a person types it: the lines of the README, and what follows from them. */

import { createHash } from "node:crypto";
import { copyFileSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import {
  assay,
  type CommandResult,
  everythingIn,
  expectGood,
  expectRefusal,
  filesIn,
  shell,
  temporaryFolders,
} from "./command.js";
import { cleanCsv, repeatedCsv } from "./data.js";

const folders = temporaryFolders();
const HEX = /^[0-9a-f]{64}$/;

/** Doubles as NumPy writes them, format 1.0, row by row. */
function npy(values: readonly number[], columns: number): Buffer {
  const shape = `(${values.length / columns}, ${columns})`;
  const header = `{'descr': '<f8', 'fortran_order': False, 'shape': ${shape}, }`.padEnd(117).concat("\n");
  const start = Buffer.from([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, header.length, 0]);
  return Buffer.concat([start, Buffer.from(header, "latin1"), Buffer.from(Float64Array.from(values).buffer)]);
}

test("the lines of the README do what they say", async () => {
  const cwd = folders();
  writeFileSync(join(cwd, "train.csv"), repeatedCsv(60, 3));
  writeFileSync(join(cwd, "october.csv"), cleanCsv(60));
  mkdirSync(join(cwd, "shards"));
  writeFileSync(join(cwd, "shards/one.csv"), cleanCsv(60));
  const fixtures = new URL("../fixtures/", import.meta.url);
  for (const path of ["pets/cat/grey.png", "pets/cat/rgb.png", "pets/dog/rgba.png", "pets/dog/palette.png"]) {
    mkdirSync(dirname(join(cwd, path)), { recursive: true });
    copyFileSync(new URL(`images/${basename(path)}`, fixtures), join(cwd, path));
  }
  mkdirSync(join(cwd, "pictures"));
  copyFileSync(new URL("tar/webdataset.tar", fixtures), join(cwd, "pictures/one.tar"));
  // Two columns that agree with the labels: classes in order, "no" and "yes".
  const sure = readFileSync(join(cwd, "train.csv"), "utf8")
    .trim()
    .split("\n")
    .slice(1)
    .flatMap((line) => (line.endsWith("yes") ? [0.1, 0.9] : [0.9, 0.1]));
  for (const name of ["out-of-fold.npy", "vectors.npy"]) writeFileSync(join(cwd, name), npy(sure, 2));
  const readme = readFileSync(new URL("../../README.md", import.meta.url), "utf8");
  const lines = readme.split("\n").filter((line) => /^ {4}(npx --no-install assay|printf)/.test(line));
  const shown: { line: string; result: CommandResult }[] = [];
  const good = readFileSync(join(cwd, "train.csv"));
  for (const line of lines) {
    // The README compares with a Parquet file that the reader has; here the same records are JSON lines.
    if (line.includes("train.parquet")) continue;
    const only = line
      .trim()
      .replaceAll("npx --no-install assay", "$ASSAY")
      .replace(/ ; echo .*/, "")
      .replace(" -o train-clean", " -o train-clean --severity low");
    if (only.includes("keygen")) writeFileSync(join(cwd, "train.csv"), good);
    shown.push({ line: only, result: await shell(cwd, only) });
  }
  expect(shown.map(({ line, result }) => [line, result.exitCode])).toEqual([
    ["$ASSAY run train.csv --label label", 0],
    ["$ASSAY verify train.assay", 0],
    ["printf 'X' | dd of=train.csv bs=1 seek=100 conv=notrunc", 0],
    ["$ASSAY verify train.assay", 2],
    [expect.stringMatching(/^\$ASSAY keygen -o release/), 0],
    ["$ASSAY run train.csv --label label --key release.pem --overwrite", 0],
    [expect.stringMatching(/^\$ASSAY verify train.assay --trust release.pub.pem/), 0],
    ["$ASSAY quarantine train.assay -o train-clean --severity low", 0],
    [expect.stringMatching(/^\$ASSAY verify train-clean.assay --parent train.assay/), 0],
    [expect.stringMatching(/^\$ASSAY manifest shards /), 0],
    ["$ASSAY manifest shards --since shards.assay -o shards-2.assay", 0],
    ["$ASSAY prove shards-2.assay --append-from shards.assay -o append.proof", 0],
    [expect.stringMatching(/^\$ASSAY check-proof append.proof --manifest shards.assay\/manifest.json/), 0],
    ["$ASSAY run pets --label folder --image file", 0],
    ['$ASSAY run "pictures/*.tar" --label cls --image jpg', 0],
    ["$ASSAY run october.csv --label label --baseline train.assay", 0],
    [expect.stringMatching(/^\$ASSAY check train.csv .*--probabilities out-of-fold.npy --embeddings vectors.npy$/), 0],
  ]);
  expect(shown[3]?.result.stdout).toMatch(/✗ train\.assay: .*train\.csv/);
  expect(shown[8]?.result.stdout).toContain("proven");
  expect(statSync(join(cwd, "release.pem")).mode & 0o777).toBe(0o600);
  expect(everythingIn(cwd).filter((path) => /work\.assay|quarantine|writing/.test(path))).toEqual([]);
});

describe("with one folder", () => {
  let cwd = "";
  const ok = async (...args: string[]): Promise<CommandResult> => expectGood(await assay(cwd, args));

  beforeAll(async () => {
    cwd = folders();
    writeFileSync(join(cwd, "train.csv"), repeatedCsv(60, 3));
    await ok("run", "train.csv", "--label", "label", "--exclude", "id", "--fail-on", "none");
  });

  test("assay run --json names roots, outcomes and the gate", async () => {
    const document = (
      await ok("run", "train.csv", "--json", "--checks", "exact-duplicates", "-o", "again.assay")
    ).json();
    expect(document).toMatchObject({
      folder: "again.assay",
      dataset: expect.stringMatching(HEX),
      set: expect.stringMatching(HEX),
      datasetHead: expect.stringMatching(HEX),
      setHead: expect.stringMatching(HEX),
      records: 63,
      files: 1,
      bytes: statSync(join(cwd, "train.csv")).size,
      findings: 3,
      signed: false,
      gate: "pass",
    });
    expect(existsSync(join(cwd, String(document.report)))).toBe(true);
    expect(existsSync(join(cwd, String(document.manifest)))).toBe(true);
  });

  test("assay check --json has outcomes and findings, each with the record that it accuses", async () => {
    const before = everythingIn(cwd);
    const args = ["check", "train.csv", "--json", "--label", "label", "--scores", "scores.csv"];
    const document = (await ok(...args)).json() as unknown as { outcomes: object[]; findings: { check: string }[] };
    expect(document.outcomes).toContainEqual(
      expect.objectContaining({
        check: "exact-duplicates",
        status: "completed",
        findings: 3,
        calibration: "exact",
        lookedAt: expect.anything(),
        seed: expect.anything(),
      }),
    );
    expect(document.findings.filter(({ check }) => check === "exact-duplicates")).toEqual(
      [60, 61, 62].map((ordinal) =>
        expect.objectContaining({ file: "train.csv", ordinal, record: ordinal, line: ordinal + 2, severity: "low" }),
      ),
    );
    expect(readFileSync(join(cwd, "scores.csv"), "utf8")).toMatch(/^record,exact-duplicates.*\n0,/);
    expect(everythingIn(cwd).filter((path) => !before.includes(path))).toEqual(["scores.csv"]);
  });

  test("a finding of the severity of --fail-on ends with exit code 1", async () => {
    const args = ["run", "train.csv", "--checks", "exact-duplicates", "--fail-on", "low", "-o", "gate.assay", "--json"];
    const result = await assay(cwd, args);
    expect(result.exitCode).toBe(1);
    expect(result.json()).toMatchObject({ gate: "fail" });
    expect(
      await assay(cwd, ["check", "train.csv", "--checks", "label-flips", "--require", "label-flips"]),
    ).toMatchObject({
      exitCode: 1,
    });
  });

  test("prove and check-proof agree on a record by place, by presence and by absence", async () => {
    const cells = (readFileSync(join(cwd, "train.csv"), "utf8").split("\n")[8] as string).split(",");
    const record = { id: Number(cells[0]), size: Number(cells[1]), weight: Number(cells[2]), label: cells[3] };
    writeFileSync(join(cwd, "there.json"), JSON.stringify(record));
    writeFileSync(join(cwd, "gone.json"), JSON.stringify({ ...record, label: "maybe" }));
    await ok("prove", "train.assay", "--file", "train.csv", "--record", "7", "-o", "7.proof");
    await ok("prove", "train.assay", "--present", "there.json", "-o", "present.proof");
    await ok("prove", "train.assay", "--absent", "gone.json", "-o", "absent.proof");
    const check = (proof: string, record: string): Promise<CommandResult> =>
      assay(cwd, ["check-proof", proof, "--manifest", "train.assay/manifest.json", "--record", record, "--json"]);
    expect(expectGood(await check("7.proof", "there.json")).json()).toMatchObject({ ok: true, code: "ok" });
    expectGood(await check("present.proof", "there.json"));
    expectGood(await check("absent.proof", "gone.json"));
    expectRefusal(await check("7.proof", "gone.json"), 2, "leaf-mismatch");
    expect(await check("absent.proof", "there.json")).toMatchObject({ exitCode: 2 });
    expect(await assay(cwd, ["prove", "train.assay", "--absent", "there.json"])).toMatchObject({ exitCode: 64 });
    expect(await assay(cwd, ["prove", "train.assay", "--present", "gone.json"])).toMatchObject({ exitCode: 64 });
  });

  test("compare finds the same records in JSON lines, in any order", async () => {
    const [header, ...lines] = readFileSync(join(cwd, "train.csv"), "utf8").trim().split("\n") as [string];
    const names = header.split(",");
    const json = (lines as string[]).reverse().map((line) => {
      const entries = line.split(",").map((cell, index) => [names[index], index < 3 ? Number(cell) : cell]);
      return JSON.stringify(Object.fromEntries(entries));
    });
    writeFileSync(join(cwd, "train.jsonl"), `${json.join("\n")}\n`);
    const document = (await ok("compare", "train.csv", "train.jsonl", "--json")).json();
    expect(document).toMatchObject({ equal: false, sameSet: true, added: 0, removed: 0, version: "patch" });
    expect(await assay(cwd, ["compare", "train.csv", "train.jsonl", "--exit-code"])).toMatchObject({ exitCode: 0 });
  });

  test("report has every view, controls and explain have their texts", async () => {
    expect((await ok("report", "train.assay", "--to", "html")).stdout).toMatch(/^<!doctype html>/i);
    expect((await ok("report", "train.assay", "--to", "md")).stdout).toMatch(/^## Assay: `train`/);
    expect(JSON.parse((await ok("report", "train.assay", "--to", "sarif")).stdout)).toMatchObject({ version: "2.1.0" });
    expect(JSON.parse((await ok("report", "train.assay", "--to", "json")).stdout)).toBeTypeOf("object");
    expect((await ok("report", "train.assay", "--to", "csv")).stdout.split("\n").length).toBeGreaterThan(3);
    expect((await ok("controls", "train.assay")).stdout).toContain("A.7.4");
    for (const topic of ["label-flips", "A.7.4", "set-root-mismatch", "decoy"])
      expect((await ok("explain", topic)).stdout).toContain(topic);
  });

  test("init writes a config that run --config takes", async () => {
    const own = folders();
    copyFileSync(join(cwd, "train.csv"), join(own, "train.csv"));
    expectGood(await assay(own, ["init", "train.csv"]));
    expect(everythingIn(own)).toEqual(["assay.config.json", "train.csv"]);
    expectGood(await assay(own, ["run", "--config", "assay.config.json", "--fail-on", "none"]));
    expect(existsSync(join(own, "train.assay/manifest.json"))).toBe(true);
  });

  test("with a leaf key artefacts hold no values, and one record can be shown without the key", async () => {
    const own = folders();
    writeFileSync(join(own, "people.csv"), repeatedCsv(40, 2).replaceAll("yes", "Rosalind"));
    const good = async (...args: string[]): Promise<CommandResult> => expectGood(await assay(own, args));
    await good("keygen", "--leaf", "-o", "records.leafkey");
    await good("run", "people.csv", "--label", "label", "--leaf-key", "records.leafkey", "--fail-on", "none");
    for (const path of everythingIn(join(own, "people.assay"))) {
      const full = join(own, "people.assay", path);
      if (statSync(full).isFile()) expect(readFileSync(full, "latin1"), path).not.toContain("Rosalind");
    }
    expectRefusal(await assay(own, ["verify", "people.assay", "--json"]), 2, "leaf-key-missing");
    await good("verify", "people.assay", "--leaf-key", "records.leafkey");
    const show = ["--file", "people.csv", "--record", "1", "--leaf-key", "records.leafkey", "-o", "1.proof"];
    await good("prove", "people.assay", ...show);
    await good("check-proof", "1.proof", "--manifest", "people.assay/manifest.json");
  });
});

test("derive proves each operation of set algebra and refuses a false claim", async () => {
  const cwd = folders();
  const lines = cleanCsv(30).trim().split("\n");
  const [header, ...records] = lines as [string, ...string[]];
  const write = (name: string, some: readonly string[]): void =>
    writeFileSync(join(cwd, name), `${[header, ...some].join("\n")}\n`);
  write("a.csv", records);
  write("shuffled.csv", [...records].reverse());
  write("fewer.csv", records.slice(0, 20));
  write("rest.csv", records.slice(20));
  write("twice.csv", [...records, ...records.slice(0, 4)]);
  for (const name of ["a", "fewer", "rest", "twice"]) expectGood(await assay(cwd, ["manifest", `${name}.csv`]));
  const derive = (operation: string, child: string, folder: string, ...parents: string[]): Promise<CommandResult> =>
    assay(cwd, ["derive", operation, child, "-o", folder, "--json", ...parents.flatMap((name) => ["--parent", name])]);
  expectGood(await derive("shuffle", "shuffled.csv", "s.assay", "a.assay"));
  expectGood(await derive("filter", "fewer.csv", "f.assay", "a.assay"));
  expectGood(await derive("concat", "a.csv", "c.assay", "fewer.assay", "rest.assay"));
  expectGood(await derive("dedupe", "a.csv", "d.assay", "twice.assay"));
  for (const [folder, parents] of [
    ["f.assay", ["a.assay"]],
    ["c.assay", ["fewer.assay", "rest.assay"]],
  ] as const) {
    const verified = await assay(cwd, [
      "verify",
      folder,
      "--no-data",
      ...parents.flatMap((name) => ["--parent", name]),
    ]);
    expect(expectGood(verified).stdout).toContain("proven");
  }
  const before = everythingIn(cwd);
  expect(await derive("shuffle", "fewer.csv", "no.assay", "a.assay")).toMatchObject({ exitCode: 2 });
  expectRefusal(await derive("filter", "twice.csv", "no.assay", "a.assay"), 2, "derivation-mismatch");
  expect(everythingIn(cwd)).toEqual(before);
});

/** Ordinals of the records that a seed draws from a folder of 60, by the definition: the smallest digests, copies from 0. */
function drawnBy(folder: string, seed: string, size: number): Set<number> {
  const [tile] = filesIn(folder).filter((path) => /tile\/0\/000\.p\/60$/.test(path)) as [string];
  const leaves = readFileSync(join(folder, tile));
  const digests = Array.from({ length: 60 }, (_, ordinal) =>
    createHash("sha256")
      .update("assay-sample/v1")
      .update(Buffer.from(seed, "hex"))
      .update(leaves.subarray(32 * ordinal, 32 * ordinal + 32))
      .update(Buffer.alloc(8))
      .digest("hex"),
  );
  const order = [...digests.keys()].sort((a, b) => (digests[a]! < digests[b]! ? -1 : 1));
  return new Set(order.slice(0, size));
}

test("derive proves reformat, reshard, append and sample from the command, claims map, and refuses their lies", async () => {
  const cwd = folders();
  const [header, ...records] = cleanCsv(60).trim().split("\n") as [string, ...string[]];
  const write = (name: string, some: readonly string[], to = header): void => {
    mkdirSync(dirname(join(cwd, name)), { recursive: true });
    writeFileSync(join(cwd, name), `${[to, ...some].join("\n")}\n`);
  };
  const derive = (operation: string, child: string, out: string, parent: string, ...rest: string[]) =>
    assay(cwd, ["derive", operation, child, "-o", out, "--parent", parent, "--json", ...rest]);
  write("whole.csv", records);
  write("shards/one.csv", records.slice(0, 25));
  write("shards/two.csv", records.slice(25));
  write(
    "columns.csv",
    records.map((record) => record.split(",").reverse().join(",")),
    header.split(",").reverse().join(","),
  );
  expectGood(await assay(cwd, ["manifest", "whole.csv"]));
  expect(expectGood(await derive("reformat", "columns.csv", "columns.assay", "whole.assay")).json()).toMatchObject({
    edge: "proven",
  });
  expect(expectGood(await derive("reshard", "shards", "shards.assay", "whole.assay")).json()).toMatchObject({
    edge: "proven",
  });

  write("before/log.csv", records.slice(0, 40));
  write("after/log.csv", records);
  write("inserted/log.csv", [...records.slice(0, 10), records[50] as string, ...records.slice(10, 40)]);
  expectGood(await assay(cwd, ["manifest", "before"]));
  expect(expectGood(await derive("append", "after", "after.assay", "before.assay")).json()).toMatchObject({
    edge: "proven",
  });
  expectRefusal(await derive("append", "inserted", "no.assay", "before.assay"), 2, "derivation-mismatch");

  // A sample that was chosen by hand is refused.
  const sampling = ["--seed", "0".repeat(63) + "1", "--fraction", "0.5"];
  write("chosen.csv", records.slice(0, 30));
  const none = ["--seed", "00".repeat(32), "--fraction", "1.5"];
  expect(await derive("sample", "chosen.csv", "no.assay", "whole.assay", ...none)).toMatchObject({
    exitCode: 64,
    stderr: expect.stringContaining("--fraction is a decimal above 0 and at most 1"),
  });
  expectRefusal(await derive("sample", "chosen.csv", "no.assay", "whole.assay", ...sampling), 2, "derivation-mismatch");
  const drawn = drawnBy(join(cwd, "whole.assay"), "0".repeat(63) + "1", 30);
  write(
    "drawn.csv",
    records.filter((_, ordinal) => drawn.has(ordinal)),
  );
  expect(
    expectGood(await derive("sample", "drawn.csv", "drawn.assay", "whole.assay", ...sampling)).json(),
  ).toMatchObject({
    edge: "proven",
    records: 30,
  });

  write(
    "mapped.csv",
    records.map((record) => record.toUpperCase()),
  );
  expect(expectGood(await derive("map", "mapped.csv", "mapped.assay", "whole.assay")).json()).toMatchObject({
    edge: "claimed",
  });
});

test("a split is proven from its own splits or from its other parts, and an overlap of train and test is refused", async () => {
  const cwd = folders();
  const [header, ...records] = cleanCsv(60).trim().split("\n") as [string, ...string[]];
  const write = (name: string, some: readonly string[]): void => {
    mkdirSync(dirname(join(cwd, name)), { recursive: true });
    writeFileSync(join(cwd, name), `${[header, ...some].join("\n")}\n`);
  };
  const derive = (child: string, out: string, ...rest: string[]) =>
    assay(cwd, ["derive", "split", child, "-o", out, "--parent", "all.assay", "--json", ...rest]);
  write("all.csv", records);
  write("parts/train/a.csv", records.slice(0, 45));
  write("parts/test/a.csv", records.slice(45));
  // One record of test is in train too, in the place of another: the counts agree.
  write("lie/train/a.csv", [...records.slice(0, 44), records[50] as string]);
  write("lie/test/a.csv", records.slice(45));
  write("train.csv", records.slice(0, 45));
  write("test.csv", records.slice(45));
  write("leaky.csv", [records[3] as string, ...records.slice(46)]);
  expectGood(await assay(cwd, ["manifest", "all.csv"]));
  const rules = ["--split-paths", "train=train/**", "--split-paths", "test=test/**"];
  expect(expectGood(await derive("parts", "parts.assay", ...rules)).json()).toMatchObject({ edge: "proven" });
  expect(expectGood(await assay(cwd, ["verify", "parts.assay", "--parent", "all.assay"])).stdout).toContain("proven");
  expect(await derive("lie", "no.assay", ...rules)).toMatchObject({ exitCode: 2 });

  expect(expectGood(await derive("train.csv", "train.assay")).json()).toMatchObject({ edge: "not-checked" });
  expect(expectGood(await derive("test.csv", "test.assay", "--sibling", "train.assay")).json()).toMatchObject({
    edge: "proven",
  });
  const both = ["--parent", "all.assay", "--sibling", "test.assay"];
  expect(expectGood(await assay(cwd, ["verify", "train.assay", ...both])).stdout).toContain("proven");
  expectRefusal(await derive("leaky.csv", "no.assay", "--sibling", "train.assay"), 2, "split-overlap");
  expect(await assay(cwd, ["verify", "all.assay", "--sibling", "test.assay"])).toMatchObject({ exitCode: 64 });
});
