/** What the command says of options and places that cannot be: exit code 64 or 5, the way out, and nothing left behind. */

import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { assay, everythingIn, expectRefusal, shell, temporaryFolders } from "./command.js";
import { cleanCsv } from "./data.js";

const folder = temporaryFolders();
let cwd = "";

beforeAll(async () => {
  cwd = folder();
  writeFileSync(join(cwd, "train.csv"), cleanCsv(40));
  writeFileSync(join(cwd, "other.csv"), cleanCsv(41));
  writeFileSync(join(cwd, "policy.json"), '{"format":"assay-policy/v1","people":{},"require":[]}');
  mkdirSync(join(cwd, "results"));
  writeFileSync(join(cwd, "results/notes.txt"), "mine");
  expect(await assay(cwd, ["run", "train.csv"])).toMatchObject({ exitCode: 0 });
});

const COLUMNS = /"id", "label", "size", "weight"/;

const usage: readonly [string, readonly string[], ...(string | RegExp)[]][] = [
  ["a URL that is none", ["manifest", "https://[bad/x.csv"], "such as https://example.org/train.csv"],
  ["a location that is none", ["manifest", "s3://"], "s3:// is no s3://bucket/key"],
  ["a path for a whole folder", ["manifest", "s3://bucket/shards/", "--path", "x.csv"], "a single object"],
  [
    "data at a URL that is none",
    ["verify", "train.assay", "--data", "http://"],
    "--data begins like a URL and is none",
  ],
  ["a version that is none", ["manifest", "train.csv", "--version-of-data", "1.0"], "MAJOR.MINOR.PATCH"],
  ["an unknown label", ["run", "train.csv", "--label", "lable"], '"lable"', COLUMNS],
  ["an unknown feature", ["run", "train.csv", "--features", "size,wait"], '"wait"', COLUMNS],
  ["an unknown column to exclude", ["run", "train.csv", "--exclude", "idd"], '"idd"', COLUMNS],
  ["an unknown source column", ["run", "train.csv", "--source", "who"], '"who"', COLUMNS],
  ["an unknown time column", ["run", "train.csv", "--time", "when"], '"when"', COLUMNS],
  ["an unknown split column", ["run", "train.csv", "--split", "part"], '"part"', COLUMNS],
  ["an unknown split column in a manifest", ["manifest", "train.csv", "--split", "part"], '"part"', COLUMNS],
  ["an unknown check", ["run", "train.csv", "--checks", "outlier"], '"outlier"', "outliers"],
  ["an unknown required check", ["run", "train.csv", "--require", "outlier"], '"outlier"', "outliers"],
  [
    "an option that a check has not",
    ["check", "train.csv", "--check-option", "near-duplicates.similarty=.9"],
    '"similarty"',
    "it has similarity",
  ],
  ["an option out of range", ["check", "train.csv", "--check-option", "near-duplicates.similarity=2"], "at most 1"],
  [
    "a word that an option is not",
    [
      "check",
      "train.csv",
      "--checks",
      "label-flips.confident-learning",
      "--check-option",
      "label-flips.confident-learning.filter=bth",
    ],
    '"bth"',
    "prune_by_class",
  ],
  [
    "an option of a check that does not run",
    ["run", "train.csv", "--check-option", "label-flips.confident-learning.filter=both"],
    "does not run",
  ],
  ["an option without its check", ["run", "train.csv", "--check-option", "similarity=.9"], "CHECK.NAME=VALUE"],
  ["an unknown command", ["runn", "train.csv"], "unknown command 'runn'"],
  ["an unknown option", ["run", "train.csv", "--lable", "x"], "unknown option '--lable'"],
  ["a share beyond one", ["run", "train.csv", "--fdr", "2"], "--fdr"],
  ["a seed that is no number", ["check", "train.csv", "--seed", "lucky"], "--seed"],
  ["a seed beyond 2^53", ["check", "train.csv", "--seed", "9007199254740993"], "--seed"],
  ["no workers", ["run", "train.csv", "--workers", "0"], "--workers"],
  ["no data", ["run"], "Which data"],
  ["no folder", ["verify"], "folder"],
  [
    "a policy and a trusted key",
    ["verify", "train.assay", "--policy", "policy.json", "--trust", "k"],
    "--policy and --trust",
  ],
  ["data and no data", ["verify", "train.assay", "--no-data", "--data", "train.csv"], "--no-data"],
  ["two rules for splits", ["run", "train.csv", "--split", "id", "--split-paths", "a=b"], "--split"],
  ["a role without a key", ["run", "train.csv", "--role", "producer"], "--key"],
  ["nothing to sign with", ["sign", "train.assay"], "--key"],
  ["nothing to prove", ["prove", "train.assay"], "--absent"],
  [
    "two things to prove",
    ["prove", "train.assay", "--file", "train.csv", "--record", "1", "--present", "r"],
    "--present",
  ],
  ["a file that is not in the data", ["prove", "train.assay", "--file", "no.csv", "--record", "1"], "train.csv"],
  ["a record beyond the last", ["prove", "train.assay", "--file", "train.csv", "--record", "40"], "40 records"],
  ["a parent that the manifest does not name", ["verify", "train.assay", "--parent", "train.assay"], "no parent"],
  ["a trusted time that is none", ["verify", "train.assay", "--policy", "policy.json", "--at", "monday"], "--at"],
  ["an unknown thing to explain", ["explain", "nonsense"], "nonsense"],
];

