/**
 * The check `label-flips`: labels that the features contradict, more surely than honest overlap of the classes explains.
 */

import type { Check, CheckContext, CheckData, CheckResult, DataShape, Finding, Table, TableColumn } from "../check.js";
import { featureColumns } from "../columns.js";
import { embeddingColumns, embeddingNotes } from "../embedding-columns.js";
import { type FeatureColumns, featuresOf, leftNotes } from "../features.js";
import { compareFindings, severityOf } from "../findings.js";
import { groupsOf } from "../groups.js";
import { FEATURES } from "../image/image-grid.js";
import type { ImageFeatures } from "../image/image-table.js";
import { lookedAtNames, readImages } from "../image/read-images.js";
import { type MatrixUse, matrixBytes } from "../matrices.js";
import { completed, skipped } from "../outcome.js";
import { flippedLabels } from "../power/flipped-labels.js";
import { quoted } from "../quoted.js";
import { roundScore } from "../scores.js";
import { fitCalibration } from "./calibration.js";
import { type FlipScores, flipPosteriors, flipScores, posteriorRates, unassignedShare } from "./flip-posterior.js";
import { type FlipRate, flipRate } from "./flip-rate.js";
import { LEAST_GROUPS, labelClasses, type Votes, votesOf } from "./given-labels.js";
import {
  calibratedOpinion,
  columnsOfClasses,
  givenNotes,
  givenOpinion,
  groupsWithProbabilities,
} from "./given-probabilities.js";
import { detailsOf, evidenceMaker, impureNote, smallClassesNote, unrecognisedNote } from "./label-flip-evidence.js";
import { type LabelTransition, labelTransition } from "./label-transition.js";
import { mixOpinions, predictionsOf, predictsLabels } from "./mixture.js";
import { denseOpinions, NEIGHBOURS, type OutOfFold, textOpinions } from "./out-of-fold.js";

export interface LabelFlipsOptions {
  /** Most bytes for class probabilities; default 2 GiB. More is an outcome `skipped`. */
  readonly maxProbabilityBytes?: number;
}

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
/** Share of the common rate up to which a class counts as purer than the rest, where rates differ. Chosen after a look at generated tables that overlap. */
const PURER = 0.5;
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
 * 40 % of the estimated flips cannot be pinned on records, or the estimated rate is above ½, the outcome is `uncalibrated`.
 * Where flip rates differ between classes, as they do where classes overlap, labels of a class are accused only if its own
 * territory is clearly purer than the rest. Of 225 generated tables made to overlap (prices in one column, mixtures of
 * normals, rare weather) 4 had findings, 17 without that rule; it costs the claims where flips are few and classes very uneven
 * (page_blocks at 5 %), or go round among uneven classes (car, each class into the next).
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
    reads,
    memory,
    poison: flippedLabels,
    run: (data, options, context) => run(data, { ...defaults, ...options }, context),
  };
}

function reads(shape: DataShape): ReturnType<Check["reads"]> {
  const { label } = shape.roles;
  if (label === undefined) return { skip: "It needs the label column (label)." };
  const columns = featureColumns(shape).filter((name) => name !== label);
  if (columns.length === 0 && !shape.matrices?.embeddings && !shape.matrices?.probabilities)
    return { skip: "It needs a column besides the label to judge it by, or embeddings, or class probabilities." };
  return { columns: [...columns, label] };
}

function memory(shape: DataShape): number {
  const columns = featureColumns(shape).length + (shape.roles.image === undefined ? 0 : FEATURES);
  // The table, the encoded features twice, and probabilities for twenty classes from four learners.
  const matrices = matrixBytes(shape, "embeddings", 4) + matrixBytes(shape, "probabilities", 5);
  return shape.records * (24 * columns + matrices + 20 * 4 * 8 + 4 * NEIGHBOURS + 200);
}

