import { describe, expect, test } from "vitest";
import { type AcquisitionPredicate, buildAcquisitionStatement } from "../src/predicates/acquisition.js";
import { buildCheckRunStatement, type CheckRunPredicate } from "../src/predicates/check-run.js";
import {
  buildControlEvidenceStatement,
  type ControlEvidencePredicate,
  isAtLeast,
} from "../src/predicates/control-evidence.js";
import { isFolderPath } from "../src/predicates/fields.js";
import { checkPredicate, PREDICATE_TYPES, predicateKind } from "../src/predicates/registry.js";
import { buildReviewStatement } from "../src/predicates/review.js";
import { buildDerivationStatement, type SlsaProvenancePredicate } from "../src/predicates/slsa-provenance.js";
import { buildTestResultStatement } from "../src/predicates/test-result.js";
import { buildTombstoneStatement } from "../src/predicates/tombstone.js";
import { formatStatement, parseStatement, type Statement } from "../src/statement.js";
import { COLUMNS, findings, manifestStatement, outcome, reviewPredicate, runInput, SAMPLE } from "./sample-folder.js";

const { heads } = SAMPLE;
const HEX = "ab".repeat(32);

const acquired: AcquisitionPredicate = {
  source: { name: "city registry", kind: "open", uri: "https://example.org/export" },
  acquiredAt: "2026-02-01T00:00:00Z",
  method: "download",
  acquirer: "data team",
  rights: { licence: "CC-BY-4.0", restrictions: [] },
  objects: [
    { uri: "https://example.org/export.csv", path: "train.csv", sha256: HEX, fetchedAt: "2026-01-31T00:00:00Z" },
  ],
  coverage: { kind: "all", records: 4 },
};

const controls: ControlEvidencePredicate = {
  catalogue: { name: "ISO/IEC 42001:2023 Annex A", version: "1" },
  tool: { name: "assay", version: "1.0.0" },
  computedAt: "2026-03-01T10:00:00Z",
  controls: [
    {
      control: "A.7.3",
      verdict: "partial",
      rules: [
        {
          id: "P73-1",
          version: "1",
          mandatory: true,
          verdict: "pass",
          numerator: 4,
          denominator: 4,
          counterexamples: [],
          reason: "All.",
          inputs: [HEX],
        },
        {
          id: "P73-4",
          version: "1",
          mandatory: true,
          verdict: "partial",
          numerator: 3,
          denominator: 4,
          counterexamples: ["x"],
          reason: "One.",
          inputs: [],
          validUntil: "2027-01-01T00:00:00Z",
        },
      ],
    },
    {
      control: "A.10.2",
      verdict: "not-applicable",
      rules: [],
      justification: { reason: "no transfer", approver: "Bob", approvedAt: "2026-01-01T00:00:00Z" },
    },
  ],
};

const derived = buildDerivationStatement(heads, {
  derivation: {
    operation: "quarantine",
    parents: [{ manifest: HEX, leaf: SAMPLE.header.leaf, dataset: SAMPLE.header.dataset, set: SAMPLE.header.set }],
    parameters: { removed: HEX },
  },
  tool: { name: "assay", version: "1.0.0" },
  startedAt: "2026-03-01T10:00:00Z",
  finishedAt: "2026-03-01T10:00:01Z",
  artefacts: [{ path: "derivation/removed.jsonl", sha256: HEX }],
});

const run = buildCheckRunStatement(heads, runInput());

const STATEMENTS: readonly Statement[] = [
  buildAcquisitionStatement(heads, acquired),
  run,
  buildControlEvidenceStatement(heads, controls),
  manifestStatement(),
  buildReviewStatement(heads, reviewPredicate()),
  derived,
  buildTestResultStatement(heads, run.predicate),
  buildTombstoneStatement(heads, {
    parent: { manifest: HEX, leaf: SAMPLE.header.leaf, dataset: SAMPLE.header.dataset, set: SAMPLE.header.set },
    erased: { distinct: 1, records: 2 },
    reason: "Request 17.",
    erasedAt: "2026-03-01T10:00:00Z",
    tool: { name: "assay", version: "1.0.0" },
    artefacts: [{ path: "derivation/removed.jsonl", sha256: HEX }],
  }),
];

