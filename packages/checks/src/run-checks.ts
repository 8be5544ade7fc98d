/**
 * Runs checks over a data set: each answers with an outcome, never with silence, and never with a crash. What the data do
 * not allow is `skipped` and says what it needs; what goes wrong is `failed` and says why.
 */

import { CheckError, isAssayError } from "@assay/merkle";
import { type Executor, inlineExecutor, type Progress, type Task } from "@assay/records";
import type {
  Check,
  CheckContext,
  CheckData,
  CheckResult,
  DataShape,
  Finding,
  Outcome,
  Roles,
  SourceAnswer,
  TableColumn,
} from "./check.js";
import { DEFAULT_MAX_MEMORY_BYTES, dataWithoutLeaves, type ScannedInput, scannedData } from "./check-data.js";
import { compareTexts } from "./code-point-order.js";
import { checkRoles, columnNames } from "./columns.js";
import { type DataSketch, sketchData, withoutValues } from "./drift/sketch.js";
import { accusesRecord, compareFindings } from "./findings.js";
import type { LabelClasses } from "./label/given-labels.js";
import { checkMatrices, dataWithMatrices, type MatrixUse, type RecordMatrix } from "./matrices.js";
import { FRACTIONS, measurePower } from "./power/measure-power.js";
import { runCheck } from "./run-check.js";
import { roundScore } from "./scores.js";
import { checkSeed, seedBase, seedOutcome } from "./seed.js";
import { sourceAnswers } from "./source/source-answers.js";
import { suggestedByRecord } from "./suggested-labels.js";
import { checkTrustMark, dataWithTrusted } from "./trusted.js";

/** A scanned source whose leaves are read only when they fit into memory. */
export interface UnreadInput extends Omit<ScannedInput, "leaves"> {
  /** Reads the leaves of each file, 32 bytes a record, in file order. */
  readonly leaves: () => Promise<readonly Uint8Array[]>;
}

/** What is checked: a scanned source with its leaves, or data that is already in memory. */
export type CheckInput = (ScannedInput | UnreadInput | { readonly data: CheckData }) & {
  /** Root of the set tree, 32 bytes: seeds come from it. */
  readonly setRoot: Uint8Array;
  /** Whether leaves are keyed; then messages and evidence hold no values, unless `showValues`. Default false. */
  readonly keyed?: boolean;
};

export interface RunChecksOptions {
  /** What columns are for. Default none named. */
  readonly roles?: Roles;
  /**
   * Class probabilities of every record, by ordinal over all files in path order: made out of fold, one column a class
   * (see `labelFlips`), rows that sum to 1. They need `roles.label`. Default none.
   */
  readonly probabilities?: RecordMatrix;
  /** Embeddings of every record, by ordinal over all files in path order. Default none. */
  readonly embeddings?: RecordMatrix;
  /** Leaves of records that are trusted to be good, 32 bytes each, beside those that `roles.trusted` marks. Default none. */
  readonly trustedLeaves?: Uint8Array;
  /** Bound on the expected false share among findings with a claim, between 0 and 1. Default 0.05. */
  readonly fdr?: number;
  /** A whole number, 64 hex digits or 32 bytes. Default derived from the set root. */
  readonly seed?: number | string | Uint8Array;
  /** Options of single checks, by check id. */
  readonly checkOptions?: Readonly<Record<string, unknown>>;
  /**
   * Whether to measure what each check could have seen, by known poison planted in copies of the data: up to seven times the work of
   * the checks (of `outliers` thirteen, where records are trusted and there are categories). Findings and scores are the same with and without. Default false.
   */
  readonly power?: boolean;
  /** Whether findings may show values although leaves are keyed. Default false. */
  readonly showValues?: boolean;
  /** Whether to sketch the columns, so that a later run can measure drift. Default false. */
  readonly sketch?: boolean;
  /** Most bytes that tables may take. Default 4 GiB. */
  readonly maxMemoryBytes?: number;
  /** Most findings of one check; more make it fail with `too-many-findings`. Default 1,000,000. */
  readonly maxFindings?: number;
  readonly executor?: Executor;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: Progress) => void;
}

