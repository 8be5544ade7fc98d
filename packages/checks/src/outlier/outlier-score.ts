/**
 * The combined score of the numbers of a record: three views that fail differently (isolation forest, sampled neighbours, trimmed
 * Mahalanobis distance), each in units of its own middle, averaged. A record that is odd to several views comes first.
 */

import type { CheckContext } from "../check.js";
import { log } from "../numeric/elementary.js";
import { isolationScores } from "../numeric/isolation-forest.js";
import { type DenseMatrix, denseMatrix } from "../numeric/matrix.js";
import { momentsOf } from "../numeric/moments.js";
import { spreadOf } from "../numeric/quantiles.js";
import { randomPermutation, randomStream } from "../numeric/random-stream.js";
import {
  fitTrimmedMahalanobis,
  mahalanobisDistances,
  type TrimmedMahalanobis,
} from "../numeric/trimmed-mahalanobis.js";
import {
  isolationPart,
  neighbourPart,
  type OutlierPart,
  type OutlierPartOptions,
  type Range,
  rangesOf,
  TASKS,
} from "../numeric-tasks.js";

export const VIEWS = ["isolation", "neighbours", "covariance"] as const;
export type View = (typeof VIEWS)[number];

export interface OutlierScores {
  /** Mean of the three views; higher is odder. */
  readonly score: Float64Array;
  /** Each view in robust deviations from its median. */
  readonly views: Readonly<Record<View, Float64Array>>;
}

export interface OutlierModel {
  readonly rows: OutlierScores;
  /** Scores of a copy whose columns were permuted independently, under the model of the real rows. */
  readonly decoy: Float64Array;
  /** The rows that distances are measured in: cut off at ±10. */
  readonly clipped: DenseMatrix;
  /** For explanations; none above 400 columns, or where the covariance could not be factored. */
  readonly covariance: TrimmedMahalanobis | undefined;
  /** Views whose interquartile range is 0. */
  readonly flat: readonly View[];
}

const TREES = 100;
const TREES_PER_PART = 25;
const SAMPLE_SIZE = 256;
const DRAWS = 200;
const DRAWS_PER_PART = 25;
/** Columns above which the norm replaces the Mahalanobis distance. */
const MAX_COVARIANCE_COLUMNS = 400;
/** Robust deviations below the median that still count, and above which a view grows only like a logarithm. */
const LOW_END = -3;
const HIGH_END = 10;

/**
 * Scores distinct rows and a decoy of them. All that a row is measured by (scales, medians, references, covariance) is of
 * distinct rows: twelve copies of each of 5 % outliers would be 39 % of the records, and bend it.
 *
 * @param matrix - Distinct rows in the order of keyed hashes, columns in robust units. It is handed over: for the distances values are
 *   cut off at ±10 in place, because a copy of a million rows of twenty columns would be a sixth of a gigabyte.
 */
export async function scoreOutliers(
  matrix: DenseMatrix,
  context: Pick<CheckContext, "map" | "seed" | "onProgress">,
): Promise<OutlierModel> {
  const { seed } = context;
  const decoy = permutedColumns(matrix, seed);
  const sumParts = async (
    name: "isolationPart" | "neighbourPart",
    part: typeof isolationPart,
    count: number,
    size: number,
    options: OutlierPartOptions,
  ): Promise<OutlierPart> => {
    const sum = { rows: new Float64Array(matrix.rows), decoy: new Float64Array(matrix.rows) };
    await context.map<Range, OutlierPart>(
      { module: TASKS, name, options, run: part },
      rangesOf(count, size),
      (part) => {
        for (let i = 0; i < matrix.rows; i++) sum.rows[i]! += part.rows[i]!;
        for (let i = 0; i < matrix.rows; i++) sum.decoy[i]! += part.decoy[i]!;
      },
    );
    return sum;
  };
  const flat: View[] = [];
  const views: Partial<Record<View, Float64Array>> = {};
  const score = new Float64Array(matrix.rows);
  const decoyScore = new Float64Array(matrix.rows);
  // In the order of VIEWS, each as soon as it is there, so that what it comes from can be let go.
  const addView = (view: View, rows: Float64Array, others: Float64Array): void => {
    const { median, iqr } = spreadOf(rows);
    if (!(iqr > 0)) flat.push(view);
    const scale = iqr > 0 ? iqr / 1.349 : Math.sqrt(momentsOf(rows).variance);
    const standardised = standardise(rows, median, scale);
    views[view] = standardised;
    const standardisedDecoy = standardise(others, median, scale);
    for (let i = 0; i < matrix.rows; i++) {
      score[i]! += standardised[i]! / VIEWS.length;
      decoyScore[i]! += standardisedDecoy[i]! / VIEWS.length;
    }
  };

  const options = { matrix, decoy, seed };
  const sampleSize = Math.min(SAMPLE_SIZE, matrix.rows);
  await sumParts("isolationPart", isolationPart, TREES, TREES_PER_PART, options).then(({ rows, decoy: others }) =>
    addView("isolation", isolationScores(rows, TREES, sampleSize), isolationScores(others, TREES, sampleSize)),
  );
  context.onProgress(1, 3);
  // Neither is needed as it was any more, and no thread reads them now.
  clip(matrix);
  clip(decoy);
  await sumParts("neighbourPart", neighbourPart, DRAWS, DRAWS_PER_PART, options).then(({ rows, decoy: others }) => {
    for (let i = 0; i < matrix.rows; i++) rows[i]! /= DRAWS;
    for (let i = 0; i < matrix.rows; i++) others[i]! /= DRAWS;
    addView("neighbours", rows, others);
  });
  context.onProgress(2, 3);
  const covariance = matrix.columns <= MAX_COVARIANCE_COLUMNS ? fitTrimmedMahalanobis(matrix) : undefined;
  const farness = (m: DenseMatrix): Float64Array => (covariance ? mahalanobisDistances(m, covariance) : normsOf(m));
  context.onProgress(3, 3);
  addView("covariance", farness(matrix), farness(decoy));
  return {
    rows: { score, views: views as Record<View, Float64Array> },
    decoy: decoyScore,
    clipped: matrix,
    covariance,
    flat,
  };
}

/** (s − median) / scale, not below −3; above 10 it grows like 10 (1 + ln(z / 10)), so that no two records tie at a cap. */
export function standardise(values: Float64Array, median: number, scale: number): Float64Array {
  return values.map((value) => {
    const z = scale > 0 ? (value - median) / scale : 0;
    if (z < LOW_END) return LOW_END;
    return z > HIGH_END ? HIGH_END * (1 + log(z / HIGH_END)) : z;
  });
}

function permutedColumns({ rows, columns, values }: DenseMatrix, seed: Uint8Array): DenseMatrix {
  const permuted = denseMatrix(rows, columns);
  for (let j = 0; j < columns; j++) {
    const order = randomPermutation(randomStream(seed, "decoy-column", j), rows);
    for (let i = 0; i < rows; i++) permuted.values[i * columns + j] = values[order[i]! * columns + j]!;
  }
  return permuted;
}

function clip({ values }: DenseMatrix): void {
  for (let at = 0; at < values.length; at++) values[at] = Math.max(-10, Math.min(10, values[at]!));
}

function normsOf({ rows, columns, values }: DenseMatrix): Float64Array {
  const norms = new Float64Array(rows);
  for (let i = 0; i < rows; i++) {
    let sum = 0;
    for (let at = i * columns; at < (i + 1) * columns; at++) sum += values[at]! * values[at]!;
    norms[i] = Math.sqrt(sum);
  }
  return norms;
}
