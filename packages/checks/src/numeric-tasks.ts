/**
 * The parts of statistical checks that may run on other threads: pure functions of plain data, cut where the answer does not
 * depend on the cut. They are named by this module's URL and their own names.
 */

import { type ClassProbabilities, emptyProbabilities, setRow } from "./label/class-probabilities.js";
import { nearestRowsCosine, postingsOf } from "./numeric/cosine-neighbours.js";
import { addPathLengths } from "./numeric/isolation-forest.js";
import { fitLogisticRegression, logisticProbabilities } from "./numeric/logistic-regression.js";
import type { DenseMatrix, Matrix, SparseMatrix } from "./numeric/matrix.js";
import { fitNaiveBayes, naiveBayesProbabilities } from "./numeric/naive-bayes.js";
import { type Neighbours, nearestRowsDense } from "./numeric/nearest-neighbours.js";
import { discriminantProbabilities, fitQuadraticDiscriminant } from "./numeric/quadratic-discriminant.js";
import { type BinnedColumns, growForest, type OutOfBag, type RowLabels } from "./numeric/random-forest.js";
import { addSampledDistances } from "./numeric/sampled-neighbours.js";

/** The module that holds the tasks, as it is found beside every built file of this package. */
export const TASKS = /* @__PURE__ */ new URL("./numeric-tasks.js", import.meta.url).href;

/** A run of consecutive trees, draws or rows. */
export interface Range {
  readonly begin: number;
  readonly end: number;
}

/** Cuts [0, count) into ranges of at most `size`. */
export function rangesOf(count: number, size: number): Range[] {
  const ranges: Range[] = [];
  for (let begin = 0; begin < count; begin += size) ranges.push({ begin, end: Math.min(begin + size, count) });
  return ranges;
}

export interface OutlierPartOptions {
  readonly matrix: DenseMatrix;
  /** Rows that are scored under the model of the others. */
  readonly decoy?: DenseMatrix | undefined;
  readonly seed: Uint8Array;
}

/** Sums over a range of trees or draws. */
export interface OutlierPart {
  readonly rows: Float64Array;
  readonly decoy: Float64Array;
}

/** Path lengths in a range of isolation trees. */
export function isolationPart({ matrix, decoy, seed }: OutlierPartOptions, { begin, end }: Range): OutlierPart {
  const part = { rows: new Float64Array(matrix.rows), decoy: new Float64Array(decoy?.rows ?? 0) };
  const scored = decoy ? [matrix, decoy] : [matrix];
  addPathLengths(matrix, scored, [part.rows, part.decoy], seed, begin, end);
  return part;
}

/** Distances to sampled references over a range of draws. */
export function neighbourPart({ matrix, decoy, seed }: OutlierPartOptions, { begin, end }: Range): OutlierPart {
  const part = { rows: new Float64Array(matrix.rows), decoy: new Float64Array(decoy?.rows ?? 0) };
  addSampledDistances(matrix, part.rows, decoy, part.decoy, seed, begin, end);
  return part;
}

export interface FoldOptions {
  readonly learner: "logistic" | "discriminant" | "bayes";
  readonly matrix: Matrix;
  /** Examples: a row with one of its labels and the share of the row's vote that the label has. In the order of rows. */
  readonly examples: {
    readonly group: Int32Array;
    readonly label: Int32Array;
    readonly weight: Float64Array;
  };
  readonly classes: number;
  /** Fold of each row. */
  readonly folds: Int8Array;
  /** Examples that a model is trained on at most: the first ones, a sample because rows are in the order of keyed hashes. */
  readonly maxExamples: number;
  readonly inversePenalty: number;
  /** Steps of a logistic regression at most. */
  readonly maxIterations: number;
}

/**
 * Class probabilities of the rows of one fold, from a model of the other folds.
 *
 * @returns Rows of the fold in order; `null` where no model could be fitted.
 */
export function foldProbabilities(options: FoldOptions, fold: number): ClassProbabilities | null {
  const { learner, matrix, examples, classes, folds, maxExamples, inversePenalty, maxIterations } = options;
  const train: number[] = [];
  const test: number[] = [];
  for (const [row, own] of folds.entries()) if (own === fold) test.push(row);
  for (const [example, row] of examples.group.entries()) {
    if (folds[row] !== fold && train.length < maxExamples) train.push(example);
  }
  const testRows = Int32Array.from(test);
  const rows = Int32Array.from(train, (example) => examples.group[example]!);
  const labels = Int32Array.from(train, (example) => examples.label[example]!);
  const weights = Float64Array.from(train, (example) => examples.weight[example]!);
  switch (learner) {
    case "logistic": {
      const model = fitLogisticRegression(matrix, rows, labels, classes, { inversePenalty, weights, maxIterations });
      return inBlocks(testRows, classes, (rows) => logisticProbabilities(model, matrix, rows));
    }
    case "bayes": {
      const model = fitNaiveBayes(matrix as SparseMatrix, rows, labels, weights, classes);
      return inBlocks(testRows, classes, (rows) => naiveBayesProbabilities(model, matrix as SparseMatrix, rows));
    }
    case "discriminant": {
      const model = fitQuadraticDiscriminant(matrix as DenseMatrix, rows, labels, weights, classes);
      if (!model) return null;
      return inBlocks(testRows, classes, (rows) => discriminantProbabilities(model, matrix as DenseMatrix, rows));
    }
  }
}

/** Rows whose probabilities for all classes are held at once. */
const BLOCK_ROWS = 256;

/** What a model says of rows, block by block, so that rows × classes are never in memory together. */
function inBlocks(rows: Int32Array, classes: number, judge: (rows: Int32Array) => Float32Array): ClassProbabilities {
  const all = emptyProbabilities(rows.length, classes);
  for (const { begin, end } of rangesOf(rows.length, BLOCK_ROWS)) {
    const dense = judge(rows.subarray(begin, end));
    for (let row = begin; row < end; row++) setRow(all, row, dense, (row - begin) * classes);
  }
  return all;
}

export interface ForestOptions {
  readonly data: BinnedColumns;
  readonly labels: RowLabels;
  readonly classes: number;
  readonly seed: Uint8Array;
  readonly bagSize: number;
}

/** Out-of-bag votes of a range of trees. */
export function forestPart({ data, labels, classes, seed, bagSize }: ForestOptions, { begin, end }: Range): OutOfBag {
  return growForest(data, labels, classes, seed, begin, end, { bagSize });
}

export interface NeighbourOptions {
  readonly matrix: Matrix;
  readonly k: number;
  /** Neighbours are looked for among the first rows only. */
  readonly references: number;
}

/** The nearest rows of a range of rows. */
export function nearestRows({ matrix, k, references }: NeighbourOptions, { begin, end }: Range): Int32Array {
  if (matrix.kind === "dense") return nearestRowsDense(matrix, k, references, begin, end).rows;
  return nearestRowsCosine(matrix, postingsOf(matrix, references), k, references, begin, end);
}

/** The nearest other rows of a range of rows among all of them, with their distances. */
export function surroundings(
  { matrix, k }: { readonly matrix: DenseMatrix; readonly k: number },
  { begin, end }: Range,
): Neighbours {
  return nearestRowsDense(matrix, k, matrix.rows, begin, end);
}
