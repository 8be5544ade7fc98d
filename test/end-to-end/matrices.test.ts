/** `--probabilities` and `--embeddings`, as files that people have: what is found, what is signed, and what is refused. */

import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { assay as assayFiles } from "@assay/assay/node";
import { beforeAll, describe, expect, test } from "vitest";
import { assay, everythingIn, expectRefusal, FIXTURES, shell, temporaryFolders } from "./command.js";
import { seededNumbers } from "./data.js";

const folder = temporaryFolders();
const RECORDS = 600;
const FLIPS = 60;
let cwd = "";

/** A `.npy` file of doubles, as `numpy.save` writes it. */
function npy(rows: readonly (readonly number[])[]): Uint8Array {
  const text = `{'descr': '<f8', 'fortran_order': False, 'shape': (${rows.length}, ${rows[0]?.length ?? 1}), }`;
  const header = `${text.padEnd(117)}\n`;
  const values = Float64Array.from(rows.flat());
  const head = Uint8Array.of(0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, header.length, 0);
  return Buffer.concat([head, Buffer.from(header), Buffer.from(values.buffer)]);
}

const csv = (header: readonly string[], rows: readonly (readonly unknown[])[]): string =>
  `${[header, ...rows].map((row) => row.join(",")).join("\n")}\n`;

/** Labels in two files, the first sixty flipped; nothing but the matrices tells so. */
const data = (() => {
  const next = seededNumbers(3);
  const labels: string[] = [];
  const probabilities: number[][] = [];
  const vectors: number[][] = [];
  for (let i = 0; i < RECORDS; i++) {
    const isDog = next() < 0.5;
    const sure = 0.999 + 0.0009 * next();
    labels.push(isDog !== i < FLIPS ? "dog" : "cat");
    probabilities.push(isDog ? [1 - sure, sure] : [sure, 1 - sure]);
    vectors.push([0, 1, 2, 3].map(() => next() + next() + next() + (isDog ? 5 : 0)));
  }
  return { labels, probabilities, vectors };
})();

beforeAll(() => {
  cwd = folder();
  mkdirSync(join(cwd, "train"));
  mkdirSync(join(cwd, "model"));
  const lines = data.labels.map((label) => [label]);
  writeFileSync(join(cwd, "train/a.csv"), csv(["label"], lines.slice(0, 150)));
  writeFileSync(join(cwd, "train/b.csv"), csv(["label"], lines.slice(150)));
  writeFileSync(join(cwd, "model/p.npy"), npy(data.probabilities));
  writeFileSync(join(cwd, "model/vectors.npy"), npy(data.vectors));
  // By name, in another order.
  writeFileSync(
    join(cwd, "p.csv"),
    csv(
      ["dog", "cat"],
      data.probabilities.map(([cat, dog]) => [dog, cat]),
    ),
  );
  writeFileSync(join(cwd, "vectors.jsonl"), data.vectors.map((vector) => `${JSON.stringify({ vector })}\n`).join(""));
  writeFileSync(join(cwd, "short.npy"), npy(data.vectors.slice(1)));
  writeFileSync(join(cwd, "three.npy"), npy(data.labels.map(() => [0.5, 0.25, 0.25])));
  writeFileSync(join(cwd, "logits.npy"), npy(data.vectors.map(([a, b]) => [a!, b!])));
  writeFileSync(join(cwd, "names.csv"), csv(["cat", "wolf"], data.probabilities));
  writeFileSync(join(cwd, "cut.npy"), npy(data.probabilities).subarray(0, 5000));
  writeFileSync(
    join(cwd, "model/assay.config.json"),
    JSON.stringify({ data: ["../train"], checks: { label: "label", probabilities: "p.npy", failOn: "none" } }),
  );
});

interface Answer {
  readonly outcomes: { check: string; status: string; lookedAt: { matrices?: string[] } }[];
  readonly findings: { check: string; file: string; record: number; ordinal: number; line: number }[];
}

async function check(...args: string[]): Promise<Answer> {
  const result = await assay(cwd, ["check", "train", "--label", "label", "--fail-on", "none", "--json", ...args]);
  expect(result, result.stderr).toMatchObject({ exitCode: 0 });
  return result.json() as unknown as Answer;
}

const flipsOf = ({ findings }: Answer): number[] =>
  findings.filter(({ check }) => check === "label-flips").map(({ record }) => record);