describe.concurrent("assay refuses with exit code 64", () => {
  for (const [claim, args, ...places] of usage)
    test(claim, async () => {
      const place = args[0] === "run" || args[0] === "manifest" ? ["-o", `${claim.replaceAll(" ", "-")}.assay`] : [];
      const result = await assay(cwd, [...args, ...(args.length > 1 ? place : []), "--json"]);
      expectRefusal(result, 64, "usage", ...places);
      expect(everythingIn(cwd).filter((path) => path.includes(claim.replaceAll(" ", "-")))).toEqual([]);
    });

  test("and suggests the command and the option that were meant", async () => {
    expect((await assay(cwd, ["runn", "train.csv"])).stderr).toContain("Did you mean run?");
    expect((await assay(cwd, ["run", "train.csv", "--lable", "x"])).stderr).toContain("Did you mean --label?");
  });
});

describe.concurrent("assay refuses with exit code 5", () => {
  const places: readonly [string, readonly string[], string, string | RegExp][] = [
    ["a file in the way of the output", ["run", "train.csv", "-o", "other.csv"], "exists", "other.csv"],
    ["a file on the way to the output", ["run", "train.csv", "-o", "other.csv/x.assay"], "cannot-write", "other.csv"],
    ["a folder of somebody else", ["run", "train.csv", "-o", "results", "--overwrite"], "exists", "results"],
    ["an existing folder of other data", ["run", "other.csv", "-o", "train.assay"], "exists", "--overwrite"],
    ["a folder that is not there", ["verify", "none.assay"], "not-found", "none.assay"],
    ["a key that is not there", ["run", "train.csv", "--key", "none.pem", "-o", "k.assay"], "not-found", "none.pem"],
    ["a trusted key that is not there", ["verify", "train.assay", "--trust", "none.pem"], "not-found", "none.pem"],
    [
      "a config file that is not there",
      ["run", "train.csv", "-o", "c.assay", "--config", "none.json"],
      "not-found",
      "none.json",
    ],
  ];
  for (const [claim, args, code, place] of places)
    test(claim, async () => {
      expectRefusal(await assay(cwd, [...args, "--json"]), 5, code, place);
      const output = args[args.indexOf("-o") + 1] as string;
      expect(everythingIn(cwd).filter((path) => path.includes(`.${output}.work.assay`))).toEqual([]);
    });

  test.skipIf(process.platform !== "linux")("a place that cannot be written, even by an administrator", async () => {
    for (const place of ["/proc/x.assay", "/sys/kernel/x.assay", "/proc/x/y.assay"]) {
      const result = await assay(cwd, ["run", "train.csv", "-o", place, "--json"]);
      expect(result, result.stderr).toMatchObject({ exitCode: 5 });
      expect(result.stderr).toContain(place.slice(0, 5));
      expect(existsSync(place)).toBe(false);
    }
  });

  test.skipIf(process.platform !== "linux")("a disk that is full", async () => {
    // `ulimit -f 1`: no file may grow beyond 512 bytes, which is what a full disk looks like where none can be mounted.
    const small = folder();
    writeFileSync(join(small, "train.csv"), cleanCsv(40));
    const result = await shell(small, "trap '' XFSZ; ulimit -f 1; $ASSAY run train.csv --json");
    expect(result, result.stderr).toMatchObject({ exitCode: 5, signal: null });
    expect(result.stderr).toMatch(/^assay: Cannot write /m);
    expect(everythingIn(small)).toEqual(["train.csv"]);
  });

  test("a folder that another process is writing", async () => {
    const busy = folder();
    writeFileSync(join(busy, "train.csv"), cleanCsv(40));
    mkdirSync(join(busy, ".train.assay.work.assay"));
    writeFileSync(
      join(busy, ".train.assay.work.assay/lock"),
      `${JSON.stringify({ pid: process.pid, host: hostname() })}\n`,
    );
    expectRefusal(await assay(busy, ["run", "train.csv", "--json"]), 5, "locked", String(process.pid));
    expect(existsSync(join(busy, "train.assay"))).toBe(false);
  });
});

describe.concurrent("assay helps", () => {
  const commands = [
    "run manifest verify compare prove check-proof check quarantine erase derive keygen sign controls report init explain",
  ].flatMap((names) => names.split(" "));
  test.each(commands)("assay %s --help ends well and shows examples", async (name) => {
    const { exitCode, stdout, stderr } = await assay(cwd, [name, "--help"]);
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
    expect(stdout).toMatch(new RegExp(`Examples?:[^]*assay ${name} ?`));
    for (const option of ["--json", "--quiet", "--workers"]) expect(stdout).toContain(option);
  });

  test("assay --help names every command and exit code", async () => {
    const { exitCode, stdout } = await assay(cwd, ["--help"]);
    expect(exitCode).toBe(0);
    for (const name of [...commands, "assay run train.csv --label label", "64 usage"]) expect(stdout).toContain(name);
  });

  test("stdout that is closed early is no error", async () => {
    const result = await shell(cwd, "{ $ASSAY report train.assay; echo code $? >&2; } | head -c 10");
    expect(result.stdout).toHaveLength(10);
    expect(result.stderr).toBe("code 0\n");
  });
});

test("--seed takes a whole number or its 64 hex digits: the same seed, said to be given", async () => {
  const seeds = await Promise.all(
    ["255", `${"0".repeat(62)}ff`].map(async (seed) => {
      const result = await assay(cwd, ["check", "train.csv", "--label", "label", "--seed", seed, "--json"]);
      expect(result, result.stderr).toMatchObject({ exitCode: 0 });
      return (result.json() as { outcomes: { seed: { origin: string; value: string } }[] }).outcomes.map((o) => o.seed);
    }),
  );
  expect(seeds[0]).toEqual(seeds[1]);
  expect(seeds[0]?.some(({ origin }) => origin === "given")).toBe(true);
});