const readAgain = (statement: Statement) => parseStatement(formatStatement(statement), { canonical: true }).statement;
const malformed = expect.objectContaining({ code: "malformed-statement" });

describe("checkPredicate()", () => {
  test("checkPredicate() accepts what each builder builds, and there is one for each known type", () => {
    for (const statement of STATEMENTS) {
      expect(checkPredicate(readAgain(statement))?.predicateType).toBe(statement.predicateType);
    }
    expect(STATEMENTS.map(({ predicateType }) => predicateType)).toEqual(PREDICATE_TYPES);
  });

  test("checkPredicate() refuses each of our predicates with any member left out or with one more", () => {
    for (const statement of STATEMENTS.filter(({ predicateType }) => predicateType.startsWith("urn:assay:"))) {
      const predicate = statement.predicate as Record<string, unknown>;
      for (const member of Object.keys(predicate)) {
        const { [member]: _, ...rest } = predicate;
        expect(() => checkPredicate({ ...statement, predicate: rest })).toThrow(malformed);
      }
      expect(() => checkPredicate({ ...statement, predicate: { ...predicate, more: 1 } })).toThrow(/more/);
      expect(() => checkPredicate({ ...statement, predicate: undefined })).toThrow(malformed);
    }
  });

  test("checkPredicate() gives nothing for a type that is unknown here", () => {
    expect(checkPredicate({ ...manifestStatement(), predicateType: "https://example.com/x" })).toBeUndefined();
    expect(predicateKind("__proto__")).toBeUndefined();
  });

  test("checkPredicate() takes foreign predicates with members that it does not know, as in-toto asks", () => {
    const result = STATEMENTS.at(-2)!;
    expect(checkPredicate({ ...result, predicate: { ...(result.predicate as object), extra: 1 } })).toBeDefined();
  });
});

describe("dataset-manifest/v1", () => {
  test("dataset-manifest/v1 needs the header, the digest and the subject to belong together", () => {
    const statement = manifestStatement();
    const predicate = statement.predicate as { header: object; manifest: object };
    const altered = { ...predicate, header: { ...predicate.header, name: "other" } };
    expect(() => checkPredicate({ ...statement, predicate: altered })).toThrow(/belong together/);
    const other = { ...predicate, manifest: { sha256: HEX } };
    expect(() => checkPredicate({ ...statement, predicate: other })).toThrow(/subject/);
  });

  test("dataset-manifest/v1 names files.jsonl", () => {
    const kind = predicateKind(manifestStatement().predicateType)!;
    expect(kind.artefactsOf!(manifestStatement().predicate)).toEqual([
      { path: "files.jsonl", sha256: expect.any(String) },
    ]);
  });
});

