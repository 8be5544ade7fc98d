/** What a run on a small table of customers would hand to the report; every part of the model is in it. */

import type { Finding, Outcome } from "@assay/checks";
import type { ManifestHeader } from "@assay/manifest";
import { sha256, toHex } from "@assay/merkle";
import type { ReportInput } from "../src/create-report.js";

export function digestOf(text: string): string {
  return toHex(sha256(new TextEncoder().encode(text)));
}

const COLUMNS = ["age", "balance", "city", "country", "customer_id", "income", "label", "notes", "source", "tenure"];

export const HEADER: ManifestHeader = {
  format: "assay-manifest/v1",
  name: "customers",
  version: "2.1.0",
  leaf: { format: "assay-record/v1" },
  dataset: { files: 3, root: digestOf("dataset root") },
  set: { distinct: 41_988, records: 42_000, root: digestOf("set root") },
  splits: {
    test: { distinct: 8_400, records: 8_400, root: digestOf("test") },
    train: { distinct: 33_588, records: 33_600, root: digestOf("train") },
  },
  size: 5_482_113,
  reading: {
    types: { age: "int8", balance: "decimal(10,2)", income: "float64", tenure: ["int16", "int32"] },
    inferred: ["age", "balance", "income", "tenure"],
    nullValues: ["", "NA"],
    others: "infer",
  },
  schemas: {
    [digestOf("schema")]: Object.fromEntries(
      COLUMNS.map((name) => [name, ["age", "balance", "income", "tenure"].includes(name) ? "number" : "text"] as const),
    ),
  },
  derivation: {
    operation: "quarantine",
    parents: [
      {
        manifest: digestOf("parent manifest"),
        leaf: { format: "assay-record/v1" },
        dataset: { files: 3, root: digestOf("parent dataset") },
        set: { distinct: 42_008, records: 42_031, root: digestOf("parent set") },
      },
    ],
    parameters: { removed: digestOf("removed.jsonl") },
  },
};

function outcome(check: string, rest: Partial<Outcome>): Outcome {
  return {
    check,
    version: "1",
    status: "completed",
    examined: rest.status === undefined || rest.status === "completed" ? 42_000 : 0,
    findings: 0,
    calibration: "not-applicable",
    lookedAt: { columns: [], records: 42_000, excluded: ["customer_id"] },
    seed: { value: digestOf(`seed of ${check}`), origin: "derived" },
    passes: 1,
    notes: [],
    ...rest,
  };
}

export const OUTCOMES: readonly Outcome[] = [
  outcome("label-flips", {
    findings: 6,
    calibration: "posterior",
    fdr: 0.05,
    estimate: { rate: 0.021, low: 0.017, high: 0.026 },
    suspects: [11_204, 87, 30_551, 402, 19_777],
    reasons: [
      {
        record: 11_204,
        message: 'The label "good" contradicts the features, which say "bad".',
        evidence: { score: 4.2, given: "good", suggested: "bad" },
      },
    ],
    disputed: [90, 4_410, 8_000],
    lookedAt: {
      columns: ["age", "balance", "income", "tenure"],
      label: "label",
      records: 42_000,
      excluded: ["customer_id"],
    },
    sources: [
      { source: "branch-north", records: 20_000, findings: 1, suspects: 1, rate: 0.0021, low: 0.0015, high: 0.0028 },
      { source: "scraper-7", records: 2_000, findings: 5, suspects: 4, rate: 0.187, low: 0.1705, high: 0.2047 },
      { source: "branch-south", records: 20_000, findings: 0, suspects: 0, rate: 0.0034, low: 0.0027, high: 0.0043 },
    ],
    details: { weights: { logistic: 0.41, neighbours: 0.22, forest: 0.37 }, unassigned: 0.12 },
    notes: ["Flips of records that are ambiguous anyway cannot be told from honest overlap."],
  }),
  outcome("outliers", {
    findings: 2,
    calibration: "decoy",
    fdr: 0.05,
    estimate: { rate: 0.0006, low: 0, high: 0.0015 },
    lookedAt: { columns: ["age", "balance", "income", "tenure"], records: 42_000, excluded: ["customer_id"] },
  }),
  outcome("exact-duplicates", {
    findings: 3,
    calibration: "exact",
    lookedAt: {
      columns: ["age", "balance", "city", "country", "income", "label", "source", "tenure"],
      records: 42_000,
    },
  }),
  outcome("spectral-signatures", {
    calibration: "uncalibrated",
    lookedAt: { columns: ["age", "balance", "income", "tenure"], label: "label", records: 42_000 },
    notes: ["No honest null exists for these features: a ranking, not findings."],
  }),
  outcome("hidden-characters", {
    status: "skipped",
    reason: "No text column was named. Name one with --text COL.",
  }),
  outcome("drift", {
    status: "skipped",
    reason: "There is nothing to compare with. Give the folder of an earlier run with --baseline.",
  }),
];

