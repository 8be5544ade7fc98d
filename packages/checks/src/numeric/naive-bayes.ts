/** Multinomial naive Bayes on the presence of terms (McCallum and Nigam 1998), smoothed with α = ½. */

import { log } from "./elementary.js";
import { softmax } from "./logistic-regression.js";
import type { SparseMatrix } from "./matrix.js";

export interface NaiveBayes {
  readonly classes: number;
  /** log P(term | class) at `class * columns + term`. */
  readonly logTerms: Float64Array;
  readonly logPriors: Float64Array;
}

const ALPHA = 0.5;

/**
 * Fits the model; every stored element counts once, whatever its value.
 *
 * @param rows - Row of each example; a row may be several examples.
 * @param labels - Class of each example.
 * @param weights - Weight of each example.
 */
export function fitNaiveBayes(
  matrix: SparseMatrix,
  rows: Int32Array,
  labels: Int32Array,
  weights: Float64Array,
  classes: number,
): NaiveBayes {
  const { columns, offsets, indices } = matrix;
  const logTerms = new Float64Array(classes * columns);
  const totals = new Float64Array(classes);
  const counts = new Float64Array(classes);
  let all = 0;
  for (const [i, row] of rows.entries()) {
    const label = labels[i]!;
    const weight = weights[i]!;
    all += weight;
    counts[label]! += weight;
    for (let e = offsets[row]!; e < offsets[row + 1]!; e++) logTerms[label * columns + indices[e]!]! += weight;
    totals[label]! += weight * (offsets[row + 1]! - offsets[row]!);
  }
  for (let k = 0; k < classes; k++) {
    const total = log(totals[k]! + ALPHA * columns);
    for (let j = 0, at = k * columns; j < columns; j++, at++) logTerms[at] = log(logTerms[at]! + ALPHA) - total;
  }
  return { classes, logTerms, logPriors: counts.map((count) => log((count + 1e-9) / all)) };
}

/** Class probabilities of rows, one row after the other. */
export function naiveBayesProbabilities(model: NaiveBayes, matrix: SparseMatrix, rows: Int32Array): Float32Array {
  const { classes, logTerms, logPriors } = model;
  const { columns, offsets, indices } = matrix;
  const out = new Float32Array(rows.length * classes);
  const scores = new Float64Array(classes);
  for (let r = 0; r < rows.length; r++) {
    scores.set(logPriors);
    for (let e = offsets[rows[r]!]!; e < offsets[rows[r]! + 1]!; e++) {
      for (let k = 0, at = indices[e]!; k < classes; k++, at += columns) scores[k]! += logTerms[at]!;
    }
    softmax(scores);
    for (let k = 0; k < classes; k++) out[r * classes + k] = scores[k]!;
  }
  return out;
}
