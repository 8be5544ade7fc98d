/**
 * Quadratic discriminant analysis whose class covariances are shrunk towards the pooled one (as in Friedman 1989): a normal
 * density per class, S_k ← (1 − a) S_k + a S_pooled with a = d / (n_k + d), then 0.9 S + 0.1 diag S. Log densities are divided
 * by max(1, d / 8), because columns are never as independent as the density believes.
 */

import { cholesky, logDeterminant } from "./cholesky.js";
import { covarianceOf } from "./covariance.js";
import { log } from "./elementary.js";
import { softmax } from "./logistic-regression.js";
import { type Centre, squaredDistances } from "./mahalanobis.js";
import type { DenseMatrix } from "./matrix.js";

export interface QuadraticDiscriminant {
  readonly classes: number;
  readonly columns: number;
  readonly models: readonly ClassDensity[];
}

interface ClassDensity extends Centre {
  /** −½ log |S|, tempered, plus the log prior. */
  readonly constant: number;
}

/**
 * Fits the model. O(rows · columns² + classes · columns³).
 *
 * @param rows - Row of each example; within a class every row once.
 * @param labels - Class of each example.
 * @param weights - Weight of each example.
 * @returns `undefined` when a class has no row or the covariances cannot be factored.
 */
export function fitQuadraticDiscriminant(
  matrix: DenseMatrix,
  rows: Int32Array,
  labels: Int32Array,
  weights: Float64Array,
  classes: number,
): QuadraticDiscriminant | undefined {
  const { columns: d } = matrix;
  const members: number[][] = Array.from({ length: classes }, () => []);
  const counts = new Float64Array(classes);
  let all = 0;
  for (const [i, label] of labels.entries()) {
    members[label]!.push(i);
    counts[label]! += weights[i]!;
    all += weights[i]!;
  }
  if (members.some((list) => list.length === 0)) return undefined;
  const weightOf = new Float64Array(matrix.rows);
  const covariances = members.map((list) => {
    for (const i of list) weightOf[rows[i]!] = weights[i]!;
    return covarianceOf(
      matrix,
      list.map((i) => rows[i]!),
      weightOf,
    );
  });
  const pooled = new Float64Array(d * d);
  for (const [k, { matrix: own }] of covariances.entries()) {
    const weight = counts[k]! / all;
    for (let i = 0; i < own.length; i++) pooled[i]! += weight * own[i]!;
  }
  let trace = 0;
  for (let j = 0; j < d; j++) trace += pooled[j * d + j]!;
  const floor = (1e-6 * trace) / d + 1e-12;
  const temper = Math.max(1, d / 8);
  const models: ClassDensity[] = [];
  for (const [k, { mean, matrix: own }] of covariances.entries()) {
    const count = counts[k]!;
    const a = d / (count + d);
    const shrunk = own.map((value, i) => (1 - a) * value + a * pooled[i]!);
    for (let i = 0; i < d; i++) {
      for (let j = 0; j < d; j++) if (i !== j) shrunk[i * d + j]! *= 0.9;
      shrunk[i * d + i]! += floor;
    }
    const factor = cholesky(shrunk, d);
    if (!factor) return undefined;
    models.push({ mean, factor, constant: (-0.5 * logDeterminant(factor)) / temper + log(count / all) });
  }
  return { classes, columns: d, models };
}

/** Class probabilities of rows, one row after the other. */
export function discriminantProbabilities(
  { classes, columns: d, models }: QuadraticDiscriminant,
  matrix: DenseMatrix,
  rows: Int32Array,
): Float32Array {
  const out = new Float32Array(rows.length * classes);
  const scores = new Float64Array(classes);
  const squared = squaredDistances(matrix, rows, models);
  const temper = Math.max(1, d / 8);
  for (let r = 0, at = 0; r < rows.length; r++, at += classes) {
    for (let k = 0; k < classes; k++) scores[k] = models[k]!.constant - (0.5 * squared[at + k]!) / temper;
    softmax(scores);
    out.set(scores, at);
  }
  return out;
}
