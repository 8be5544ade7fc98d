import type { Finding } from "@assay/checks";
import { describe, expect, it } from "vitest";
import { createReport, type ReportInput, toCsv, toHtml, toJson, toMarkdown, toSarif } from "../src/index.js";
import { EMPTY, FINDINGS, HEADER, INPUT, OUTCOMES } from "./fixture.js";

const TONES = ["bad", "attention", "calm"];
const toneOf = (input: ReportInput) => TONES.indexOf(createReport(input).headline.tone);

describe("createReport() headline", () => {
  const quiet: ReportInput = { ...INPUT, findings: [], gate: { gate: "pass", reasons: [] } };
  const { verdict, ...unjudged } = quiet;

  it("is calm only when something completed and nothing was found", () => {
    expect(createReport(quiet).headline).toMatchObject({ tone: "calm", title: "No findings" });
    expect(
      createReport({ ...quiet, findings: FINDINGS.filter(({ severity }) => severity === "low") }).headline.tone,
    ).toBe("calm");
    expect(createReport({ ...quiet, findings: FINDINGS }).headline).toMatchObject({
      tone: "attention",
      title: "8 findings to look at",
    });
    expect(createReport(EMPTY).headline).toMatchObject({ tone: "attention", title: "Nothing was looked for" });
  });

  it("is bad when the gate is closed, a check failed or verification failed", () => {
    expect(createReport(INPUT).headline).toMatchObject({ tone: "bad", title: "The gate is closed" });
    const failed = OUTCOMES.map((outcome, index) =>
      index === 0 ? { ...outcome, status: "failed" as const } : outcome,
    );
    expect(createReport({ ...quiet, outcomes: failed }).headline).toMatchObject({
      tone: "bad",
      title: "1 check failed",
    });
    const refused = { ...verdict!, ok: false, code: "root-mismatch" as const, summary: "root-mismatch" };
    expect(createReport({ ...quiet, verdict: refused }).headline).toMatchObject({
      tone: "bad",
      title: "Verification failed",
    });
  });

  it("never becomes better when evidence is taken away", () => {
    const { gate, ...ungated } = quiet;
    expect(toneOf(unjudged)).toBeLessThanOrEqual(toneOf(quiet));
    expect(toneOf({ ...ungated, outcomes: [] })).toBeLessThan(toneOf(quiet));
    expect(toneOf({ ...INPUT, outcomes: [] })).toBeLessThanOrEqual(toneOf(INPUT));
    expect(createReport(unjudged).trust.state).toBe("unverified");
  });
});

describe("createReport() trust", () => {
  const verdict = INPUT.verdict!;
  const stateOf = (change: Partial<typeof verdict>) =>
    createReport({ ...INPUT, verdict: { ...verdict, ...change } }).trust.state;

  it("tells judged, not judged, unsigned and refused apart", () => {
    expect(stateOf({})).toBe("judged");
    expect(stateOf({ trust: "not-judged" })).toBe("not-judged");
    expect(stateOf({ trust: "not-judged", statements: [] })).toBe("unsigned");
    expect(stateOf({ ok: false, code: "bad-signature" })).toBe("refused");
  });

  it("lists every key once for what became of it, those that count first", () => {
    const { signers } = createReport(INPUT).trust;
    expect(signers.map(({ person, status }) => [person, status])).toEqual([
      ["Grace", "counted"],
      ["Ada", "counted"],
      [undefined, "unknown-signer"],
    ]);
    expect(signers[1]!.statements.length).toBe(2);
  });
});

