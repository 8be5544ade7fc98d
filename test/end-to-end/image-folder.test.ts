/** Folders of pictures, a folder a class: what is in them, what changed, and which labels look wrong. */

import { createHash } from "node:crypto";
import { cpSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { greyPng } from "../../packages/checks/test/image/make-png.js";
import { assay, temporaryFolders } from "./command.js";

const folder = temporaryFolders();

/** A picture of 8 × 8: dark above and light below for dogs, the other way round for cats, with a little noise that the number decides. */
function picture(isDog: boolean, number: number): Uint8Array {
  const samples = Array.from(
    { length: 64 },
    (_, i) => (isDog === i < 32 ? 40 : 190) + ((((number + 1) * 67 + i) * 2_654_435_761) % 41),
  );
  return greyPng(8, 8, samples);
}

/** 120 pictures of two classes; the pictures `wrong` lie in the folder of the other class. */
function makePictures(cwd: string, wrong: readonly number[] = []): void {
  for (const name of ["cat", "dog"]) mkdirSync(join(cwd, "pets", name), { recursive: true });
  for (let i = 0; i < 120; i++) {
    const isDog = i % 2 === 1;
    const name = isDog === wrong.includes(i) ? "cat" : "dog";
    writeFileSync(join(cwd, "pets", name, `${i}.png`), picture(isDog, i));
  }
}

describe.concurrent("a folder of class folders", () => {
  test("is a record for each picture; swapped folders are another set and no PATCH, renamed pictures are one", async () => {
    const cwd = folder();
    makePictures(cwd);
    const made = await assay(cwd, ["manifest", "pets", "--json"]);
    expect(made.json()).toMatchObject({ records: 120, files: 120 });
    cpSync(join(cwd, "pets"), join(cwd, "swapped"), { recursive: true });
    renameSync(join(cwd, "swapped/cat"), join(cwd, "swapped/x"));
    renameSync(join(cwd, "swapped/dog"), join(cwd, "swapped/cat"));
    renameSync(join(cwd, "swapped/x"), join(cwd, "swapped/dog"));
    const swapped = await assay(cwd, ["compare", "pets", "swapped", "--json"]);
    expect(swapped.json()).toMatchObject({ sameSet: false, added: 120, removed: 120, version: "major" });
    cpSync(join(cwd, "pets"), join(cwd, "renamed"), { recursive: true });
    renameSync(join(cwd, "renamed/cat/0.png"), join(cwd, "renamed/cat/first.png"));
    const renamed = await assay(cwd, ["compare", "pets", "renamed", "--json"]);
    expect(renamed.json()).toMatchObject({ sameSet: true, equal: false, version: "patch" });
  });

  test("is looked at as pictures, with the folder as the label", async () => {
    const cwd = folder();
    makePictures(cwd, [10, 33]);
    const result = await assay(cwd, [
      "run",
      "pets",
      "--label",
      "folder",
      "--image",
      "file",
      "--fail-on",
      "none",
      "--json",
    ]);
    expect(result, result.stderr).toMatchObject({ exitCode: 0 });
    const { outcomes } = result.json() as {
      outcomes: { check: string; status: string; disputed?: number[]; suspects?: number[]; findings: number }[];
    };
    const flips = outcomes.find(({ check }) => check === "label-flips");
    expect(flips).toMatchObject({ status: "completed" });
    // Records are numbered in path order: 10 lies among the dogs, 33 among the cats.
    const paths = ["cat", "dog"]
      .flatMap((name) =>
        Array.from({ length: 120 }, (_, i) => i)
          .filter((i) => ((i % 2 === 1) === [10, 33].includes(i) ? "cat" : "dog") === name)
          .map((i) => `${name}/${i}.png`),
      )
      .sort();
    const wrong = ["cat/33.png", "dog/10.png"].map((path) => paths.indexOf(path));
    expect([...(flips?.suspects ?? []), ...(flips?.disputed ?? [])].slice(0, 2).sort((a, b) => a - b)).toEqual(wrong);
    expect(await assay(cwd, ["verify", "pets.assay"])).toMatchObject({ exitCode: 0 });
  });
});

/** The same pictures in one folder, with their classes in a metadata file; the labels of `wrong` are of the other class. */
function makeLabelled(cwd: string, wrong: readonly number[] = []): void {
  mkdirSync(join(cwd, "pets", "images"), { recursive: true });
  const lines = Array.from({ length: 120 }, (_, i) => {
    const isDog = i % 2 === 1;
    writeFileSync(join(cwd, "pets", "images", `${i}.png`), picture(isDog, i));
    return `images/${i}.png,${isDog === wrong.includes(i) ? "cat" : "dog"}\n`;
  });
  writeFileSync(join(cwd, "pets", "metadata.csv"), `file_name,label\n${lines.join("")}`);
}

describe.concurrent("a folder of pictures with a metadata file", () => {
  test("two pictures that change places are other records; a renamed picture is none", async () => {
    const cwd = folder();
    makeLabelled(cwd);
    expect((await assay(cwd, ["manifest", "pets", "--json"])).json()).toMatchObject({ records: 120, files: 121 });
    cpSync(join(cwd, "pets"), join(cwd, "swapped"), { recursive: true });
    renameSync(join(cwd, "swapped/images/0.png"), join(cwd, "swapped/x.png"));
    renameSync(join(cwd, "swapped/images/1.png"), join(cwd, "swapped/images/0.png"));
    renameSync(join(cwd, "swapped/x.png"), join(cwd, "swapped/images/1.png"));
    const swapped = await assay(cwd, ["compare", "pets.assay", "swapped", "--json"]);
    expect(swapped.json()).toMatchObject({ sameSet: false, added: 2, removed: 2, version: "major" });
    expect(await assay(cwd, ["verify", "pets.assay", "--data", "swapped"])).toMatchObject({ exitCode: 2 });
    cpSync(join(cwd, "pets"), join(cwd, "renamed"), { recursive: true });
    renameSync(join(cwd, "renamed/images/0.png"), join(cwd, "renamed/first.png"));
    const metadata = readFileSync(join(cwd, "pets/metadata.csv"), "utf8");
    writeFileSync(join(cwd, "renamed/metadata.csv"), metadata.replace("images/0.png", "first.png"));
    const renamed = await assay(cwd, ["compare", "pets.assay", "renamed", "--json"]);
    expect(renamed.json()).toMatchObject({ sameSet: true, equal: false, version: "patch" });
    writeFileSync(join(cwd, "renamed/metadata.csv"), metadata);
    const missing = await assay(cwd, ["manifest", "renamed", "--json"]);
    expect(missing).toMatchObject({ exitCode: 4 });
    expect(missing.json()).toMatchObject({
      code: "bad-value",
      details: { path: "metadata.csv", line: 2, column: "file_name", value: "images/0.png" },
    });
  });

  test("is looked at as pictures with the labels of the file; what is accused leaves, with proof", async () => {
    const cwd = folder();
    makeLabelled(cwd, [10, 33]);
    const made = await assay(cwd, [
      "run",
      "pets",
      "--label",
      "label",
      "--image",
      "file",
      "--fail-on",
      "none",
      "--json",
    ]);
    expect(made, made.stderr).toMatchObject({ exitCode: 0 });
    const { outcomes } = made.json() as { outcomes: { check: string; disputed?: number[]; suspects?: number[] }[] };
    const flips = outcomes.find(({ check }) => check === "label-flips");
    expect([...(flips?.suspects ?? []), ...(flips?.disputed ?? [])].slice(0, 2).sort((a, b) => a - b)).toEqual([
      10, 33,
    ]);
    expect(await assay(cwd, ["verify", "pets.assay"])).toMatchObject({ exitCode: 0 });

    const digest = createHash("sha256").update(picture(false, 10)).digest("base64");
    writeFileSync(join(cwd, "r.json"), JSON.stringify({ file: digest, label: "dog" }));
    const erased = ["erase", "pets.assay", "--record", "r.json", "-o", "clean", "--reason", "asked"];
    const without = await assay(cwd, erased);
    expect(without, without.stderr).toMatchObject({ exitCode: 0 });
    expect(existsSync(join(cwd, "clean/images/10.png"))).toBe(false);
    expect(existsSync(join(cwd, "clean/images/11.png"))).toBe(true);
    expect(await assay(cwd, ["verify", "clean.assay", "--parent", "pets.assay"])).toMatchObject({ exitCode: 0 });
  });

  test("one record is proven from its columns and the digest of its picture", async () => {
    const cwd = folder();
    makeLabelled(cwd);
    expect(await assay(cwd, ["manifest", "pets"])).toMatchObject({ exitCode: 0 });
    const digest = createHash("sha256").update(picture(true, 7)).digest("base64");
    writeFileSync(join(cwd, "r.json"), JSON.stringify({ file: digest, label: "dog" }));
    const proven = await assay(cwd, ["prove", "pets.assay", "--present", "r.json", "-o", "p.json"]);
    expect(proven, proven.stderr).toMatchObject({ exitCode: 0 });
    const checked = ["check-proof", "p.json", "--manifest", "pets.assay", "--record"];
    expect(await assay(cwd, [...checked, "r.json"])).toMatchObject({ exitCode: 0 });
    writeFileSync(join(cwd, "other.json"), JSON.stringify({ file: digest, label: "cat" }));
    expect(await assay(cwd, [...checked, "other.json"])).toMatchObject({ exitCode: 2 });
  });
});