export interface CheckRun {
  /** One for each check, in the order that they were given. */
  readonly outcomes: readonly Outcome[];
  /** Ascending by (check, file, ordinal, kind). */
  readonly findings: readonly Finding[];
  /** Check id → score of each record, by ordinal over all files; NaN where it was not scored. */
  readonly scores: ReadonlyMap<string, Float64Array>;
  /** Check id → label that it would give each record, by ordinal over all files. None when leaves are keyed, unless `showValues`. */
  readonly suggested: ReadonlyMap<string, LabelClasses>;
  /** Columns that no completed check looked at, ascending by code point; excluded ones among them. */
  readonly unread: readonly string[];
  /** With `sketch`. Counts only when leaves are keyed, unless `showValues`. */
  readonly sketches?: DataSketch;
  readonly records: number;
}

/**
 * Runs checks and gathers what they found.
 *
 * @param checks - Run in this order; those that follow (`bad-sources`) run last. An id may stand once.
 * @returns Outcomes, findings and scores: the same to the byte for any number of workers.
 * @throws RangeError for an option that is out of range or names a column that is not there, for a matrix that none of the
 * checks looks at, and where no record carries the trust mark or no trusted leaf is in the data.
 * @throws FormatError `bad-matrix` for a matrix that does not fit the records or the classes of the label.
 * @throws AssayError when the data cannot be read or changed while they were read; the reason of `signal` when aborted.
 * @example
 * const run = await runChecks({ data: tableData(table), setRoot }, allChecks(), { roles: { label: "species" } });
 * run.outcomes.map(({ check, status }) => `${check}: ${status}`);
 */
export async function runChecks(
  input: CheckInput,
  checks: readonly Check[],
  options: RunChecksOptions = {},
): Promise<CheckRun> {
  const { fdr = 0.05, maxFindings = 1_000_000, maxMemoryBytes = DEFAULT_MAX_MEMORY_BYTES, signal } = options;
  if (!(fdr > 0 && fdr < 1)) throw new RangeError(`fdr: ${fdr} is not between 0 and 1`);
  if (!(maxMemoryBytes > 0)) throw new RangeError(`maxMemoryBytes: ${maxMemoryBytes} is not above 0`);
  if (!(maxFindings >= 0)) throw new RangeError(`maxFindings: ${maxFindings} is not 0 or more`);
  const base = seedBase(input.setRoot, options.seed);
  checkIds(checks, options.checkOptions ?? {});
  signal?.throwIfAborted();

  const opened = await openData(input, options);
  checkRoles(opened.shape);
  const showValues = !(input.keyed ?? false) || options.showValues === true;
  const data = await withMatrices(await withTrusted(opened, options, showValues), checks, options);
  const { shape } = data;
  const executor = options.executor ?? inlineExecutor();

  const results = new Map<string, { result: CheckResult; read: ReadonlySet<string> }>();
  const order = [...checks.filter(({ follows }) => !follows), ...checks.filter(({ follows }) => follows)];
  for (const [done, check] of order.entries()) {
    signal?.throwIfAborted();
    options.onProgress?.({ stage: "check", done, total: order.length, what: check.id });
    const watched = watchData(data);
    const seed = checkSeed(base, check.id);
    // With power, the check itself is the first of some equal parts of the work.
    const ownShare = options.power === true ? 1 / (1 + FRACTIONS.length) : 1;
    const onShare = (share: number): void =>
      options.onProgress?.({ stage: "check", done: done + share, total: order.length, what: check.id });
    const context: CheckContext = {
      seed,
      seedOrigin: base.origin,
      fdr,
      showValues,
      results: [...results.values()].map(({ result }) => result),
      ...(signal ? { signal } : {}),
      onProgress: (part, total) => onShare(total > 0 ? ownShare * Math.min(1, part / total) : 0),
      async map(task, parts, take) {
        const outputs: unknown[] = [];
        const use = (take ?? ((output) => outputs.push(output))) as (output: unknown) => void;
        for await (const output of executor.map(task as unknown as Task, parts, signal ? { signal } : {})) use(output);
        return outputs as never;
      },
    };
    const asked = Object.hasOwn(options.checkOptions ?? {}, check.id) ? options.checkOptions?.[check.id] : {};
    const limits = { maxMemoryBytes, maxFindings, shape };
    const answer = await runCheck(check, asked, watched.data, context, limits);
    let outcome: Outcome = {
      ...answer.outcome,
      seed: seedOutcome(seed, base.origin),
      passes: watched.passes(),
      findings: answer.findings.length,
    };
    if (options.power === true && outcome.status === "completed") {
      const { notes, ...power } = await measurePower(
        {
          check,
          options: asked,
          // Passes over copies are not passes of the check.
          data: watchData(data).data,
          result: answer,
          limits,
          onShare: (share) => onShare(ownShare + (1 - ownShare) * share),
        },
        context,
      );
      outcome = { ...outcome, ...power, notes: [...outcome.notes, ...notes] };
    }
    results.set(check.id, { result: { ...answer, outcome }, read: watched.read });
  }
  const gathered = await gather(checks, results, data, { showValues, shape });
  const run = options.sketch
    ? { ...gathered, sketches: await sketchesOf(results, data, showValues, signal) }
    : gathered;
  options.onProgress?.({ stage: "check", done: order.length, total: order.length });
  return run;
}

