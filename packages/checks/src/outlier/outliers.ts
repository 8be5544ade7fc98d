/** The check `outliers`: records that are unlike all others, alone in one thing or in several together. */

import type { Check, CheckContext, CheckData, CheckResult, DataShape, Finding, Table } from "../check.js";
import { featureColumns, firstRows } from "../columns.js";
import { embeddingColumns, embeddingNotes } from "../embedding-columns.js";
import { CONSTANT, type FeatureColumns, featuresOf, leftNotes, type StrangeCell } from "../features.js";
import { compareFindings, severityOf } from "../findings.js";
import { COMPONENTS, imageComponents } from "../image/image-components.js";
import { FEATURES } from "../image/image-grid.js";
import type { ImageFeatures } from "../image/image-table.js";
import { lookedAtNames, readImages } from "../image/read-images.js";
import { matrixBytes } from "../matrices.js";
import { completed, MAX_REASONS, skipped } from "../outcome.js";
import { movedNumbers } from "../power/moved-numbers.js";
import { strangeCategories } from "../power/strange-categories.js";
import { quoted } from "../quoted.js";
import { roundScore } from "../scores.js";
import { tableKind } from "../table-builder.js";
import { takeTrust } from "../trusted.js";
import { comparedRows, type DistinctRows, distinctRows } from "./distinct-rows.js";
import { equalColumnNotes } from "./equal-columns.js";
import { isMissing } from "./missing-pattern.js";
import {
  calibrateByDecoy,
  calibrateByTrust,
  neededTrusted,
  type OutlierCalibration,
  uncalibrated,
} from "./outlier-calibration.js";
import { datesOf, type ExplainedNumbers, explainer, numbersMessage } from "./outlier-evidence.js";
import { scoreOutliers } from "./outlier-score.js";
import { rankedRows, rankingLength } from "./ranked-rows.js";
import { addedViews, recordScores } from "./record-score.js";
import { scaledMatrix } from "./scaled-matrix.js";

const ID = "outliers";
const VERSION = "2";

/**
 * Finds records that are outliers.
 *
 * **Method.** Numbers are scored by the mean of three views in robust units: isolation forest (100 trees of 256), distance to the
 * nearest of 20 sampled records (200 draws), and Mahalanobis distance from the middle 75 %. Categories, and which values are
 * missing, by how far −ln of their smoothed frequencies is above the average of their column; texts by how far length, characters and
 * rarity of words are from the median. The score is the mean over these three kinds, of those that the table has.
 *
 * **Claim.** Where at least 200 distinct records are trusted (`roles.trusted`, `trustedLeaves`) it is conformal, for the whole score. Else
 * findings are claimed for the numbers alone, by a decoy: the same numbers with every column permuted. Where honest records are extreme in
 * many columns at once it claims too much; so it is not believed (`uncalibrated`) where the scores of the others, continued, explain more
 * than a fifth of what it finds, nor where what it finds stands off in one direction, as an honest group that is apart does (islands, a
 * second site). The whole score is then a ranking without a claim (`suspects`, and the scores of a run), because no
 * permuted copy is an honest null for categories, which depend on each other. Without numbers and trust the outcome is `uncalibrated`.
 *
 * **Reads** all feature columns without any preparation: numbers, dates and times (also those written as ISO 8601 text), booleans, categories
 * (most records in values that at least five share), texts of several words, images by the leading components of their
 * down-sampled pixels, and embeddings where given, each column like any other number. A missing number stands at the median, so that it makes
 * nothing odd by itself; that it is missing counts as a category does, all missing values of a record together. Records are measured by
 * distinct records, so copies of outliers do not hide each other.
 *
 * **Cost.** One pass; time grows with records × columns: 50,000 × 10 take about five seconds on one core.
 *
 * **False alarms** (42 runs on the inliers of 21 public tables at .05 and .10): none, conformal or by decoy. False share with 5 % of the
 * rows moved, at .10: conformal .07, decoy 0 (`benchmarks/RESULTS.md`).
 *
 * **Cannot see** fewer than 1 / fdr outliers as findings (the decoy's + 1); combinations of categories that are each usual; what a text means;
 * columns of names and codes that are rarely alike; records that are ordinary in every view. An outlier is not yet poison.
 *
 * @example
 * const { outcome, findings } = await outliers().run(tableData(table), {}, context);
 */
