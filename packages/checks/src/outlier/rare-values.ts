/** The check `rare-values`: single cells that are unlike their column, or unlike what the rest of their record says. */

import type { Check, CheckContext, CheckData, CheckResult, DataShape, Finding, Table } from "../check.js";
import { featureColumns, firstRows } from "../columns.js";
import { type FeatureColumns, featuresOf, leftNotes } from "../features.js";
import { compareFindings, severityOf } from "../findings.js";
import { benjaminiHochberg, conformalPValues } from "../numeric/false-discovery.js";
import { median } from "../numeric/quantiles.js";
import { expectedCells, fitTrimmedMahalanobis } from "../numeric/trimmed-mahalanobis.js";
import { completed, MAX_REASONS, skipped } from "../outcome.js";
import { evidenceText, quoted } from "../quoted.js";
import { roundScore } from "../scores.js";
import { tableKind } from "../table-builder.js";
import { takeTrust } from "../trusted.js";
import { distinctRows } from "./distinct-rows.js";
import { LEAST_TRUSTED } from "./outlier-calibration.js";
import { datesOf } from "./outlier-evidence.js";
import { rankedRows, rankingLength } from "./ranked-rows.js";
import { cellOf, type ScaledMatrix, scaledMatrix } from "./scaled-matrix.js";
import { similarValues } from "./similar-values.js";
import { MAX_STRANGE_CELLS, strangeFindings } from "./strange-cells.js";
import { type CellDeviations, type CellView, farNumbers, rareCategories, unusualCellReason } from "./unusual-cells.js";

const ID = "rare-values";
const VERSION = "1";
/** Columns above which a cell is compared with its column only. */
const MAX_COVARIANCE_COLUMNS = 400;

/**
 * Finds cells that are unlike the others, with the value that would have been expected.
 *
 * - *Numbers*: a cell is compared with what the other numbers of its record suggest (conditional residual under the covariance
 *   of the middle 75 % of the records), in units of the median residual of its column. The claim `far-value` is conformal: where
 *   at least 200 distinct records are trusted, against all their cells together, Benjamini–Hochberg over cells. Without them
 *   nothing is claimed, because how far honest values stray is not known: the most unusual records are `suspects`, and `reasons`
 *   has the cell of each with the value that would have been expected.
 * - *Categories* `similar-value`: a value of at most three records that differs from one fifty times as frequent by case, spaces,
 *   Unicode form or a slip of the keys, never in digits. True but usual, so `low`; the expected value is the frequent one.
 * - *Odd cells* `odd-cell` (a text in a column of numbers) and `non-finite`: exact, `low`.
 * - *Score* of a record: that of its most unusual cell; for a category √(2 ln 1/p) of the share p of its value, so that it is
 *   in the same units as deviations of a normal value.
 * - *Reads* numbers, categories and odd cells of all feature columns. Cost: records × columns².
 * - *Cannot see*: values that are wrong and usual; text.
 *
 * @example
 * await runChecks(input, [rareValues()], { roles: { trusted: { column: "reviewed", value: "yes" } } });
 */
export function rareValues(): Check<Record<string, never>> {
  return { id: ID, version: VERSION, reads, memory, run };
}

function reads({ roles, ...shape }: DataShape): ReturnType<Check["reads"]> {
  const columns = featureColumns({ roles, ...shape }).filter((name) => name !== roles.image);
  if (columns.length === 0) return { skip: "It needs a column of numbers or of categories." };
  return { columns: roles.trusted ? [...columns, roles.trusted.column] : columns };
}

function memory(shape: DataShape): number {
  const columns = featureColumns(shape);
  const numbers = columns.filter((name) => tableKind(shape.kinds[name] ?? "null") === "number").length;
  return shape.records * (8 * columns.length + 8 * 5 * numbers + 64);
}

