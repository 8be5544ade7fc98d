import { expect, test } from "vitest";
import type { Finding, Outcome } from "../src/check.js";
import { judgeGate } from "../src/gate.js";

const outcome = (check: string, status: Outcome["status"]) => ({ check, status, reason: "why" }) as Outcome;
const finding = (severity: Finding["severity"]) => ({ check: "a", severity }) as Finding;

test("judgeGate() closes at findings of the stated severity and above", () => {
  const outcomes = [outcome("a", "completed")];
  const gate = (severity: Finding["severity"], failOn?: "low" | "medium" | "high" | "none") =>
    judgeGate(outcomes, [finding(severity)], failOn === undefined ? {} : { failOn }).gate;
  expect([gate("high"), gate("medium"), gate("medium", "medium"), gate("low", "low"), gate("high", "none")]).toEqual([
    "fail",
    "pass",
    "fail",
    "fail",
    "pass",
  ]);
});

test("judgeGate() takes skipped, failed and absent for no pass when required", () => {
  const outcomes = [outcome("a", "completed"), outcome("b", "skipped")];
  expect(judgeGate(outcomes, [], { require: ["a"] }).gate).toBe("pass");
  expect(judgeGate(outcomes, [], { require: ["b"] })).toMatchObject({ gate: "fail", codes: ["check-not-completed"] });
  expect(judgeGate(outcomes, [], { require: ["c"], failOn: "none" })).toMatchObject({ gate: "fail" });
});

test("judgeGate() closes when any check failed, and stays open when one was skipped", () => {
  expect(judgeGate([outcome("a", "failed")], [])).toMatchObject({ gate: "fail", codes: ["check-failed"] });
  expect(judgeGate([outcome("a", "skipped")], []).gate).toBe("pass");
});

test("judgeGate() refuses an unknown severity", () => {
  expect(() => judgeGate([], [], { failOn: "worst" as never })).toThrow(/failOn/);
});
