/** The check `label-flips.confident-learning`: what cleanlab would flag, for those who know it and compare. */

import type { Check, CheckContext, CheckData, CheckResult } from "../check.js";
import { completed, MAX_REASONS, skipped } from "../outcome.js";
import { quoted } from "../quoted.js";
import { roundScore } from "../scores.js";
import { expandRow } from "./class-probabilities.js";
import {
  CONFIDENT_FILTERS,
  type ConfidentFilter,
  confidentLearning,
  LABEL_QUALITIES,
  type LabelledProbabilities,
  type LabelQuality,
  labelQualities,
} from "./confident-learning.js";
import { mixOpinions } from "./mixture.js";
import {
  checkDistance,
  DISTANCES,
  type LabelOptions,
  type LabelRefusal,
  type LabelTable,
  labelColumns,
  labelMemory,
  learnedOpinions,
  PROBABILITY_BYTES,
  readLabels,
  voteOnLabels,
} from "./read-labels.js";

/** Options of `label-flips.confident-learning`. */
export interface ConfidentLearningOptions extends LabelOptions {
  /** Which rows are issues, by the name that cleanlab gives it; default `prune_by_noise_rate`, as there. */
  readonly filter?: ConfidentFilter;
  /** What issues are ranked by; default `self_confidence`. */
  readonly rankBy?: LabelQuality;
}

const ID = "label-flips.confident-learning";
const VERSION = "1";
/** Classes up to which the joint counts are written out. */
const MAX_LISTED = 50;

/**
 * Confident learning (Northcutt et al. 2021) with the seven filters of cleanlab 2.9.
 *
 * - *Method*: class probabilities, given or of the built-in learners, are compared with their mean over each class; counts of
 *   confident disagreement are scaled to the labels, and as many records are flagged as they say, by the filter.
 * - *Equal to cleanlab's* `find_label_issues`, given the same probabilities as 64-bit numbers (tested): record for record,
 *   copies included. Where probabilities or rounded counts tie, cleanlab's answer depends on the processor; here the record
 *   with the lower leaf comes first, and counts tie as on a processor without vector instructions, up to 16 classes.
 * - *No claim*: how many of the flagged are wrong is not known; on clean data cleanlab's default flags 6 % (mean over twelve
 *   public sets). So they are `suspects`, worst first, and never findings: for these there is `label-flips`.
 * - *Score*: 1 − quality of the label.
 * - *Reads*: the label and given probabilities, else what `label-flips` reads. Runs only when it is named (`--checks`).
 * - *Cost*: linear in records × classes; without given probabilities that of the learners.
 *
 * @example
 * await runChecks(input, [labelFlipsConfidentLearning({ filter: "both" })], { roles: { label: "species" }, probabilities });
 */
export function labelFlipsConfidentLearning(defaults: ConfidentLearningOptions = {}): Check<ConfidentLearningOptions> {
  return {
    id: ID,
    version: VERSION,
    named: true,
    settings: { filter: CONFIDENT_FILTERS, rankBy: LABEL_QUALITIES, distance: DISTANCES },
    matrices: ["probabilities", "embeddings"],
    reads(shape, options) {
      const { filter = CONFIDENT_FILTERS[0], rankBy = LABEL_QUALITIES[0] } = { ...defaults, ...options };
      if (!CONFIDENT_FILTERS.includes(filter))
        throw new RangeError(`filter: ${JSON.stringify(filter)} is not one of ${CONFIDENT_FILTERS.join(", ")}`);
      if (!LABEL_QUALITIES.includes(rankBy))
        throw new RangeError(`rankBy: ${JSON.stringify(rankBy)} is not one of ${LABEL_QUALITIES.join(", ")}`);
      checkDistance({ ...defaults, ...options }, shape);
      return labelColumns(shape);
    },
    memory: labelMemory,
    run: (data, options, context) => run(data, { ...defaults, ...options }, context),
  };
}

