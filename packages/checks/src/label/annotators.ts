/** The check `annotators`: several labels per item. What the items are, and how good those who labelled them. */

import type { Check, CheckContext, CheckData, CheckResult, DataShape, Estimate, Finding } from "../check.js";
import { severityOf } from "../findings.js";
import { dawidSkene } from "../numeric/dawid-skene.js";
import { log } from "../numeric/elementary.js";
import { benjaminiHochberg } from "../numeric/false-discovery.js";
import { completed, MAX_REASONS, skipped } from "../outcome.js";
import { quoted } from "../quoted.js";
import { roundScore } from "../scores.js";
import { betaBinomialTail, hypergeometricTail } from "../source/count-tests.js";
import { shareOf, sourceName } from "../source/source-answers.js";
import { correlationWithin, FEWEST_FOR_SPREAD } from "../source/source-spread.js";
import {
  type Agreement,
  type AnnotatorQuality,
  agreementOfAnnotators,
  annotatorQualities,
  consensusOf,
  disputedVotes,
  itemsOfSeveral,
  wrongVotes,
} from "./annotator-votes.js";
import { annotationColumns, readAnnotations } from "./read-annotations.js";

const ID = "annotators";
const VERSION = "1";
/** Probabilities and confusions (items × classes, annotators × classes²) that are held at most; each takes about 20 bytes. */
const MAX_CELLS = 2 ** 26;
/** Classes that an outcome lists. */
const MAX_CLASSES_LISTED = 50;
/** Annotators that an outcome lists. */
const MAX_LISTED = 1000;

/**
 * Compares annotators who labelled the same items.
 *
 * - *Method*: Dawid and Skene (1979), each annotator smoothed by one vote a class like the mean annotator's. An item is named by
 *   its column (`item`); without one, records of equal features are one item. Equal records count once. Where each annotator has
 *   a column (`annotations`), a record is an item, and empty cells are no votes.
 * - *Quality* of an annotator, with a 95 % interval (Wilson): `agreement`, the share of the labels that are those of the others'
 *   majority on the same item; and `accuracy`, the mean probability of the labels under the model.
 * - *Findings* `annotator`: labels that disagree with the majority of the others more often than other annotators' do,
 *   one-sided exact test (hypergeometric), widened by how much annotators differ where at least 8 can show it (beta-binomial),
 *   Benjamini–Hochberg over annotators. It stands at the annotator's first record in leaf order and accuses nobody's record. An
 *   annotator who was given harder items disagrees more, too: it is a reason to look, not a verdict.
 * - *Suspects*, no claim: as many records as labels are estimated wrong, least probable first. *Estimate*: share of wrong labels,
 *   interval over items, under the model. Where most annotators of an item err alike, the model errs with them.
 * - *Score*: 1 − probability of the label. *Suggested* label: the most probable class of the item, which is the consensus.
 * - *Reads*: label, annotator and item columns (else features, to tell items apart), or annotations. Cost: 100 rounds × labels × classes at most.
 * - *Cannot see*: errors that annotators share; anything about items with one label.
 *
 * @example
 * await runChecks(input, [annotators()], { roles: { label: "label", annotator: "worker", item: "task" } });
 */
export function annotators(): Check<Record<string, never>> {
  return { id: ID, version: VERSION, reads: annotationColumns, memory, run };
}

function memory({ records, roles }: DataShape): number {
  return records * Math.max(400, 100 * (roles.annotations?.length ?? 0));
}

