/**
 * Class probabilities of every group from models that never saw it: logistic regression and discriminants on the other four
 * folds, votes of the 25 nearest other groups, and trees that did not draw it.
 */

import type { CheckContext } from "../check.js";
import { encodeFeatures, type FeatureColumns } from "../features.js";
import { type DenseMatrix, denseMatrix, type Matrix, type SparseMatrix, storedElements } from "../numeric/matrix.js";
import { binColumns, type OutOfBag, type RowLabels } from "../numeric/random-forest.js";
import { foldProbabilities, forestPart, nearestRows, type Range, rangesOf, TASKS } from "../numeric-tasks.js";
import { textFeatures } from "../text-features.js";
import { type ClassProbabilities, dealtRows, emptyProbabilities, setRow } from "./class-probabilities.js";
import { FOLDS, type Votes } from "./given-labels.js";
import type { Opinion } from "./mixture.js";
import { COMPONENTS, reduced } from "./principal-components.js";

export interface OutOfFold {
  readonly opinions: readonly Opinion[];
  /** The 25 nearest other groups of each group, −1 where there are fewer. */
  readonly neighbours: Int32Array;
  readonly notes: readonly string[];
}

export const NEIGHBOURS = 25;
const TREES = 100;
/** Trees of one part of the work. */
const TREES_PER_PART = 10;
/** Numbers above which they are reduced to their leading components. */
const MAX_NUMBERS = 100;

// Bounds on work, in multiplications; each about a nanosecond. What they cut is said in a note.
const LOGISTIC_WORK = 4e6;
const LOGISTIC_TEXT_WORK = 2e7;
/** Of all steps of one model. */
const LOGISTIC_FOLD_WORK = 2.5e9;
/** Weights above which 40 steps are enough. */
const WIDE_WEIGHTS = 200_000;
const LEAST_STEPS_UNSAID = 40;
const SCAN_WORK = 3e10;
const POSTINGS_WORK = 1e10;
const DISCRIMINANT_WORK = 5e9;
const MAX_BAG = 50_000;
/** Votes of a forest, rows × classes: each of ten parts of the work holds them all, 8 bytes each. */
const MAX_FOREST_VOTES = 5e6;
const MAX_WEIGHTS = 1e6;
const MAX_TERMS = 2 ** 17;

type Work = Pick<CheckContext, "map" | "seed" | "onProgress">;

/**
 * Opinions from numbers and categories: logistic regression, neighbours, forest and shrunk quadratic discriminant.
 *
 * @param embeddings - Columns by whose angles neighbours are nearest. Default none: by the distance of all features.
 */
export async function denseOpinions(
  features: FeatureColumns,
  votes: Votes,
  embeddings: FeatureColumns["numbers"],
  context: Work,
): Promise<OutOfFold> {
  const classes = votes.classes.length;
  const notes: string[] = [];
  const encoded = encodeFeatures(features, votes.first);
  const matrix = encoded.numbers > MAX_NUMBERS ? reduced(encoded.matrix, encoded.numbers) : encoded.matrix;
  if (matrix !== encoded.matrix)
    notes.push(`${encoded.numbers} numeric columns were reduced to ${COMPONENTS} components`);
  const { rows, columns } = matrix;
  const opinions: Opinion[] = [];
  const add = (learner: string, probabilities: ClassProbabilities | undefined): void => {
    if (probabilities) opinions.push({ learner, probabilities });
    context.onProgress(opinions.length, 4);
  };

  add("logistic-regression", await foldOpinion("logistic", matrix, votes, 1, LOGISTIC_WORK, context, notes));

  const scans = columns > 8 ? Math.floor(SCAN_WORK / (rows * columns)) : rows;
  const references = Math.min(rows, Math.max(1000, scans));
  if (references < rows) notes.push(`neighbours were looked for among ${references} of ${rows} distinct records`);
  const neighbours = await nearest(
    embeddings.length > 0 ? unitRows(embeddings, votes.first) : matrix,
    references,
    context,
  );
  add("neighbours", neighbourVotes(neighbours, votes, classes));

  if (rows * classes > MAX_FOREST_VOTES)
    notes.push(`the forest was left out: ${rows} distinct records and ${classes} classes`);
  else add("forest", await forestOpinion(encoded.matrix, votes, context, notes));

  const work = rows * columns * columns * (1 + classes / 2);
  if (work > DISCRIMINANT_WORK)
    notes.push(`the quadratic discriminant was left out: ${columns} columns and ${classes} classes`);
  else
    add("discriminant", await foldOpinion("discriminant", matrix, votes, 1, Number.POSITIVE_INFINITY, context, notes));
  return { opinions, neighbours, notes };
}

