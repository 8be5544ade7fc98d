import { describe, expect, test } from "vitest";
import { evaluateControls, RULES, type Verdict } from "../src/index.js";
import { type Draft, edited, goodEvidence, part, verdictOf } from "./evidence.js";

type Edit = (draft: Draft) => void;

/** For each rule and each verdict that it can give: an edit of good evidence that gives it. `pass` is no edit. */
const FIXTURES: Readonly<Record<string, Partial<Record<Verdict, Edit>>>> = {
  "P43-1": {
    partial: (d) => {
      delete part.config(d).steward;
    },
    gap: (d) => {
      part.config(d).intendedUse = "TBD";
    },
    "not-evaluated": (d) => part.drop(d, "check-run/v1"),
  },
  "P43-2": {
    partial: (d) => {
      part.config(d).declared.records = 1005;
    },
    gap: (d) => {
      part.config(d).declared.columns.push("ghost");
    },
    "not-evaluated": (d) => {
      delete part.config(d).declared;
    },
  },
  P628: {
    partial: (d) => part.unsign(d, "check-run/v1"),
    gap: (d) => part.drop(d, "review/v1"),
    "not-evaluated": (d) => {
      d.statements = [];
    },
  },
  "P72-2": {
    partial: (d) => part.drop(d, "review/v1"),
    gap: (d) => {
      part.outcome(d, "outliers").status = "failed";
    },
    "not-evaluated": (d) => {
      delete part.config(d).checks;
    },
  },
  "P72-3": {
    partial: (d) => {
      part.outcome(d, "conflicting-duplicates").status = "skipped";
    },
    gap: (d) => {
      part.config(d).risk.exposure.push("third-party-model");
    },
    "not-evaluated": (d) => {
      part.config(d).risk.exposure = [];
    },
  },
  "P73-1": {
    partial: (d) => {
      part.acquisition(d).coverage.records = 960;
    },
    gap: (d) => {
      part.acquisition(d).coverage.records = 500;
    },
    "not-evaluated": (d) => part.drop(d, "acquisition/v1"),
  },
  "P73-2": {
    partial: (d) => {
      part.acquisition(d).objects[0] = {
        uri: "https://example.org/a.zip",
        sha256: "f".repeat(64),
        fetchedAt: "2026-09-01T00:00:00Z",
      };
    },
    gap: (d) => {
      d.entries[0].bytes = "f".repeat(64);
    },
    "not-evaluated": (d) => {
      part.acquisition(d).objects = [];
    },
  },
  "P73-3": {
    partial: (d) => {
      const other = structuredClone(d.statements[0]);
      other.statement.predicate.rights.licence = "unknown";
      d.statements.push(other);
    },
    gap: (d) => {
      part.config(d).intendedUse = "targeting of advertising";
    },
    "not-evaluated": (d) => {
      delete part.config(d).intendedUse;
    },
  },
  "P74-2": {
    partial: (d) => {
      part.outcome(d, "outliers").findings = 4;
    },
    gap: (d) => {
      part.outcome(d, "label-flips").estimate.rate = 0.03;
    },
    "not-evaluated": (d) => {
      part.config(d).requirements = [];
    },
  },
  "P74-3": {
    partial: (d) => {
      delete part.run(d).power;
    },
    gap: (d) => {
      part.outcome(d, "label-flips").estimate = { rate: 0.1, low: 0.08, high: 0.12 };
    },
    "not-evaluated": (d) => {
      part.run(d).power[0].recall = 0.1;
    },
  },
  "P74-4": {
    partial: (d) => {
      part.outcome(d, "outliers").estimate = { rate: 0.01, low: 0, high: 0.05 };
    },
    gap: (d) => {
      part.outcome(d, "outliers").estimate = { rate: 0.1, low: 0.08, high: 0.12 };
    },
    "not-evaluated": (d) => {
      part.outcome(d, "outliers").calibration = "uncalibrated";
    },
  },
  "P74-5": {
    partial: (d) => {
      part.outcome(d, "near-duplicates").status = "skipped";
    },
    gap: (d) => {
      d.header.set.distinct = 900;
    },
    "not-evaluated": (d) => {
      part.outcome(d, "exact-duplicates").status = "failed";
    },
  },
  "P75-1": {
    partial: (d) => part.drop(d, "dataset-manifest/v1"),
    gap: (d) => {
      part.manifest(d).header = { ...part.manifest(d).header, dataset: { files: 1, root: "0".repeat(64) } };
    },
    "not-evaluated": (d) => {
      d.data = "not-checked";
    },
  },
  "P75-2": {
    partial: (d) => {
      for (const one of d.statements) for (const signer of one.signers) signer.roles = [];
    },
    gap: (d) => part.unsign(d),
    "not-evaluated": (d) => {
      d.trust = "not-judged";
    },
  },
  "P75-3": {
    partial: (d) => {
      d.parents = [];
    },
    gap: (d) => {
      delete d.header.derivation;
      part.drop(d, "acquisition/v1");
    },
    "not-evaluated": (d) => {
      delete d.header.derivation;
      d.statements = [];
    },
  },
  "P75-4": {
    partial: (d) => {
      d.parents[0].edge = "claimed";
    },
    "not-evaluated": (d) => {
      d.parents = [];
    },
  },
  "P76-1": {
    partial: (d) => {
      delete part.derivation(d).runDetails.builder.version;
    },
    gap: (d) => {
      part.derivation(d).buildDefinition.resolvedDependencies = [];
    },
    "not-evaluated": (d) => {
      delete d.header.derivation;
    },
  },
  "P76-3": {
    partial: (d) => part.drop(d, "review/v1"),
    gap: (d) => {
      part.config(d).preparation = "TODO";
    },
    "not-evaluated": (d) => part.drop(d, "check-run/v1"),
  },
};

