/**
 * Confident learning: label issues from class probabilities alone. Northcutt, Jiang, Chuang 2021, "Confident Learning: Estimating
 * Uncertainty in Dataset Labels", as the package cleanlab (2.9) computes it, which differs from the paper: of several
 * confident classes the most probable of all classes is counted, and a row whose given label is (nearly) the most probable is
 * never an issue. Given the same probabilities the flags are the same; where rows tie, cleanlab's are up to its sort, and
 * here the first rows are taken.
 */

import { log } from "../numeric/elementary.js";
import { pairwiseSum } from "../numeric/pairwise-sum.js";
import { takeGreatest } from "../numeric/selection.js";

/** Which rows are issues, by the names that cleanlab gives them. */
export const CONFIDENT_FILTERS = [
  "prune_by_noise_rate",
  "prune_by_class",
  "both",
  "confident_learning",
  "predicted_neq_given",
  "low_normalized_margin",
  "low_self_confidence",
] as const;
export type ConfidentFilter = (typeof CONFIDENT_FILTERS)[number];

/** How good a label is, 0 to 1, by the names that cleanlab gives them. */
export const LABEL_QUALITIES = ["self_confidence", "normalized_margin", "confidence_weighted_entropy"] as const;
export type LabelQuality = (typeof LABEL_QUALITIES)[number];

/** Rows with a label and a probability for each class. */
export interface LabelledProbabilities {
  /** Class of each row, from 0. */
  readonly labels: Int32Array;
  /** Row by row, `classes` a row; each from 0 to 1. */
  readonly probabilities: Float64Array | Float32Array;
  readonly classes: number;
}

export interface ConfidentLearning {
  /** 1 for rows whose label is an issue. */
  readonly issues: Uint8Array;
  /** Mean probability of a class over the rows that carry it; 2 for a class that none carries. */
  readonly thresholds: Float64Array;
  /** Estimated rows with label j (row) that belong to class k (column), whole numbers; each row sums to the rows with that label. */
  readonly joint: Float64Array;
}

/** Differences that count as none. */
const NEARLY = 1e-6;
/** Rows of a class below which, and at which, none of it is an issue. */
const LEAST_OF_CLASS = 1;

/**
 * The rows whose label is an issue.
 *
 * @returns Cost: O(rows × classes) for the counts, and O(rows of j) for each pair j, k that is pruned. Memory: 16 bytes a row and
 * 32 a pair of classes beside the probabilities.
 * @example
 * const { issues } = confidentLearning({ labels, probabilities, classes: 3 }, "both");
 */
export function confidentLearning(data: LabelledProbabilities, filter: ConfidentFilter): ConfidentLearning {
  const rows = rowsOfClasses(data);
  const thresholds = confidentThresholds(data, rows);
  const { counts, issues: offDiagonal } = confidentCounts(data, thresholds);
  const joint = calibrated(counts, rows);
  const near = nearlyPredicted(data);
  const issues = flagged(data, rows, joint, offDiagonal, near, filter);
  return { issues, thresholds, joint };
}

/** The quality of each label: 1 is good. */
export function labelQualities(
  { labels, probabilities, classes }: LabelledProbabilities,
  quality: LabelQuality,
): Float64Array {
  return Float64Array.from(labels, (label, row) => {
    const at = row * classes;
    const own = probabilities[at + label]!;
    if (quality === "self_confidence") return own;
    if (quality === "normalized_margin") {
      let other = Number.NEGATIVE_INFINITY;
      for (let k = 0; k < classes; k++) if (k !== label) other = Math.max(other, probabilities[at + k]!);
      return (own - other + 1) / 2;
    }
    let entropy = 0;
    for (let k = at; k < at + classes; k++)
      if (probabilities[k]! > 0) entropy -= probabilities[k]! * log(probabilities[k]!);
    const weighted = entropy / log(classes) / Math.max(own, NEARLY);
    return log(weighted + 1) / Math.max(weighted, NEARLY);
  });
}

