/**
 * What a check is, what it is given, and what it answers. A check is named by what it finds; it never decides anything:
 * it gives findings with an error-rate claim, or a ranking that says it has none.
 */

import type { ColumnType, Kinds } from "@assay/records";
import type { DataSketch } from "./drift/sketch.js";
import type { ImageCell } from "./image/image-grid.js";
import type { ImageFeatures } from "./image/image-table.js";
import type { LabelClasses } from "./label/given-labels.js";
import type { MatrixUse, RecordMatrix } from "./matrices.js";
import type { Poison } from "./power/poison.js";
import type { TrustedLeaves } from "./trusted.js";

export type Severity = "low" | "medium" | "high";

/** Why the error-rate claim of an outcome holds, or that there is none. */
export type Calibration =
  | "conformal"
  | "decoy"
  | "posterior"
  | "exact"
  | "asymptotic"
  | "uncalibrated"
  | "not-applicable";

/** Where a record is, and which it is. */
export interface RecordPlace {
  /** Path inside the data set. */
  readonly file: string;
  /** Ordinal within its file, from 0. */
  readonly ordinal: number;
  /** Ordinal over all files in path order, from 0. */
  readonly record: number;
  /** Line as an editor counts; text formats only. */
  readonly line?: number;
  /** Leaf hash, lower-case hex. */
  readonly leaf: string;
}

/** A record that is accused, with an error-rate claim that holds. */
export interface Finding extends RecordPlace {
  /** Id of the check. */
  readonly check: string;
  /** What kind of finding of that check. */
  readonly kind: string;
  /** Higher is more suspicious. 9 significant digits. */
  readonly score: number;
  readonly p?: number;
  /** Smallest false discovery rate at which the finding would be made. */
  readonly q?: number;
  readonly severity: Severity;
  /** One sentence for people. Holds data: escape it. */
  readonly message: string;
  /** What is needed to recompute the score. Plain JSON. No values of records when leaves are keyed. */
  readonly evidence: Readonly<Record<string, unknown>>;
}

export interface Estimate {
  readonly rate: number;
  readonly low: number;
  readonly high: number;
}

/** Why a record is suspected. No claim. */
export interface SuspectReason {
  /** Ordinal over all files. */
  readonly record: number;
  /** One sentence for people. Holds data: escape it. */
  readonly message: string;
  /** Plain JSON. No values of records when leaves are keyed. */
  readonly evidence: Readonly<Record<string, unknown>>;
}

/** An answer for one source (site, annotator, supplier). */
export interface SourceAnswer {
  readonly source: string;
  readonly records: number;
  /** Findings and suspects among them. */
  readonly findings: number;
  readonly suspects: number;
  /** Share of its records that are one or the other, and its 95 % interval as that of a share that was counted (Wilson). */
  readonly rate: number;
  readonly low: number;
  readonly high: number;
}

/** What a check caught of known poison that was planted in a copy of the data, in one share of the records. */
export interface TriedPower {
  /** Planted records as a share of the records of the data, 0 to 1. */
  readonly fraction: number;
  readonly planted: number;
  /** Share of the planted records that were found, 0 to 1. */
  readonly recall: number;
  /**
   * Share of the findings that were on records which were not planted and are not found without planting; findings of the run
   * itself count neither way. 0 without findings.
   */
  readonly falseDiscovery: number;
}

/** What a check could have seen on this data. */
export interface Power {
  /** Kind of poison: `label-flip`, `moved-cells`, `strange-categories`, `exact-copy`, `near-copy`, `conflicting-copy`. */
  readonly attack: string;
  /** Smallest share of the records at which at least half of the poison was found; null when it was at none that was tried. */
  readonly smallest: number | null;
  /** Descending by fraction. Empty when the check claims no finding on this data, whatever is planted. */
  readonly tried: readonly TriedPower[];
}

