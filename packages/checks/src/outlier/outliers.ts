/** The check `outliers`: records whose numbers are unlike all others, alone or together. */

import type { Check, CheckContext, CheckData, CheckResult, DataShape, Finding, Table } from "../check.js";
import { featureColumns, firstRows } from "../columns.js";
import { embeddingColumns, embeddingNotes } from "../embedding-columns.js";
import {
  type ColumnScale,
  type FeatureColumns,
  featuresOf,
  leftNotes,
  robustScale,
  type StrangeCell,
} from "../features.js";
import { compareFindings, severityOf } from "../findings.js";
import { COMPONENTS, imageComponents } from "../image/image-components.js";
import { FEATURES, regionOfCell } from "../image/image-grid.js";
import type { ImageFeatures } from "../image/image-table.js";
import { lookedAtNames, readImages } from "../image/read-images.js";
import { matrixBytes } from "../matrices.js";
import { conditionalResiduals } from "../numeric/trimmed-mahalanobis.js";
import { completed, skipped } from "../outcome.js";
import { movedNumbers } from "../power/moved-numbers.js";
import { quoted } from "../quoted.js";
import { roundScore } from "../scores.js";
import { tableKind } from "../table-builder.js";
import { takeTrust } from "../trusted.js";
import { distinctRows } from "./distinct-rows.js";
import { calibrateOutliers, type OutlierCalibration } from "./outlier-calibration.js";
import { type OutlierModel, scoreOutliers, VIEWS } from "./outlier-score.js";
import { rankedRows, rankingLength } from "./ranked-rows.js";
import { cellOf, type ScaledMatrix, scaledMatrix } from "./scaled-matrix.js";

const ID = "outliers";
const VERSION = "1";
/** Columns that explain a finding. */
const SHOWN_COLUMNS = 3;

/**
 * Finds records that are outliers.
 *
 * **Method.** The mean of three views in robust units: isolation forest (100 trees of 256), distance to the nearest of 20
 * sampled records (200 draws), and Mahalanobis distance from the middle 75 %. The claim is conformal where at least 200
 * distinct records are trusted (`roles.trusted`, `trustedLeaves`), else it comes from a decoy: the same table with every column permuted.
 *
 * **Reads** all numeric feature columns, images by the leading components of their down-sampled pixels, and the embeddings where
 * they were given, each column like any other; missing and infinite values count as the median. References are distinct records,
 * and so is all that records are measured by, so copies of outliers do not hide each other.
 *
 * **Cost.** One pass; time grows with records × columns: 50,000 × 10 take about five seconds on one core.
 *
 * **False alarms** (clean tables with a finding at .05 / .10): decoy 2 % / 12 % of 42, conformal none of 42.
 *
 * **Cannot see** fewer than 1 / fdr outliers as findings (the decoy's + 1), outliers in categories and texts, records that are
 * ordinary in every direction. An outlier is not yet poison.
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
    poison: movedNumbers(columnsOf),
    run,
  };
}

function reads(shape: DataShape): ReturnType<Check["reads"]> {
  const columns = featureColumns(shape).filter((name) => mayHoldNumbers(shape, name));
  if (columns.length === 0 && shape.matrices?.embeddings === undefined)
    return { skip: "It needs a column of numbers or of images (image), or embeddings." };
  const { trusted } = shape.roles;
  return { columns: trusted ? [...columns, trusted.column] : columns };
}

/** The columns that it reads; none where it is skipped. */
function columnsOf(shape: DataShape): readonly string[] {
  const columns = reads(shape);
  return "skip" in columns ? [] : columns.columns;
}

/** Texts may be numbers but for a few odd cells; only the values tell. Images are looked at as numbers. */
function mayHoldNumbers({ kinds, roles }: DataShape, name: string): boolean {
  if (name === roles.image) return true;
  const kind = kinds[name] ?? "null";
  return tableKind(kind) === "number" || kind === "text" || kind === "mixed";
}

function memory(shape: DataShape): number {
  const columns =
    featureColumns(shape).filter((name) => tableKind(shape.kinds[name] ?? "null") === "number").length +
    (shape.roles.image === undefined ? 0 : COMPONENTS);
  // The table, the rows, their decoy, both once more cut off, and a dozen values a record.
  const pixels = shape.roles.image === undefined ? 0 : 2 * FEATURES;
  return shape.records * (8 * pixels + 8 * 5 * columns + matrixBytes(shape, "embeddings", 5) + 8 * 16 + 64);
}