function rowsOfClasses({ labels, classes }: LabelledProbabilities): Int32Array[] {
  const counts = new Int32Array(classes);
  for (const label of labels) counts[label]!++;
  const rows = Array.from(counts, (count) => new Int32Array(count));
  counts.fill(0);
  for (const [row, label] of labels.entries()) rows[label]![counts[label]!++] = row;
  return rows;
}

function confidentThresholds(
  { probabilities, classes }: LabelledProbabilities,
  rows: readonly Int32Array[],
): Float64Array {
  return Float64Array.from(rows, (own, k) => {
    if (own.length === 0) return 2;
    const values = new Float64Array(own.length);
    for (let i = 0; i < own.length; i++) values[i] = probabilities[own[i]! * classes + k]!;
    return Math.max(pairwiseSum(values) / own.length, 2 * NEARLY);
  });
}

/** Rows by label and the class they confidently are; at least 1 on the diagonal. */
function confidentCounts(
  { labels, probabilities, classes }: LabelledProbabilities,
  thresholds: Float64Array,
): { counts: Float64Array; issues: Uint8Array } {
  const counts = new Float64Array(classes * classes);
  const issues = new Uint8Array(labels.length);
  const least = thresholds.map((threshold) => threshold - NEARLY);
  for (let row = 0; row < labels.length; row++) {
    const at = row * classes;
    let confident = 0;
    let first = 0;
    let best = 0;
    for (let k = 0; k < classes; k++) {
      const p = probabilities[at + k]!;
      if (p >= least[k]! && confident++ === 0) first = k;
      if (p > probabilities[at + best]!) best = k;
    }
    if (confident === 0) continue;
    const guess = confident > 1 ? best : first;
    counts[labels[row]! * classes + guess]!++;
    if (guess !== labels[row]) issues[row] = 1;
  }
  for (let k = 0; k < classes; k++) counts[k * classes + k] = Math.max(counts[k * classes + k]!, 1);
  return { counts, issues };
}

/** Scaled so that each row sums to the rows with that label, in whole numbers. */
function calibrated(counts: Float64Array, rows: readonly Int32Array[]): Float64Array {
  const classes = rows.length;
  const joint = new Float64Array(counts.length);
  let labelled = 0;
  for (const [j, own] of rows.entries()) {
    labelled += own.length;
    let total = 0;
    for (let k = 0; k < classes; k++) total += counts[j * classes + k]!;
    for (let k = 0; k < classes; k++) joint[j * classes + k] = (counts[j * classes + k]! / total) * own.length;
  }
  // Class by class: the order in which the matrix lies in cleanlab's memory.
  const total = pairwiseSum(
    Float64Array.from(joint, (_, i) => joint[(i % classes) * classes + Math.floor(i / classes)]!),
  );
  for (let i = 0; i < joint.length; i++) joint[i] = (joint[i]! / total) * labelled;
  for (let j = 0; j < classes; j++) roundKeepingSum(joint.subarray(j * classes, (j + 1) * classes));
  return joint;
}

/** Rounds halves to even, then moves the values that were rounded farthest until the sum is the rounded sum. */
function roundKeepingSum(values: Float64Array): void {
  const exact = values.slice();
  for (let i = 0; i < values.length; i++) values[i] = roundHalfEven(exact[i]!);
  const wanted = roundHalfEven(pairwiseSum(exact));
  for (;;) {
    const missing = wanted - roundHalfEven(pairwiseSum(values));
    if (Math.abs(missing) <= NEARLY) return;
    const step = missing < 0 ? -1 : 1;
    const order = Int32Array.from(values.keys()).sort(
      (a, b) => exact[a]! - values[a]! - (exact[b]! - values[b]!) || a - b,
    );
    if (step > 0) order.reverse();
    for (const i of order.subarray(0, Math.min(Math.abs(missing), values.length))) values[i]! += step;
  }
}

function roundHalfEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  if (rest !== 0.5) return rest < 0.5 ? floor : floor + 1;
  return floor % 2 === 0 ? floor : floor + 1;
}