/** What a check answers: never silence. Skipped and failed are never a pass. */
export interface Outcome {
  readonly check: string;
  readonly version: string;
  readonly status: "completed" | "skipped" | "failed";
  /** Why it was skipped or failed, and what it would need. */
  readonly reason?: string;
  /** Records that were examined. */
  readonly examined: number;
  /** Findings of this check in the run. */
  readonly findings: number;
  readonly calibration: Calibration;
  /** Claimed bound on the false share among findings. */
  readonly fdr?: number;
  /** Estimated share of bad records with an interval. */
  readonly estimate?: Estimate;
  /** Ranked, as long as the estimated number; no claim. Ordinals over all files. */
  readonly suspects?: readonly number[];
  /** Why the first of the suspects (at most 50) are suspected, in their order; no claim. */
  readonly reasons?: readonly SuspectReason[];
  /** What merely disagrees; no claim. */
  readonly disputed?: readonly number[];
  readonly sources?: readonly SourceAnswer[];
  /** Only when power was asked for, and could be measured. The framework fills it in. */
  readonly power?: Power;
  /** The same of further kinds of poison, where the check knows some. */
  readonly otherPower?: readonly Power[];
  readonly lookedAt: {
    readonly columns: readonly string[];
    readonly label?: string;
    readonly records: number;
    /** Matrices beside the data that the check looked at. */
    readonly matrices?: readonly MatrixUse[];
    /** Columns that no check of the run looked at (an id that was read and left aside is one). The framework fills it in. */
    readonly unread?: readonly string[];
    /** Columns that were excluded by the user, which no check can read. The framework fills it in. */
    readonly excluded?: readonly string[];
  };
  /** Hex seed and where it came from. */
  readonly seed: { readonly value: string; readonly origin: "derived" | "given" };
  /** Times that the data was read. */
  readonly passes: number;
  /** `order-bound` when the state was folded in block order. */
  readonly orderBound?: boolean;
  /** Remarks: what it could not see here, warnings about the data. */
  readonly notes: readonly string[];
  /** Numbers of interest (thresholds, weights, transition rates); plain JSON. */
  readonly details?: Readonly<Record<string, unknown>>;
}

/** What columns are for, as the user said. */
export interface Roles {
  readonly label?: string;
  /** Columns of several labels a record, in place of `label`: `label-flips` judges each by itself. Never features. */
  readonly labels?: readonly string[];
  /** Never looked at: ids, known answers. */
  readonly exclude?: readonly string[];
  /** Only these as features; default all that are neither label, source, excluded nor an id by nature. */
  readonly features?: readonly string[];
  readonly text?: string;
  /** The column that holds images as bytes, PNG or JPEG, or structs of hubs, `{bytes, path}`. */
  readonly image?: string;
  readonly source?: string;
  readonly annotator?: string;
  /** Columns that hold the labels of one annotator each, in place of `annotator`: a record is an item. Never features. */
  readonly annotations?: readonly string[];
  /** What was labelled, where several labels of one thing are records of their own. Never a feature. */
  readonly item?: string;
  readonly time?: string;
  readonly split?: string;
  /** `COLUMN=VALUE`: records that are trusted to be good. */
  readonly trusted?: { readonly column: string; readonly value: string };
}

/** What a check may know before it reads anything. */
export interface DataShape {
  readonly records: number;
  readonly files: number;
  readonly kinds: Kinds;
  readonly types: Readonly<Record<string, ColumnType | readonly ColumnType[]>>;
  readonly roles: Roles;
  /** Matrices beside the data set. Default none. */
  readonly matrices?: Readonly<Partial<Record<MatrixUse, MatrixShape>>>;
}

export interface MatrixShape {
  readonly columns: number;
  /** Bytes of a value. */
  readonly bytes: number;
}

export interface Columns {
  readonly columns: readonly string[];
}
export interface Skip {
  readonly skip: string;
}

/** A column for analysis, in ascending leaf order. Missing numbers are NaN, missing categories −1. */
export type TableColumn =
  | {
      readonly name: string;
      readonly kind: "number";
      readonly values: Float64Array;
      /** Cells that hold a text which is no number, in a column of numbers: missing in `values`. Ascending by row. */
      readonly odd?: readonly { readonly row: number; readonly text: string }[];
      /** Numbers with more digits than a double holds, which `values` has rounded: their exact texts. Ascending by row. */
      readonly rounded?: readonly { readonly row: number; readonly text: string }[];
      /** Where in an image it is measured: such columns share one scale, and an explanation names the region. */
      readonly cell?: ImageCell;
      /** A mixture of pixels that is never shown as a column. */
      readonly component?: true;
    }
  | {
      readonly name: string;
      readonly kind: "category";
      /** Index into `categories`, −1 where missing. */
      readonly codes: Int32Array;
      /** Distinct texts, ascending by code point. */
      readonly categories: readonly string[];
    };

/** Typed columns of all records in ascending leaf order: independent of files, order and workers. */
export interface Table {
  readonly length: number;
  /** 32 bytes a record, ascending. Equal leaves are neighbours. */
  readonly leaves: Uint8Array;
  readonly columns: readonly TableColumn[];
}

/** A mergeable fold over blocks. Merging is exactly associative and, unless `orderBound`, commutative. */
export interface Fold<State, Options, Result> {
  /** URL of the module that exports it, so that a worker can find it. */
  readonly module: string;
  readonly name: string;
  readonly orderBound?: boolean;
  start(options: Options): State;
  /** Adds one batch of columns in file order. */
  add(state: State, table: Table, options: Options): State;
  merge(left: State, right: State, options: Options): State;
  finish(state: State, options: Options): Result;
}

