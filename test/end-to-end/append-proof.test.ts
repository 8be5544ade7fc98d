/** `assay prove --append-from`: that a data set was only appended to is shown by two manifests and a proof, without any data. */

import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { assay, expectGood, expectRefusal, temporaryFolders } from "./command.js";

const cwd = temporaryFolders()();
const csv = (count: number, first = 0) =>
  `n,t\n${Array.from({ length: count }, (_, i) => `${first + i},"a ${i % 5}"\n`).join("")}`;
const manifest = (name: string) => `${name}.assay/manifest.json`;

beforeAll(async () => {
  const make = async (name: string, files: Record<string, string>, ...args: string[]): Promise<void> => {
    rmSync(join(cwd, "data"), { recursive: true, force: true });
    mkdirSync(join(cwd, "data"));
    for (const [path, text] of Object.entries(files)) writeFileSync(join(cwd, "data", path), text);
    expectGood(await assay(cwd, ["manifest", "data", "-o", `${name}.assay`, ...args]));
  };
  const first = { "a.csv": csv(700), "b.csv": csv(300, 1000), "empty.csv": "n,t\n" };
  await make("first", first);
  const grown = { ...first, "a.csv": csv(1500), "aa.csv": csv(5), "empty.csv": csv(2) };
  await make("leaves", grown, "--keep", "leaves");
  await make("none", grown, "--keep", "none");
  await make("altered", { ...grown, "b.csv": csv(300, 1001) });
  await make("gone", { "a.csv": csv(1500), "empty.csv": "n,t\n" });
  await make("grown", grown);
  expectGood(
    await assay(cwd, ["prove", "none.assay", "--append-from", "first.assay", "--data", "data", "-o", "none.proof"]),
  );
  renameSync(join(cwd, "data"), join(cwd, "away"));
  expectGood(await assay(cwd, ["prove", "grown.assay", "--append-from", "first.assay", "-o", "all.proof"]));
});

const prove = (name: string, ...args: string[]) =>
  assay(cwd, ["prove", `${name}.assay`, "--append-from", "first.assay", "--json", ...args]);
const check = (proof: string, second = "grown", first = "first") =>
  assay(cwd, ["check-proof", proof, "--manifest", manifest(first), "--second-manifest", manifest(second), "--json"]);

test("two manifests and the proof say that nothing was changed or taken away", async () => {
  expect(expectGood(await check("all.proof")).json().result).toEqual({
    kind: "append",
    files: [
      { path: "a.csv", before: 700, after: 1500 },
      { path: "b.csv", before: 300, after: 300 },
      { path: "empty.csv", before: 0, after: 2 },
    ],
    whole: true,
  });
});

test("leaves or data in place of tiles give the same proof; neither is told", async () => {
  expectGood(await prove("leaves", "-o", "leaves.proof"));
  for (const name of ["leaves.proof", "none.proof"])
    expect(readFileSync(join(cwd, name), "utf8")).toBe(readFileSync(join(cwd, "all.proof"), "utf8"));
  expectRefusal(await prove("none"), 5, "data-missing");
});

test("some of the files", async () => {
  expectGood(await prove("altered", "--file", "a.csv", "-o", "a.proof"));
  expect(expectGood(await check("a.proof", "altered")).json().result).toMatchObject({
    whole: false,
    files: [{ path: "a.csv" }],
  });
  expectRefusal(await prove("grown", "--file", "aa.csv"), 64, "usage");
  expectRefusal(await prove("grown", "--record", "1", "--file", "a.csv"), 64, "usage");
});

test("a record that was changed, a file that is gone, other manifests and an edited proof are refused", async () => {
  expectRefusal(await prove("altered"), 2, "root-mismatch");
  expectRefusal(await prove("gone"), 2, "file-missing");
  expectRefusal(await check("all.proof", "altered"), 2, "root-mismatch");
  expectRefusal(await check("all.proof", "first", "grown"), 2, "size-mismatch");
  const proof = JSON.parse(readFileSync(join(cwd, "all.proof"), "utf8"));
  const { consistency: _, ...bare } = proof.files[0];
  writeFileSync(join(cwd, "bare.proof"), `${JSON.stringify({ ...proof, files: [bare, ...proof.files.slice(1)] })}\n`);
  expectRefusal(await check("bare.proof"), 2, "malformed-proof");
  const lie = { ...proof.files[1], later: { ...proof.files[1].later, records: 301 } };
  writeFileSync(
    join(cwd, "lie.proof"),
    `${JSON.stringify({ ...proof, files: [proof.files[0], lie, proof.files[2]] })}\n`,
  );
  expectRefusal(await check("lie.proof"), 2, "malformed-proof");
});
