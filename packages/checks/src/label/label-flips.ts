/**
 * The check `label-flips`: labels that the features contradict, more surely than honest overlap of the classes explains.
 */

import type { Check, CheckContext, CheckData, CheckResult, Finding } from "../check.js";
import { compareFindings, severityOf } from "../findings.js";
import { completed, MAX_REASONS, skipped } from "../outcome.js";
import { flippedLabels } from "../power/flipped-labels.js";
import { quoted } from "../quoted.js";
import { roundScore } from "../scores.js";
import { sourcesOf } from "../source/source-answers.js";
import { fitCalibration } from "./calibration.js";
import type { ClassProbabilities } from "./class-probabilities.js";
import { type FlipScores, flipPosteriors, flipScores, posteriorRates, unassignedShare } from "./flip-posterior.js";
import { type FlipRate, flipRate } from "./flip-rate.js";
import { flipTerritories } from "./flip-territories.js";
import type { Votes } from "./given-labels.js";
import { calibratedOpinion, givenNotes, givenOpinion, givenProbabilities } from "./given-probabilities.js";
import { detailsOf, evidenceMaker, territoriesNote, unrecognisedNote } from "./label-flip-evidence.js";
import { labelTransition } from "./label-transition.js";
import { mixOpinions, predictionsOf, predictsLabels } from "./mixture.js";
import { columnsOfLabels, holdsSeveralLabels, judgeEachLabel } from "./multi-label.js";
import type { OutOfFold } from "./out-of-fold.js";
import {
  checkDistance,
  DISTANCES,
  type LabelOptions,
  labelColumns,
  labelMemory,
  learnedOpinions,
  readLabels,
  voteOnLabels,
} from "./read-labels.js";
import { claimedWithin } from "./source-claims.js";

/** Options of `label-flips`. */
export type LabelFlipsOptions = LabelOptions;

const ID = "label-flips";
const VERSION = "1";
/**
 * Share of unassigned flips above which no claim is made. On public sets claims held up to .48; on overlapping normal classes with
 * 20 % flips the false share was .14 to .29 between .43 and .49 where .05 was claimed.
 */
const MAX_UNASSIGNED = 0.4;
/**
 * Flip rate above which no claim is made: where most labels disagree even with the surest predictions, a data set of which
 * most is flipped cannot be told from labels that do not follow from what was looked at. Reasoned, not fitted.
 */
const MAX_RATE = 0.5;
/** A finding is more probably a flip than not. Cutting the list there keeps its rate, as long as that is below ½. */
const LEAST_POSTERIOR = 0.5;