async function openData(
  input: CheckInput,
  { roles, maxMemoryBytes, executor, signal }: RunChecksOptions,
): Promise<CheckData> {
  if (!("data" in input)) {
    const options = {
      ...(roles ? { roles } : {}),
      ...(maxMemoryBytes === undefined ? {} : { maxMemoryBytes }),
      ...(executor ? { executor } : {}),
      ...(signal ? { signal } : {}),
    };
    // More records than checks may hold fail the checks, not the run: its manifest says no less.
    const refused = dataWithoutLeaves(input, options);
    if (refused !== undefined) return refused;
    const leaves = typeof input.leaves === "function" ? await input.leaves() : input.leaves;
    return scannedData({ scanned: input.scanned, kinds: input.kinds, leaves }, options);
  }
  return roles ? { ...input.data, shape: { ...input.data.shape, roles } } : input.data;
}

/** More records than checks may hold: then each check says so when it asks for its table, and none is lost over the others. */
async function unlessTooMany(data: CheckData, work: () => Promise<CheckData>): Promise<CheckData> {
  try {
    return await work();
  } catch (error) {
    if (isAssayError(error) && error.code === "memory-exceeded") return data;
    throw error;
  }
}

async function withTrusted(
  data: CheckData,
  { trustedLeaves }: RunChecksOptions,
  showValues: boolean,
): Promise<CheckData> {
  return unlessTooMany(data, async () => {
    await checkTrustMark(data, showValues);
    return trustedLeaves === undefined ? data : dataWithTrusted(data, trustedLeaves);
  });
}

async function withMatrices(
  data: CheckData,
  checks: readonly Check[],
  { probabilities, embeddings }: RunChecksOptions,
): Promise<CheckData> {
  const matrices = { ...(probabilities && { probabilities }), ...(embeddings && { embeddings }) };
  const uses = Object.keys(matrices) as MatrixUse[];
  if (uses.length === 0) return data;
  for (const use of uses) {
    if (!checks.some((check) => check.matrices?.includes(use)))
      throw new RangeError(`${use}: none of the checks that run looks at them`);
  }
  if (probabilities && data.shape.roles.label === undefined)
    throw new RangeError("probabilities: they are of the classes of a label; name its column (label)");
  checkMatrices(matrices, data.shape.records);
  return unlessTooMany(data, () => dataWithMatrices(data, matrices));
}

function checkIds(checks: readonly Check[], checkOptions: Readonly<Record<string, unknown>>): void {
  const ids = new Set<string>();
  for (const { id } of checks) {
    if (ids.has(id)) throw new RangeError(`checks: ${JSON.stringify(id)} stands twice`);
    ids.add(id);
  }
  for (const id of Object.keys(checkOptions)) {
    if (!ids.has(id)) throw new RangeError(`checkOptions: ${JSON.stringify(id)} is not one of the checks that run`);
  }
}

/** Data that counts passes and columns read, and that never gives an excluded column. */
function watchData(data: CheckData): { data: CheckData; read: ReadonlySet<string>; passes(): number } {
  const excluded = new Set(data.shape.roles.exclude);
  const read = new Set<string>();
  let passes = 0;
  const note = (columns: readonly string[]): void => {
    for (const column of columns) {
      if (excluded.has(column)) {
        throw new CheckError("excluded-column", `The check reads column ${JSON.stringify(column)}, which is excluded`, {
          details: { column },
        });
      }
      read.add(column);
    }
    passes++;
  };
  const watched: CheckData = {
    shape: data.shape,
    async fold(fold, columns, options) {
      note(columns);
      return data.fold(fold, columns, options);
    },
    async table(columns) {
      note(columns);
      return data.table(columns);
    },
    ...(data.images && {
      async images(column: string) {
        note([column]);
        return (data.images as NonNullable<CheckData["images"]>)(column);
      },
    }),
    matrix: (use) => data.matrix?.(use),
    ...(data.trusted && { trusted: data.trusted }),
    place: (row) => data.place(row),
    row: (record) => data.row(record),
  };
  return { data: watched, read, passes: () => passes };
}

