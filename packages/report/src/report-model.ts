/**
 * The report: one plain, deterministic model that every view renders. It is JSON, holds no clock, and its texts are still
 * hostile (they hold data): a view escapes them.
 */

import type { Calibration, Estimate, Severity, SourceAnswer } from "@assay/checks";
import type { ControlResult, ParentResult, PowerResult, SignatureStatus } from "@assay/provenance";
import type { Limit } from "./limits.js";
import type { Field } from "./plain-json.js";
import type { ReportPlot } from "./report-plot.js";

export const REPORT_FORMAT = "assay-report/v1";

/** A list that is cut for the view, and how long it is in full. */
export interface Shown<T> {
  readonly total: number;
  readonly shown: readonly T[];
}

/** What a reader is told first. Less evidence never makes it better. */
export interface Headline {
  /** `bad`: refused or a gate is closed. `attention`: a person must look. `calm`: nothing found in what was looked at. */
  readonly tone: "bad" | "attention" | "calm";
  readonly title: string;
  /** One sentence that says what the title does not. */
  readonly text: string;
}

export interface ReportFile {
  readonly path: string;
  readonly format: string;
  readonly size: number;
  readonly records: number;
  /** SHA-256 of the stored bytes; absent for a stream. */
  readonly bytes?: string;
  /** Root of the record tree. */
  readonly root: string;
}

export interface ReportDataset {
  readonly name: string;
  readonly version?: string;
  readonly leafFormat: string;
  /** Id of the leaf key. With one, values of records are not shown. */
  readonly leafKey?: string;
  /** SHA-256 of `manifest.json`. */
  readonly manifest: string;
  /** Head digests: what is signed. */
  readonly datasetHead: string;
  readonly setHead: string;
  readonly datasetRoot: string;
  readonly setRoot: string;
  readonly records: number;
  readonly distinct: number;
  readonly files: Shown<ReportFile>;
  readonly bytes: number;
  readonly splits: readonly {
    readonly name: string;
    readonly records: number;
    readonly distinct: number;
    readonly root: string;
  }[];
  /** Columns of each schema, kinds in words. */
  readonly schemas: readonly {
    readonly digest: string;
    readonly columns: Shown<{ readonly name: string; readonly kind: string }>;
  }[];
}

export interface ReportReading {
  /** Types that were inferred, not declared. */
  readonly inferred: Shown<{ readonly column: string; readonly type: string }>;
  readonly nullValues: readonly string[];
  readonly warnings: Shown<string>;
}

export interface ReportSigner {
  /** As the envelope says: a hint. */
  readonly keyId: string;
  readonly status: SignatureStatus;
  readonly person?: string;
  readonly roles: readonly string[];
  /** Predicate types of the statements that it signed. */
  readonly statements: readonly string[];
}

/** What is known about who made the evidence. */
export interface ReportTrust {
  /** `refused`: something is wrong. `unverified`: nobody verified before this report was made. */
  readonly state: "judged" | "not-judged" | "unsigned" | "refused" | "unverified";
  readonly line: string;
  readonly code?: string;
  readonly signers: readonly ReportSigner[];
  readonly failures: Shown<{ readonly code: string; readonly message: string }>;
  readonly warnings: Shown<string>;
}

export interface ReportOutcome {
  readonly check: string;
  readonly version: string;
  readonly status: "completed" | "skipped" | "failed";
  readonly reason?: string;
  readonly examined: number;
  readonly findings: number;
  readonly calibration: Calibration;
  readonly fdr?: number;
  readonly estimate?: Estimate;
  /** Ranked, no claim. Ordinals over all files. */
  readonly suspects: Shown<number>;
  /** Why the first suspects are suspected. */
  readonly reasons: readonly { readonly record: number; readonly message: string }[];
  readonly disputed: Shown<number>;
  readonly sources: Shown<SourceAnswer>;
  readonly columns: Shown<string>;
  readonly label?: string;
  readonly seed: { readonly value: string; readonly origin: "derived" | "given" };
  readonly notes: readonly string[];
  readonly details: readonly Field[];
}

export interface ReportFinding {
  readonly check: string;
  readonly kind: string;
  readonly severity: Severity;
  readonly file: string;
  readonly ordinal: number;
  readonly record: number;
  readonly line?: number;
  readonly leaf: string;
  readonly score: number;
  readonly p?: number;
  readonly q?: number;
  readonly message: string;
  readonly evidence: readonly Field[];
  /** The record, in the order of its columns, when the caller gave it and leaves are not keyed. */
  readonly values?: readonly Field[];
  /** The command that proves that the record is in the data set. */
  readonly prove: string;
}

export interface ReportFindings extends Shown<ReportFinding> {
  readonly bySeverity: Readonly<Record<Severity, number>>;
  /** In full, whatever is shown. Ascending by check. */
  readonly byCheck: readonly ({ readonly check: string } & Readonly<Record<Severity, number>>)[];
}

export interface ReportLineage {
  readonly operation: string;
  readonly parents: readonly {
    readonly manifest: string;
    readonly records: number;
    readonly files: number;
    readonly setRoot: string;
    readonly parent: ParentResult["parent"];
    readonly edge: ParentResult["edge"];
  }[];
  readonly parameters: readonly Field[];
}

export interface ReportControl {
  readonly id: string;
  readonly title: string;
  readonly paraphrase: string;
  readonly relevance: string;
  readonly automation: string;
  readonly artefact: string | null;
  readonly verdict: ControlResult["verdict"];
  readonly rules: readonly {
    readonly id: string;
    readonly mandatory: boolean;
    readonly verdict: ControlResult["verdict"];
    readonly numerator: number;
    readonly denominator: number;
    readonly reason: string;
    readonly counterexamples: Shown<string>;
    readonly validUntil?: string;
  }[];
  readonly justification?: { readonly reason: string; readonly approver: string; readonly approvedAt: string };
}

export interface ReportControls {
  readonly counts: Readonly<Record<ControlResult["verdict"], number>>;
  readonly objectives: readonly {
    readonly id: string;
    readonly title: string;
    readonly paraphrase: string;
    readonly controls: readonly ReportControl[];
  }[];
}

/** What nobody looked at. */
export interface NotLookedAt {
  /** Columns that no completed check read; excluded ones too. Ascending by code point. */
  readonly columns: Shown<string>;
  /** Columns that the user excluded. */
  readonly excluded: Shown<string>;
  readonly checks: readonly {
    readonly check: string;
    readonly status: "skipped" | "failed";
    readonly reason: string;
  }[];
  /** Files whose records were not read. */
  readonly files: Shown<string>;
}

export interface Report {
  readonly format: typeof REPORT_FORMAT;
  readonly tool?: { readonly name: string; readonly version: string };
  /** As it was given; never read from a clock. */
  readonly createdAt?: string;
  readonly headline: Headline;
  readonly dataset: ReportDataset;
  readonly reading: ReportReading;
  readonly trust: ReportTrust;
  /** Whether the data were there and their roots were computed again for this report. */
  readonly data: "checked" | "not-checked";
  readonly gate?: { readonly gate: "pass" | "fail"; readonly reasons: readonly string[] };
  readonly outcomes: readonly ReportOutcome[];
  readonly findings: ReportFindings;
  readonly lineage?: ReportLineage;
  /** Absent when controls were not evaluated. */
  readonly controls?: ReportControls;
  readonly power: readonly PowerResult[];
  readonly plots: readonly ReportPlot[];
  readonly notLookedAt: NotLookedAt;
  readonly limits: readonly Limit[];
  /** Commands with which a reader does this again. */
  readonly commands: readonly { readonly purpose: string; readonly command: string }[];
}