/** What a rule consumes: deleting or emptying any of it must never leave it at `pass`. */
const CONSUMED: Readonly<Record<string, readonly Edit[]>> = {
  "P43-1": [
    "owner",
    "steward",
    "intendedUse",
    "category",
    "labeling",
    "preparation",
    "knownBias",
    "lastUpdate",
    "retention",
    "requirements",
  ].map((name) => (d: Draft) => {
    delete part.config(d)[name];
  }),
  "P43-2": [
    (d) => {
      d.header.set.records = 2;
    },
    (d) => {
      d.header.schemas = {};
    },
  ],
  P628: [
    (d) => part.drop(d, "acquisition/v1"),
    (d) => part.drop(d, "dataset-manifest/v1"),
    (d) => part.drop(d, "check-run/v1"),
    (d) => {
      part.acquisition(d).acquiredAt = "2027-01-01T00:00:00Z";
    },
  ],
  "P72-2": [
    (d) => part.drop(d, "dataset-manifest/v1"),
    (d) => {
      part.manifest(d).createdAt = "2026-11-05T00:00:00Z";
    },
  ],
  "P72-3": [
    (d) => {
      delete part.config(d).risk;
    },
  ],
  "P73-1": [
    (d) => {
      part.acquisition(d).acquiredAt = "2026-12-01T00:00:00Z";
    },
    (d) => {
      d.header.set.records = 2000;
    },
  ],
  "P73-2": [
    (d) => {
      delete d.entries;
    },
    (d) => {
      part.acquisition(d).objects[0].sha256 = "0".repeat(64);
    },
  ],
  "P73-3": [
    (d) => {
      part.acquisition(d).rights.licence = "n/a";
    },
    (d) => {
      part.acquisition(d).rights.restrictions = ["triage"];
    },
  ],
  "P74-2": [
    (d) => {
      part.run(d).outcomes = [];
    },
    (d) => {
      delete part.outcome(d, "label-flips").estimate;
    },
    (d) => {
      delete part.config(d).requirements[0].maxRate;
    },
    (d) => {
      part.run(d).power[0].recall = 0.1;
    },
  ],
  "P74-3": [
    (d) => {
      part.run(d).outcomes = [];
    },
    (d) => {
      part.outcome(d, "label-flips").examined = 0;
    },
  ],
  "P74-4": [
    (d) => {
      part.run(d).power.pop();
    },
    (d) => {
      part.outcome(d, "outliers").power = { attack: "moved-cells", smallest: null, tried: [] };
    },
  ],
  "P74-5": [
    (d) => {
      part.outcome(d, "near-duplicates").findings = 500;
    },
    (d) => {
      part.outcome(d, "near-duplicates").power = { attack: "near-copy", smallest: null, tried: [] };
    },
    (d) => {
      d.header.set.records = 0;
    },
  ],
  "P75-1": [
    (d) => {
      d.header.dataset.files = 0;
    },
  ],
  "P75-2": [(d) => part.drop(d, "dataset-manifest/v1")],
  "P75-3": [
    (d) => {
      d.parents[0].manifest = "0".repeat(64);
    },
  ],
  "P75-4": [
    (d) => {
      d.parents[0].edge = "not-checked";
    },
  ],
  "P76-1": [
    (d) => part.drop(d, "provenance/v1"),
    (d) => {
      part.derivation(d).buildDefinition.externalParameters.operation = "map";
    },
  ],
  "P76-3": [
    (d) => {
      for (const one of d.statements) for (const signer of one.signers) signer.person = "Ada";
    },
  ],
};

describe("rules", () => {
  test("good evidence passes every rule, so that each fixture shows its own fault", () => {
    const results = evaluateControls(goodEvidence());
    for (const { id } of RULES) expect([id, verdictOf(results, id)]).toEqual([id, "pass"]);
  });

  for (const rule of RULES) {
    const fixtures = FIXTURES[rule.id] ?? {};

    test(`${rule.id} has a fixture for every verdict that it can give`, () => {
      expect(Object.keys(fixtures).concat("pass").sort()).toEqual([...rule.verdicts].sort());
    });

    for (const [verdict, edit] of Object.entries(fixtures))
      test(`${rule.id} gives ${verdict} for its fixture`, () => {
        expect(verdictOf(evaluateControls(edited(edit)), rule.id)).toBe(verdict);
      });

    test(`${rule.id} drops when anything that it consumes is taken away`, () => {
      const edits = CONSUMED[rule.id] ?? [];
      expect(edits.length).toBeGreaterThan(0);
      edits.forEach((edit, index) => {
        const verdict = verdictOf(evaluateControls(edited(edit)), rule.id);
        expect(verdict, `edit ${index}`).not.toBe("pass");
      });
    });
  }

  test("a rule never answers pass on nothing, and never improves when statements are removed", () => {
    const rank = ["gap", "not-evaluated", "partial", "pass"];
    const before = evaluateControls(goodEvidence());
    for (const predicateType of [
      "acquisition/v1",
      "dataset-manifest/v1",
      "check-run/v1",
      "review/v1",
      "provenance/v1",
    ]) {
      const after = evaluateControls(edited((d) => part.drop(d, predicateType)));
      for (const { id } of RULES)
        expect(rank.indexOf(verdictOf(after, id) as string), id).toBeLessThanOrEqual(
          rank.indexOf(verdictOf(before, id) as string),
        );
    }
    for (const { rules } of evaluateControls(
      edited((d) => {
        d.statements = [];
        d.parents = [];
      }),
    ))
      for (const { verdict, denominator } of rules) if (denominator === 0) expect(verdict).toBe("not-evaluated");
  });
});