/** Rows scaled to length 1, between which distances order as angles do; a row of zeros stays one. */
function unitRows(embeddings: FeatureColumns["numbers"], rows: Int32Array): DenseMatrix {
  const matrix = denseMatrix(rows.length, embeddings.length);
  for (const [i, row] of rows.entries()) {
    // By the largest first, so that no square overflows or vanishes.
    const largest = embeddings.reduce((most, { values }) => Math.max(most, Math.abs(values[row]!)), 0);
    if (largest === 0) continue;
    let squares = 0;
    for (const { values } of embeddings) squares += (values[row]! / largest) ** 2;
    const length = Math.sqrt(squares);
    for (const [j, { values }] of embeddings.entries())
      matrix.values[i * embeddings.length + j] = values[row]! / largest / length;
  }
  return matrix;
}

/** Opinions from text: logistic regression, cosine neighbours and naive Bayes. */
export async function textOpinions(features: FeatureColumns, votes: Votes, context: Work): Promise<OutOfFold> {
  const classes = votes.classes.length;
  const notes: string[] = [];
  const maxTerms = Math.min(MAX_TERMS, Math.floor(MAX_WEIGHTS / (classes === 2 ? 1 : classes)));
  const { matrix, dropped } = textFeatures(features.texts, features.categories, votes.first, maxTerms);
  if (dropped > 0) notes.push(`${dropped} terms that occur in few texts were not looked at`);
  if (matrix.columns === 0) return { opinions: [], neighbours: new Int32Array(0), notes };
  const opinions: Opinion[] = [];
  const add = (learner: string, probabilities: ClassProbabilities | undefined): void => {
    if (probabilities) opinions.push({ learner, probabilities });
    context.onProgress(opinions.length, 3);
  };
  add("logistic-regression", await foldOpinion("logistic", matrix, votes, 10, LOGISTIC_TEXT_WORK, context, notes));
  const references = textReferences(matrix);
  if (references < matrix.rows)
    notes.push(`neighbours were looked for among ${references} of ${matrix.rows} distinct texts`);
  const neighbours = await nearest(matrix, references, context);
  add("neighbours", neighbourVotes(neighbours, votes, classes));
  add("naive-bayes", await foldOpinion("bayes", matrix, votes, 1, Number.POSITIVE_INFINITY, context, notes));
  return { opinions, neighbours, notes };
}

async function foldOpinion(
  learner: "logistic" | "discriminant" | "bayes",
  matrix: Matrix,
  { units, classes: names, folds }: Votes,
  inversePenalty: number,
  work: number,
  context: Work,
  notes: string[],
): Promise<ClassProbabilities | undefined> {
  const classes = names.length;
  const vectors = classes === 2 ? 1 : classes;
  // An exponential costs about ten multiplications.
  const perRow = (storedElements(matrix) / matrix.rows + 10) * vectors;
  const maxExamples = Math.max(50 * classes, Math.floor(work / perRow));
  const trained = Math.ceil((matrix.rows * (FOLDS - 1)) / FOLDS);
  if (maxExamples < trained)
    notes.push(`${learner} models were trained on ${maxExamples} of ${trained} distinct records`);
  const maxIterations = stepsWithin(Math.min(maxExamples, trained) * perRow, matrix.columns * classes);
  if (learner === "logistic" && maxIterations < LEAST_STEPS_UNSAID)
    notes.push(`logistic models were fitted in at most ${maxIterations} steps`);
  const options = { learner, matrix, examples: units, classes, folds, maxExamples, inversePenalty, maxIterations };
  const parts = await context.map<number, ClassProbabilities | null>(
    { module: TASKS, name: "foldProbabilities", options, run: foldProbabilities },
    Array.from({ length: FOLDS }, (_, fold) => fold),
  );
  const fitted = parts.filter((part) => part !== null);
  return fitted.length === FOLDS ? dealtRows(fitted, folds) : undefined;
}

