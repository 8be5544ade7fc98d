/** Erasing records from the command: the tombstone, the proof without either data set, and the lies about it. */

import { createHash } from "node:crypto";
import { cpSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { assay, everythingIn, expectGood, expectRefusal, temporaryFolders } from "./command.js";
import { cleanCsv } from "./data.js";

const cwd = temporaryFolders()();
const at = (name: string) => join(cwd, name);
const [header, ...lines] = cleanCsv(50).trimEnd().split("\n") as [string, ...string[]];
const names = header.split(",");
const recordOf = (line: string) =>
  Object.fromEntries(line.split(",").map((cell, i) => [names[i], i < 3 ? Number(cell) : cell]));
const person = recordOf(lines[7] as string);

beforeAll(async () => {
  // Record 7 stands three times, in two files.
  writeFileSync(at("a.csv"), `${[header, ...lines.slice(0, 30), lines[7]].join("\n")}\n`);
  writeFileSync(at("b.csv"), `${[header, ...lines.slice(30), lines[7]].join("\n")}\n`);
  writeFileSync(at("person.json"), JSON.stringify(person));
  writeFileSync(at("stranger.json"), JSON.stringify({ ...person, id: 4711 }));
  expectGood(await assay(cwd, ["keygen", "-o", "dpo"]));
  expectGood(await assay(cwd, ["manifest", "a.csv", "b.csv", "-o", "people.assay"]));
  const erase = ["erase", "people.assay", "--record", "person.json", "--reason", "erasure request 17"];
  const result = expectGood(
    await assay(cwd, [...erase, "-o", "people-2", "--key", "dpo.pem", "--role", "dpo", "--json"]),
  );
  expect(result.json()).toMatchObject({ distinct: 1, removed: 3, records: 49 });
});

const verify = (folder: string, ...args: string[]) => assay(cwd, ["verify", folder, "--json", ...args]);

describe("assay erase", () => {
  test("takes every occurrence out, and nothing else", async () => {
    const left = ["a.csv", "b.csv"].flatMap((name) =>
      readFileSync(at(`people-2/${name}`), "utf8")
        .trimEnd()
        .split("\n")
        .slice(1),
    );
    expect(left.sort()).toEqual(lines.filter((line) => line !== lines[7]).sort());
    expectGood(await assay(cwd, ["prove", "people-2.assay", "--absent", "person.json"]));
    expectGood(await assay(cwd, ["prove", "people.assay", "--present", "person.json"]));
  });

  test("is proven from the child alone, and beside the parent, whose root stays valid", async () => {
    for (const name of ["a.csv", "b.csv", "people-2"]) renameSync(at(name), at(`away-${name}`));
    try {
      const alone = expectGood(await verify("people-2.assay", "--no-data", "--trust", "dpo.pub.pem")).json();
      expect(alone).toMatchObject({ ok: true, trust: "judged", parents: [{ edge: "proven" }] });
      expect(JSON.stringify(alone.checks)).toContain("the set update from the parent's set head to the child's");
      expect(JSON.stringify(alone.statements)).toContain("urn:assay:predicate:tombstone/v1");
      const beside = expectGood(await verify("people-2.assay", "--no-data", "--parent", "people.assay")).json();
      expect(beside).toMatchObject({ parents: [{ verdict: "intact", edge: "proven" }] });
      expectGood(await verify("people.assay", "--no-data"));
      const update = ["check-proof", "people-2.assay/derivation/update.json", "--json"];
      const between = ["--manifest", "people.assay/manifest.json", "--second-manifest", "people-2.assay/manifest.json"];
      const result = expectGood(await assay(cwd, [...update, ...between])).json().result;
      expect(result).toEqual({ kind: "update", added: 0, removed: 3, version: "major" });
    } finally {
      for (const name of ["a.csv", "b.csv", "people-2"]) renameSync(at(`away-${name}`), at(name));
    }
  });

  test("keeps no value of the erased record", () => {
    for (const path of everythingIn(at("people-2.assay")).filter((name) => /\.(json|jsonl)$/.test(name)))
      expect(readFileSync(at(`people-2.assay/${path}`), "utf8"), path).not.toContain(String(person.weight));
  });

  test("refuses what is not there, and an empty reason, and leaves nothing", async () => {
    const before = everythingIn(cwd);
    for (const [record, reason] of [
      ["stranger.json", "request"],
      ["person.json", " "],
    ] as const)
      expect(
        await assay(cwd, ["erase", "people.assay", "--record", record, "--reason", reason, "-o", "no"]),
      ).toMatchObject({ exitCode: 64 });
    expect(everythingIn(cwd)).toEqual(before);
  });
});

describe("a tombstone that lies is refused", () => {
  /** A copy of the folder without envelopes, with its tombstone changed. */
  const lie = (name: string, change: (predicate: Record<string, unknown>) => void): string => {
    const folder = `${name}.assay`;
    cpSync(at("people-2.assay"), at(folder), { recursive: true });
    rmSync(at(`${folder}/attestations.intoto.jsonl`));
    const statements = readFileSync(at(`${folder}/statements.jsonl`), "utf8")
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as { predicateType: string; predicate: Record<string, unknown> });
    const tombstone = statements.find(({ predicateType }) => predicateType.endsWith("tombstone/v1"))!;
    change(tombstone.predicate);
    writeFileSync(at(`${folder}/statements.jsonl`), statements.map((one) => `${canonical(one)}\n`).join(""));
    return folder;
  };
  const canonical = (value: unknown): string =>
    JSON.stringify(value, (_, one) =>
      typeof one === "object" && one !== null && !Array.isArray(one)
        ? Object.fromEntries(Object.entries(one).sort(([a], [b]) => (a < b ? -1 : 1)))
        : one,
    );
  const digest = createHash("sha256").update("another").digest("hex");

  test.each([
    [
      "about another parent",
      { parent: { manifest: digest, assayDataset: digest, assaySet: digest } },
      "derivation-mismatch",
    ],
    ["with more records", { erased: { distinct: 1, records: 4 } }, "derivation-mismatch"],
    ["with fewer records", { erased: { distinct: 1, records: 2 } }, "derivation-mismatch"],
    ["with more different records", { erased: { distinct: 2, records: 3 } }, "derivation-mismatch"],
    ["with another list", { artefacts: [{ path: "derivation/removed.jsonl", sha256: digest }] }, "artefact-mismatch"],
  ] as const)("%s", async (why, change, code) => {
    const folder = lie(why.replaceAll(" ", "-"), (predicate) => Object.assign(predicate, change));
    expectRefusal(await verify(folder, "--no-data"), 2, code);
  });

  test("with an altered list or update", async () => {
    for (const path of ["derivation/removed.jsonl", "derivation/update.json"]) {
      const good = readFileSync(at(`people-2.assay/${path}`));
      const bad = Buffer.from(good);
      bad[bad.length - 20]! ^= 1;
      writeFileSync(at(`people-2.assay/${path}`), bad);
      const result = await verify("people-2.assay", "--no-data");
      writeFileSync(at(`people-2.assay/${path}`), good);
      expect(result.exitCode, path).toBe(2);
    }
  });

  test("while an occurrence is left", async () => {
    // An honest filter of one of three occurrences, called an erasure.
    writeFileSync(at("fewer.csv"), readFileSync(at("a.csv")));
    expectGood(await assay(cwd, ["manifest", "fewer.csv", "-o", "twice.assay"]));
    writeFileSync(at("once.csv"), `${[header, ...lines.slice(0, 30)].join("\n")}\n`);
    expectGood(await assay(cwd, ["derive", "filter", "once.csv", "--parent", "twice.assay", "-o", "once.assay"]));
    const folder = "once.assay";
    const [tombstone] = readFileSync(at("people-2.assay/statements.jsonl"), "utf8")
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line))
      .filter(({ predicateType }) => predicateType.endsWith("tombstone/v1"));
    const statements = readFileSync(at(`${folder}/statements.jsonl`), "utf8");
    const { subject } = JSON.parse(statements.split("\n")[0] as string);
    const manifest = JSON.parse(readFileSync(at(`${folder}/manifest.json`), "utf8"));
    const slsa = statements.split("\n").map((line) => (line === "" ? {} : JSON.parse(line)));
    const build = slsa.find(({ predicateType }) => predicateType === "https://slsa.dev/provenance/v1").predicate;
    const [file, dataset, set] = build.buildDefinition.resolvedDependencies.map(
      (one: { digest: Record<string, string> }) => Object.values(one.digest)[0],
    );
    const artefacts = build.runDetails.byproducts.map((one: { name: string; digest: { sha256: string } }) => ({
      path: one.name,
      sha256: one.digest.sha256,
    }));
    expect(manifest.derivation.parents[0].manifest).toBe(file);
    const claim = (erased: object) => ({
      ...tombstone,
      subject,
      predicate: {
        ...tombstone.predicate,
        parent: { manifest: file, assayDataset: dataset, assaySet: set },
        erased,
        artefacts,
      },
    });
    for (const erased of [
      { distinct: 1, records: 1 },
      { distinct: 0, records: 1 },
    ]) {
      writeFileSync(at(`${folder}/statements.jsonl`), `${statements}${canonical(claim(erased))}\n`);
      expect((await verify(folder, "--no-data")).exitCode, JSON.stringify(erased)).not.toBe(0);
    }
  });
});