export function outliers(): Check<Record<string, never>> {
  return {
    id: ID,
    version: VERSION,
    matrices: ["embeddings"],
    reads,
    memory,
    poison: [movedNumbers(columnsOf), strangeCategories(columnsOf)],
    run,
  };
}

function reads(shape: DataShape): ReturnType<Check["reads"]> {
  const columns = featureColumns(shape).filter((name) => name === shape.roles.image || holdsValues(shape, name));
  if (columns.length === 0 && shape.matrices?.embeddings === undefined)
    return { skip: "It needs a column of numbers, categories, text or images (image), or embeddings." };
  const { trusted } = shape.roles;
  return { columns: trusted ? [...columns, trusted.column] : columns };
}

/** The columns that it reads; none where it is skipped. */
function columnsOf(shape: DataShape): readonly string[] {
  const columns = reads(shape);
  return "skip" in columns ? [] : columns.columns;
}

/** Bytes, lists and structs are not compared. */
function holdsValues({ kinds }: DataShape, name: string): boolean {
  const kind = kinds[name] ?? "null";
  return tableKind(kind) === "number" || kind === "text" || kind === "mixed";
}

function memory(shape: DataShape): number {
  const columns = featureColumns(shape).filter((name) => name !== shape.roles.image && holdsValues(shape, name));
  const numbers =
    columns.filter((name) => tableKind(shape.kinds[name] ?? "null") === "number").length +
    (shape.roles.image === undefined ? 0 : COMPONENTS);
  // The table, the rows, their decoy, and two dozen values a record.
  const pixels = shape.roles.image === undefined ? 0 : 2 * FEATURES;
  const others = columns.length - numbers;
  return (
    shape.records *
    (8 * (pixels + Math.max(0, others)) + 8 * 3 * numbers + matrixBytes(shape, "embeddings", 3) + 8 * 24 + 64)
  );
}