/**
 * Finds records whose label was flipped.
 *
 * **Method.** Out-of-fold class probabilities from logistic regression, 25 nearest neighbours, a random forest and a shrunk
 * quadratic discriminant (text: logistic regression, cosine neighbours, naive Bayes), mixed with weights by expectation
 * maximisation; the flip rate from anchors; a posterior per record; findings where its running mean with + 1 stays below
 * the rate that is claimed. `suspects` are as many of the highest scores as the rate says, without a claim; `disputed` are
 * the records that the classifier would label otherwise.
 *
 * **Reads** the label and all feature columns; where an image column is named, its images as down-sampled pixels. Embeddings, where they are given, are looked at with the numbers and categories
 * and instead of text. Class probabilities, where they are given, take the place of all learners, and features then only tell
 * copies: columns are named by label in any order, or stand without names in ascending order of the labels (as numbers where
 * the column holds numbers only, else by code point), one for each class. They must be made out of fold, which cannot be seen. Records with equal features are one group: one fold, one vote, no neighbours
 * of each other; near duplicates too, where `near-duplicates` ran before.
 *
 * **Cost.** One pass; classifiers are bounded (notes say where a sample was taken); 42,000 records with two columns and 52
 * classes take about ten seconds on one core.
 *
 * **False alarms.** No finding on unflipped data: 8 of 8 public sets, 56 of 56 and 319 of 319 generated tables. Where more than
 * 40 % of the estimated flips cannot be pinned on records and there are findings or surely 1 / fdr flips, or the estimated rate is
 * above ½, the outcome is `uncalibrated`: on unflipped classes that overlap, rates of .26 to .42 were estimated.
 * Where flip rates differ between classes, as they do where classes overlap, labels are accused only of a class whose own territory
 * is clearly purer than the rest, or in territories whose rate is that of most. Of 440 generated tables made to overlap
 * (prices in one column, mixtures of normals, rare weather) 23 had findings, 45 without that rule; it costs the claims where
 * flips are few and classes very uneven (page_blocks at 5 %), or go round among uneven classes (car, each class into the next).
 *
 * **Several labels a record.** Where the label column holds lists, each label (the 100 most frequent) is judged by itself as a column
 * of two classes; where labels have columns of their own (`roles.labels`, 0 and 1 or classes), each column (the first 100) is. Then findings keep the claimed rate for each label; `details.labels` has the rate of each. With k labels it takes k times as long.
 *
 * **By class and source.** `details.classes` has the flip rate of each class with the interval of its anchors. Where a source column is
 * named, findings keep the claimed rate within each source too, and `sources` has the share of each with its interval.
 *
 * **Cannot see** flips on records that are ambiguous anyway, the difference between flips and an honest class that occurs at
 * one rate all over the territory of another, classes with fewer than five groups, a class whose majority
 * is flipped, and fewer than 1 / fdr flips as findings.
 *
 * @example
 * const { outcome, findings } = await labelFlips().run(tableData(table, tableShape(table, { label: "species" })), {}, context);
 */
export function labelFlips(defaults: LabelFlipsOptions = {}): Check<LabelFlipsOptions> {
  return {
    id: ID,
    version: VERSION,
    matrices: ["probabilities", "embeddings"],
    settings: { distance: DISTANCES },
    reads(shape, options) {
      checkDistance({ ...defaults, ...options }, shape);
      return holdsSeveralLabels(shape) ? columnsOfLabels(shape, labelColumns) : labelColumns(shape);
    },
    memory: labelMemory,
    poison: [flippedLabels],
    run(data, options, context) {
      const judge = (of: CheckData, by: CheckContext): Promise<CheckResult> => run(of, { ...defaults, ...options }, by);
      return holdsSeveralLabels(data.shape)
        ? judgeEachLabel({ id: ID, version: VERSION }, data, context, judge)
        : judge(data, context);
    },
  };
}

