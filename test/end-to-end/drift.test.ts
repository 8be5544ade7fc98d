/** `--baseline`: a run leaves sketches, and a later one says what drifted away from them. */

import { cpSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { assay as assayFiles } from "@assay/assay/node";
import { sha256, toHex } from "@assay/merkle";
import { beforeAll, describe, expect, test } from "vitest";
import { assay, expectRefusal, filesIn, temporaryFolders } from "./command.js";
import { cleanCsv } from "./data.js";

const folders = temporaryFolders();
let cwd = "";
const at = (...names: string[]): string => join(cwd, ...names);
const checks = ["--checks", "drift", "--label", "label"];

interface Answer {
  readonly outcomes: readonly { readonly check: string; readonly status: string; readonly reason?: string }[];
  readonly findings: readonly {
    readonly check: string;
    readonly kind: string;
    readonly evidence: { readonly column: string };
  }[];
}
const kindsOf = (json: unknown): string[] =>
  (json as Answer).findings.map(({ kind, evidence }) => `${kind} ${evidence.column}`).sort();

/** Two deliveries of one kind: the records of {@link cleanCsv} dealt in turn, two at a time, so that both have both labels. */
function delivery(which: 0 | 1): string {
  const [header, ...lines] = cleanCsv(600).trimEnd().split("\n");
  return `${[header, ...lines.filter((_, i) => (i >> 1) % 2 === which)].join("\n")}\n`;
}

/** {@link cleanCsv} with greater sizes, mostly one label, texts among the weights and a column more. */
function driftedCsv(): string {
  const [header, ...lines] = cleanCsv(300, 8).trimEnd().split("\n");
  const drifted = lines.map((line, i) => {
    const [id, size, weight, label] = line.split(",");
    return `${id},${Number(size) + 5},w${weight},${i % 4 === 0 ? label : "yes"},${i % 3}`;
  });
  return `${[`${header},extra`, ...drifted].join("\n")}\n`;
}

beforeAll(async () => {
  cwd = folders();
  writeFileSync(at("september.csv"), delivery(0));
  writeFileSync(at("october.csv"), delivery(1));
  writeFileSync(at("november.csv"), driftedCsv());
  const ran = await assay(cwd, ["run", "september.csv", ...checks]);
  expect(ran, ran.stderr).toMatchObject({ exitCode: 0 });
});

describe("assay run --baseline", () => {
  test("is quiet on a delivery like the one before", async () => {
    const result = await assay(cwd, ["run", "october.csv", ...checks, "--baseline", "september.assay", "--json"]);
    expect(result, result.stderr).toMatchObject({ exitCode: 0 });
    expect(result.json()).toMatchObject({ findings: 0, outcomes: [{ check: "drift", status: "completed" }] });
  });

  test("says what drifted, names the baseline in the statement, and verifies", async () => {
    const args = ["run", "november.csv", ...checks, "--baseline", "september.assay", "--fail-on", "medium", "--json"];
    const result = await assay(cwd, args);
    expect(result, result.stderr).toMatchObject({ exitCode: 1 });
    const findings = readFileSync(at("november.assay/findings.jsonl"), "utf8").trimEnd().split("\n");
    expect(kindsOf({ findings: findings.map((line) => JSON.parse(line)) })).toEqual([
      "column-added extra",
      "drift-column size",
      "drift-label label",
      "kind-changed weight",
    ]);
    const statements = readFileSync(at("november.assay/statements.jsonl"), "utf8").trimEnd().split("\n");
    const { predicate } = statements
      .map((line) => JSON.parse(line))
      .find(({ predicateType }) => predicateType.endsWith("check-run/v1"));
    const digest = (folder: string) => toHex(sha256(readFileSync(at(folder, "sketches.arrow"))));
    expect(predicate.inputs).toEqual([{ name: "september", use: "baseline", sha256: digest("september.assay") }]);
    expect(predicate.config.value.checks.baseline).toBe("september");
    expect(predicate.artefacts).toContainEqual({ path: "sketches.arrow", sha256: digest("november.assay") });
    expect(await assay(cwd, ["verify", "november.assay"])).toMatchObject({ exitCode: 0 });
  });

  test("takes no record out for what a column did", async () => {
    const result = await assay(cwd, ["quarantine", "november.assay", "--severity", "low", "--json"]);
    expectRefusal(result, 64, "usage", "accuses a record");
  });

  test("reads the baseline of a config file, from the folder of that file", async () => {
    const config = { checks: { label: "label", checks: ["drift"], baseline: "september.assay" } };
    writeFileSync(at("assay.config.json"), JSON.stringify(config));
    const elsewhere = folders();
    const result = await assay(elsewhere, ["check", at("november.csv"), "--config", at("assay.config.json"), "--json"]);
    expect(result, result.stderr).toMatchObject({ exitCode: 0 });
    expect(kindsOf(result.json())).toHaveLength(4);
  });

  test("says the same as the library on files", async () => {
    const options = { label: "label", checks: ["drift"], workers: 1 };
    const { findings } = await assayFiles(at("november.csv"), { ...options, baseline: at("september.assay") });
    expect(kindsOf({ findings })).toHaveLength(4);
  });

  test("holds no values with a leaf key, in the sketches and in what is found from them", async () => {
    expect(await assay(cwd, ["keygen", "--leaf", "-o", "secret.key"])).toMatchObject({ exitCode: 0 });
    const run = ["run", "november.csv", ...checks, "--leaf-key", "secret.key", "--baseline", "september.assay"];
    const keyed = await assay(cwd, [...run, "-o", "keyed.assay"]);
    expect(keyed, keyed.stderr).toMatchObject({ exitCode: 0 });
    const shown = await assay(cwd, [...run, "--show-values", "-o", "shown.assay"]);
    expect(shown, shown.stderr).toMatchObject({ exitCode: 0 });
    const text = (folder: string, name: string) => readFileSync(at(folder, name), "latin1");
    expect(text("shown.assay", "sketches.arrow")).toContain("yes");
    expect(text("keyed.assay", "sketches.arrow")).not.toContain("yes");
    expect(text("shown.assay", "findings.jsonl")).toMatch(/"at":|"changed":/);
    expect(text("keyed.assay", "findings.jsonl")).toMatch(/drift-label/);
    expect(text("keyed.assay", "findings.jsonl")).not.toMatch(/"at":|"changed":|"yes"/);
    const later = await assay(cwd, ["check", "november.csv", ...checks, "--baseline", "keyed.assay", "--json"]);
    expect(later.json()).toMatchObject({ findings: [] });
    expect(later.stdout).toMatch(/only counts were compared/);
  });
});

describe("assay check --baseline refuses", () => {
  const check = (baseline: string) =>
    assay(cwd, ["check", "november.csv", ...checks, "--baseline", baseline, "--json"]);

  test("sketches with any byte changed", async () => {
    cpSync(at("september.assay"), at("altered.assay"), { recursive: true });
    const path = at("altered.assay/sketches.arrow");
    const bytes = readFileSync(path);
    const middle = bytes.length >> 1;
    bytes[middle] = (bytes[middle] as number) ^ 1;
    writeFileSync(path, bytes);
    expectRefusal(await check("altered.assay"), 2, "artefact-mismatch", "sketches.arrow");
    rmSync(path);
    expectRefusal(await check("altered.assay"), 2, "artefact-mismatch", "sketches.arrow");
  });

  test("sketches that no statement names", async () => {
    const made = await assay(cwd, ["manifest", "september.csv", "-o", "bare.assay"]);
    expect(made, made.stderr).toMatchObject({ exitCode: 0 });
    expectRefusal(await check("bare.assay"), 5, "not-found", "sketches.arrow");
    cpSync(at("september.assay/sketches.arrow"), at("bare.assay/sketches.arrow"));
    expectRefusal(await check("bare.assay"), 2, "artefact-mismatch", "sketches.arrow");
  });

  test("what is no folder", async () => {
    expectRefusal(await check("nowhere.assay"), 5, "not-found", "nowhere.assay");
    expectRefusal(await check("september.csv"), 5, "cannot-read", "september.csv");
  });

  test("nothing when drift is not asked for, and says that the baseline is not looked at", async () => {
    const result = await assay(cwd, ["check", "october.csv", "--checks", "exact-duplicates", "--baseline", "nowhere"]);
    expect(result).toMatchObject({ exitCode: 0, stderr: expect.stringMatching(/not looked at/) });
  });
});

test("a folder of before there were sketches keeps verifying", async () => {
  const statements = readFileSync(at("september.assay/statements.jsonl"), "utf8");
  cpSync(at("september.assay"), at("early.assay"), { recursive: true });
  rmSync(at("early.assay/sketches.arrow"));
  const early = statements.replace(/,\{"path":"sketches\.arrow","sha256":"[0-9a-f]{64}"\}/, "");
  expect(early).not.toBe(statements);
  // What was made of the statement that is another one now is left out with it.
  writeFileSync(
    at("early.assay/statements.jsonl"),
    `${early
      .split("\n")
      .filter((line) => !line.includes("control-evidence"))
      .join("\n")}`,
  );
  expect(filesIn(at("early.assay"))).not.toContain("sketches.arrow");
  const verified = await assay(cwd, ["verify", "early.assay", "--no-data"]);
  expect(verified, verified.stdout + verified.stderr).toMatchObject({ exitCode: 0 });
});
