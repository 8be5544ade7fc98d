/** `--power` as a person uses it: on the line, in the folder, in the report, and at the gate of a policy. */

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { assay, expectRefusal, temporaryFolders } from "./command.js";
import { cleanCsv } from "./data.js";

const folders = temporaryFolders();

interface Measured {
  readonly check: string;
  readonly power?: { readonly smallest: number | null; readonly tried: readonly { readonly recall: number }[] };
  readonly notes: readonly string[];
}

describe("assay run --power", () => {
  let cwd = "";
  const good = async (...args: string[]) => {
    const result = await assay(cwd, args);
    expect(result.exitCode, result.stderr).toBe(0);
    return result;
  };
  const policyOf = (mustComplete: readonly string[], minPower: number) => {
    const spki = readFileSync(join(cwd, "k.pub.pem"), "utf8");
    writeFileSync(
      join(cwd, "policy.json"),
      JSON.stringify({
        format: "assay-policy/v1",
        people: { Ada: { roles: ["producer"], keys: [{ spki, from: "2020-01-01T00:00:00Z" }] } },
        require: [{ predicate: "check-run/v1", role: "producer", people: 1 }],
        checks: { mustComplete, maxFindings: {}, mayExclude: ["id"], minPower },
      }),
    );
  };

  beforeAll(async () => {
    cwd = folders();
    writeFileSync(join(cwd, "train.csv"), cleanCsv(600));
    await good("keygen", "-o", "k");
    await good("run", "train.csv", "--label", "label", "--exclude", "id", "--key", "k.pem", "--power");
    await good("run", "train.csv", "--label", "label", "--exclude", "id", "--key", "k.pem", "-o", "plain.assay");
  });

  test("states every share that was tried, and finds the same as without", () => {
    const statements = readFileSync(join(cwd, "train.assay/statements.jsonl"), "utf8").trim().split("\n");
    const run = statements.map((line) => JSON.parse(line)).find(({ predicateType }) => /check-run/.test(predicateType));
    const { power, outcomes, config } = run.predicate;
    expect(config.value.checks.power).toBe(true);
    expect(power.filter(({ check }: Measured) => check === "exact-duplicates")).toHaveLength(4);
    for (const { check, power: own } of outcomes as Measured[])
      expect(power.filter((one: Measured) => one.check === check)).toHaveLength(own?.tried.length ?? 0);
    expect(readFileSync(join(cwd, "train.assay/findings.jsonl"))).toEqual(
      readFileSync(join(cwd, "plain.assay/findings.jsonl")),
    );
  });

  test("the report shows what could have been caught, and is silent where nothing was measured", async () => {
    expect(readFileSync(join(cwd, "train.assay/report.html"), "utf8")).toContain("What this run could have caught");
    expect(readFileSync(join(cwd, "plain.assay/report.html"), "utf8")).not.toContain("What this run could have caught");
    const markdown = (await good("report", "train.assay", "--to", "md")).stdout;
    expect(markdown).toMatch(/\| `label-flips` \| `label-flip` \| 10 % \| \d+ % \|/);
  });

  test("a policy with minPower takes the run that caught its poison, and refuses one that did not measure or was blind", async () => {
    policyOf(["exact-duplicates", "label-flips"], 0.5);
    expect(await assay(cwd, ["verify", "train.assay", "--policy", "policy.json"])).toMatchObject({ exitCode: 0 });
    const plain = await assay(cwd, ["verify", "plain.assay", "--policy", "policy.json", "--json"]);
    expect(plain.exitCode).toBe(1);
    expect(plain.json()).toMatchObject({ ok: false, code: "power-too-low" });
    policyOf(["outliers"], 0.5);
    const blind = await assay(cwd, ["verify", "train.assay", "--policy", "policy.json", "--json"]);
    expect(blind.json()).toMatchObject({ ok: false, code: "power-too-low" });
  });

  test("a check that missed its own poison is no evidence for its control", async () => {
    const { stdout } = await good("controls", "train.assay", "--json");
    expect(stdout).toContain("outliers did not catch its own planted poison on this data");
  });
});

test("assay check --power says in one line what each check would see, for any number of workers", async () => {
  const cwd = folders();
  writeFileSync(join(cwd, "train.csv"), cleanCsv(600));
  const args = ["check", "train.csv", "--label", "label", "--power"];
  const { stdout, exitCode } = await assay(cwd, args);
  expect(exitCode).toBe(0);
  expect(stdout).toMatch(/✓ exact-duplicates +0 findings, would see 1\.0 % poison/);
  expect(stdout).toMatch(/✓ outliers .*blind to its own planted poison/);
  const results = [];
  for (const workers of ["1", "2", "7"])
    results.push((await assay(cwd, [...args, "--json", "--workers", workers])).stdout);
  expect(new Set(results).size).toBe(1);
  const [header, ...lines] = cleanCsv(600).trim().split("\n");
  writeFileSync(join(cwd, "train.csv"), `${[header, ...lines.reverse()].join("\n")}\n`);
  const powers = (text: string) =>
    JSON.parse(text).outcomes.map(({ check, power, notes }: Measured) => [check, power, notes]);
  expect(powers((await assay(cwd, [...args, "--json"])).stdout)).toEqual(powers(results[0] as string));
});

test("a config asks for power, and one that is neither true nor false is refused", async () => {
  const cwd = folders();
  writeFileSync(join(cwd, "train.csv"), cleanCsv(100));
  writeFileSync(join(cwd, "c.json"), JSON.stringify({ checks: { label: "label", power: true } }));
  const asked = await assay(cwd, ["check", "train.csv", "--config", "c.json", "--json"]);
  const [copies] = asked.json().outcomes as Measured[];
  expect(copies).toMatchObject({ check: "exact-duplicates", power: { attack: "exact-copy", smallest: 0.05 } });
  writeFileSync(join(cwd, "c.json"), JSON.stringify({ checks: { power: "yes" } }));
  expectRefusal(
    await assay(cwd, ["check", "train.csv", "--config", "c.json", "--json"]),
    4,
    "bad-config",
    "checks.power",
  );
});
