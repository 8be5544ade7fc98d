/** `assay compare` says which version a change deserves, proves it, and does not believe a version that hides one. */

import { renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { assay, expectGood, expectRefusal, temporaryFolders } from "./command.js";
import { cleanCsv } from "./data.js";

const cwd = temporaryFolders()();
const [header, ...records] = cleanCsv(40).trimEnd().split("\n") as [string, ...string[]];
const manifest = (name: string) => `${name}.assay/manifest.json`;

beforeAll(async () => {
  const make = async (name: string, some: readonly string[], version: string): Promise<void> => {
    writeFileSync(join(cwd, "data.csv"), `${[header, ...some].join("\n")}\n`);
    expectGood(await assay(cwd, ["manifest", "data.csv", "-o", `${name}.assay`, "--version-of-data", version]));
  };
  await make("before", records.slice(0, 30), "1.2.0");
  await make("more", records, "1.3.0");
  await make("hidden", records, "1.2.1");
  await make("fewer", records.slice(0, 29), "2.0.0");
  await make("lie", records.slice(0, 29), "1.9.0");
  // What follows needs no data.
  renameSync(join(cwd, "data.csv"), join(cwd, "away"));
});

const compare = (other: string, ...args: string[]) =>
  assay(cwd, ["compare", "before.assay", `${other}.assay`, "--json", ...args]);
const check = (proof: string, other: string) =>
  assay(cwd, ["check-proof", proof, "--manifest", manifest("before"), "--second-manifest", manifest(other), "--json"]);

test("without data, names what came and went, where it stands, and the version that it deserves", async () => {
  const more = expectGood(await compare("more", "--proof", "more.proof")).json();
  expect(more).toMatchObject({ added: 10, removed: 0, moved: 0, version: "minor", stated: { holds: true } });
  expect(more.files).toMatchObject([{ path: "data.csv", change: "grown" }]);
  const fewer = expectGood(await compare("fewer", "--proof", "fewer.proof")).json();
  expect(fewer).toMatchObject({ added: 0, removed: 1, version: "major", stated: { holds: true } });
  expect(fewer.removedLeaves).toMatchObject([{ places: [{ file: "data.csv", ordinal: 29 }] }]);
});

test("proves it from two manifests alone", async () => {
  expect(expectGood(await check("more.proof", "more")).json().result).toEqual({
    kind: "update",
    added: 10,
    removed: 0,
    version: "minor",
  });
  expect(expectGood(await check("fewer.proof", "fewer")).json().result).toMatchObject({ removed: 1, version: "major" });
  expectRefusal(await check("more.proof", "fewer"), 2, "root-mismatch");
  expectRefusal(await check("fewer.proof", "more"), 2, "root-mismatch");
});

test("a stated version that hides the change fails, in the comparison and in the proof", async () => {
  for (const [name, proof] of [
    ["hidden", "more.proof"],
    ["lie", "fewer.proof"],
  ] as const) {
    const result = await compare(name, "--exit-code");
    expect(result.exitCode).toBe(1);
    expect(result.json()).toMatchObject({ stated: { from: "1.2.0", holds: false } });
    expectRefusal(await check(proof, name), 2, "version-mismatch");
  }
});

test("equal sets need no proof, and none is written", async () => {
  const result = await assay(cwd, ["compare", "more.assay", "hidden.assay", "--proof", "none.proof"]);
  expect(expectGood(result).stdout).toContain("no proof is needed");
  expect(await check("none.proof", "more")).toMatchObject({ exitCode: 5 });
});