function finding(check: string, record: number, rest: Partial<Finding>): Finding {
  const train = record < 33_600;
  const ordinal = train ? record : record - 33_600;
  return {
    check,
    kind: check,
    file: train ? "train/part-0.csv" : "test/part-0.csv",
    ordinal,
    record,
    line: ordinal + 2,
    leaf: digestOf(`record ${record}`),
    score: 1,
    severity: "medium",
    message: "",
    evidence: {},
    ...rest,
  };
}

const FLIPPED: readonly (readonly [number, number, number])[] = [
  [11_204, 0.998, 0.0009],
  [87, 0.995, 0.0021],
  [30_551, 0.981, 0.0077],
  [402, 0.94, 0.019],
  [19_777, 0.913, 0.031],
  [35_120, 0.902, 0.044],
];

export const FINDINGS: readonly Finding[] = [
  ...FLIPPED.map(([record, score, q]) =>
    finding("label-flips", record, {
      kind: "flipped-label",
      score,
      q,
      severity: q <= 0.01 ? "high" : "medium",
      message: `The label "good" is contradicted by the features; "default" is expected.`,
      evidence: { given: "good", expected: "default", posterior: score, probabilities: { default: 0.97, good: 0.03 } },
    }),
  ),
  finding("outliers", 5_821, {
    kind: "joint",
    score: 14.2213041,
    p: 0.0000031,
    q: 0.0062,
    severity: "high",
    message: "Far from all other records in balance and tenure.",
    evidence: { columns: ["balance", "tenure"], threshold: 9.87, neighbours: [{ record: 44, distance: 8.1 }] },
  }),
  finding("outliers", 36_001, {
    kind: "joint",
    score: 11.0071,
    p: 0.000021,
    q: 0.021,
    message: "Far from all other records in income.",
    evidence: { columns: ["income"], threshold: 9.87 },
  }),
  ...[1_204, 1_205, 1_206].map((record, index) =>
    finding("exact-duplicates", record, {
      score: 12,
      severity: "low",
      message: "12 records are the same to the last value.",
      evidence: { copies: 12, first: 1_203, copy: index + 2 },
    }),
  ),
];

function spread(count: number): { x: number; y: number; accused?: boolean; record?: number }[] {
  let state = 20_240_601;
  const next = () => (state = (state * 1_103_515_245 + 12_345) % 2_147_483_648) / 2_147_483_648;
  const around = () => (next() + next() + next() + next()) / 4;
  const points = Array.from({ length: count }, () => {
    const x = 15 + 80 * around();
    return { x: Math.round(x * 10) / 10, y: Math.round((x * 40 + 3_000 * (around() - 0.5)) * 10) / 10 };
  });
  return [
    ...points,
    { x: 21, y: 8_900, accused: true, record: 5_821 },
    { x: 83.5, y: 150, accused: true, record: 36_001 },
    { x: 78, y: 610.5, accused: true, record: 11_204 },
  ];
}