async function run(data: CheckData, _options: Record<string, never>, context: CheckContext): Promise<CheckResult> {
  const { shape } = data;
  const columns = reads(shape);
  const refused = (reason: string, notes: readonly string[] = []): CheckResult => ({
    outcome: { ...skipped({ id: ID, version: VERSION }, data, context, reason), notes },
    findings: [],
  });
  if ("skip" in columns) return refused(columns.skip);
  const images = await readImages(data);
  const read = await data.table(columns.columns.filter((name) => name !== shape.roles.image));
  const { table, isTrusted } = takeTrust(data, read);
  const found = featuresOf(table, { named: shape.roles.features ?? [], text: shape.roles.text });
  const components = images ? imageComponents(images, firstRows(table)) : [];
  const embeddings = embeddingColumns(data);
  const features: FeatureColumns = { ...found, numbers: [...components, ...found.numbers] };
  const numbers = [...features.numbers, ...embeddings];
  const notes = [
    ...notesOn(features),
    ...strangeNotes(features),
    ...imageNotes(images, components.length),
    ...embeddingNotes(data, embeddings.length),
  ];
  if (numbers.length === 0) return refused(`No column of numbers${images ? " or images" : ""} varies.`, notes);
  if (table.length < 2) return refused("One record cannot be compared with others.", notes);

  const pixels = images?.columns ?? [];
  const used: Table = { ...table, columns: [...pixels, ...found.numbers, ...embeddings] };
  const { groups, first, placeOf, trusted } = distinctRows(used, isTrusted, context.seed);
  const scaled = scaledMatrix(numbers, first);
  const model = await scoreOutliers(scaled.matrix, context);
  context.signal?.throwIfAborted();
  const { score } = model.rows;
  for (let i = 0; i < score.length; i++) score[i] = roundScore(score[i]!);
  for (let i = 0; i < score.length; i++) model.decoy[i] = roundScore(model.decoy[i]!);
  const calibration = calibrateOutliers(model, trusted, numbers.length, context.fdr);
  notes.push(...calibration.notes);
  for (const reason of calibration.reasons) notes.push(`uncalibrated: ${reason}`);

  const scales = regionScales(pixels);
  const claimed = calibration.method !== "uncalibrated";
  const threshold = thresholdOf(score, calibration, context.fdr);
  const findings: Finding[] = [];
  const rowScores = new Float64Array(table.length);
  for (let row = 0; row < table.length; row++) {
    const at = placeOf(row);
    rowScores[row] = score[at]!;
    if (!claimed || !(calibration.q[at]! <= context.fdr)) continue;
    const regions = oddRegions(pixels, scales, row);
    const cells = oddCellsOf(model, scaled, at, row, numbers, regions, context.showValues);
    const p = calibration.p[at]!;
    findings.push({
      ...data.place(row),
      check: ID,
      kind: "outlier",
      score: score[at]!,
      ...(Number.isNaN(p) ? {} : { p: roundScore(p) }),
      q: roundScore(calibration.q[at]!),
      severity: severityOf(calibration.q[at]!),
      message: messageOf(cells, context.showValues),
      evidence: {
        threshold,
        views: Object.fromEntries(VIEWS.map((view) => [view, roundScore(model.rows.views[view][at]!)])),
        columns: cells,
        ...(Number.isNaN(calibration.tail[at]!) ? {} : { tailProbability: roundScore(calibration.tail[at]!) }),
        agreed: calibration.tailFound[at] === 1,
        copies: groups.sizes[groups.groupOf[row]!]!,
      },
    });
  }
  const suspects = claimed
    ? rankedRows(rowScores, findings.length)
    : rankedRows(rowScores, rankingLength(table.length));
  const outcome = completed({ id: ID, version: VERSION }, data, context, {
    columns: lookedAtNames([...pixels, ...found.numbers]),
    ...(embeddings.length > 0 && { matrices: ["embeddings" as const] }),
    examined: table.length,
    findings: findings.length,
    calibration: calibration.method,
    ...(claimed ? { fdr: context.fdr } : {}),
    suspects: suspects.map((row) => data.place(row).record),
    notes,
    details: {
      distinctRecords: groups.count,
      ...(threshold === null ? {} : { threshold }),
      trustedRecords: trusted.reduce((sum, mark) => sum + mark, 0),
      tailFindings: calibration.tailFound.reduce((sum, mark) => sum + mark, 0),
    },
  });
  return { outcome, findings: findings.sort(compareFindings), scores: rowScores };
}

function notesOn({ left, categories, texts }: FeatureColumns): string[] {
  const others = [...categories, ...texts].map(({ name }) => ({ column: name, reason: "it holds no numbers" }));
  return leftNotes([...left, ...others]);
}

