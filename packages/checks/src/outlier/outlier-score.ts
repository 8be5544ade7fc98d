/**
 * The combined score of a record: three views that fail differently (isolation forest, sampled neighbours, trimmed
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
import { type OutlierPart, rangesOf } from "../numeric-tasks.js";

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

const TASKS = /* @__PURE__ */ new URL("./numeric-tasks.js", import.meta.url).href;

/**
 * Scores distinct rows and a decoy of them.
 *
 * @param matrix - Distinct rows in the order of keyed hashes, columns in robust units; for the distances values are cut off at ±10.
 * @param counts - How many records each row stands for: medians and covariances are over records, references are distinct.
 */
export async function scoreOutliers(
  matrix: DenseMatrix,
  counts: Int32Array,
  context: Pick<CheckContext, "map" | "seed" | "onProgress">,
): Promise<OutlierModel> {
  const { seed } = context;
  const decoy = permutedColumns(matrix, seed);
  const sumParts = async (name: string, count: number, size: number, options: unknown): Promise<OutlierPart> => {
    const parts = await context.map<unknown, OutlierPart>({ module: TASKS, name, options }, rangesOf(count, size));
    const sum = { rows: new Float64Array(matrix.rows), decoy: new Float64Array(matrix.rows) };
    for (const part of parts) {
      for (let i = 0; i < matrix.rows; i++) sum.rows[i]! += part.rows[i]!;
      for (let i = 0; i < matrix.rows; i++) sum.decoy[i]! += part.decoy[i]!;
    }
    return sum;
  };
  const paths = await sumParts("isolationPart", TREES, TREES_PER_PART, { matrix, counts, decoy, seed });
  context.onProgress(1, 3);
  const clipped = clippedMatrix(matrix);
  const clippedDecoy = clippedMatrix(decoy);
  const distances = await sumParts("neighbourPart", DRAWS, DRAWS_PER_PART, {
    matrix: clipped,
    counts,
    decoy: clippedDecoy,
    seed,
  });
  context.onProgress(2, 3);
  const covariance = matrix.columns <= MAX_COVARIANCE_COLUMNS ? fitTrimmedMahalanobis(clipped, counts) : undefined;
  const farness = (m: DenseMatrix): Float64Array => (covariance ? mahalanobisDistances(m, covariance) : normsOf(m));
  context.onProgress(3, 3);

  const sampleSize = Math.min(SAMPLE_SIZE, matrix.rows);
  const raw: Record<View, [Float64Array, Float64Array]> = {
    isolation: [isolationScores(paths.rows, TREES, sampleSize), isolationScores(paths.decoy, TREES, sampleSize)],
    neighbours: [distances.rows.map((sum) => sum / DRAWS), distances.decoy.map((sum) => sum / DRAWS)],
    covariance: [farness(clipped), farness(clippedDecoy)],
  };
  const flat: View[] = [];
  const views: Partial<Record<View, Float64Array>> = {};
  const score = new Float64Array(matrix.rows);
  const decoyScore = new Float64Array(matrix.rows);
  for (const view of VIEWS) {
    const [rows, others] = raw[view];
    const expanded = expand(rows, counts);
    const { median, iqr } = spreadOf(expanded);
    if (!(iqr > 0)) flat.push(view);
    const scale = iqr > 0 ? iqr / 1.349 : Math.sqrt(momentsOf(expanded).variance);
    const standardised = standardise(rows, median, scale);
    views[view] = standardised;
    const standardisedDecoy = standardise(others, median, scale);
    for (let i = 0; i < matrix.rows; i++) {
      score[i]! += standardised[i]! / VIEWS.length;
      decoyScore[i]! += standardisedDecoy[i]! / VIEWS.length;
    }
  }
  return { rows: { score, views: views as Record<View, Float64Array> }, decoy: decoyScore, clipped, covariance, flat };
}

/** One value a record from one a distinct row. */
export function expand(values: Float64Array, counts: Int32Array): Float64Array {
  let records = 0;
  for (const count of counts) records += count;
  if (records === values.length) return values;
  const out = new Float64Array(records);
  let at = 0;
  for (let i = 0; i < values.length; i++) {
    out.fill(values[i]!, at, at + counts[i]!);
    at += counts[i]!;
  }
  return out;
}

/** (s − median) / scale, not below −3; above 10 it grows like 10 (1 + ln(z / 10)), so that no two records tie at a cap. */
function standardise(values: Float64Array, median: number, scale: number): Float64Array {
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

function clippedMatrix(matrix: DenseMatrix): DenseMatrix {
  return { ...matrix, values: matrix.values.map((value) => Math.max(-10, Math.min(10, value))) };
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