describe.concurrent("assay check with matrices", () => {
  test("finds flips by given probabilities, whatever file holds them, and names file and line", async () => {
    const answer = await check("--probabilities", "model/p.npy", "--checks", "label-flips");
    const flips = flipsOf(answer);
    expect(flips.length).toBeGreaterThan(30);
    expect(flips.every((record) => record < FLIPS)).toBe(true);
    expect(answer.findings[0]).toMatchObject({ file: "train/a.csv".slice(6), line: answer.findings[0]!.ordinal + 2 });
    expect(answer.outcomes[0]?.lookedAt.matrices).toEqual(["probabilities"]);
    expect(flipsOf(await check("--probabilities", "p.csv", "--checks", "label-flips"))).toEqual(flips);
  });

  test("finds flips by embeddings, with any number of workers", async () => {
    const flips = flipsOf(await check("--embeddings", "model/vectors.npy", "--workers", "1"));
    expect(flips.length).toBeGreaterThan(20);
    expect(flips.filter((record) => record >= FLIPS).length).toBeLessThanOrEqual(1);
    for (const workers of ["2", "7"])
      expect(flipsOf(await check("--embeddings", "vectors.jsonl", "--workers", workers))).toEqual(flips);
  });

  test("reads the matrix that the config file names from the config's folder", async () => {
    const result = await assay(cwd, ["check", "train", "--config", "model/assay.config.json", "--json"]);
    expect(result, result.stderr).toMatchObject({ exitCode: 0 });
    expect(flipsOf(result.json() as unknown as Answer).length).toBeGreaterThan(30);
  });

  const refusals: readonly [string, readonly string[], number, string, ...(string | RegExp)[]][] = [
    ["a file that is not there", ["--probabilities", "none.npy"], 5, "not-found", "--probabilities", "none.npy"],
    ["a folder", ["--embeddings", "model"], 5, "is-a-directory", "--embeddings", "model"],
    ["another number of rows", ["--embeddings", "short.npy"], 4, "bad-matrix", "599 rows", "600 records"],
    [
      "another number of classes",
      ["--probabilities", "three.npy"],
      4,
      "bad-matrix",
      "3 columns",
      '2 classes: "cat", "dog"',
    ],
    ["other classes", ["--probabilities", "names.csv"], 4, "bad-matrix", '"dog"', '"wolf"'],
    ["logits", ["--probabilities", "logits.npy"], 4, "bad-matrix", /row 0 .*sums to/],
    ["a file that was cut off", ["--probabilities", "cut.npy"], 4, "bad-matrix", "cut.npy", "cut off"],
    ["a pickle", ["--embeddings", join(FIXTURES, "matrices/broken/object.npy")], 4, "bad-matrix", "pickle"],
    [
      "a matrix that no check looks at",
      ["--probabilities", "p.csv", "--checks", "outliers"],
      64,
      "usage",
      "probabilities",
    ],
  ];
  for (const [claim, args, exitCode, code, ...places] of refusals) {
    test(`refuses ${claim}`, async () => {
      const result = await assay(cwd, ["check", "train", "--label", "label", "--json", ...args]);
      expectRefusal(result, exitCode, code, ...places);
    });
  }

  test("refuses probabilities without a label", async () => {
    expectRefusal(await assay(cwd, ["check", "train", "--probabilities", "p.csv", "--json"]), 64, "usage", "label");
  });
});

describe("assay run with matrices", () => {
  test("names each by name, use and digest in what is signed; the folder verifies, and nothing is left of a refused run", async () => {
    const own = folder();
    const train = join(cwd, "train");
    const result = await shell(
      own,
      `$ASSAY keygen -o key && $ASSAY run ${train} --label label --probabilities ${join(cwd, "model/p.npy")} ` +
        `--embeddings ${join(cwd, "vectors.jsonl")} --key key.pem --fail-on none -o out.assay --quiet && ` +
        `$ASSAY verify out.assay --trust key.pub.pem --data ${train}`,
    );
    expect(result, result.stderr).toMatchObject({ exitCode: 0 });
    const statements = readFileSync(join(own, "out.assay/statements.jsonl"), "utf8")
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    const run = statements.find(({ predicateType }) => predicateType.includes("check-run")).predicate;
    const digest = (path: string): string =>
      createHash("sha256")
        .update(readFileSync(join(cwd, path)))
        .digest("hex");
    expect(run.inputs).toEqual([
      { name: "p.npy", use: "probabilities", sha256: digest("model/p.npy") },
      { name: "vectors.jsonl", use: "embeddings", sha256: digest("vectors.jsonl") },
    ]);
    expect(run.config.value.checks).toMatchObject({ probabilities: "p.npy", embeddings: "vectors.jsonl" });
    // No place of this machine.
    expect(JSON.stringify(statements)).not.toContain(cwd);

    const before = everythingIn(own);
    const refused = await assay(own, [
      "run",
      train,
      "--label",
      "label",
      "--embeddings",
      join(cwd, "short.npy"),
      "-o",
      "no.assay",
      "--json",
    ]);
    expectRefusal(refused, 4, "bad-matrix", "599 rows");
    expect(everythingIn(own)).toEqual(before);
  });
});

describe("assay() with matrices", () => {
  const input = (): string => join(cwd, "train");

  test("takes a path or the numbers, and states the digest of either", async () => {
    const columns = {
      rows: RECORDS,
      columns: 2,
      names: ["cat", "dog"],
      values: Float64Array.from(data.probabilities.flat()),
    };
    const byPath = await assayFiles(input(), { label: "label", workers: 1, probabilities: join(cwd, "model/p.npy") });
    const inMemory = await assayFiles(input(), { label: "label", workers: 1, probabilities: columns });
    expect(inMemory.findings).toEqual(byPath.findings);
    expect(byPath.findings.length).toBeGreaterThan(30);
    const [given] = inMemory.statements.flatMap(({ predicate }) => (predicate as { inputs?: object[] }).inputs ?? []);
    expect(given).toEqual({
      name: "probabilities",
      use: "probabilities",
      sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
    // What was given is not changed.
    expect([...columns.values]).toEqual(data.probabilities.flat());
  });
});