/** 1 for rows whose label is the most probable class, or within a millionth of it. */
function nearlyPredicted({ labels, probabilities, classes }: LabelledProbabilities): Uint8Array {
  const near = new Uint8Array(labels.length);
  for (let row = 0; row < labels.length; row++) {
    const at = row * classes;
    const label = labels[row]!;
    const own = probabilities[at + label]! + NEARLY;
    let k = 0;
    while (k < label && probabilities[at + k]! < own) k++;
    if (k < label) continue;
    k++;
    while (k < classes && probabilities[at + k]! <= own) k++;
    if (k === classes) near[row] = 1;
  }
  return near;
}

function flagged(
  data: LabelledProbabilities,
  rows: readonly Int32Array[],
  joint: Float64Array,
  offDiagonal: Uint8Array,
  near: Uint8Array,
  filter: ConfidentFilter,
): Uint8Array {
  const confident = offDiagonal.map((mark, row) => (near[row] === 1 ? 0 : mark));
  switch (filter) {
    case "confident_learning":
      return confident;
    case "predicted_neq_given":
      return near.map((mark) => 1 - mark);
    case "low_self_confidence":
    case "low_normalized_margin": {
      const count = confident.reduce((sum, mark) => sum + mark, 0);
      const quality = labelQualities(data, filter === "low_self_confidence" ? "self_confidence" : "normalized_margin");
      const issues = new Uint8Array(data.labels.length);
      takeGreatest(
        quality.map((value) => -value),
        count,
        (row) => {
          issues[row] = 1;
        },
      );
      return issues;
    }
    default: {
      const pruned = prunedCounts(joint, rows.length);
      const byRate = filter === "prune_by_class" ? undefined : prunedByRate(data, rows, pruned);
      const byClass = filter === "prune_by_noise_rate" ? undefined : prunedByClass(data, rows, pruned);
      return near.map((mark, row) => (mark === 0 && (byRate?.[row] ?? 1) === 1 && (byClass?.[row] ?? 1) === 1 ? 1 : 0));
    }
  }
}

/**
 * Rows of class k (row) and label j (column) that are pruned, and on the diagonal those that stay, at least one a class: what
 * the diagonal gains, the other counts of the label lose in equal parts.
 */
function prunedCounts(joint: Float64Array, classes: number): Float64Array {
  const counts = new Float64Array(joint.length);
  for (let j = 0; j < classes; j++) {
    const stays = Math.max(joint[j * classes + j]!, LEAST_OF_CLASS);
    const gained = stays - joint[j * classes + j]!;
    let others = -1;
    for (let k = 0; k < classes; k++) if (joint[j * classes + k] !== 0) others++;
    const less = gained / Math.max(others, 1);
    for (let k = 0; k < classes; k++) counts[k * classes + j] = Math.trunc(Math.max(0, joint[j * classes + k]! - less));
    counts[j * classes + j] = stays;
  }
  return counts;
}

function prunedByClass(
  { labels, probabilities, classes }: LabelledProbabilities,
  rows: readonly Int32Array[],
  pruned: Float64Array,
): Uint8Array {
  const issues = new Uint8Array(labels.length);
  for (const [k, own] of rows.entries()) {
    if (own.length <= LEAST_OF_CLASS) continue;
    const unlike = new Float64Array(own.length);
    for (let i = 0; i < own.length; i++) unlike[i] = -probabilities[own[i]! * classes + k]!;
    takeGreatest(unlike, own.length - pruned[k * classes + k]!, (i) => {
      issues[own[i]!] = 1;
    });
  }
  return issues;
}

function prunedByRate(
  { labels, probabilities, classes }: LabelledProbabilities,
  rows: readonly Int32Array[],
  pruned: Float64Array,
): Uint8Array {
  const issues = new Uint8Array(labels.length);
  for (const [given, own] of rows.entries()) {
    if (own.length <= LEAST_OF_CLASS) continue;
    const margins = new Float64Array(own.length);
    for (let k = 0; k < classes; k++) {
      if (k === given || pruned[k * classes + given] === 0) continue;
      for (let i = 0; i < own.length; i++) {
        const at = own[i]! * classes;
        margins[i] = probabilities[at + k]! - probabilities[at + given]!;
      }
      takeGreatest(margins, pruned[k * classes + given]!, (i) => {
        issues[own[i]!] = 1;
      });
    }
  }
  return issues;
}