export const INPUT: ReportInput = {
  header: HEADER,
  heads: {
    name: "customers",
    manifest: digestOf("manifest.json"),
    dataset: digestOf("dataset head"),
    set: digestOf("set head"),
  },
  files: [
    {
      path: "README.md",
      size: 1_204,
      bytes: digestOf("readme"),
      format: "other",
      leafFormat: "assay-record/v1",
      records: 0,
      root: digestOf(""),
    },
    {
      path: "test/part-0.csv",
      size: 1_096_301,
      bytes: digestOf("b1"),
      format: "csv",
      leafFormat: "assay-record/v1",
      records: 8_400,
      root: digestOf("r1"),
      schema: digestOf("schema"),
    },
    {
      path: "train/part-0.csv",
      size: 4_384_608,
      bytes: digestOf("b2"),
      format: "csv",
      leafFormat: "assay-record/v1",
      records: 33_600,
      root: digestOf("r2"),
      schema: digestOf("schema"),
    },
  ],
  warnings: [
    'Column "tenure" holds "n/a" once (train/part-0.csv, line 902); it is read as numbers, that cell missing.',
  ],
  verdict: {
    ok: true,
    code: "ok",
    trust: "judged",
    summary: "trusted; signed by Ada as producer, Grace as approver",
    statements: [
      {
        digest: digestOf("statement 1"),
        predicateType: "urn:assay:predicate:dataset-manifest/v1",
        known: true,
        about: "this",
        line: 1,
        signatures: [{ keyId: digestOf("key of Ada"), status: "counted", person: "Ada", roles: ["producer"] }],
      },
      {
        digest: digestOf("statement 2"),
        predicateType: "urn:assay:predicate:check-run/v1",
        known: true,
        about: "this",
        line: 2,
        signatures: [
          { keyId: digestOf("key of Ada"), status: "counted", person: "Ada", roles: ["producer"] },
          { keyId: digestOf("key of Grace"), status: "counted", person: "Grace", roles: ["approver"] },
          { keyId: digestOf("key of nobody"), status: "unknown-signer" },
        ],
      },
    ],
    failures: [],
    warnings: ["A review of 2026-03-02 accepted the findings of exact-duplicates."],
  },
  data: "checked",
  outcomes: OUTCOMES,
  findings: FINDINGS,
  gate: { gate: "fail", reasons: ["3 high findings of label-flips", "1 high finding of outliers"] },
  parents: [{ manifest: digestOf("parent manifest"), parent: "trusted", edge: "proven" }],
  controls: [
    {
      control: "A.7.4",
      verdict: "gap",
      rules: [
        {
          id: "P74-1",
          version: "1",
          mandatory: true,
          verdict: "pass",
          numerator: 4,
          denominator: 4,
          counterexamples: [],
          reason: "Every quality requirement was measured.",
          inputs: [digestOf("statement 2")],
        },
        {
          id: "P74-3",
          version: "1",
          mandatory: true,
          verdict: "gap",
          numerator: 41_996,
          denominator: 42_000,
          counterexamples: ["train/part-0.csv line 11206", "train/part-0.csv line 89"],
          reason: "4 findings of high severity are open.",
          inputs: [digestOf("statement 2")],
          validUntil: "2026-09-01T00:00:00Z",
        },
      ],
    },
    {
      control: "A.7.5",
      verdict: "pass",
      rules: [
        {
          id: "P75-1",
          version: "1",
          mandatory: true,
          verdict: "pass",
          numerator: 1,
          denominator: 1,
          counterexamples: [],
          reason: "The lineage to 1 of 1 parents was proven.",
          inputs: [],
        },
      ],
    },
    {
      control: "A.7.3",
      verdict: "partial",
      rules: [
        {
          id: "P73-1",
          version: "1",
          mandatory: true,
          verdict: "partial",
          numerator: 2,
          denominator: 3,
          counterexamples: ["scraper-7"],
          reason: "1 of 3 sources has no acquisition record with a licence.",
          inputs: [],
        },
      ],
    },
    {
      control: "A.10.4",
      verdict: "not-applicable",
      rules: [],
      justification: {
        reason: "There are no customers of this data set.",
        approver: "Grace",
        approvedAt: "2026-02-01T09:00:00Z",
      },
    },
  ],
  power: [{ check: "label-flips", attack: "label-flip", fraction: 0.005, recall: 0.91, falseDiscovery: 0.03 }],
  records: new Map(
    [11_204, 87, 5_821].map((record) => [
      record,
      {
        customer_id: `C-${100_000 + record}`,
        age: record === 5_821 ? 21 : 78,
        income: 31_250.5,
        balance: record === 5_821 ? 8_900 : 610.5,
        tenure: 240,
        city: "Århus",
        country: "DK",
        source: "scraper-7",
        notes: record === 87 ? "paid\u202Elate" : "",
        label: "good",
      },
    ]),
  ),
  plots: [
    { kind: "scatter", title: "tenure and balance", x: "tenure", y: "balance", points: spread(900), left: 41_097 },
    {
      kind: "histogram",
      title: "age",
      column: "age",
      edges: [18, 26, 34, 42, 50, 58, 66, 74, 82, 90],
      counts: [2_100, 5_300, 8_120, 9_004, 7_901, 5_220, 2_950, 1_202, 203],
      accused: [1, 0, 0, 0, 0, 0, 0, 6, 1],
    },
    {
      kind: "bars",
      title: "records by label",
      bars: [
        { name: "good", count: 33_817, accused: 640 },
        { name: "default", count: 8_183 },
      ],
    },
  ],
  tool: { name: "assay", version: "0.1.0" },
  createdAt: "2026-03-03T12:00:00Z",
};

/** The same data set, and nobody looked at anything. */
export const EMPTY: ReportInput = {
  header: {
    format: "assay-manifest/v1",
    name: "nothing",
    leaf: { format: "assay-record/v1" },
    dataset: { files: 0, root: digestOf("") },
    set: { distinct: 0, records: 0, root: digestOf("empty set") },
    size: 0,
    reading: { types: {}, inferred: [], nullValues: [], others: "infer" },
    schemas: {},
  },
  heads: { name: "nothing", manifest: digestOf("m"), dataset: digestOf("d"), set: digestOf("s") },
  data: "not-checked",
  outcomes: [],
  findings: [],
};
