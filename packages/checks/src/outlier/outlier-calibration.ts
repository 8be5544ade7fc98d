/**
 * From scores to a claim: conformal where enough records are trusted, else a decoy; and `uncalibrated` where neither can be
 * believed. A detector that is its own reference can never reject, and an empirical null alone rejects on clean data: neither is
 * offered.
 *
 * What a claim is about differs. Conformal ranks trusted and other records by one score, whatever it is made of, so it holds for
 * whole records. A decoy holds for numbers alone: it permutes columns, and categories, texts and missing values depend on each
 * other in honest data (a city has its country), so that their permuted copy would be no null at all: it would be either odder than any
 * honest record, and hide what is bad, or tamer, and accuse what is good.
 */

import { benjaminiHochberg, conformalPValues, decoyRates } from "../numeric/false-discovery.js";
import type { DenseMatrix } from "../numeric/matrix.js";
import { expectedFrom, fitLogNormalNull, fitParetoTail, paretoTailProbability } from "../numeric/tail-probability.js";
import type { DistinctRows } from "./distinct-rows.js";
import type { OutlierModel } from "./outlier-score.js";

export interface OutlierCalibration {
  readonly method: "conformal" | "decoy" | "uncalibrated";
  /** Why there is no claim. */
  readonly reasons: readonly string[];
  /** Smallest rate at which each distinct row would be found; NaN where it is trusted or there is no claim. */
  readonly q: Float64Array;
  /** Conformal p-value of each distinct row; NaN where there is none. */
  readonly p: Float64Array;
  /** max(null, Pareto tail) of the scores that a decoy does not accuse: a second opinion, no claim by itself. NaN where neither could be fitted. */
  readonly tail: Float64Array;
  /** Whether the second opinion alone would be a finding at the rate (Benjamini and Hochberg). */
  readonly tailFound: Uint8Array;
  readonly notes: readonly string[];
}

/** Trusted records below which conformal p-values are too coarse. */
export const LEAST_TRUSTED = 200;
/** Distinct records below which no claim is made. */
const LEAST_RECORDS = 200;
/** Share of records with the top score above which the score has no head. */
const MAX_TIED = 0.05;
/**
 * Share of what the decoy finds that the other scores, continued, may explain. A decoy is mistaken where honest records are extreme in many
 * columns at once: then what it finds is the smooth end of a tail, and its continuation explains all of it, give or take a factor
 * of two: it explained less than this share in 2 of 209 such mistakes on 704 generated honest tables (`benchmarks/RESULTS.md`).
 */
const MAX_EXPLAINED = 0.2;
/** Share of the records that may be found: the views leave a quarter out of what they measure by, and no more than that can be odd. */
const MAX_FOUND = 0.25;
/**
 * Length of the mean direction of what the decoy finds above which it is one group: places on islands, the records of another site. The rest
 * stands in no line with them, so no tail explains them, and they are odd to a decoy; but honest data has such groups. On generated
 * tables it is .8 to 1 for one or two groups, at most .3 for rows of which any cells were moved.
 */
const MAX_ALIKE = 0.5;
/** How many times what the decoy finds the tail of the scores may find before that is worth a remark. */
const MAX_DISAGREEMENT = 10;

/** How many distinct trusted records a conformal claim needs at a rate. */
export function neededTrusted(fdr: number): number {
  return Math.max(LEAST_TRUSTED, Math.ceil(2 / fdr));
}

/**
 * The conformal claim about scores of distinct rows. Trusted and other rows are scored together, by a model that is the same whichever
 * of them are trusted: so good rows of both kinds are exchangeable however the bad ones bend it, and the rate holds (Marandon,
 * Lei, Mary and Roquain 2024, "Adaptive novelty detection with false discovery rate guarantee").
 *
 * @param rows - Which rows calibrate, at least {@link neededTrusted} of them, and which are trusted and so never found.
 * @param flat - Views to which most records are the same.
 */
export function calibrateByTrust(
  score: Float64Array,
  { calibrating, trusted }: Pick<DistinctRows, "calibrating" | "trusted">,
  flat: readonly string[],
  fdr: number,
): OutlierCalibration {
  const { reasons, tail, tailFound } = withoutClaim(score, flat, fdr);
  const q = new Float64Array(score.length).fill(Number.NaN);
  const p = new Float64Array(score.length).fill(Number.NaN);
  const calibration = score.filter((_, i) => calibrating[i] === 1);
  const tested = Int32Array.from(score.keys()).filter((i) => calibrating[i] === 0);
  const values = conformalPValues(
    Float64Array.from(tested, (i) => score[i]!),
    calibration,
  );
  const rates = benjaminiHochberg(values);
  for (const [k, i] of tested.entries()) {
    if (trusted[i] === 1) continue;
    p[i] = values[k]!;
    q[i] = rates[k]!;
  }
  const least = Math.ceil(tested.length / (fdr * (calibration.length + 1)));
  const notes =
    least > 1 ? [`no finding is possible below ${least} outliers: more trusted records would allow fewer`] : [];
  return { method: reasons.length > 0 ? "uncalibrated" : "conformal", reasons, q, p, tail, tailFound, notes };
}

/**
 * The claim about numbers by a decoy.
 *
 * @param columns - Columns of the matrix: a decoy of one column is the data itself.
 */