describe("check-run/v1", () => {
  const faulty = (change: Partial<CheckRunPredicate>) => () =>
    checkPredicate({ ...run, predicate: { ...run.predicate, ...change } });

  test("buildCheckRunStatement() counts findings and computes what was not looked at", () => {
    const outcomes = [
      outcome("outliers", { lookedAt: { columns: ["price"], label: "note", records: 4 }, findings: 3 }),
      outcome("triggers", { status: "skipped", reason: "no text", lookedAt: { columns: ["id"], records: 0 } }),
    ];
    const input = runInput({
      outcomes,
      roles: { exclude: ["seen"] },
      findings: [...findings("outliers", "low", 1), ...findings("outliers", "high", 2)],
      artefacts: [
        { path: "sketches.arrow", sha256: HEX },
        { path: "findings.jsonl", sha256: HEX },
      ],
    });
    const { predicate } = buildCheckRunStatement(heads, input);
    expect(predicate).toMatchObject({
      findings: [
        { check: "outliers", severity: "high", count: 2 },
        { check: "outliers", severity: "low", count: 1 },
      ],
      excluded: ["seen"],
      notLookedAt: ["id", "seen", "weight"],
      artefacts: [{ path: "findings.jsonl" }, { path: "sketches.arrow" }],
    });
    expect(checkPredicate({ ...run, predicate })).toBeDefined();
  });

  test("buildCheckRunStatement() sorts columns by code point, not by UTF-16 unit", () => {
    const { predicate } = buildCheckRunStatement(
      heads,
      runInput({ outcomes: [], columns: ["\u{1F600}", "\uFFEE", "a"] }),
    );
    expect(predicate.notLookedAt).toEqual(["a", "\uFFEE", "\u{1F600}"]);
  });

  test("check-run/v1 refuses totals, digests and times that contradict each other", () => {
    expect(faulty({ config: { sha256: HEX, value: {} } })).toThrow(/config/);
    expect(faulty({ finishedAt: "2026-03-01T08:00:00Z" })).toThrow(/before startedAt/);
    expect(faulty({ outcomes: [outcome("a"), outcome("a")] })).toThrow(/two outcomes/);
    expect(faulty({ outcomes: [outcome("a", { status: "skipped" })] })).toThrow(/without a reason/);
    expect(faulty({ outcomes: [outcome("a", { findings: 1 })] })).toThrow(/has 1 findings, the counts say 0/);
    expect(faulty({ findings: [{ check: "x", severity: "low", count: 1 }] })).toThrow(/no outcome/);
    const outcomes = [outcome("a", { findings: 2 })];
    const pair = { check: "a", severity: "low", count: 1 } as const;
    expect(faulty({ outcomes, findings: [pair, pair] })).toThrow(/counted twice/);
    expect(faulty({ notLookedAt: [COLUMNS[0]!] })).toThrow(/a completed check looked at it/);
    expect(faulty({ excluded: ["other"] })).toThrow(/not in notLookedAt/);
    expect(
      faulty({
        artefacts: [
          { path: "a", sha256: HEX },
          { path: "a", sha256: HEX },
        ],
      }),
    ).toThrow(/twice/);
    expect(faulty({ seed: { origin: "given", value: "1" } })).toThrow(/seed/);
  });

  test("check-run/v1 refuses artefact paths that leave the folder", () => {
    for (const path of ["../x", "/x", "a/../../x", "a\\b", "C:x", "a//b", ".", "", "a\u0000"]) {
      expect(faulty({ artefacts: [{ path, sha256: HEX }] })).toThrow(malformed);
      expect(isFolderPath(path)).toBe(false);
    }
    expect(isFolderPath("derivation/removed.jsonl")).toBe(true);
  });
});

describe("acquisition/v1 and review/v1", () => {
  test("acquisition/v1 refuses objects that were fetched after the acquisition", () => {
    const late = { ...acquired, acquiredAt: "2026-01-01T00:00:00Z" };
    expect(() => checkPredicate(buildAcquisitionStatement(heads, late))).toThrow(/fetched after/);
  });

  test("review/v1 needs an end for a waiver, and a reason that says something", () => {
    const check = (more: Parameters<typeof reviewPredicate>[0]) => () =>
      checkPredicate(buildReviewStatement(heads, reviewPredicate(more)));
    expect(check({ decision: "waived" })).toThrow(/validUntil/);
    expect(check({ decision: "waived", validUntil: "2026-03-01T12:00:00Z" })).toThrow(/not after/);
    expect(check({ reason: "  " })).toThrow(/empty/);
    expect(check({ decision: "waived", validUntil: "2026-03-02T12:00:00Z" })).not.toThrow();
  });
});