async function run(data: CheckData, _options: Record<string, never>, context: CheckContext): Promise<CheckResult> {
  const { shape } = data;
  const { fdr, showValues } = context;
  const columns = reads(shape);
  const refused = (reason: string, notes: readonly string[] = []): CheckResult => ({
    outcome: { ...skipped({ id: ID, version: VERSION }, data, context, reason), notes },
    findings: [],
  });
  if ("skip" in columns) return refused(columns.skip);
  const images = await readImages(data);
  const read = await data.table(columns.columns.filter((name) => name !== shape.roles.image));
  const { table, isTrusted } = takeTrust(data, read);
  const features = featuresOf(table, { named: shape.roles.features ?? [], text: shape.roles.text });
  const components = images ? imageComponents(images, firstRows(table)) : [];
  const embeddings = embeddingColumns(data);
  const numbers = [...components, ...features.numbers, ...embeddings];
  const halfEmpty = halfEmptyColumns(table, features);
  const notes = [
    ...leftNotes(features.left.filter(({ column }) => !halfEmpty.some(({ name }) => name === column))),
    ...strangeNotes(features),
    ...imageNotes(images, components.length),
    ...embeddingNotes(data, embeddings.length),
    ...equalColumnNotes(features.numbers),
  ];
  if (table.length < 2) return refused("One record cannot be compared with others.", notes);

  const pixels = images?.columns ?? [];
  const tableOf = (of: Table["columns"]): Table => ({ ...table, columns: of });
  const own = [...features.numbers, ...features.categories, ...features.texts, ...halfEmpty];
  const whole = tableOf([...pixels, ...own, ...embeddings]);
  const distinct = distinctRows(whole, isTrusted, context.seed);
  const compared = comparedRows(whole, distinct, isTrusted, context.seed);
  const added = addedViews(tableOf(own), features.categories, features.texts, compared.first);
  const mixed = added.surprise !== undefined || added.text !== undefined;
  if (numbers.length === 0 && !mixed)
    return refused(
      `No column of numbers${images ? " or images" : ""} varies, and no category or text tells records apart.`,
      notes,
    );

  const ofNumbers =
    own.length === features.numbers.length
      ? distinct
      : distinctRows(tableOf([...pixels, ...features.numbers, ...embeddings]), isTrusted, context.seed);
  const explained =
    numbers.length > 0 ? await modelOf(numbers, ofNumbers, datesOf(shape, features), context) : undefined;
  context.signal?.throwIfAborted();
  const { score, viewsOf } = recordScores(
    table.length,
    explained && { model: explained.model, placeOf: ofNumbers.placeOf },
    added,
    compared.first,
  );

  const trustedRecords = compared.calibrating.reduce((sum, mark) => sum + mark, 0);
  const byTrust = trustedRecords >= neededTrusted(fdr);
  if (!byTrust && trustedRecords > 0) {
    notes.push(
      `${trustedRecords} distinct trusted records are too few to calibrate by; ${neededTrusted(fdr)} are needed`,
    );
  }
  // What the claim is about: distinct records by their whole score, or their distinct numbers by the score of these.
  const byDecoy = !byTrust && explained !== undefined;
  const claimed: DistinctRows = byDecoy ? ofNumbers : compared;
  const claimedScore = byDecoy ? explained.model.rows.score : Float64Array.from(compared.first, (row) => score[row]!);
  const flat = mixed ? [] : explained!.model.flat;
  const calibration = byTrust
    ? calibrateByTrust(claimedScore, compared, flat, fdr)
    : byDecoy
      ? calibrateByDecoy(explained.model, numbers.length, fdr)
      : uncalibrated(claimedScore, NO_NULL, fdr);
  notes.push(...calibration.notes);
  for (const reason of calibration.reasons) notes.push(`uncalibrated: ${reason}`);
  const claims = calibration.method !== "uncalibrated";
  if (mixed && byDecoy) notes.push(rankingNote(added.surprise !== undefined, added.text !== undefined, claims));

  const explain = explainer(explained, ofNumbers, pixels, added, viewsOf, showValues);
  const threshold = thresholdOf(claimedScore, calibration, fdr);
  const findings: Finding[] = [];
  for (let row = 0; row < table.length && claims; row++) {
    const at = claimed.placeOf(row);
    const [p, q] = [calibration.p[at]!, calibration.q[at]!];
    if (!(q <= fdr)) continue;
    const { views, cells, more, message } = explain(row);
    findings.push({
      ...data.place(row),
      check: ID,
      kind: "outlier",
      score: claimedScore[at]!,
      ...(Number.isNaN(p) ? {} : { p: roundScore(p) }),
      q: roundScore(q),
      severity: severityOf(q),
      message: byDecoy ? numbersMessage(cells, showValues) : message,
      evidence: {
        threshold,
        views,
        columns: cells,
        ...(mixed && { claimFor: byDecoy ? "numbers" : "record", recordScore: score[row]!, ...more }),
        ...(Number.isNaN(calibration.tail[at]!) ? {} : { tailProbability: roundScore(calibration.tail[at]!) }),
        agreed: calibration.tailFound[at] === 1,
        copies: claimed.copiesOf(row),
      },
    });
  }
  // Where the ranking is about more than what is claimed, nothing says how long it is.
  const ranked = claims && !(mixed && byDecoy) ? findings.length : rankingLength(table.length);
  const suspects = rankedRows(score, ranked);
  const outcome = completed({ id: ID, version: VERSION }, data, context, {
    columns: lookedAtNames([...pixels, ...own]),
    ...(embeddings.length > 0 && { matrices: ["embeddings" as const] }),
    examined: table.length,
    findings: findings.length,
    calibration: calibration.method,
    ...(claims ? { fdr } : {}),
    suspects: suspects.map((row) => data.place(row).record),
    reasons: suspects.slice(0, MAX_REASONS).map((row) => {
      const { views, cells, more, message } = explain(row);
      return {
        record: data.place(row).record,
        message,
        evidence: { score: score[row]!, views, columns: cells, ...more },
      };
    }),
    notes,
    details: {
      distinctRecords: claimed.first.length,
      ...(threshold === null ? {} : { threshold }),
      trustedRecords,
      tailFindings: calibration.tailFound.reduce((sum, mark) => sum + mark, 0),
    },
  });
  return { outcome, findings: findings.sort(compareFindings), scores: score };
}