/** Cells that are not what their column is count as missing here; `rare-values` finds them. */
function strangeNotes({ oddCells, infiniteCells }: FeatureColumns): string[] {
  const notesOf = (cells: readonly StrangeCell[], what: string): string[] =>
    [...new Set(cells.map(({ column }) => column))].map((column) => {
      const count = cells.filter((cell) => cell.column === column).length;
      return `${quoted(column)} was read as numbers; ${count} ${what} ${count === 1 ? "cell" : "cells"} in it counted as missing`;
    });
  return [...notesOf(oddCells, "odd"), ...notesOf(infiniteCells, "infinite")];
}

interface ExplainedCell {
  readonly column: string;
  /** Robust deviations from what the other columns say. */
  readonly residual: number;
  readonly value?: number | null;
  readonly expected?: number;
  /** Where in the image it is, instead of a value and what was expected: one pixel says nothing to anybody. */
  readonly region?: string;
}

/** The cells of a record that are farthest from what its other cells say. */
function oddCellsOf(
  { clipped, covariance }: OutlierModel,
  { centres, scales }: ScaledMatrix,
  at: number,
  row: number,
  numbers: FeatureColumns["numbers"],
  regions: readonly ExplainedCell[],
  showValues: boolean,
): ExplainedCell[] {
  const d = clipped.columns;
  const residuals = covariance
    ? conditionalResiduals(clipped, at, covariance, SHOWN_COLUMNS)
    : Array.from({ length: d }, (_, j) => ({ column: j, residual: clipped.values[at * d + j]!, expected: 0 }))
        .sort((a, b) => Math.abs(b.residual) - Math.abs(a.residual) || a.column - b.column)
        .slice(0, SHOWN_COLUMNS);
  // Regions of the image stand in for its components, which nobody can look at.
  const waiting = [...regions];
  return residuals.flatMap(({ column: j, residual, expected }): ExplainedCell[] => {
    const { name, values, component } = numbers[j]!;
    if (component) return waiting.splice(0, 1);
    const value = values[row]!;
    const shown = { value: Number.isNaN(value) ? null : value, expected: cellOf(expected, centres[j]!, scales[j]!) };
    return [
      {
        column: name,
        residual: roundScore(residual),
        ...(showValues ? { ...shown, expected: roundScore(shown.expected) } : {}),
      },
    ];
  });
}

/** The scales of pixels, by which a region stands out. */
function regionScales(pixels: FeatureColumns["numbers"]): readonly ColumnScale[] {
  return pixels.map(({ values }) => robustScale(values.filter((value) => !Number.isNaN(value))));
}

/** The regions of an image that are farthest from what they are in most images. */
function oddRegions(
  pixels: FeatureColumns["numbers"],
  scales: readonly ColumnScale[],
  row: number,
): (ExplainedCell & { readonly region: string })[] {
  return pixels
    .flatMap(({ name, values, cell }, j) => {
      const { centre, scale } = scales[j]!;
      const value = values[row]!;
      if (!cell || Number.isNaN(value)) return [];
      return [{ column: name, residual: roundScore((value - centre) / scale), region: regionOfCell(cell) }];
    })
    .sort((a, b) => Math.abs(b.residual) - Math.abs(a.residual))
    .slice(0, SHOWN_COLUMNS);
}

/** What is said of images: what could not be read, and on what the others were compared. */
function imageNotes(images: ImageFeatures | undefined, components: number): string[] {
  if (!images) return [];
  if (components === 0) return [...images.notes];
  return [...images.notes, `images were compared on ${components} components of ${images.columns.length} features`];
}

function messageOf(cells: readonly ExplainedCell[], showValues: boolean): string {
  const first = cells[0];
  if (!first) return "The record is unlike all others.";
  const column = quoted(first.column);
  if (first.region !== undefined) return `The image is unlike the others, most of all at ${first.region}.`;
  const start = `The record is unlike the others, most of all in ${column}`;
  if (!showValues || typeof first.value !== "number" || first.expected === undefined) return `${start}.`;
  return `${start}: ${first.value} where its other columns suggest ${Number(first.expected.toPrecision(4))}.`;
}

/** The lowest score that is found; null where none is. */
function thresholdOf(score: Float64Array, { q, method }: OutlierCalibration, fdr: number): number | null {
  if (method === "uncalibrated") return null;
  let least = Number.POSITIVE_INFINITY;
  for (let i = 0; i < score.length; i++) if (q[i]! <= fdr && score[i]! < least) least = score[i]!;
  return least === Number.POSITIVE_INFINITY ? null : least;
}