async function run(data: CheckData, options: LabelFlipsOptions, context: CheckContext): Promise<CheckResult> {
  const refused = (reason: string, notes: readonly string[] = []): CheckResult => ({
    outcome: { ...skipped({ id: ID, version: VERSION }, data, context, reason), notes },
    findings: [],
  });
  const labels = await readLabels(data, context);
  if ("refused" in labels) return refused(labels.refused, labels.notes);
  const read = voteOnLabels(labels, options, context);
  if ("refused" in read) return refused(read.refused, read.notes);
  const { table, label, images, chosen, votes, probabilities, notes, nameOf } = read;
  const classes = votes.classes.length;
  const given = probabilities && givenOpinion(probabilities.matrix, probabilities.columnOf, read.groups, votes);
  const { units } = votes;
  const rateOf = (p: ClassProbabilities): { predicted: Int32Array; flips: FlipRate } => {
    const { predicted, confidence } = predictionsOf(p);
    return { predicted, flips: flipRate(units, predicted, confidence, classes, context.seed) };
  };
  const calibration = given && fitCalibration(given, units, rateOf(givenProbabilities(given)).flips.rate);
  const judged: OutOfFold =
    given && calibration
      ? {
          opinions: [calibratedOpinion(given, calibration)],
          neighbours: new Int32Array(0),
          notes: givenNotes(calibration),
        }
      : await learnedOpinions(read, options, context);
  context.signal?.throwIfAborted();
  notes.push(...judged.notes);
  if (judged.opinions.length === 0) return refused("No word occurs in two texts.", notes);
  const mixture = mixOpinions(judged.opinions, units);
  const { predicted, flips } = rateOf(mixture.probabilities);
  const transition = labelTransition(units, predicted, flips, classes);
  const scores = flipScores(mixture.probabilities, units, transition, flips.rate);
  const posterior = flipPosteriors(mixture.probabilities, units, transition, calibration?.knowsFlips ?? true);
  const strangers = unrecognisedClasses(votes, predicted);
  if (strangers.length > 0) notes.push(unrecognisedNote(strangers.map(nameOf), context.showValues));
  const territories = flipTerritories(transition, flips.rate);
  if (territories.differ) notes.push(territoriesNote(territories, nameOf, context.showValues));
  const silent = new Set(strangers);
  for (let u = 0; u < units.count; u++) {
    const { differ, pure, common } = territories;
    const y = units.label[u]!;
    if (silent.has(y) || (differ && pure[y] === 0 && common[scores.suggested[u]!] === 0)) posterior[u] = 0;
  }
  const q = posteriorRates(posterior);
  const unassigned = unassignedShare(posterior, units);

  const lists = rowLists(votes, flips, scores, predicted);
  let found: number[] = [];
  for (let row = 0; row < table.length; row++) {
    const unit = votes.unitOf[row]!;
    // The rate alone would also accuse improbable records as long as enough certain ones make up for them.
    if (unit >= 0 && q[unit]! <= context.fdr && posterior[unit]! > LEAST_POSTERIOR) found.push(row);
  }
  const blind = unassigned > MAX_UNASSIGNED && !predictsLabels(predicted, units, classes);
  const hopeless = flips.rate > MAX_RATE;
  // Where surely so many are estimated that some could be found, and none can be pinned: honest overlap looks the same.
  const least = Math.ceil(1 / context.fdr);
  const vague = unassigned > MAX_UNASSIGNED && (found.length > 0 || flips.low * votes.first.length >= least);
  const uncalibrated = blind || hopeless || vague;
  if (blind) {
    notes.push(
      "what was looked at predicts the label no better than chance: either so many are flipped that nothing can be learnt from " +
        "them, or the label does not follow from it; the rate may be anything from 0, and suspects are a ranking that may say nothing",
    );
    found = [];
  } else if (hopeless) {
    notes.push(
      "more than half of the labels disagree even where predictions are surest: either most are flipped, or the label does " +
        "not follow from what was looked at; no finding is claimed",
    );
    found = [];
  } else if (uncalibrated) {
    notes.push(
      `${roundShare(unassigned)} of the estimated flips cannot be pinned on records, as where classes overlap honestly, so no ` +
        "finding is claimed: the rate may be anything from 0, and suspects are a ranking only",
    );
    found = [];
  }
  const { source } = data.shape.roles;
  if (source !== undefined && found.length > 0) {
    const [column] = (await data.table([source])).columns;
    const claimed = claimedWithin(found, votes, posterior, sourcesOf(column!), context.fdr);
    if (claimed.length < found.length) {
      notes.push(
        `${found.length - claimed.length} records are no findings because within their source more than ${context.fdr} of them would be wrong`,
      );
    }
    found = claimed;
  }
  notes.push(
    `fewer than ${least} flipped distinct records cannot become findings at a false discovery rate of ${context.fdr}`,
  );
  if (units.count > votes.first.length) {
    notes.push(
      `${units.count - votes.first.length} labels contradict another label of the same features (conflicting-duplicates)`,
    );
  }

  const evidenceOf = evidenceMaker(table, votes, judged, mixture, scores, posterior, nameOf, context.showValues);
  const contradiction = (unit: number): string => {
    const by = images ? "the image" : "the features";
    if (!context.showValues) return `The label contradicts ${by}.`;
    const own = quoted(nameOf(units.label[unit]!));
    const suggested = quoted(nameOf(scores.suggested[unit]!));
    return `The label ${own} contradicts ${by}, which ${images ? "says" : "say"} ${suggested}.`;
  };
  const findings = found.map((row): Finding => {
    const unit = votes.unitOf[row]!;
    return {
      ...data.place(row),
      check: ID,
      kind: "label-flip",
      score: roundScore(scores.score[unit]!),
      q: roundScore(q[unit]!),
      severity: severityOf(q[unit]!),
      message: contradiction(unit),
      evidence: evidenceOf(unit),
    };
  });
  const recordScores = Float64Array.from(votes.unitOf, (unit) =>
    unit < 0 ? Number.NaN : roundScore(scores.score[unit]!),
  );
  let examined = 0;
  for (const unit of votes.unitOf) if (unit >= 0) examined++;
  const outcome = completed({ id: ID, version: VERSION }, data, context, {
    columns: [...chosen.judged, label],
    ...(chosen.matrices.length > 0 && { matrices: chosen.matrices }),
    examined,
    findings: findings.length,
    calibration: uncalibrated ? "uncalibrated" : "posterior",
    ...(uncalibrated ? {} : { fdr: context.fdr }),
    estimate: {
      rate: roundScore(flips.rate),
      low: blind || vague ? 0 : roundScore(flips.low),
      high: roundScore(flips.high),
    },
    suspects: lists.suspects.map((row) => data.place(row).record),
    reasons: lists.suspects.slice(0, MAX_REASONS).map((row) => {
      const unit = votes.unitOf[row]!;
      const score = roundScore(scores.score[unit]!);
      return {
        record: data.place(row).record,
        message: contradiction(unit),
        evidence: { score, ...evidenceOf(unit) },
      };
    }),
    disputed: lists.disputed.map((row) => data.place(row).record),
    notes,
    details: {
      ...detailsOf(votes, flips, transition, judged, mixture, unassigned, nameOf, context.showValues),
      ...(calibration && { calibration: { ...calibration, exponent: roundScore(calibration.exponent) } }),
    },
  });
  const suggested = {
    names: votes.classes.map((_, k) => nameOf(k)),
    classOf: votes.unitOf.map((unit) => (unit < 0 ? -1 : predicted[units.group[unit]!]!)),
  };
  return { outcome, findings: findings.sort(compareFindings), scores: recordScores, suggested };
}