describe("createReport() findings", () => {
  it("sorts by severity, score and place, whatever their order was", () => {
    const report = createReport(INPUT);
    expect(report.findings.shown.map(({ severity, record }) => `${severity} ${record}`)).toEqual([
      "high 5821",
      "high 11204",
      "high 87",
      "high 30551",
      "medium 36001",
      "medium 402",
      "medium 19777",
      "medium 35120",
      "low 1204",
      "low 1205",
      "low 1206",
    ]);
    expect(toJson(createReport({ ...INPUT, findings: [...FINDINGS].reverse() }))).toBe(toJson(report));
  });

  it("counts in full, cuts what is shown, and hides no check", () => {
    const many = Array.from(
      { length: 1_000 },
      (_, index): Finding => ({ ...FINDINGS[0]!, check: "loud", record: index, score: 2 }),
    );
    const report = createReport({ ...INPUT, findings: [...FINDINGS, ...many] }, { maxFindings: 40 });
    expect(report.findings.total).toBe(1_011);
    expect(report.findings.bySeverity).toEqual({ high: 1_004, medium: 4, low: 3 });
    expect(report.findings.byCheck.find(({ check }) => check === "loud")).toEqual({
      check: "loud",
      high: 1_000,
      medium: 0,
      low: 0,
    });
    expect(report.findings.shown.length).toBe(40);
    const shown = new Set(report.findings.shown.map(({ check }) => check));
    expect(shown).toEqual(new Set(["loud", "label-flips", "outliers", "exact-duplicates"]));
    expect(createReport(INPUT, { maxFindings: 0 }).findings).toMatchObject({ total: 11, shown: [] });
    expect(createReport(INPUT, { maxFindings: Number.POSITIVE_INFINITY }).findings.shown.length).toBe(11);
  });

  it("stays bounded with 100,000 findings", () => {
    const findings = Array.from({ length: 100_000 }, (_, index): Finding => {
      return { ...FINDINGS[index % FINDINGS.length]!, record: index, ordinal: index, score: (index * 7_919) % 1_000 };
    });
    const report = createReport({ ...INPUT, findings });
    expect(report.findings.total).toBe(100_000);
    expect(report.findings.shown.length).toBe(5_000);
    const page = toHtml(report);
    expect(page).toContain("1,000 of 100,000 findings are shown");
    expect(page.match(/<li id="finding-/g)!.length).toBe(1_000);
    expect(page.length).toBeLessThan(6_000_000);
    expect(toMarkdown(report).length).toBeLessThan(60_000);
    const sarif = JSON.parse(toSarif(report));
    expect(sarif.runs[0].results.length).toBe(5_000);
    expect(JSON.stringify(sarif.runs[0].invocations)).toContain("5,000 results of 100,000 findings");
    expect(toCsv(report).split("\r\n").length).toBe(5_002);
  });

  it("says how to prove each record, with the file as one word of the shell", () => {
    const findings = [{ ...FINDINGS[0]!, file: "it's here.csv", ordinal: 7 }];
    expect(createReport({ ...INPUT, findings }, { folder: "my data.assay" }).findings.shown[0]!.prove).toBe(
      "assay prove 'my data.assay' --file 'it'\\''s here.csv' --record 7",
    );
  });

  it("shows no values of records when leaves are keyed, unless asked to", () => {
    const header = { ...HEADER, leaf: { format: "assay-record/v1" as const, keyId: "0123456789abcdef" } };
    const keyed = { ...INPUT, header };
    expect(createReport(keyed).findings.shown.every(({ values }) => values === undefined)).toBe(true);
    expect(toHtml(createReport(keyed))).not.toContain("C-111204");
    expect(createReport(keyed, { showValues: true }).findings.shown[1]!.values![0]).toEqual({
      name: "customer_id",
      value: "C-111204",
    });
    expect(toHtml(createReport(INPUT))).toContain("C-111204");
  });

  it("refuses a maxFindings that is no count", () => {
    for (const maxFindings of [-1, 1.5, Number.NaN]) {
      expect(() => createReport(INPUT, { maxFindings })).toThrow(RangeError);
    }
  });
});

describe("createReport() what was not looked at", () => {
  it("lists the columns that no completed check read, excluded ones, checks and files", () => {
    const { notLookedAt } = createReport(INPUT);
    expect(notLookedAt.columns.shown).toEqual(["customer_id", "notes"]);
    expect(notLookedAt.excluded.shown).toEqual(["customer_id"]);
    expect(notLookedAt.checks.map(({ check }) => check)).toEqual(["hidden-characters", "drift"]);
    expect(notLookedAt.files.shown).toEqual(["README.md"]);
  });

  it("takes no word of a check that failed", () => {
    const outcomes = OUTCOMES.map((outcome) => ({ ...outcome, status: "failed" as const, reason: "out of memory" }));
    expect(createReport({ ...INPUT, outcomes }).notLookedAt.columns.total).toBe(10);
  });
});

describe("createReport() lineage and controls", () => {
  it("takes a parent without a result for not checked", () => {
    const { parents, ...rest } = INPUT;
    expect(createReport(INPUT).lineage!.parents[0]).toMatchObject({ parent: "trusted", edge: "proven" });
    expect(createReport(rest).lineage!.parents[0]).toMatchObject({ parent: "not-checked", edge: "not-checked" });
    expect(createReport(EMPTY).lineage).toBeUndefined();
  });

  it("joins results with all 38 controls; what has no result is not evaluated", () => {
    const { counts, objectives } = createReport(INPUT).controls!;
    expect(counts).toEqual({ pass: 1, partial: 1, gap: 1, "not-evaluated": 34, "not-applicable": 1 });
    expect(objectives.flatMap(({ controls }) => controls).length).toBe(38);
    const quality = objectives.flatMap(({ controls }) => controls).find(({ id }) => id === "A.7.4")!;
    expect(quality).toMatchObject({ title: "Quality of data for AI systems", verdict: "gap" });
    expect(createReport(EMPTY).controls).toBeUndefined();
  });

  it("refuses a control that the annex does not have, and one that stands twice", () => {
    const [one] = INPUT.controls!;
    expect(() => createReport({ ...INPUT, controls: [{ ...one!, control: "A.7.1" }] })).toThrow(RangeError);
    expect(() => createReport({ ...INPUT, controls: [one!, one!] })).toThrow(RangeError);
  });
});

it("createReport() is plain JSON, equal each time, and leaves its input alone", () => {
  const before = JSON.stringify(INPUT);
  const report = createReport(INPUT);
  expect(JSON.parse(toJson(report))).toEqual(JSON.parse(JSON.stringify(report)));
  expect(toJson(createReport(INPUT))).toBe(toJson(report));
  expect(toHtml(createReport(INPUT))).toBe(toHtml(report));
  expect(JSON.stringify(INPUT)).toBe(before);
});
