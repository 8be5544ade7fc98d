/** Proofs of many records at once, as they are made and checked from the command. */

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { assay, type CommandResult, expectGood, expectRefusal, temporaryFolders } from "./command.js";
import { cleanCsv } from "./data.js";

const cwd = temporaryFolders()();
const at = (name: string) => join(cwd, name);
const rows: Record<"train" | "test", readonly object[]> = { train: [], test: [] };

beforeAll(async () => {
  const [header, ...lines] = cleanCsv(600).trimEnd().split("\n") as [string, ...string[]];
  const names = header.split(",");
  const record = (line: string) =>
    Object.fromEntries(line.split(",").map((cell, i) => [names[i], i < 3 ? Number(cell) : cell]));
  rows.train = lines.slice(0, 500).map(record);
  rows.test = lines.slice(500).map(record);
  writeFileSync(at("train.csv"), `${[header, ...lines.slice(0, 500)].join("\n")}\n`);
  writeFileSync(at("test.csv"), `${[header, ...lines.slice(500)].join("\n")}\n`);
  expectGood(await assay(cwd, ["manifest", "train.csv", "test.csv", "-o", "all.assay"]));
});

const write = (name: string, records: readonly object[]) =>
  writeFileSync(at(name), records.map((one) => `${JSON.stringify(one)}\n`).join(""));
const check = (proof: string, ...args: string[]): Promise<CommandResult> =>
  assay(cwd, ["check-proof", proof, "--manifest", "all.assay/manifest.json", "--json", ...args]);

describe("assay prove --file F --record LIST", () => {
  const places = ["--file", "train.csv", "--record", "300-399,7", "--file", "test.csv", "--record", "0"];

  test("shows many records of many files, in fewer bytes than one proof each, and check-proof confirms them", async () => {
    expectGood(await assay(cwd, ["prove", "all.assay", ...places, "-o", "many.proof"]));
    // Files are in the order of the data set, records in the order of their places.
    const held = [rows.test[0]!, rows.train[7]!, ...rows.train.slice(300, 400)];
    write("held.jsonl", held);
    const result = expectGood(await check("many.proof", "--record", "held.jsonl")).json().result as {
      places: { file: string; ordinal: number }[];
    };
    expect(result).toMatchObject({ kind: "inclusion", confirmed: true });
    expect(result.places.slice(0, 3)).toMatchObject([
      { file: "test.csv", ordinal: 0 },
      { file: "train.csv", ordinal: 7 },
      { file: "train.csv", ordinal: 300 },
    ]);
    const proof = JSON.parse(readFileSync(at("many.proof"), "utf8"));
    const hashes = proof.files.map(({ records }: { records: { path: string[] } }) => records.path.length);
    // 102 inclusion proofs of trees of 500 and 100 leaves would take about 900 hashes.
    expect(hashes.reduce((sum: number, n: number) => sum + n)).toBeLessThan(30);
    expectGood(await check("many.proof"));
  });

  test("does not confirm other records: one altered, two swapped, one left out, one too many", async () => {
    const held = [rows.test[0]!, rows.train[7]!, ...rows.train.slice(300, 400)];
    for (const wrong of [
      [{ ...held[0], weight: 0.25 }, ...held.slice(1)],
      [held[1]!, held[0]!, ...held.slice(2)],
      held.slice(1),
      [...held, held[0]!],
    ]) {
      write("wrong.jsonl", wrong);
      expectRefusal(await check("many.proof", "--record", "wrong.jsonl"), 2, "leaf-mismatch");
    }
  });

  test("with a leaf key, shows records to who has none", async () => {
    expectGood(await assay(cwd, ["keygen", "--leaf", "-o", "leaf.key"]));
    expectGood(await assay(cwd, ["manifest", "train.csv", "--leaf-key", "leaf.key", "-o", "keyed.assay"]));
    const show = ["--file", "train.csv", "--record", "0-1,9", "--leaf-key", "leaf.key", "-o", "keyed.proof"];
    expectGood(await assay(cwd, ["prove", "keyed.assay", ...show]));
    write("three.jsonl", [rows.train[0]!, rows.train[1]!, rows.train[9]!]);
    write("others.jsonl", [rows.train[0]!, rows.train[1]!, rows.train[8]!]);
    const of = ["check-proof", "keyed.proof", "--manifest", "keyed.assay/manifest.json", "--json", "--record"];
    expectGood(await assay(cwd, [...of, "three.jsonl"]));
    expectRefusal(await assay(cwd, [...of, "others.jsonl"]), 2, "leaf-mismatch");
  });

  test("refuses places that are none", async () => {
    for (const args of [
      ["--file", "train.csv", "--record", "499-500"],
      ["--file", "none.csv", "--record", "1,3"],
      ["--file", "train.csv", "--record", "5-3"],
      ["--file", "train.csv", "--record", "1", "--file", "test.csv"],
      ["--file", "train.csv", "--record", "1", "--file", "train.csv", "--record", "2"],
    ])
      expect(await assay(cwd, ["prove", "all.assay", ...args]), args.join(" ")).toMatchObject({ exitCode: 64 });
  });
});

describe("assay prove --present and --absent with many records", () => {
  const gone = (some: readonly object[]) => some.map((one) => ({ ...one, label: "maybe" }));

  test("prove all of them in one tree, and check-proof asks about exactly these", async () => {
    write("there.jsonl", rows.train.slice(0, 40));
    write("gone.jsonl", gone(rows.train.slice(0, 40)));
    expectGood(await assay(cwd, ["prove", "all.assay", "--present", "there.jsonl", "-o", "there.proof"]));
    expectGood(await assay(cwd, ["prove", "all.assay", "--absent", "gone.jsonl", "-o", "gone.proof"]));
    const there = expectGood(await check("there.proof", "--record", "there.jsonl")).json().result;
    expect(there).toEqual({ kind: "presence", counts: Array(40).fill(1) });
    const absent = expectGood(await check("gone.proof", "--record", "gone.jsonl")).json().result;
    expect(absent).toEqual({ kind: "absence", counts: Array(40).fill(0) });
    expectRefusal(await check("gone.proof", "--record", "there.jsonl"), 2, "leaf-mismatch");
    write("fewer.jsonl", gone(rows.train.slice(0, 39)));
    expectRefusal(await check("gone.proof", "--record", "fewer.jsonl"), 2, "leaf-mismatch");
  });

  test("refuse a claim that is false for one of them, naming it", async () => {
    write("mixed.jsonl", [...rows.train.slice(0, 3), ...gone(rows.train.slice(3, 4))]);
    for (const claim of ["--present", "--absent"]) {
      const result = await assay(cwd, ["prove", "all.assay", claim, "mixed.jsonl", "--json"]);
      expect(result.exitCode).toBe(64);
      expect(result.json()).toMatchObject({ details: { record: claim === "--present" ? 4 : 1 } });
    }
  });

  test("name the line of a record that cannot be read", async () => {
    writeFileSync(at("broken.jsonl"), `${JSON.stringify(rows.train[0])}\n{"id":\n`);
    const result = await assay(cwd, ["prove", "all.assay", "--present", "broken.jsonl", "--json"]);
    expectRefusal(result, 4, "bad-json");
    expect(result.json()).toMatchObject({ details: { line: 2 } });
    writeFileSync(at("empty.jsonl"), "\n");
    expect(await assay(cwd, ["prove", "all.assay", "--present", "empty.jsonl"])).toMatchObject({ exitCode: 64 });
  });
});