async function run(data: CheckData, _options: Record<string, never>, context: CheckContext): Promise<CheckResult> {
  const { shape } = data;
  const names = reads(shape);
  const refused = (reason: string, notes: readonly string[] = []): CheckResult => ({
    outcome: { ...skipped({ id: ID, version: VERSION }, data, context, reason), notes },
    findings: [],
  });
  if ("skip" in names) return refused(names.skip);
  const { table, isTrusted } = takeTrust(data, await data.table(names.columns));
  const features = featuresOf(table, { named: shape.roles.features ?? [], text: shape.roles.text });
  const notes = leftNotes([
    ...features.left,
    ...features.texts.map(({ name }) => ({ column: name, reason: "it holds text" })),
  ]);
  const findings = strangeFindings(ID, features, data, context.showValues, notes);
  const { numbers, categories } = features;
  if (numbers.length + categories.length === 0 && findings.length === 0)
    return refused("No column of numbers or of categories varies.", notes);
  const rowScores = new Float64Array(table.length).fill(numbers.length + categories.length === 0 ? Number.NaN : 0);
  findings.push(...similarFindings(table, features, data, context.showValues, notes));
  const cellsOfCategories = rareCategories(features, table);
  const cells = await numberCells(table, features, isTrusted, data, context, notes);
  findings.push(...cells.findings);
  const views = [cellsOfCategories, ...(cells.view ? [cells.view] : [])];
  for (const { scoreOf } of views)
    for (let row = 0; row < table.length; row++) rowScores[row] = Math.max(rowScores[row]!, scoreOf(row));
  const scores = rowScores.map((score) => (Number.isNaN(score) ? score : roundScore(score)));
  const scored = numbers.length + categories.length > 0;
  const suspects = scored ? rankedRows(scores, rankingLength(table.length)) : [];
  const outcome = completed({ id: ID, version: VERSION }, data, context, {
    columns: [
      ...new Set(
        [...numbers, ...categories].map(({ name }) => name).concat(features.oddCells.map(({ column }) => column)),
      ),
    ],
    examined: table.length,
    findings: findings.length,
    calibration: cells.conformal ? "conformal" : "uncalibrated",
    ...(cells.conformal && { fdr: context.fdr }),
    suspects: suspects.map((row) => data.place(row).record),
    reasons: suspects
      .slice(0, MAX_REASONS)
      .flatMap((row) => unusualCellReason(views, row, data.place(row).record, context.showValues)),
    notes,
  });
  return { outcome, findings: findings.sort(compareFindings), scores };
}

/** Values that look like a frequent one. */
function similarFindings(
  table: Table,
  { categories }: FeatureColumns,
  data: CheckData,
  showValues: boolean,
  notes: string[],
): Finding[] {
  const rows = firstRows(table);
  return categories.flatMap((column): Finding[] => {
    const similar = new Map(similarValues(column, rows).map(({ rare, common }) => [rare, common]));
    if (similar.size === 0) return [];
    if (similar.size > MAX_STRANGE_CELLS) {
      notes.push(
        `${quoted(column.name)}: ${similar.size} rare values look like frequent ones, too many to list one by one`,
      );
      return [];
    }
    const found: Finding[] = [];
    for (let row = 0; row < table.length; row++) {
      const expected = similar.get(column.codes[row]!);
      if (expected === undefined) continue;
      const [value, usual] = [column.categories[column.codes[row]!]!, column.categories[expected]!];
      found.push({
        ...data.place(row),
        check: ID,
        kind: "similar-value",
        score: 1,
        severity: "low",
        message: showValues
          ? `Column ${quoted(column.name)} holds ${quoted(value)} here, and nearly always ${quoted(usual)} where it looks like that.`
          : `Column ${quoted(column.name)} holds a rare value here that looks like a frequent one.`,
        evidence: {
          column: column.name,
          ...(showValues ? { value: evidenceText(value), expected: evidenceText(usual) } : {}),
        },
      });
    }
    return found;
  });
}

interface NumberCells {
  readonly conformal: boolean;
  readonly findings: readonly Finding[];
  /** Absent where there are no numbers to compare. */
  readonly view?: CellView;
}