describe("control-evidence/v1", () => {
  const faulty =
    (change: object, ruleChange: object = {}) =>
    () => {
      const [first, second] = controls.controls;
      const rules = [{ ...first!.rules[0]!, ...ruleChange }, first!.rules[1]!];
      checkPredicate(
        buildControlEvidenceStatement(heads, { ...controls, controls: [{ ...first!, rules, ...change }, second!] }),
      );
    };

  test("control-evidence/v1 refuses a verdict that is better than its worst mandatory rule", () => {
    expect(faulty({})).not.toThrow();
    expect(faulty({ verdict: "pass" })).toThrow(/only partial/);
    expect(faulty({}, { verdict: "gap" })).toThrow(/only gap/);
    expect(faulty({}, { verdict: "not-evaluated" })).toThrow(/only not-evaluated/);
    expect(faulty({}, { verdict: "gap", mandatory: false })).not.toThrow();
    expect(faulty({ verdict: "gap" })).not.toThrow();
  });

  test("control-evidence/v1 refuses a pass on nothing, and not-applicable without a justification", () => {
    expect(faulty({}, { numerator: 0, denominator: 0 })).toThrow(/0 of 0/);
    expect(faulty({}, { numerator: 5 })).toThrow(/above its denominator/);
    expect(faulty({ verdict: "not-applicable" })).toThrow(/justification/);
    expect(faulty({ justification: controls.controls[1]!.justification })).toThrow(/justification/);
    expect(faulty({ verdict: "pass", rules: [] })).toThrow(/without a mandatory rule/);
    expect(faulty({ control: "A.10.2" })).toThrow(/two verdicts/);
  });

  test("isAtLeast() orders verdicts", () => {
    const verdicts = ["pass", "partial", "not-evaluated", "gap", "not-applicable"] as const;
    expect(verdicts.map((verdict) => isAtLeast(verdict, "pass"))).toEqual([true, false, false, false, true]);
    expect(verdicts.map((verdict) => isAtLeast(verdict, "partial"))).toEqual([true, true, false, false, true]);
  });
});

describe("Test Result and SLSA Provenance", () => {
  test("buildTestResultStatement() lets only a clean answer pass", () => {
    const input = runInput({
      outcomes: [
        outcome("clean"),
        outcome("ranking", { calibration: "uncalibrated" }),
        outcome("some", { findings: 1 }),
        outcome("bad", { findings: 1 }),
        outcome("skipped", { status: "skipped", reason: "no label" }),
        outcome("broken", { status: "failed", reason: "out of memory" }),
      ],
      findings: [...findings("some", "medium", 1), ...findings("bad", "high", 1)],
    });
    const { predicate } = buildTestResultStatement(heads, buildCheckRunStatement(heads, input).predicate);
    expect(predicate).toMatchObject({
      result: "FAILED",
      passedTests: ["clean"],
      warnedTests: ["ranking", "some", "skipped"],
      failedTests: ["bad", "broken"],
    });
    const statement = { ...STATEMENTS.at(-2)!, predicate: { ...predicate, result: "PASSED" } };
    expect(() => checkPredicate(statement)).toThrow(/tests failed/);
  });

  test("buildDerivationStatement() names each parent by three digests, one a dependency, and what it wrote", () => {
    const { buildDefinition } = derived.predicate;
    expect(buildDefinition.resolvedDependencies?.map(({ digest }) => Object.keys(digest!))).toEqual([
      ["sha256"],
      ["assayDataset"],
      ["assaySet"],
    ]);
    expect(buildDefinition.resolvedDependencies?.[1]?.digest?.assayDataset).toBe(heads.dataset);
    expect(predicateKind(derived.predicateType)!.artefactsOf!(derived.predicate)).toEqual([
      { path: "derivation/removed.jsonl", sha256: HEX },
    ]);
  });

  test("slsa-provenance of another build type names no files of the folder", () => {
    const foreign = structuredClone(derived.predicate) as { buildDefinition: { buildType: string } };
    foreign.buildDefinition.buildType = "https://example.com/build";
    expect(predicateKind(derived.predicateType)!.artefactsOf!(foreign as SlsaProvenancePredicate)).toEqual([]);
  });

  test("buildDerivationStatement() refuses artefacts outside the folder", () => {
    const input = {
      derivation: { operation: "map", parents: [], parameters: {} } as never,
      tool: { name: "a", version: "1" },
      startedAt: "",
      finishedAt: "",
    };
    expect(() => buildDerivationStatement(heads, { ...input, artefacts: [{ path: "../x", sha256: HEX }] })).toThrow(
      RangeError,
    );
  });
});
