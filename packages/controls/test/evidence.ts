/** Evidence to test rules with: one whole, good folder, and edits of it. */

import type { ControlResult } from "@assay/provenance";
import type { Evidence } from "../src/index.js";

/** A copy that may be edited. Evidence is plain data. */
// biome-ignore lint/suspicious/noExplicitAny: fixtures edit and delete whatever a rule consumes
export type Draft = any;

const digest = (fill: string): string => fill.repeat(64).slice(0, 64);
const PARENT = digest("ab");

const statement = (predicateType: string, fill: string, predicate: unknown, signed = true): unknown => ({
  digest: digest(fill),
  trust: "judged",
  signers: signed ? [{ person: "Ada", keyId: digest("1"), roles: ["producer"] }] : [],
  statement: { _type: "https://in-toto.io/Statement/v1", subject: [], predicateType, predicate },
});

const outcome = (check: string, more: object = {}): unknown => ({
  check,
  version: "1",
  status: "completed",
  examined: 1000,
  findings: 0,
  calibration: "posterior",
  estimate: { rate: 0.001, low: 0, high: 0.004 },
  lookedAt: { columns: ["x"], records: 1000 },
  seed: { value: digest("5"), origin: "derived" },
  passes: 1,
  notes: [],
  ...more,
});

/** Evidence under which every rule passes. */
export function goodEvidence(): Draft {
  const header = {
    name: "train",
    leaf: { format: "assay-record/v1" },
    dataset: { files: 1, root: digest("d") },
    set: { records: 1000, distinct: 1000, root: digest("e") },
    schemas: { [digest("c")]: { x: "number", label: "text" } },
    derivation: {
      operation: "quarantine",
      parents: [{ manifest: PARENT, leaf: {}, dataset: {}, set: {} }],
      parameters: { removed: digest("9") },
    },
  };
  const config = {
    owner: { name: "Ada Lovelace" },
    steward: { name: "Grace Hopper" },
    approver: { name: "Katherine Johnson" },
    intendedUse: "triage of letters",
    category: "train",
    labeling: "two people each, guideline 4",
    preparation: "empty letters were left out, because nobody labelled them",
    knownBias: "letters before 2010 are rare",
    lastUpdate: "2026-10-01",
    retention: { until: "2036-01-01" },
    requirements: [
      { id: "Q1", statement: "few flips", check: "label-flips", maxRate: 0.02 },
      { id: "Q2", statement: "few outliers", level: "should", check: "outliers", maxFindings: 3 },
    ],
    sources: [{ name: "post office" }],
    declared: { records: 1000, columns: ["x", "label"] },
    checks: { require: ["label-flips", "outliers"] },
    risk: { appetite: "low", exposure: ["crowd-labels"] },
  };
  return {
    header,
    entries: [{ path: "train.csv", bytes: digest("7"), records: 1000 }],
    trust: "judged",
    data: "checked",
    parents: [{ manifest: PARENT, parent: "trusted", edge: "proven" }],
    atMs: Date.parse("2026-11-23T12:00:00Z"),
    statements: [
      statement("urn:assay:predicate:acquisition/v1", "a1", {
        source: { name: "post office", kind: "internal" },
        acquiredAt: "2026-09-01T00:00:00Z",
        method: "export",
        acquirer: "Ada",
        rights: { licence: "CC-BY-4.0", restrictions: ["advertising"] },
        objects: [{ path: "train.csv", sha256: digest("7"), fetchedAt: "2026-09-01T00:00:00Z" }],
        coverage: { kind: "all", records: 1000 },
      }),
      statement("urn:assay:predicate:dataset-manifest/v1", "a2", {
        header,
        createdAt: "2026-11-01T00:00:00Z",
      }),
      statement("urn:assay:predicate:check-run/v1", "a3", {
        startedAt: "2026-11-01T00:00:01Z",
        finishedAt: "2026-11-01T00:01:00Z",
        config: { sha256: digest("8"), value: config },
        outcomes: [
          outcome("label-flips"),
          outcome("outliers"),
          outcome("exact-duplicates"),
          outcome("near-duplicates"),
          outcome("conflicting-duplicates"),
        ],
        findings: [],
        power: [
          { check: "label-flips", attack: "label-flip", fraction: 0.05, recall: 0.8, falseDiscovery: 0.01 },
          { check: "outliers", attack: "moved-cells", fraction: 0.05, recall: 0.7, falseDiscovery: 0.02 },
        ],
      }),
      {
        ...(statement("urn:assay:predicate:review/v1", "a4", {
          scope: { kind: "dataset" },
          decision: "approved",
          reason: "looked at twenty records",
          reviewer: { role: "approver" },
          reviewedAt: "2026-11-02T00:00:00Z",
          statements: [],
          documents: [],
        }) as object),
        signers: [{ person: "Katherine", keyId: digest("2"), roles: ["approver"] }],
      },
      statement("https://slsa.dev/provenance/v1", "a5", {
        buildDefinition: {
          buildType: "urn:assay:build:derivation/v1",
          externalParameters: { operation: "quarantine", parameters: {} },
          resolvedDependencies: [{ name: "parent-0/manifest.json", digest: { sha256: PARENT } }],
        },
        runDetails: { builder: { id: "urn:assay:builder:assay", version: { assay: "0.1.0" } } },
      }),
    ],
  };
}

const of = (draft: Draft, type: string): Draft =>
  draft.statements.find((one: Draft) => one.statement.predicateType.endsWith(type)).statement.predicate;

/** Parts of a draft by their names. */
export const part = {
  run: (draft: Draft): Draft => of(draft, "check-run/v1"),
  config: (draft: Draft): Draft => of(draft, "check-run/v1").config.value,
  acquisition: (draft: Draft): Draft => of(draft, "acquisition/v1"),
  manifest: (draft: Draft): Draft => of(draft, "dataset-manifest/v1"),
  derivation: (draft: Draft): Draft => of(draft, "provenance/v1"),
  outcome: (draft: Draft, check: string): Draft =>
    of(draft, "check-run/v1").outcomes.find((one: Draft) => one.check === check),
  drop: (draft: Draft, type: string): void => {
    draft.statements = draft.statements.filter((one: Draft) => !one.statement.predicateType.endsWith(type));
  },
  unsign: (draft: Draft, type?: string): void => {
    for (const one of draft.statements)
      if (type === undefined || one.statement.predicateType.endsWith(type)) one.signers = [];
  },
};

/** The verdict of a rule among results. */
export function verdictOf(results: readonly ControlResult[], rule: string): string | undefined {
  return results.flatMap(({ rules }) => rules).find(({ id }) => id === rule)?.verdict;
}

/** Evidence after an edit. */
export function edited(edit: (draft: Draft) => void): Evidence {
  const draft = structuredClone(goodEvidence());
  edit(draft);
  return draft as Evidence;
}