async function run(data: CheckData, options: ConfidentLearningOptions, context: CheckContext): Promise<CheckResult> {
  const { filter = CONFIDENT_FILTERS[0], rankBy = LABEL_QUALITIES[0] } = options;
  const refused = ({ refused: reason, notes = [] }: LabelRefusal): CheckResult => ({
    outcome: { ...skipped({ id: ID, version: VERSION }, data, context, reason), notes },
    findings: [],
  });
  const read = await readLabels(data, context);
  if ("refused" in read) return refused(read);
  const judged = read.probabilities ? givenRows(read) : await learnedRows(read, options, context);
  if ("refused" in judged) return refused(judged);
  const { rows, labelled, names } = judged;
  const { issues, thresholds, joint } = confidentLearning(labelled, filter);
  const quality = labelQualities(labelled, rankBy);

  const scores = new Float64Array(read.table.length).fill(Number.NaN);
  for (const [i, row] of rows.entries()) scores[row] = roundScore(1 - quality[i]!);
  const flagged = [...issues.keys()].filter((i) => issues[i] === 1).sort((a, b) => quality[a]! - quality[b]! || a - b);
  const { classes } = labelled;
  const outcome = completed({ id: ID, version: VERSION }, data, context, {
    columns: [...read.chosen.judged, read.label],
    ...(read.chosen.matrices.length > 0 && { matrices: read.chosen.matrices }),
    examined: rows.length,
    findings: 0,
    calibration: "uncalibrated",
    suspects: flagged.map((i) => data.place(rows[i]!).record),
    reasons: flagged.slice(0, MAX_REASONS).map((i) => {
      const given = labelled.labels[i]!;
      const suggested = mostProbable(labelled, i);
      return {
        record: data.place(rows[i]!).record,
        message: context.showValues
          ? `The label ${quoted(names[given]!)} is doubted; most probable is ${quoted(names[suggested]!)}.`
          : "The label is doubted.",
        evidence: {
          quality: roundScore(quality[i]!),
          ...(context.showValues && { given: names[given]!, suggested: names[suggested]! }),
          probabilityOfGiven: roundScore(labelled.probabilities[i * classes + given]!),
          probabilityOfSuggested: roundScore(labelled.probabilities[i * classes + suggested]!),
        },
      };
    }),
    notes: [
      ...read.notes,
      "confident learning makes no claim about how many of its suspects are wrong; label-flips does, where it can",
    ],
    details: {
      filter,
      rankBy,
      classes,
      ...(classes <= MAX_LISTED && {
        ...(context.showValues && { labels: names }),
        thresholds: [...thresholds].map(roundScore),
        joint: Array.from({ length: classes }, (_, j) => [...joint.subarray(j * classes, (j + 1) * classes)]),
      }),
    },
  });
  const classOf = new Int32Array(read.table.length).fill(-1);
  for (const [i, row] of rows.entries()) classOf[row] = mostProbable(labelled, i);
  return { outcome, findings: [], scores, suggested: { names, classOf } };
}

/** The most probable class of a row, the first of equals. */
function mostProbable({ probabilities, classes }: LabelledProbabilities, row: number): number {
  let best = 0;
  for (let k = 1; k < classes; k++)
    if (probabilities[row * classes + k]! > probabilities[row * classes + best]!) best = k;
  return best;
}

interface JudgedRows {
  /** Rows of the table. */
  readonly rows: Int32Array;
  readonly labelled: LabelledProbabilities;
  readonly names: readonly string[];
}

/** Given probabilities, record by record. */
function givenRows({ labels, probabilities, table }: LabelTable): JudgedRows | LabelRefusal {
  const { matrix, columnOf } = probabilities!;
  const classes = labels.names.length;
  if (classes < 2) return { refused: "There is only one class; at least two are needed." };
  const rows = Int32Array.from({ length: table.length }, (_, row) => row).filter((row) => labels.classOf[row]! >= 0);
  const own = new Float64Array(rows.length * classes);
  for (const [i, row] of rows.entries()) {
    for (let k = 0; k < classes; k++) own[i * classes + k] = matrix.values[row * matrix.columns + columnOf[k]!]!;
  }
  return {
    rows,
    labelled: { labels: rows.map((row) => labels.classOf[row]!), probabilities: own, classes },
    names: labels.names,
  };
}

/** What the built-in learners say, of every record of a class that is judged. */
async function learnedRows(
  read: LabelTable,
  options: LabelOptions,
  context: CheckContext,
): Promise<JudgedRows | LabelRefusal> {
  const voted = voteOnLabels(read, options, context);
  if ("refused" in voted) return voted;
  const { votes, notes, nameOf } = voted;
  const learned = await learnedOpinions(voted, options, context);
  notes.push(...learned.notes);
  if (learned.opinions.length === 0) return { refused: "No word occurs in two texts.", notes };
  const classes = votes.classes.length;
  const { probabilities } = mixOpinions(learned.opinions, votes.units);
  const rows = Int32Array.from(votes.unitOf.keys()).filter((row) => votes.unitOf[row]! >= 0);
  const bytes = 8 * rows.length * classes;
  // The filters are defined on all classes of all records at once.
  if (bytes > (options.maxProbabilityBytes ?? PROBABILITY_BYTES))
    return {
      refused: `${classes} classes of ${rows.length} records need ${bytes} bytes; raise maxProbabilityBytes.`,
      notes,
    };
  const own = new Float64Array(rows.length * classes);
  for (const [i, row] of rows.entries()) {
    expandRow(probabilities, votes.units.group[votes.unitOf[row]!]!, own.subarray(i * classes, (i + 1) * classes));
  }
  return {
    rows,
    labelled: { labels: rows.map((row) => votes.units.label[votes.unitOf[row]!]!), probabilities: own, classes },
    names: Array.from({ length: classes }, (_, k) => nameOf(k)),
  };
}
