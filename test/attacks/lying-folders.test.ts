/**
 * Folders of a liar: made with the library, which writes any claim, so that only `assay verify` stands between them and who
 * reads them. The command itself refuses to write them.
 */

import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { buildManifest, type Derivation, formatRemoved, manifestFiles, openManifest, parentOf } from "@assay/manifest";
import { openFolderReader, writeFolder } from "@assay/manifest/node";
import { sha256, toHex } from "@assay/merkle";
import { scanSource } from "@assay/records";
import { openSource } from "@assay/records/node";
import { beforeAll, describe, expect, test } from "vitest";
import { assay, expectGood, expectRefusal, temporaryFolders } from "../end-to-end/command.js";
import { cleanCsv } from "../end-to-end/data.js";

const cwd = temporaryFolders()();
const at = (name: string) => join(cwd, name);
const [header, ...records] = cleanCsv(24).trimEnd().split("\n") as [string, ...string[]];
const splits = { paths: { train: "train/*", test: "test/*" } };
type Files = Readonly<Record<string, readonly string[]>>;

const train = records.slice(0, 16);
const held = records.slice(16);
const honest: Files = { "train/a.csv": train, "test/a.csv": held };

function writeData(name: string, files: Files): void {
  for (const [path, lines] of Object.entries(files)) {
    mkdirSync(dirname(at(`${name}/${path}`)), { recursive: true });
    writeFileSync(at(`${name}/${path}`), `${[header, ...lines].join("\n")}\n`);
  }
}

/** Writes data and the folder that claims to come from the parent. */
async function tell(
  name: string,
  files: Files,
  operation: Derivation["operation"],
  { removed, version, parent = "parent" }: { removed?: Uint8Array; version?: string; parent?: string } = {},
): Promise<string> {
  writeData(name, files);
  const opened = await openManifest(await openFolderReader(at(`${parent}.assay`)));
  const scanned = await scanSource(await openSource([at(name)]), { reading: opened.header.reading });
  const parameters = removed === undefined ? {} : { removed: toHex(sha256(removed)) };
  const derivation: Derivation = { operation, parents: [parentOf(opened)], parameters };
  const built = await buildManifest(scanned, { name, splits, derivation, ...(version !== undefined && { version }) });
  await writeFolder(at(`${name}.assay`), manifestFiles(built, removed === undefined ? {} : { removed }));
  return `${name}.assay`;
}

const verify = (folder: string, parent = "parent.assay") =>
  assay(cwd, ["verify", folder, "--parent", parent, "--json"]);

beforeAll(async () => {
  writeData("parent", honest);
  const paths = ["--split-paths", "train=train/*", "--split-paths", "test=test/*"];
  expectGood(await assay(cwd, ["manifest", "parent", ...paths, "--version-of-data", "1.0.0"]));
  writeData("made-up", { "train/a.csv": train, "test/a.csv": [...held.slice(1), held[0] as string] });
  expectGood(await assay(cwd, ["manifest", "made-up", ...paths, "--version-of-data", "1.0.0"]));
});

describe("assay verify --parent", () => {
  test("believes what is true", async () => {
    const folder = await tell("true", { "train/b.csv": [...train].reverse(), "test/b.csv": held }, "reshard");
    expect(expectGood(await verify(folder)).json()).toMatchObject({ parents: [{ edge: "proven" }] });
  });

  test.each([
    ["drops", { ...honest, "test/a.csv": held.slice(1) }],
    ["swaps", { ...honest, "test/a.csv": [...held.slice(1), train[0]] }],
    ["moves", { "train/a.csv": train.slice(1), "test/a.csv": [...held, train[0]] }],
    ["overlaps", { ...honest, "test/a.csv": [...held, train[0]] }],
  ] as const)("refuses a reshard that %s a record", async (name, files) => {
    const folder = await tell(name, files as Files, "reshard");
    expectRefusal(await verify(folder), 2, "derivation-mismatch");
  });

  test("refuses a split with a record on both sides", async () => {
    const whole = await tell(
      "both",
      { "train/a.csv": [...train.slice(1), held[0] as string], "test/a.csv": held },
      "split",
    );
    expect(await verify(whole)).toMatchObject({ exitCode: 2 });
  });

  test("refuses a quarantine that takes out more than its list, and a list that was exchanged", async () => {
    const opened = await openManifest(await openFolderReader(at("parent.assay")));
    const leaves = (await opened.leavesOf("train/a.csv")) as Uint8Array;
    const line = (ordinal: number) => ({
      checks: [],
      file: "train/a.csv",
      leaf: toHex(leaves.subarray(32 * ordinal, 32 * ordinal + 32)),
      ordinal,
      reason: "",
    });
    const list = formatRemoved([line(0)]);
    const right = await tell("one-out", { ...honest, "train/a.csv": train.slice(1) }, "filter", { removed: list });
    // The list is named by the manifest, so the folder holds without any statement.
    expect(expectGood(await verify(right)).json()).toMatchObject({ parents: [{ edge: "proven" }] });
    const more = await tell("two-out", { ...honest, "train/a.csv": train.slice(2) }, "filter", { removed: list });
    expectRefusal(await verify(more), 2, "derivation-mismatch");
    writeFileSync(at("one-out.assay/derivation/removed.jsonl"), formatRemoved([line(1)]));
    expectRefusal(await verify(right), 2, "removed-mismatch");
  });

  test("refuses a parent that is made up, and a version that hides a move", async () => {
    const folder = await tell("child", { "train/b.csv": train, "test/b.csv": held }, "reshard");
    expectRefusal(await verify(folder, "made-up.assay"), 2, "head-mismatch");
    const moved = { "train/a.csv": [...train.slice(1), records[20] as string], "test/a.csv": held };
    const hides = await tell("hides", moved, "map", { version: "1.0.1" });
    expectRefusal(await verify(hides), 2, "version-mismatch");
  });
});
