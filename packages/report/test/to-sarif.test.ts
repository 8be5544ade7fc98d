import { expect, it } from "vitest";
import { createReport, toSarif } from "../src/index.js";
import { EMPTY, INPUT, OUTCOMES } from "./fixture.js";

const runOf = (...args: Parameters<typeof toSarif>) => JSON.parse(toSarif(...args)).runs[0];

it("toSarif() has one rule for each check, one result for each finding, and indexes that fit", () => {
  const { tool, results } = runOf(createReport(INPUT));
  const { rules } = tool.driver;
  expect(rules.map(({ id }: { id: string }) => id)).toEqual(OUTCOMES.map(({ check }) => check));
  expect(results.length).toBe(11);
  for (const { ruleId, ruleIndex } of results) expect(rules[ruleIndex].id).toBe(ruleId);
});

it("toSarif() maps severities to levels, and lines to regions", () => {
  const { results } = runOf(createReport(INPUT));
  expect(results.map(({ level }: { level: string }) => level)).toEqual([
    ...Array(4).fill("error"),
    ...Array(4).fill("warning"),
    ...Array(3).fill("note"),
  ]);
  expect(results[0].locations[0].physicalLocation).toEqual({
    artifactLocation: { uri: "train/part-0.csv" },
    region: { startLine: 5_823 },
  });
  expect(results[0].partialFingerprints["assayLeaf/v1"]).toMatch(/^[0-9a-f]{64}$/);
});

it("toSarif() leaves the region out where there is no line", () => {
  const { line, ...finding } = INPUT.findings[0]!;
  const [result] = runOf(createReport({ ...INPUT, findings: [finding] })).results;
  expect(result.locations[0].physicalLocation).toEqual({ artifactLocation: { uri: "train/part-0.csv" } });
});

it("toSarif() tells checks that did not complete, and what was cut", () => {
  const { invocations } = runOf(createReport(INPUT), { maxFindings: 2 });
  expect(invocations[0].executionSuccessful).toBe(true);
  expect(invocations[0].toolExecutionNotifications.map(({ level }: { level: string }) => level)).toEqual([
    "note",
    "note",
    "warning",
  ]);
  const failed = OUTCOMES.map((outcome) => ({ ...outcome, status: "failed" as const }));
  expect(runOf(createReport({ ...INPUT, outcomes: failed })).invocations[0].executionSuccessful).toBe(false);
  expect(runOf(createReport(EMPTY)).results).toEqual([]);
});