export function calibrateByDecoy(
  { rows: { score }, decoy, flat, clipped }: OutlierModel,
  columns: number,
  fdr: number,
): OutlierCalibration {
  const q = decoyRates(score, decoy);
  const found = score.filter((_, i) => q[i]! <= fdr).sort();
  const others = score.filter((_, i) => !(q[i]! <= fdr));
  const { reasons, tail, tailFound } = withoutClaim(score, flat, fdr, others);
  if (columns < 2)
    reasons.push("with one numeric column no claim is possible without trusted records; name a trusted slice");
  if (found.length > MAX_FOUND * score.length)
    reasons.push(`the decoy finds ${found.length} of ${score.length} records: so many cannot be odd among the others`);
  else if (found.length > 0) {
    const explained = expectedFrom(score, found[0]!);
    if (explained > MAX_EXPLAINED * found.length)
      reasons.push(
        `the decoy finds ${found.length}, but the scores of the others, continued, explain ${explained < found.length ? Math.round(explained) : "all"} of them: honest records may be extreme in many columns at once`,
      );
    else if (meanDirection(clipped, q, fdr) > MAX_ALIKE)
      reasons.push(
        `the decoy finds ${found.length} that stand off in much the same direction: a group apart may be honest (a place, a site, a device)`,
      );
  }
  const byTail = tailFound.reduce((sum, mark) => sum + mark, 0);
  const notes = [
    `fewer than ${Math.ceil(1 / fdr)} outliers cannot become findings at a false discovery rate of ${fdr}`,
  ];
  if (byTail > MAX_DISAGREEMENT * Math.max(1, found.length))
    notes.push(
      `the tail of the scores would find ${byTail} where the decoy finds ${found.length}: more may be odd than is claimed`,
    );
  return {
    method: reasons.length > 0 ? "uncalibrated" : "decoy",
    reasons,
    q,
    p: new Float64Array(score.length).fill(Number.NaN),
    tail,
    tailFound,
    notes,
  };
}

/** Length of the mean of the directions in which the rows that are found lie from the medians: 0 all ways, 1 one way. */
function meanDirection({ values, columns }: DenseMatrix, q: Float64Array, fdr: number): number {
  const sum = new Float64Array(columns);
  let found = 0;
  for (let i = 0; i < q.length; i++) {
    if (!(q[i]! <= fdr)) continue;
    found++;
    const row = values.subarray(columns * i, columns * (i + 1));
    const length = Math.sqrt(row.reduce((squares, x) => squares + x * x, 0));
    if (length > 0) for (let j = 0; j < columns; j++) sum[j]! += row[j]! / length;
  }
  return Math.sqrt(sum.reduce((squares, x) => squares + x * x, 0)) / found;
}

/** What is said of scores for which there is no null at all. */
export function uncalibrated(score: Float64Array, reason: string, fdr: number): OutlierCalibration {
  const { reasons, tail, tailFound } = withoutClaim(score, [], fdr);
  const none = new Float64Array(score.length).fill(Number.NaN);
  return { method: "uncalibrated", reasons: [...reasons, reason], q: none, p: none, tail, tailFound, notes: [] };
}

/**
 * The second opinion, and why scores allow no claim whatever its method.
 *
 * @param others - Scores that the opinion is fitted to: those that are not accused, where some are.
 */
function withoutClaim(
  score: Float64Array,
  flat: readonly string[],
  fdr: number,
  others: Float64Array = score,
): Pick<OutlierCalibration, "tail" | "tailFound"> & { reasons: string[] } {
  const tail = tailOpinion(score, others);
  const tailQ = benjaminiHochberg(tail.map((p) => (Number.isNaN(p) ? 1 : p)));
  const tailFound = new Uint8Array(tailQ.length);
  for (let i = 0; i < tailQ.length; i++) if (tailQ[i]! <= fdr) tailFound[i] = 1;
  const reasons: string[] = [];
  if (score.length < LEAST_RECORDS) reasons.push(`only ${score.length} distinct records; ${LEAST_RECORDS} are needed`);
  const tied = shareOfTopScore(score);
  if (tied > MAX_TIED) reasons.push(`${Math.round(100 * tied)} % of the records share the top score`);
  for (const view of flat) reasons.push(`most records are the same to the view ${view}`);
  return { reasons, tail, tailFound };
}

/** Above −3 every view of the score: adding 4 makes its logarithm defined. */
const SCORE_OFFSET = 4;

function tailOpinion(score: Float64Array, others: Float64Array): Float64Array {
  const pareto = fitParetoTail(others);
  const normal = fitLogNormalNull(others, SCORE_OFFSET);
  return score.map((value) => {
    if (!pareto && !normal) return Number.NaN;
    return Math.max(pareto ? paretoTailProbability(pareto, value) : 0, normal ? normal(value) : 0);
  });
}

function shareOfTopScore(score: Float64Array): number {
  let top = Number.NEGATIVE_INFINITY;
  let tied = 0;
  for (let i = 0; i < score.length; i++) {
    if (score[i]! > top) {
      top = score[i]!;
      tied = 0;
    }
    if (score[i] === top) tied++;
  }
  return tied / score.length;
}
