import { describe, expect, test } from "vitest";
import {
  CONTROLS,
  controlById,
  evaluateControls,
  meetsRequirement,
  OBJECTIVES,
  RULES,
  worstVerdict,
} from "../src/index.js";
import { goodEvidence } from "./evidence.js";

/** Id → title, cross-checked over several public sources. A count alone would pass a wrong list. */
const TITLES: Readonly<Record<string, string>> = {
  "A.2.2": "AI policy",
  "A.2.3": "Alignment with other organizational policies",
  "A.2.4": "Review of the AI policy",
  "A.3.2": "AI roles and responsibilities",
  "A.3.3": "Reporting of concerns",
  "A.4.2": "Resource documentation",
  "A.4.3": "Data resources",
  "A.4.4": "Tooling resources",
  "A.4.5": "System and computing resources",
  "A.4.6": "Human resources",
  "A.5.2": "AI system impact assessment process",
  "A.5.3": "Documentation of AI system impact assessments",
  "A.5.4": "Assessing AI system impact on individuals or groups of individuals",
  "A.5.5": "Assessing societal impacts of AI systems",
  "A.6.1.2": "Objectives for responsible development of AI system",
  "A.6.1.3": "Processes for responsible AI system design and development",
  "A.6.2.2": "AI system requirements and specification",
  "A.6.2.3": "Documentation of AI system design and development",
  "A.6.2.4": "AI system verification and validation",
  "A.6.2.5": "AI system deployment",
  "A.6.2.6": "AI system operation and monitoring",
  "A.6.2.7": "AI system technical documentation",
  "A.6.2.8": "AI system recording of event logs",
  "A.7.2": "Data for development and enhancement of AI system",
  "A.7.3": "Acquisition of data",
  "A.7.4": "Quality of data for AI systems",
  "A.7.5": "Data provenance",
  "A.7.6": "Data preparation",
  "A.8.2": "System documentation and information for users",
  "A.8.3": "External reporting",
  "A.8.4": "Communication of incidents",
  "A.8.5": "Information for interested parties",
  "A.9.2": "Processes for responsible use of AI systems",
  "A.9.3": "Objectives for responsible use of AI system",
  "A.9.4": "Intended use of the AI system",
  "A.10.2": "Allocating responsibilities",
  "A.10.3": "Suppliers",
  "A.10.4": "Customers",
};

describe("CONTROLS", () => {
  test("is exactly the 38 controls by id and title, under nine objectives", () => {
    expect(Object.fromEntries(CONTROLS.map(({ id, title }) => [id, title]))).toEqual(TITLES);
    expect(CONTROLS).toHaveLength(38);
    expect(OBJECTIVES.map(({ id }) => id)).toEqual(["A.2", "A.3", "A.4", "A.5", "A.6", "A.7", "A.8", "A.9", "A.10"]);
    for (const { id, objective } of CONTROLS) expect(id.startsWith(`${objective}.`), id).toBe(true);
  });

  test("has 1 control that a machine can evidence fully, 26 partly and 11 not", () => {
    const count = (automation: string): number =>
      CONTROLS.filter((control) => control.automation === automation).length;
    expect([count("full"), count("part"), count("human")]).toEqual([1, 26, 11]);
  });

  test("controlById() knows no objective and no invented id", () => {
    for (const id of ["A.7.1", "A.6.1.1", "A.6.2.1", "A.4.1", "A.8.6", "A.7", "A.7.7", "__proto__"])
      expect(controlById(id)).toBeUndefined();
  });
});

describe("evaluateControls()", () => {
  test("answers for every control, and never passes one without a rule", () => {
    const results = evaluateControls(goodEvidence());
    expect(results.map(({ control }) => control)).toEqual(Object.keys(TITLES));
    for (const { rules, verdict } of results) if (rules.length === 0) expect(verdict).toBe("not-evaluated");
    expect(results.filter(({ verdict }) => verdict === "pass").map(({ control }) => control)).toEqual([
      "A.4.3",
      "A.6.2.8",
      "A.7.2",
      "A.7.3",
      "A.7.4",
      "A.7.5",
      "A.7.6",
    ]);
  });

  test("has rules for A.4.3, A.6.2.8 and A.7.2 to A.7.6, each mandatory somewhere", () => {
    for (const control of ["A.4.3", "A.6.2.8", "A.7.2", "A.7.3", "A.7.4", "A.7.5", "A.7.6"])
      expect(
        RULES.some((rule) => rule.control === control && rule.mandatory),
        control,
      ).toBe(true);
    expect(new Set(RULES.map(({ id }) => id)).size).toBe(RULES.length);
  });

  test("gives the same bytes for the same evidence", () => {
    expect(JSON.stringify(evaluateControls(goodEvidence()))).toBe(JSON.stringify(evaluateControls(goodEvidence())));
  });
});

describe("worstVerdict()", () => {
  const rule = (verdict: string, mandatory = true): never =>
    ({
      verdict,
      mandatory,
      id: "x",
      version: "1",
      numerator: 0,
      denominator: 1,
      counterexamples: [],
      reason: "x",
      inputs: [],
    }) as never;

  test("is the worst of the mandatory rules, never an average", () => {
    expect(worstVerdict([rule("pass"), rule("pass"), rule("gap")])).toBe("gap");
    expect(worstVerdict([rule("partial"), rule("not-evaluated")])).toBe("not-evaluated");
    expect(worstVerdict([rule("pass"), rule("gap", false)])).toBe("pass");
    expect(worstVerdict([])).toBe("not-evaluated");
  });

  test("meetsRequirement() refuses a gap and nothing", () => {
    expect(
      ["pass", "partial", "not-applicable", "gap", "not-evaluated"].map((v) => meetsRequirement(v as never)),
    ).toEqual([true, true, true, false, false]);
  });
});
