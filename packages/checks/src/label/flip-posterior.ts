/**
 * How suspicious each unit is (a log ratio, for ranking), how probable it is that its label was flipped (for the claim), and
 * which units can be claimed at a false discovery rate.
 */

import { deconvolve } from "../numeric/deconvolution.js";
import { log } from "../numeric/elementary.js";
import { type ClassProbabilities, expandRow } from "./class-probabilities.js";
import type { Units } from "./given-labels.js";
import type { LabelTransition } from "./label-transition.js";

export interface FlipScores {
  /** log max_k P_k T_ky − log max(P_y T_yy, 10⁻⁴); higher is more suspicious. */
  readonly score: Float64Array;
  /** The class that reaches the maximum. */
  readonly suggested: Int32Array;
}

/** Overlap above which destinations are confusions of the classifier and not flips. */
const MAX_OVERLAP = 0.1;
const GIVEN_FLOOR = 1e-4;

/** Scores every unit. Where classes overlap by more than 10 %, T is taken as symmetric, so that only P decides. */
export function flipScores(
  probabilities: ClassProbabilities,
  units: Units,
  { matrix, overlap }: LabelTransition,
  rate: number,
): FlipScores {
  const { classes } = probabilities;
  const dense = new Float64Array(classes);
  const score = new Float64Array(units.count);
  const suggested = new Int32Array(units.count);
  // A rate of 0 gives every record the same constant, so any small rate ranks alike.
  const floor = 1e-12;
  const symmetric = overlap > MAX_OVERLAP;
  const common = Math.max(rate / (classes - 1), floor);
  for (let u = 0; u < units.count; u++) {
    expandRow(probabilities, units.group[u]!, dense);
    const y = units.label[u]!;
    let best = -1;
    let greatest = -1;
    for (let k = 0; k < classes; k++) {
      if (k === y) continue;
      const arrives = symmetric ? common : Math.max(matrix[k * classes + y]!, floor);
      const weight = dense[k]! * arrives;
      if (weight > greatest) {
        greatest = weight;
        best = k;
      }
    }
    const stays = symmetric ? 1 - rate : matrix[y * classes + y]!;
    score[u] = log(greatest) - log(Math.max(dense[y]! * stays, GIVEN_FLOOR));
    suggested[u] = best;
  }
  return { score, suggested };
}

/** Classes of a group that are followed through the rounds: the most probable ones. */
const MAX_ACTIVE = 16;
const ROUNDS = 30;

/**
 * The probability that each unit's label was flipped: 1 − T_yy c_y / (cT)_y, where c is the distribution of true labels whose
 * flipped version is P, found by 30 rounds c ← c · (T (P / cT))ᵀ from c = P.
 *
 * Where the learners know nothing of flips, c is P.
 *
 * Only the 16 most probable classes of a group and the given one are followed, which bounds the cost for many classes.
 */
export function flipPosteriors(
  probabilities: ClassProbabilities,
  units: Units,
  { matrix }: LabelTransition,
  knowsFlips = true,
): Float64Array {
  const { classes } = probabilities;
  const dense = new Float64Array(classes);
  const posterior = new Float64Array(units.count);
  const rounds = knowsFlips ? ROUNDS : 0;
  const judge = (u: number, active: ArrayLike<number>, c: Float64Array, at: number): void => {
    const y = units.label[u]!;
    let flow = 0;
    let stayed = 0;
    for (let a = 0; a < active.length; a++) {
      const part = c[at + a]! * matrix[active[a]! * classes + y]!;
      flow += part;
      if (active[a] === y) stayed = part;
    }
    posterior[u] = flow > 0 ? Math.max(0, Math.min(1, 1 - stayed / flow)) : 0;
  };
  if (classes <= MAX_ACTIVE + 1) {
    // All units follow the same classes, so they go through the rounds together.
    const active = Int32Array.from({ length: classes }, (_, k) => k);
    const observed = new Float64Array(units.count * classes);
    for (let u = 0; u < units.count; u++) {
      expandRow(probabilities, units.group[u]!, dense);
      observedShares(dense, active, observed, u * classes);
    }
    const c = deconvolve(observed, classes, matrix, rounds);
    for (let u = 0; u < units.count; u++) judge(u, active, c, u * classes);
    return posterior;
  }
  for (let u = 0; u < units.count; u++) {
    expandRow(probabilities, units.group[u]!, dense);
    const active = activeClasses(probabilities, units.group[u]!, dense, units.label[u]!);
    const size = active.length;
    const observed = new Float64Array(size);
    observedShares(dense, active, observed, 0);
    const own = new Float64Array(size * size);
    for (let a = 0; a < size; a++) {
      for (let b = 0; b < size; b++) own[a * size + b] = matrix[active[a]! * classes + active[b]!]!;
    }
    judge(u, active, deconvolve(observed, size, own, rounds), 0);
  }
  return posterior;
}

/** The probabilities of the active classes, so that they sum to 1. */
function observedShares(dense: Float64Array, active: ArrayLike<number>, observed: Float64Array, at: number): void {
  let sum = 0;
  for (let a = 0; a < active.length; a++) sum += dense[active[a]!]!;
  for (let a = 0; a < active.length; a++) observed[at + a] = dense[active[a]!]! / sum;
}

/** The most probable classes, surest first, and the given one. */
function activeClasses(
  { width, kept }: ClassProbabilities,
  row: number,
  dense: Float64Array,
  y: number,
): ArrayLike<number> {
  const order = kept.slice(row * width, (row + 1) * width);
  order.sort((a, b) => dense[b]! - dense[a]! || a - b);
  const active = order.subarray(0, MAX_ACTIVE);
  return active.includes(y) ? active : [...active, y];
}

/**
 * The smallest false discovery rate at which each unit would be found: units in order of posterior, then
 * min over k' ≥ k of (1 + Σ of the first k' (1 − e)) / k'. The + 1 silences small counts: at least 1 / q units or none.
 *
 * @returns One q a unit, at most 1.
 */
export function posteriorRates(posterior: Float64Array): Float64Array {
  const order = Int32Array.from({ length: posterior.length }, (_, u) => u).sort(
    (a, b) => posterior[b]! - posterior[a]! || a - b,
  );
  const running = new Float64Array(order.length);
  let doubt = 1;
  for (const [i, u] of order.entries()) {
    doubt += 1 - posterior[u]!;
    running[i] = doubt / (i + 1);
  }
  const q = new Float64Array(order.length);
  let least = 1;
  for (let i = order.length - 1; i >= 0; i--) {
    const next = order[i + 1];
    // Equal posteriors stand or fall together: only the last of them sets a rate.
    if (next === undefined || posterior[next] !== posterior[order[i]!]) least = Math.min(least, running[i]!);
    q[order[i]!] = least;
  }
  return q;
}

/** Σ min(e, 1 − e) / Σ e: the share of the estimated flips that cannot be pinned on records. 0 where nothing is estimated. */
export function unassignedShare(posterior: Float64Array, units: Units): number {
  let unsure = 0;
  let all = 0;
  for (let u = 0; u < units.count; u++) {
    const e = posterior[u]!;
    unsure += units.weight[u]! * Math.min(e, 1 - e);
    all += units.weight[u]! * e;
  }
  return all > 0 ? unsure / all : 0;
}