export interface CheckData {
  readonly shape: DataShape;
  /** Runs a fold once over the blocks, on the executor. */
  fold<State, Options, Result>(
    fold: Fold<State, Options, Result>,
    columns: readonly string[],
    options: Options,
  ): Promise<Result>;
  /** Columns in leaf order. Throws `memory-exceeded` above `maxMemoryBytes`, with the number needed. */
  table(columns: readonly string[]): Promise<Table>;
  /**
   * Images of a column, decoded and down-sampled, in leaf order; as a column of `table` an image is only what it is equal to. Absent
   * where data cannot hold images. Throws `memory-exceeded` as `table` does.
   */
  images?(column: string): Promise<ImageFeatures>;
  /** Records that a file of trusted records holds; absent where none was given. */
  readonly trusted?: TrustedLeaves;
  /** A matrix beside the data set in leaf order; `undefined` where none was given. */
  matrix?(use: MatrixUse): RecordMatrix | undefined;
  /**
   * Where the record at a row of a table is. Rows of equal leaves are numbered in file order, or, where there are matrices,
   * in the order of their rows in them.
   */
  place(row: number): RecordPlace;
  /** Row of a table that holds a record (ordinal over all files): the inverse of `place`. */
  row(record: number): number;
  /** Makes sure that `place` knows lines, which text formats tell only while they are read. */
  findLines?(): Promise<void>;
}

export interface CheckContext {
  /** 32 bytes: from the set root and the check id, or from the seed that was given. */
  readonly seed: Uint8Array;
  readonly seedOrigin: "derived" | "given";
  readonly fdr: number;
  readonly signal?: AbortSignal;
  /** Whether messages and evidence may hold values of records: false when leaves are keyed, unless asked for. */
  readonly showValues: boolean;
  /** What the checks before this one answered, in their order; all others for a check that `follows`. */
  readonly results: readonly CheckResult[];
  onProgress(done: number, total: number): void;
  /**
   * Runs a pure exported function of a module on each part; results in order.
   *
   * @param take - Is given each result, in order, instead of all being held until the last has come; none are then returned.
   */
  map<Input, Output>(
    task: {
      readonly module: string;
      readonly name: string;
      readonly options: unknown;
      /** The same function, for work that stays here: then the module need not be found. Never sent. */
      readonly run?: (options: never, part: Input) => Output | Promise<Output>;
    },
    parts: readonly Input[],
    take?: (output: Output) => void,
  ): Promise<Output[]>;
}

/** A check's answer: the outcome and its findings, sorted by (file, ordinal). */
export interface CheckResult {
  readonly outcome: Outcome;
  readonly findings: readonly Finding[];
  /** Score of every row of the table in leaf order, for `--scores`; NaN where the record was not scored. */
  readonly scores?: Float64Array;
  /** The label that the check would give every row of the table in leaf order, for `--suggested`; −1 where it would give none. */
  readonly suggested?: LabelClasses;
  /** Cluster of every row of the table, −1 for none: near copies, for the checks after. */
  readonly clusters?: Int32Array;
  /** Sketches of the columns, where the check made them. */
  readonly sketches?: DataSketch;
}

/** What an option of a check takes: a number, or one of these words. */
export type CheckSetting = "number" | readonly string[];

/** Options of single checks, as users give them: check id → option → value. */
export type CheckOptions = Readonly<Record<string, Readonly<Record<string, number | string>>>>;

export interface Check<Options = unknown> {
  /** Stable id, kebab-case. */
  readonly id: string;
  readonly version: string;
  /** Runs after all checks that do not, because it reads their results. Default false. */
  readonly follows?: boolean;
  /** Runs only when it is named. Default false. */
  readonly named?: boolean;
  /** Options that users may set, by name. Default none. */
  readonly settings?: Readonly<Record<string, CheckSetting>>;
  /** Matrices beside the data that it looks at where they are given. Default none. */
  readonly matrices?: readonly MatrixUse[];
  /** The columns that it would read, or why it cannot run on this data and what it would need. */
  reads(shape: DataShape, options: Options): Columns | Skip;
  /** What is planted to measure its power, the kind that it is for first. Default nothing: then its power is not measured. */
  readonly poison?: readonly Poison[];
  /** Peak memory, bytes, from the shape alone. */
  memory(shape: DataShape): number;
  run(data: CheckData, options: Options, context: CheckContext): Promise<CheckResult>;
}