async function run(data: CheckData, _options: Record<string, never>, context: CheckContext): Promise<CheckResult> {
  const names = annotationColumns(data.shape);
  const refused = (reason: string, notes: readonly string[] = []): CheckResult => ({
    outcome: { ...skipped({ id: ID, version: VERSION }, data, context, reason), notes },
    findings: [],
  });
  if ("skip" in names) return refused(names.skip);
  const read = await readAnnotations(data, names.columns);
  if (typeof read === "string") return refused(read);
  const { votes, labels, annotators: who } = read;
  // Names of columns are no values.
  const showNames = context.showValues || data.shape.roles.annotations !== undefined;
  const { rows } = votes;
  const notes: string[] = [];
  if (rows.length < read.given)
    notes.push(
      `${read.given - rows.length} records that lack a label, an annotator or an item, or equal another, were left out`,
    );
  notes.push(...read.notes);
  const cells = votes.items * votes.classes + votes.annotators * votes.classes ** 2;
  if (cells > MAX_CELLS) {
    const what = `${votes.items} items, ${votes.annotators} annotators and ${votes.classes} classes`;
    return refused(`${what} need ${cells} probabilities, and at most ${MAX_CELLS} are held.`, notes);
  }
  const agreement = agreementOfAnnotators(votes);
  const tests = testAgreement(agreement);
  if (tests.compared === 0) return refused("No item was labelled by two annotators.", notes);

  const { posterior, prior, rounds } = dawidSkene(votes);
  context.signal?.throwIfAborted();
  const probability = Float64Array.from(votes.item, (item, v) => posterior[item * votes.classes + votes.label[v]!]!);
  const consensus = consensusOf(votes, posterior);
  const wrong = wrongVotes(votes, probability);
  const leastProbable = [...probability.keys()]
    .sort((a, b) => probability[a]! - probability[b]! || a - b)
    .slice(0, Math.round(wrong.rate * probability.length));
  const recordOf = (vote: number): number => data.place(rows[vote]!).record;

  const scores = new Float64Array(data.shape.records).fill(Number.NaN);
  for (const [v, row] of rows.entries()) {
    const score = roundScore(1 - probability[v]!);
    if (!(score <= scores[row]!)) scores[row] = score;
  }
  const findings = agreement.flatMap(({ compared, agreed }, a): Finding[] => {
    if (!(tests.q[a]! <= context.fdr)) return [];
    const elsewhere = tests.compared - compared;
    const disagreeElsewhere = tests.compared - tests.agreed - (compared - agreed);
    const name = who[votes.codes[a]!]!;
    return [
      {
        ...data.place(votes.firstRow[a]!),
        check: ID,
        kind: "annotator",
        score: -log(tests.p[a]!) / Math.LN10,
        p: tests.p[a]!,
        q: tests.q[a]!,
        severity: severityOf(tests.q[a]!),
        message:
          `${showNames ? `Annotator ${quoted(name)}` : "The annotator of this record"} disagrees with the majority of ` +
          `the others in ${compared - agreed} of ${compared} labels; others do in ${disagreeElsewhere} of ${elsewhere}.`,
        evidence: {
          ...(showNames ? { annotator: name } : {}),
          labels: compared,
          disagree: compared - agreed,
          labelsElsewhere: elsewhere,
          disagreeElsewhere,
          correlation: roundScore(tests.correlation),
        },
      },
    ];
  });
  if (votes.annotators < FEWEST_FOR_SPREAD)
    notes.push(
      `with ${votes.annotators} annotators it cannot tell how much honest ones differ (${FEWEST_FOR_SPREAD} are needed)`,
    );

  const suspectsOf = new Int32Array(votes.annotators);
  for (const v of leastProbable) suspectsOf[votes.annotator[v]!]!++;
  const listed = annotatorQualities(votes, agreement, probability)
    .map((quality, a) => ({
      source: sourceName(who[votes.codes[a]!]!, votes.firstRow[a]!, data, showNames),
      quality,
      suspects: suspectsOf[a]!,
      code: votes.codes[a]!,
    }))
    .sort((a, b) => a.quality.accuracy.rate - b.quality.accuracy.rate || a.code - b.code)
    .slice(0, MAX_LISTED);
  const outcome = completed({ id: ID, version: VERSION }, data, context, {
    columns: names.columns,
    examined: new Set(rows).size,
    findings: findings.length,
    calibration: "exact",
    fdr: context.fdr,
    estimate: wrong,
    suspects: [...new Set(leastProbable.map(recordOf))],
    reasons: leastProbable.slice(0, MAX_REASONS).map((vote) => {
      const given = labels[votes.label[vote]!]!;
      const agreed = labels[consensus[votes.item[vote]!]!]!;
      return {
        record: recordOf(vote),
        message: context.showValues
          ? `The label ${quoted(given)} is doubted; the consensus is ${quoted(agreed)}.`
          : "The label is doubted.",
        evidence: {
          ...(showNames && { annotator: who[votes.codes[votes.annotator[vote]!]!]! }),
          ...(context.showValues && { given, consensus: agreed }),
          probabilityOfGiven: roundScore(probability[vote]!),
          probabilityOfConsensus: roundScore(
            posterior[votes.item[vote]! * votes.classes + consensus[votes.item[vote]!]!]!,
          ),
        },
      };
    }),
    disputed: [...new Set(disputedVotes(votes, posterior).map(recordOf))].sort((a, b) => a - b),
    sources: listed.map(({ source, quality, suspects }) => ({
      source,
      records: quality.votes,
      findings: 0,
      suspects,
      ...shareOf(suspects, quality.votes),
    })),
    notes,
    details: {
      items: votes.items,
      itemsOfSeveral: itemsOfSeveral(votes),
      rounds,
      ...(votes.classes <= MAX_CLASSES_LISTED && {
        classes: labels.map((label, k) => ({
          ...(context.showValues && { label }),
          share: roundScore(prior[k]!),
        })),
      }),
      annotators: listed.map(({ source, quality }) => ({ annotator: source, ...roundedQuality(quality) })),
    },
  });
  const classOf = new Int32Array(data.shape.records).fill(-1);
  for (const [v, row] of rows.entries()) classOf[row] = consensus[votes.item[v]!]!;
  return { outcome, findings, scores, suggested: { names: labels, classOf } };
}

interface AgreementTests {
  /** Votes of all annotators that were compared, and those that agree. */
  readonly compared: number;
  readonly agreed: number;
  readonly p: readonly number[];
  readonly q: Float64Array;
  readonly correlation: number;
}

/** Whether each annotator disagrees more often than the others. */
function testAgreement(agreement: readonly Agreement[]): AgreementTests {
  const compared = agreement.reduce((sum, own) => sum + own.compared, 0);
  const agreed = agreement.reduce((sum, own) => sum + own.agreed, 0);
  const disagree = Int32Array.from(agreement, (own) => own.compared - own.agreed);
  const correlation = correlationWithin(
    disagree,
    Int32Array.from(agreement, (own) => own.compared),
  );
  const p = agreement.map((own, a) => {
    if (own.compared === 0 || own.compared === compared) return 1;
    const mean = (compared - agreed - disagree[a]!) / (compared - own.compared);
    const exact = hypergeometricTail(disagree[a]!, own.compared, compared - agreed, compared);
    const spread =
      correlation > 0 && mean > 0 && mean < 1 ? betaBinomialTail(disagree[a]!, own.compared, mean, correlation) : 0;
    return Math.max(exact, spread);
  });
  return { compared, agreed, p, q: benjaminiHochberg(p), correlation };
}

function roundedQuality({ votes, agreement, accuracy }: AnnotatorQuality): Readonly<Record<string, unknown>> {
  const rounded = ({ rate, low, high }: Estimate): Estimate => ({
    rate: roundScore(rate),
    low: roundScore(low),
    high: roundScore(high),
  });
  return { labels: votes, ...(agreement && { agreement: rounded(agreement) }), accuracy: rounded(accuracy) };
}