/** Scores numbers and a decoy of them. */
async function modelOf(
  columns: FeatureColumns["numbers"],
  { first }: DistinctRows,
  dateOf: ExplainedNumbers["dateOf"],
  context: CheckContext,
): Promise<ExplainedNumbers> {
  const scaled = scaledMatrix(columns, first);
  const model = await scoreOutliers(scaled.matrix, context);
  const { score } = model.rows;
  for (let i = 0; i < score.length; i++) score[i] = roundScore(score[i]!);
  for (let i = 0; i < score.length; i++) model.decoy[i] = roundScore(model.decoy[i]!);
  return { model, scaled, columns, dateOf };
}

const NO_NULL =
  "without numbers a claim needs trusted records (trusted): rare categories and words depend on each other, so nothing else shows " +
  "how odd honest records are";

function rankingNote(surprise: boolean, text: boolean, claims: boolean): string {
  const kinds = [...(surprise ? ["categories and missing values"] : []), ...(text ? ["texts"] : [])].join(" and ");
  const findings = claims ? "findings are claimed for the numbers alone; " : "";
  return `${findings}${kinds} count in the ranking (suspects, scores), which is uncalibrated: with trusted records (trusted) a claim for all of a record would be possible`;
}

/** Columns of one value that some records have and others do not: what is missing is all they say. */
function halfEmptyColumns(table: Table, { left }: FeatureColumns): Table["columns"] {
  const constant = new Set(left.filter(({ reason }) => reason === CONSTANT).map(({ column }) => column));
  return table.columns.filter((column) => {
    if (!constant.has(column.name)) return false;
    let missing = 0;
    for (let row = 0; row < table.length; row++) if (isMissing(column, row)) missing++;
    return missing > 0 && missing < table.length;
  });
}

/** Cells that are not what their column is count as missing here; `rare-values` finds them. */
function strangeNotes({ oddCells, infiniteCells, dates }: FeatureColumns): string[] {
  const notesOf = (cells: readonly StrangeCell[], what: string): string[] =>
    [...new Set(cells.map(({ column }) => column))].map((column) => {
      const count = cells.filter((cell) => cell.column === column).length;
      return `${quoted(column)} was read as ${dates.includes(column) ? "dates" : "numbers"}; ${count} ${what} ${count === 1 ? "cell" : "cells"} in it counted as missing`;
    });
  return [...notesOf(oddCells, "odd"), ...notesOf(infiniteCells, "infinite")];
}

/** What is said of images: what could not be read, and on what the others were compared. */
function imageNotes(images: ImageFeatures | undefined, components: number): string[] {
  if (!images) return [];
  if (components === 0) return [...images.notes];
  return [...images.notes, `images were compared on ${components} components of ${images.columns.length} features`];
}

/** The lowest score that is found; null where none is. */
function thresholdOf(score: Float64Array, { q, method }: OutlierCalibration, fdr: number): number | null {
  if (method === "uncalibrated") return null;
  let least = Number.POSITIVE_INFINITY;
  for (let i = 0; i < score.length; i++) if (q[i]! <= fdr && score[i]! < least) least = score[i]!;
  return least === Number.POSITIVE_INFINITY ? null : least;
}
