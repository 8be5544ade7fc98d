/**
 * What several people said about the same items, weighed by how each of them errs: Dawid and Skene 1979, "Maximum Likelihood
 * Estimation of Observer Error-Rates Using the EM Algorithm", Applied Statistics 28(1).
 */

import { exp, log } from "./elementary.js";

/** One label that somebody gave an item: three columns of equal length. */
export interface AnnotatorVotes {
  readonly item: Int32Array;
  readonly annotator: Int32Array;
  readonly label: Int32Array;
  readonly items: number;
  readonly annotators: number;
  readonly classes: number;
}

export interface DawidSkene {
  /** P(true class) of each item, `classes` an item. */
  readonly posterior: Float64Array;
  /** P(true class) over all items. */
  readonly prior: Float64Array;
  /** P(label l | true class j) of annotator a at (a × classes + j) × classes + l. */
  readonly confusion: Float64Array;
  readonly rounds: number;
}

export interface DawidSkeneOptions {
  /**
   * Votes like the mean annotator's that each annotator is given for each class, so that one with few labels is judged
   * like the others. Default 1; 0 is the method as published.
   */
  readonly smoothing?: number;
  /** Rounds; it ends before when no posterior moves by more than 10⁻⁹. Default 100. */
  readonly maxRounds?: number;
}

const FLOOR = 1e-10;
const STILL = 1e-9;

/**
 * Estimates the true class of each item and how each annotator errs, by expectation maximisation from the shares of votes.
 *
 * @param votes - Every item and annotator has at least one.
 * @returns O(rounds × votes × classes + rounds × annotators × classes²).
 * @example
 * const { posterior } = dawidSkene({ item, annotator, label, items: 45, annotators: 5, classes: 4 });
 */
export function dawidSkene(
  votes: AnnotatorVotes,
  { smoothing = 1, maxRounds = 100 }: DawidSkeneOptions = {},
): DawidSkene {
  const { item, label, items, classes } = votes;
  let posterior: Float64Array = new Float64Array(items * classes);
  for (let v = 0; v < item.length; v++) posterior[item[v]! * classes + label[v]!]! += 1;
  normaliseRows(posterior, classes);
  let prior = meanRow(posterior, classes);
  let confusion = confusionsOf(votes, posterior, smoothing);
  let rounds = 0;
  for (let moved = Number.POSITIVE_INFINITY; rounds < maxRounds && moved > STILL; rounds++) {
    const next = posteriorOf(votes, prior, confusion);
    moved = 0;
    for (let i = 0; i < next.length; i++) moved = Math.max(moved, Math.abs(next[i]! - posterior[i]!));
    posterior = next;
    prior = meanRow(posterior, classes);
    confusion = confusionsOf(votes, posterior, smoothing);
  }
  return { posterior, prior, confusion, rounds };
}

/** How each annotator labels items of each class, where items are what the posterior says. */
function confusionsOf(
  { item, annotator, label, annotators, classes }: AnnotatorVotes,
  posterior: Float64Array,
  smoothing: number,
): Float64Array {
  const size = classes * classes;
  const confusion = new Float64Array(annotators * size);
  for (let v = 0; v < item.length; v++) {
    const from = item[v]! * classes;
    const to = annotator[v]! * size + label[v]!;
    for (let j = 0; j < classes; j++) confusion[to + j * classes]! += posterior[from + j]!;
  }
  if (smoothing > 0) {
    const pooled = new Float64Array(size);
    for (let at = 0; at < confusion.length; at++) pooled[at % size]! += confusion[at]!;
    normaliseRows(pooled, classes);
    for (let at = 0; at < confusion.length; at++) confusion[at]! += smoothing * pooled[at % size]!;
  }
  for (let at = 0; at < confusion.length; at++) confusion[at] = Math.max(confusion[at]!, FLOOR);
  normaliseRows(confusion, classes);
  return confusion;
}

function posteriorOf(
  { item, annotator, label, items, classes }: AnnotatorVotes,
  prior: Float64Array,
  confusion: Float64Array,
): Float64Array {
  const size = classes * classes;
  const logs = confusion.map(log);
  const posterior = new Float64Array(items * classes);
  for (let j = 0; j < classes; j++) {
    const start = log(Math.max(prior[j]!, FLOOR));
    for (let at = j; at < posterior.length; at += classes) posterior[at] = start;
  }
  for (let v = 0; v < item.length; v++) {
    const to = item[v]! * classes;
    const from = annotator[v]! * size + label[v]!;
    for (let j = 0; j < classes; j++) posterior[to + j]! += logs[from + j * classes]!;
  }
  for (let at = 0; at < posterior.length; at += classes) {
    let most = Number.NEGATIVE_INFINITY;
    for (let j = at; j < at + classes; j++) most = Math.max(most, posterior[j]!);
    for (let j = at; j < at + classes; j++) posterior[j] = exp(posterior[j]! - most);
  }
  normaliseRows(posterior, classes);
  return posterior;
}

/** Rows that sum to 1; one without anything becomes uniform. */
function normaliseRows(values: Float64Array, width: number): void {
  for (let at = 0; at < values.length; at += width) {
    let total = 0;
    for (let i = at; i < at + width; i++) total += values[i]!;
    for (let i = at; i < at + width; i++) values[i] = total > 0 ? values[i]! / total : 1 / width;
  }
}

function meanRow(values: Float64Array, width: number): Float64Array {
  const mean = new Float64Array(width);
  for (let at = 0; at < values.length; at++) mean[at % width]! += values[at]!;
  for (let j = 0; j < width; j++) mean[j]! /= values.length / width;
  return mean;
}
