/**
 * Multinomial logistic regression with an L2 penalty: minimises ½ Σ w² + C Σ −log p(label), intercepts free of the penalty.
 * With two classes only one vector of weights is fitted (as scikit-learn does), which is the usual binary model.
 */

import { exp, log } from "./elementary.js";
import { type NumericKernel, numericKernel } from "./kernel.js";
import { minimise } from "./limited-memory-bfgs.js";
import { kernelSlopes } from "./logistic-slopes.js";
import type { Matrix } from "./matrix.js";

export interface LogisticRegressionOptions {
  /** C: weight of the data against the penalty; default 1. */
  readonly inversePenalty?: number;
  /** Steps of L-BFGS at most; default 100. */
  readonly maxIterations?: number;
  /** Weight of each example; default 1. */
  readonly weights?: Float64Array | undefined;
  /** `null`: without WebAssembly. The answer is the same. */
  readonly kernel?: NumericKernel | null;
}

export interface LogisticRegression {
  readonly classes: number;
  readonly columns: number;
  /** Per class its weights, then its intercept. One class fewer is stored when there are two. */
  readonly weights: Float64Array;
}

/** Mean gradient at which fitting ends, in units of the loss of one row. */
const TOLERANCE = 1e-5;

/**
 * Fits the model. O(stored elements · classes) a step.
 *
 * @param rows - Row of each example; a row may be several examples.
 * @param labels - Class of each example, 0 … classes − 1.
 */
export function fitLogisticRegression(
  matrix: Matrix,
  rows: Int32Array,
  labels: Int32Array,
  classes: number,
  {
    inversePenalty = 1,
    maxIterations = 100,
    weights: exampleWeights,
    kernel = numericKernel(),
  }: LogisticRegressionOptions = {},
): LogisticRegression {
  const { columns } = matrix;
  const vectors = classes === 2 ? 1 : classes;
  const width = columns + 1;
  const scores = new Float64Array(vectors);
  const inKernel =
    kernel && matrix.kind === "dense" ? kernelSlopes(kernel, matrix, rows, labels, exampleWeights, classes) : undefined;
  const slopes = (weights: Float64Array, gradient: Float64Array): number => {
    gradient.fill(0);
    let loss = 0;
    for (let r = 0; r < rows.length; r++) {
      const row = rows[r]!;
      scoreRow(matrix, row, weights, vectors, scores);
      const own = lossAndSlope(scores, labels[r]!);
      const weight = exampleWeights ? exampleWeights[r]! : 1;
      loss += weight * own;
      if (weight !== 1) for (let k = 0; k < vectors; k++) scores[k]! *= weight;
      addOuter(matrix, row, scores, vectors, gradient);
    }
    return loss;
  };
  const evaluate = (weights: Float64Array, gradient: Float64Array): number => {
    const loss = inKernel?.(weights, gradient) ?? slopes(weights, gradient);
    let value = loss * inversePenalty;
    for (let k = 0; k < vectors; k++) {
      for (let j = 0, at = k * width; j < columns; j++, at++) {
        gradient[at] = gradient[at]! * inversePenalty + weights[at]!;
        value += 0.5 * weights[at]! * weights[at]!;
      }
      gradient[k * width + columns]! *= inversePenalty;
    }
    return value;
  };
  const size = vectors * width;
  const tolerance = TOLERANCE * inversePenalty * Math.max(1, rows.length);
  // Ten pairs of a wide text model would take a gigabyte.
  const memory = size > 500_000 ? 4 : 10;
  const weights = minimise(evaluate, new Float64Array(size), { maxIterations, tolerance, memory });
  return { classes, columns, weights };
}

/** Class probabilities of rows, one row after the other. */
export function logisticProbabilities(model: LogisticRegression, matrix: Matrix, rows: Int32Array): Float32Array {
  const { classes, weights } = model;
  const vectors = classes === 2 ? 1 : classes;
  const out = new Float32Array(rows.length * classes);
  const scores = new Float64Array(vectors);
  for (let r = 0; r < rows.length; r++) {
    scoreRow(matrix, rows[r]!, weights, vectors, scores);
    if (classes === 2) {
      const p = 1 / (1 + exp(-scores[0]!));
      out[2 * r] = 1 - p;
      out[2 * r + 1] = p;
      continue;
    }
    softmax(scores);
    for (let k = 0; k < classes; k++) out[r * classes + k] = scores[k]!;
  }
  return out;
}

/** Turns log-weights into probabilities, in place. */
export function softmax(scores: Float64Array): void {
  let greatest = Number.NEGATIVE_INFINITY;
  for (let k = 0; k < scores.length; k++) if (scores[k]! > greatest) greatest = scores[k]!;
  let sum = 0;
  for (let k = 0; k < scores.length; k++) sum += scores[k] = exp(scores[k]! - greatest);
  for (let k = 0; k < scores.length; k++) scores[k]! /= sum;
}

function scoreRow(matrix: Matrix, row: number, weights: Float64Array, vectors: number, scores: Float64Array): void {
  const { columns, values } = matrix;
  const width = columns + 1;
  if (matrix.kind === "dense") {
    const at = row * columns;
    for (let k = 0; k < vectors; k++) {
      let sum = weights[k * width + columns]!;
      for (let j = 0, w = k * width; j < columns; j++, w++) sum += weights[w]! * values[at + j]!;
      scores[k] = sum;
    }
    return;
  }
  const { offsets, indices } = matrix;
  for (let k = 0; k < vectors; k++) scores[k] = weights[k * width + columns]!;
  for (let e = offsets[row]!; e < offsets[row + 1]!; e++) {
    const value = values[e]!;
    for (let k = 0, w = indices[e]!; k < vectors; k++, w += width) scores[k]! += weights[w]! * value;
  }
}

/** Turns scores into the slope of the loss (p − 1 for the label, p for the others) and returns −log p(label). */
function lossAndSlope(scores: Float64Array, label: number): number {
  if (scores.length === 1) {
    const margin = label === 1 ? scores[0]! : -scores[0]!;
    const e = exp(-Math.abs(margin));
    const miss = margin >= 0 ? e / (1 + e) : 1 / (1 + e);
    scores[0] = label === 1 ? -miss : miss;
    return log(1 + e) + Math.max(0, -margin);
  }
  softmax(scores);
  const p = scores[label]!;
  scores[label] = p - 1;
  return -log(Math.max(p, 1e-300));
}

function addOuter(matrix: Matrix, row: number, slopes: Float64Array, vectors: number, gradient: Float64Array): void {
  const { columns, values } = matrix;
  const width = columns + 1;
  if (matrix.kind === "dense") {
    const at = row * columns;
    for (let k = 0; k < vectors; k++) {
      const slope = slopes[k]!;
      for (let j = 0, w = k * width; j < columns; j++, w++) gradient[w]! += slope * values[at + j]!;
      gradient[k * width + columns]! += slope;
    }
    return;
  }
  const { offsets, indices } = matrix;
  for (let e = offsets[row]!; e < offsets[row + 1]!; e++) {
    const value = values[e]!;
    for (let k = 0, w = indices[e]!; k < vectors; k++, w += width) gradient[w]! += slopes[k]! * value;
  }
  for (let k = 0; k < vectors; k++) gradient[k * width + columns]! += slopes[k]!;
}