async function run(data: CheckData, options: LabelFlipsOptions, context: CheckContext): Promise<CheckResult> {
  const { maxProbabilityBytes = 2 * 2 ** 30 } = options;
  const { shape } = data;
  const columns = reads(shape);
  const refused = (reason: string, notes: readonly string[] = []): CheckResult => ({
    outcome: { ...skipped({ id: ID, version: VERSION }, data, context, reason), notes },
    findings: [],
  });
  if ("skip" in columns) return refused(columns.skip);
  const label = shape.roles.label!;
  const { image } = shape.roles;
  const images = await readImages(data);
  const table = await data.table(columns.columns.filter((name) => name !== image));
  const labelColumn = table.columns[table.columns.length - 1]!;
  const features = featuresOf(
    { ...table, columns: table.columns.slice(0, -1) },
    { named: shape.roles.features ?? [], text: shape.roles.text },
  );
  const probabilities = data.matrix?.("probabilities");
  const chosen = chosenFeatures(features, data, images, probabilities !== undefined);
  const { used, useText, notes } = chosen;
  if (images && images.columns.length === 0 && probabilities === undefined)
    return refused(noImages(images, image!), notes);
  if (used.length === 0 && probabilities === undefined)
    return refused("No column besides the label says anything.", notes);
  const all = labelClasses(labelColumn);
  if (typeof all === "string") return refused(all, notes);
  // A record without an image is not judged, and does not teach; given probabilities judge it all the same.
  const labels =
    images && probabilities === undefined
      ? { ...all, classOf: all.classOf.map((k, row) => (images.read[row] === 1 ? k : -1)) }
      : all;

  const classColumns = probabilities && columnsOfClasses(probabilities, labels, labelColumn, context.showValues);
  const featureTable: Table = { ...table, columns: used };
  const near = context.results.find(({ outcome }) => outcome.check === "near-duplicates")?.clusters;
  const grouped = probabilities
    ? groupsWithProbabilities(featureTable, probabilities, near)
    : { groups: groupsOf(featureTable, { clusters: near }), table: featureTable, coarse: false };
  if (grouped.coarse && used.length > 0)
    notes.push(
      "many records have equal features, so these are no sign of copying and records were told apart without them",
    );
  const votes = votesOf(grouped.table, grouped.groups, labels, context.seed);
  const nameOf = (index: number): string => labels.names[votes.classes[index]!]!;
  const unlabelled = all.classOf.reduce((sum, k) => sum + (k < 0 ? 1 : 0), 0);
  if (unlabelled > 0) notes.push(`${unlabelled} records without a label were left out`);
  if (votes.unlabelled > unlabelled)
    notes.push(`${votes.unlabelled - unlabelled} records without an image that can be read were left out`);
  if (votes.small.length > 0) notes.push(smallClassesNote(votes, labels, context.showValues));
  const classes = votes.classes.length;
  if (classes < 2) {
    const count = classes === 0 ? "No class" : "Only one class";
    return refused(`${count} has ${LEAST_GROUPS} distinct records; at least two such classes are needed.`, notes);
  }
  const bytes = votes.first.length * classes * 40;
  if (bytes > maxProbabilityBytes) {
    const size = `${classes} classes and ${votes.first.length} distinct records`;
    return refused(`Probabilities of ${size} need ${bytes} bytes; raise maxProbabilityBytes.`, notes);
  }

  const given = probabilities && classColumns && givenOpinion(probabilities, classColumns, grouped.groups, votes);
  const { units } = votes;
  const rateOf = (p: ArrayLike<number>): { predicted: Int32Array; flips: FlipRate } => {
    const { predicted, confidence } = predictionsOf(p, classes);
    return { predicted, flips: flipRate(units, predicted, confidence, classes, context.seed) };
  };
  const calibration = given && fitCalibration(given, units, classes, rateOf(given).flips.rate);
  const judged: OutOfFold =
    given && calibration
      ? {
          opinions: [calibratedOpinion(given, classes, calibration)],
          neighbours: new Int32Array(0),
          notes: givenNotes(calibration),
        }
      : useText
        ? await textOpinions(features, votes, context)
        : await denseOpinions({ ...features, numbers: chosen.numbers }, votes, context);
  context.signal?.throwIfAborted();
  notes.push(...judged.notes);
  if (judged.opinions.length === 0) return refused("No word occurs in two texts.", notes);
  const mixture = mixOpinions(judged.opinions, units, classes);
  const { predicted, flips } = rateOf(mixture.probabilities);
  const transition = labelTransition(units, predicted, flips, classes);
  const scores = flipScores(mixture.probabilities, units, transition, flips.rate, classes);
  const posterior = flipPosteriors(mixture.probabilities, units, transition, classes, calibration?.knowsFlips ?? true);
  const strangers = unrecognisedClasses(votes, predicted);
  if (strangers.length > 0) notes.push(unrecognisedNote(strangers.map(nameOf), context.showValues));
  const impure = impureClasses(transition, flips).filter((k) => !strangers.includes(k));
  if (impure.length > 0) notes.push(impureNote(impure.map(nameOf), context.showValues));
  const silent = new Set([...strangers, ...impure]);
  for (let u = 0; u < units.count; u++) if (silent.has(units.label[u]!)) posterior[u] = 0;
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
  const uncalibrated = blind || hopeless || (found.length > 0 && unassigned > MAX_UNASSIGNED);
  if (blind) {
    notes.push(
      "what was looked at does not predict the label: flips cannot be seen here, and their rate cannot be estimated",
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
      `${roundShare(unassigned)} of the estimated flips cannot be pinned on records, so no finding is claimed: ` +
        "suspects are a ranking only",
    );
    found = [];
  }
  const least = Math.ceil(1 / context.fdr);
  notes.push(
    `fewer than ${least} flipped distinct records cannot become findings at a false discovery rate of ${context.fdr}`,
  );
  if (units.count > votes.first.length) {
    notes.push(
      `${units.count - votes.first.length} labels contradict another label of the same features (conflicting-duplicates)`,
    );
  }

  const evidenceOf = evidenceMaker(table, votes, judged, mixture, scores, posterior, nameOf, context.showValues);
  const findings = found.map((row): Finding => {
    const unit = votes.unitOf[row]!;
    const own = nameOf(units.label[unit]!);
    const suggested = nameOf(scores.suggested[unit]!);
    return {
      ...data.place(row),
      check: ID,
      kind: "label-flip",
      score: roundScore(scores.score[unit]!),
      q: roundScore(q[unit]!),
      severity: severityOf(q[unit]!),
      message: context.showValues
        ? `The label ${quoted(own)} contradicts ${images ? "the image, which says" : "the features, which say"} ${quoted(suggested)}.`
        : `The label contradicts ${images ? "the image" : "the features"}.`,
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
    ...(blind
      ? {}
      : { estimate: { rate: roundScore(flips.rate), low: roundScore(flips.low), high: roundScore(flips.high) } }),
    suspects: (blind ? [] : lists.suspects).map((row) => data.place(row).record),
    disputed: lists.disputed.map((row) => data.place(row).record),
    notes,
    details: {
      ...detailsOf(votes, flips, transition, judged, mixture, unassigned, nameOf, context.showValues),
      ...(calibration && { calibration: { ...calibration, exponent: roundScore(calibration.exponent) } }),
    },
  });
  return { outcome, findings: findings.sort(compareFindings), scores: recordScores };
}

/** Why images say nothing. */
function noImages({ read }: ImageFeatures, name: string): string {
  return read.includes(1)
    ? `All images in ${quoted(name)} look the same.`
    : `No image in ${quoted(name)} can be read; images are bytes of PNG or JPEG.`;
}

interface ChosenFeatures {
  /** Columns that records are copies by, those of the embeddings among them. */
  readonly used: readonly TableColumn[];
  /** Numbers and embeddings. */
  readonly numbers: FeatureColumns["numbers"];
  /** Names of the columns of the data that labels are judged by. */
  readonly judged: readonly string[];
  readonly useText: boolean;
  readonly matrices: readonly MatrixUse[];
  readonly notes: string[];
}

/** What labels are judged by: given probabilities alone; else embeddings, images, numbers and categories; else text. */
function chosenFeatures(
  features: FeatureColumns,
  data: CheckData,
  images: ImageFeatures | undefined,
  given: boolean,
): ChosenFeatures {
  const { numbers: own, categories, texts } = features;
  const left = [...features.left];
  const embeddings = embeddingColumns(data);
  const pixels = images?.columns ?? [];
  const numbers = [...pixels, ...own, ...embeddings];
  if (given) {
    const used = [...numbers, ...categories, ...texts];
    const notes = [...leftNotes(left), ...(images?.notes ?? [])];
    if (used.length > 0) notes.push("features were used only to tell copies: given probabilities judge the labels");
    return { used, numbers, judged: [], useText: false, matrices: ["probabilities"], notes };
  }
  const { text } = data.shape.roles;
  const useText =
    embeddings.length === 0 &&
    images === undefined &&
    texts.length > 0 &&
    (text !== undefined || own.length + categories.length === 0);
  for (const { name } of useText ? own : texts) {
    const reason = useText
      ? "text was looked at instead of numbers"
      : embeddings.length > 0
        ? "embeddings were looked at instead of text"
        : images
          ? "images were looked at instead of text"
          : "it holds text; name it as text to look at it instead";
    left.push({ column: name, reason });
  }
  return {
    used: useText ? [...texts, ...categories] : [...numbers, ...categories],
    numbers,
    judged: lookedAtNames(useText ? [...texts, ...categories] : [...pixels, ...own, ...categories]),
    useText,
    matrices: embeddings.length > 0 ? ["embeddings"] : [],
    notes: [...leftNotes(left), ...(images?.notes ?? []), ...embeddingNotes(data, embeddings.length)],
  };
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

/**
 * Where the flip rates of classes differ: the classes that are not clearly purer than the rest in their own territory. Flips at
 * random come at one rate, and flips from one class into another leave the territory of the other as it was. Different rates
 * and a territory that is itself mixed is how honest overlap looks: prices of several companies, fog among dry days.
 */
function impureClasses({ classRates, rates }: LabelTransition, { rate }: FlipRate): number[] {
  return classRates ? [...rates.keys()].filter((k) => rates[k]! > PURER * rate) : [];
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