/** The sketches that a check made, else made now. */
async function sketchesOf(
  results: ReadonlyMap<string, { readonly result: CheckResult }>,
  data: CheckData,
  showValues: boolean,
  signal: AbortSignal | undefined,
): Promise<DataSketch> {
  const made = [...results.values()].find(({ result }) => result.sketches !== undefined)?.result.sketches;
  const sketches = made ?? (await sketchData(data, signal ? { signal } : {}));
  return showValues ? sketches : withoutValues(sketches);
}

async function gather(
  checks: readonly Check[],
  results: ReadonlyMap<string, { readonly result: CheckResult; readonly read: ReadonlySet<string> }>,
  data: CheckData,
  { showValues, shape }: { readonly showValues: boolean; readonly shape: DataShape },
): Promise<CheckRun> {
  const lookedAt = new Map<string, readonly string[]>();
  const seen = new Set<string>();
  for (const [id, { result, read }] of results) {
    const columns = [...new Set(result.outcome.lookedAt.columns)].filter((name) => read.has(name)).sort(compareTexts);
    lookedAt.set(id, columns);
    if (result.outcome.status === "completed") for (const name of columns) seen.add(name);
  }
  const unread = columnNames(shape).filter((name) => !seen.has(name));
  const excluded = [...new Set(shape.roles.exclude)].sort(compareTexts);
  const answers = await answersBySource(results, data, showValues);
  const outcomes: Outcome[] = [];
  const findings: Finding[] = [];
  const scores = new Map<string, Float64Array>();
  const suggested = new Map<string, LabelClasses>();
  for (const { id } of checks) {
    const { result } = results.get(id) as { result: CheckResult };
    const columns = lookedAt.get(id) ?? [];
    const sources = result.outcome.sources ?? answers.get(id);
    outcomes.push({
      ...result.outcome,
      ...(sources ? { sources } : {}),
      lookedAt: { ...result.outcome.lookedAt, columns, unread, excluded },
    });
    findings.push(...result.findings);
    if (result.scores) scores.set(id, byRecord(result.scores, data));
    if (result.suggested && showValues)
      suggested.set(
        id,
        suggestedByRecord(result.suggested, (record) => data.row(record)),
      );
  }
  findings.sort(compareFindings);
  if (findings.some(({ line }) => line === undefined)) await data.findLines?.();
  return {
    outcomes,
    findings: findings.map((finding) => withLine(finding, data)),
    scores,
    suggested,
    unread,
    records: shape.records,
  };
}

/** Every completed check that accuses or suspects records answers by source too, when there is a source column. */
async function answersBySource(
  results: ReadonlyMap<string, { readonly result: CheckResult }>,
  data: CheckData,
  showValues: boolean,
): Promise<ReadonlyMap<string, readonly SourceAnswer[]>> {
  const answers = new Map<string, readonly SourceAnswer[]>();
  const { source } = data.shape.roles;
  if (source === undefined || data.shape.records === 0) return answers;
  let column: TableColumn | undefined;
  try {
    [column] = (await data.table([source])).columns;
  } catch (error) {
    // Too large a column costs the answers by source, not the run; checks that need it have said so.
    if (isAssayError(error) && error.code === "memory-exceeded") return answers;
    throw error;
  }
  if (!column) return answers;
  for (const [id, { result }] of results) {
    if (result.outcome.status === "completed" && accusesRecord(result.outcome))
      answers.set(id, sourceAnswers(column, result, data, showValues));
  }
  return answers;
}

function byRecord(scores: Float64Array, data: CheckData): Float64Array {
  const sorted = new Float64Array(scores.length);
  for (let record = 0; record < scores.length; record++) {
    const score = scores[data.row(record)] as number;
    sorted[record] = Number.isNaN(score) ? score : roundScore(score);
  }
  return sorted;
}

/** Line numbers are known once the data was read, which may be after a check made its finding. */
function withLine(finding: Finding, data: CheckData): Finding {
  if (finding.line !== undefined) return finding;
  const { line } = data.place(data.row(finding.record));
  return line === undefined ? finding : { ...finding, line };
}