/**
 * Classes none of whose records the classifier would give that label. It has not learnt them, so to accuse all their records
 * would say nothing about any: a few flips into a tiny class would make every honest record of it a finding.
 */
function unrecognisedClasses({ units, classes }: Votes, predicted: Int32Array): number[] {
  const recognised = new Uint8Array(classes.length);
  for (let u = 0; u < units.count; u++) {
    if (predicted[units.group[u]!] === units.label[u]) recognised[units.label[u]!] = 1;
  }
  return [...classes.keys()].filter((k) => recognised[k] === 0);
}

/** Rows by score, until as many votes as the rate says; and the rows whose label is not the predicted one. */
function rowLists(
  { units, unitOf, first }: Votes,
  { rate }: FlipRate,
  { score }: FlipScores,
  predicted: Int32Array,
): { suspects: number[]; disputed: number[] } {
  const ranked = Int32Array.from({ length: units.count }, (_, u) => u).sort((a, b) => score[b]! - score[a]! || a - b);
  const position = new Int32Array(units.count).fill(-1);
  const wanted = Math.floor(rate * first.length + 0.5);
  let votes = 0;
  for (let i = 0; i < ranked.length && votes < wanted - 1e-9; i++) {
    position[ranked[i]!] = i;
    votes += units.weight[ranked[i]!]!;
  }
  const suspects: number[] = [];
  const disputed: number[] = [];
  for (const [row, unit] of unitOf.entries()) {
    if (unit < 0) continue;
    if (position[unit]! >= 0) suspects.push(row);
    if (predicted[units.group[unit]!] !== units.label[unit]) disputed.push(row);
  }
  const byScore = (a: number, b: number): number =>
    score[unitOf[b]!]! - score[unitOf[a]!]! || unitOf[a]! - unitOf[b]! || a - b;
  return { suspects: suspects.sort(byScore), disputed: disputed.sort(byScore) };
}

function roundShare(share: number): string {
  return `${Math.round(100 * share)} %`;
}