/**
 * Steps of a logistic regression: 100; 40 where many classes of many terms have so many weights that the penalty holds most of
 * them; fewer, but at least 15, where a step over many classes is slow. From there on a step changes few probabilities.
 */
function stepsWithin(stepWork: number, weights: number): number {
  const steps = weights > WIDE_WEIGHTS ? 40 : 100;
  return Math.min(steps, Math.max(15, Math.floor(LOGISTIC_FOLD_WORK / stepWork)));
}

async function nearest(matrix: Matrix, references: number, context: Work): Promise<Int32Array> {
  const options = { matrix, k: NEIGHBOURS, references };
  const ranges = rangesOf(matrix.rows, Math.max(2048, Math.ceil(matrix.rows / 8)));
  const parts = await context.map<Range, Int32Array>(
    { module: TASKS, name: "nearestRows", options, run: nearestRows },
    ranges,
  );
  const neighbours = new Int32Array(matrix.rows * NEIGHBOURS);
  for (const [i, part] of parts.entries()) neighbours.set(part, ranges[i]!.begin * NEIGHBOURS);
  return neighbours;
}

/** (votes + class prior) / 26; neighbours that there are too few of leave their votes to the prior. */
function neighbourVotes(
  neighbours: Int32Array,
  { units, firstUnit, first }: Votes,
  classes: number,
): ClassProbabilities {
  const rows = first.length;
  const prior = new Float64Array(classes);
  for (let u = 0; u < units.count; u++) prior[units.label[u]!]! += units.weight[u]! / rows;
  const probabilities = emptyProbabilities(rows, classes);
  const counts = new Float64Array(classes);
  for (let row = 0; row < rows; row++) {
    counts.fill(0);
    let found = 0;
    for (let i = row * NEIGHBOURS; i < (row + 1) * NEIGHBOURS && neighbours[i]! >= 0; i++) {
      const other = neighbours[i]!;
      for (let u = firstUnit[other]!; u < firstUnit[other + 1]!; u++) counts[units.label[u]!]! += units.weight[u]!;
      found++;
    }
    for (let k = 0; k < classes; k++)
      counts[k] = (counts[k]! + prior[k]! * (NEIGHBOURS + 1 - found)) / (NEIGHBOURS + 1);
    setRow(probabilities, row, counts);
  }
  return probabilities;
}

async function forestOpinion(
  matrix: DenseMatrix,
  { units, firstUnit, classes: names }: Votes,
  context: Work,
  notes: string[],
): Promise<ClassProbabilities> {
  const classes = names.length;
  const bagSize = Math.min(matrix.rows, MAX_BAG);
  if (bagSize < matrix.rows)
    notes.push(`each tree of the forest was grown on ${bagSize} of ${matrix.rows} distinct records`);
  const labels: RowLabels = { label: units.label, weight: units.weight, first: firstUnit };
  const options = { data: binColumns(matrix), labels, classes, seed: context.seed, bagSize };
  const parts = await context.map<Range, OutOfBag>(
    { module: TASKS, name: "forestPart", options, run: forestPart },
    rangesOf(TREES, TREES_PER_PART),
  );
  const votes = new Float64Array(matrix.rows * classes);
  const trees = new Int32Array(matrix.rows);
  for (const part of parts) {
    for (let i = 0; i < votes.length; i++) votes[i]! += part.votes[i]!;
    for (let i = 0; i < trees.length; i++) trees[i]! += part.trees[i]!;
  }
  const probabilities = emptyProbabilities(matrix.rows, classes);
  const shares = new Float64Array(classes);
  for (let row = 0; row < matrix.rows; row++) {
    // A row that every tree drew (one in 10²⁰) is judged by none.
    for (let k = 0; k < classes; k++)
      shares[k] = trees[row]! > 0 ? votes[row * classes + k]! / trees[row]! : 1 / classes;
    setRow(probabilities, row, shares);
  }
  return probabilities;
}

/** References whose postings can be followed within the bound, estimated from column counts. */
function textReferences(matrix: SparseMatrix): number {
  const counts = new Float64Array(matrix.columns);
  for (const column of matrix.indices) counts[column]!++;
  let work = 0;
  for (const count of counts) work += count * count;
  return work > POSTINGS_WORK ? Math.max(1000, Math.floor((matrix.rows * POSTINGS_WORK) / work)) : matrix.rows;
}