/** Numbers against what the rest of their record says. */
async function numberCells(
  table: Table,
  features: FeatureColumns,
  isTrusted: (row: number) => boolean,
  data: CheckData,
  context: CheckContext,
  notes: string[],
): Promise<NumberCells> {
  const { numbers } = features;
  if (numbers.length === 0 || table.length < 2) {
    notes.push(
      "nothing was compared but categories, of which only slips of the keys are found; the rest is a ranking by rarity",
    );
    return { conformal: false, findings: [] };
  }
  const used: Table = { ...table, columns: numbers };
  const { first, placeOf, trusted, calibrating } = distinctRows(used, isTrusted, context.seed);
  const scaled = scaledMatrix(numbers, first);
  const missing = (i: number, j: number): boolean => Number.isNaN(numbers[j]!.values[first[i]!]!);
  const { deviation, expected } = deviationsOf(scaled, missing);
  context.signal?.throwIfAborted();
  const d = numbers.length;
  const dateOf = datesOf(data.shape, features);
  const view = farNumbers(numbers, { deviation, expected }, scaled, placeOf, dateOf);

  const count = calibrating.reduce((sum, mark) => sum + mark, 0);
  const needed = Math.max(LEAST_TRUSTED, Math.ceil(2 / context.fdr));
  if (count < needed) {
    notes.push(
      count === 0
        ? `no value is claimed to be wrong without trusted records; name at least ${needed} (trusted)`
        : `${count} distinct trusted records are too few to calibrate by; ${needed} are needed`,
    );
    return { conformal: false, findings: [], view };
  }
  const tested: number[] = [];
  const calibration: number[] = [];
  for (let cell = 0; cell < deviation.length; cell++) {
    if (!Number.isNaN(deviation[cell])) (calibrating[Math.floor(cell / d)] === 1 ? calibration : tested).push(cell);
  }
  const p = conformalPValues(
    Float64Array.from(tested, (cell) => deviation[cell]!),
    Float64Array.from(calibration, (cell) => deviation[cell]!),
  );
  const q = benjaminiHochberg(p);
  const least = Math.ceil(tested.length / (context.fdr * (calibration.length + 1)));
  if (least > 1) notes.push(`no finding is possible below ${least} cells: more trusted records would allow fewer`);
  const found = new Map<number, { readonly p: number; readonly q: number; readonly cell: number }[]>();
  for (const [k, cell] of tested.entries()) {
    const at = Math.floor(cell / d);
    if (trusted[at] === 1 || !(q[k]! <= context.fdr)) continue;
    found.set(at, [...(found.get(at) ?? []), { p: p[k]!, q: q[k]!, cell }]);
  }
  const findings: Finding[] = [];
  for (let row = 0; row < table.length; row++) {
    for (const { p, q, cell } of found.get(placeOf(row)) ?? []) {
      const j = cell % d;
      const { name, values } = numbers[j]!;
      const date = dateOf(name);
      const usual = roundScore(cellOf(expected[cell]!, scaled.centres[j]!, scaled.scales[j]!));
      const value = date?.(values[row]!) ?? values[row]!;
      findings.push({
        ...data.place(row),
        check: ID,
        kind: "far-value",
        score: deviation[cell]!,
        p,
        q,
        severity: severityOf(q),
        message: context.showValues
          ? `Column ${quoted(name)} holds ${value} here, where ${d > 1 ? "the rest of the record suggests" : "the column holds about"} ${date?.(usual) ?? Number(usual.toPrecision(4))}.`
          : `Column ${quoted(name)} is far from what ${d > 1 ? "the rest of the record suggests" : "it holds elsewhere"}.`,
        evidence: {
          column: name,
          deviation: roundScore(deviation[cell]!),
          ...(context.showValues ? { value, expected: date?.(usual) ?? usual } : {}),
        },
      });
    }
  }
  return { conformal: true, findings, view };
}

/**
 * For each cell of the matrix how far it is from what the others of its row suggest, in units of the median of its column (of
 * 0.6745 deviations of a normal one), and what they suggest. NaN where it is missing.
 */
function deviationsOf({ matrix }: ScaledMatrix, missing: (row: number, column: number) => boolean): CellDeviations {
  const { rows, columns: d, values } = matrix;
  const clipped = { ...matrix, values: values.map((value) => Math.max(-10, Math.min(10, value))) };
  const model = d > 1 && d <= MAX_COVARIANCE_COLUMNS ? fitTrimmedMahalanobis(clipped) : undefined;
  const expected = model ? expectedCells(clipped, model) : new Float64Array(rows * d);
  const deviation = new Float64Array(rows * d);
  for (let j = 0; j < d; j++) {
    const own = new Float64Array(rows);
    for (let i = 0; i < rows; i++) {
      own[i] = missing(i, j) ? Number.NaN : Math.abs(values[i * d + j]! - expected[i * d + j]!);
    }
    const present = own.filter((value) => !Number.isNaN(value));
    const positive = present.filter((value) => value > 0);
    const unit = median(present) || median(positive);
    for (let i = 0; i < rows; i++) deviation[i * d + j] = unit > 0 ? (0.6745 * own[i]!) / unit : own[i]! * 0;
  }
  return { deviation, expected };
}
