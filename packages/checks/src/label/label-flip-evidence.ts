/** What an outcome and a finding of `label-flips` say, so that a reader can recompute and doubt them. */

import type { Table } from "../check.js";
import { wilsonInterval } from "../numeric/wilson-interval.js";
import { quoted } from "../quoted.js";
import { roundScore } from "../scores.js";
import { leafHex } from "../table-data.js";
import { probabilityOf } from "./class-probabilities.js";
import type { FlipScores } from "./flip-posterior.js";
import type { FlipRate } from "./flip-rate.js";
import type { FlipTerritories } from "./flip-territories.js";
import { type LabelClasses, LEAST_GROUPS, type Votes } from "./given-labels.js";
import type { LabelTransition } from "./label-transition.js";
import type { Mixture } from "./mixture.js";
import { NEIGHBOURS, type OutOfFold } from "./out-of-fold.js";

/** Makes the evidence of a unit: what each learner says of the given and the suggested label, and the nearest records. */
export function evidenceMaker(
  table: Table,
  { units, first, majority }: Votes,
  { opinions, neighbours }: OutOfFold,
  { weights, probabilities }: Mixture,
  { suggested }: FlipScores,
  posterior: Float64Array,
  nameOf: (index: number) => string,
  showValues: boolean,
): (unit: number) => Record<string, unknown> {
  return (unit) => {
    const group = units.group[unit]!;
    const given = units.label[unit]!;
    const other = suggested[unit]!;
    const nearest = [...neighbours.subarray(group * NEIGHBOURS, (group + 1) * NEIGHBOURS)].filter((row) => row >= 0);
    return {
      ...(showValues ? { given: nameOf(given), suggested: nameOf(other) } : {}),
      posterior: roundScore(posterior[unit]!),
      probabilityOfGiven: roundScore(probabilityOf(probabilities, group, given)),
      probabilityOfSuggested: roundScore(probabilityOf(probabilities, group, other)),
      learners: opinions.map(({ learner, probabilities: own }, m) => ({
        learner,
        weight: roundScore(weights[m]!),
        given: roundScore(probabilityOf(own, group, given)),
        suggested: roundScore(probabilityOf(own, group, other)),
      })),
      neighbours: {
        count: nearest.length,
        given: nearest.filter((row) => majority[row] === given).length,
        suggested: nearest.filter((row) => majority[row] === other).length,
        nearest: nearest.slice(0, 5).map((row) => ({
          leaf: leafHex(table.leaves, first[row]!),
          ...(showValues ? { label: nameOf(majority[row]!) } : {}),
        })),
      },
      copies: units.records[unit]!,
    };
  };
}

/** Classes that are listed one by one; of more, only the rates that were used are given. */
const MAX_LISTED = 200;

/** The numbers behind an outcome. */
export function detailsOf(
  { units, first, classes }: Votes,
  flips: FlipRate,
  transition: LabelTransition,
  { opinions }: OutOfFold,
  { weights }: Mixture,
  unassigned: number,
  nameOf: (index: number) => string,
  showValues: boolean,
): Record<string, unknown> {
  const votesOfClass = new Float64Array(classes.length);
  for (let u = 0; u < units.count; u++) votesOfClass[units.label[u]!]! += units.weight[u]!;
  return {
    distinctRecords: first.length,
    weights: Object.fromEntries(opinions.map(({ learner }, m) => [learner, roundScore(weights[m]!)])),
    anchors: flips.anchors,
    disagreement: roundScore(flips.disagreement),
    overlap: roundScore(transition.overlap),
    unassigned: roundScore(unassigned),
    classRates: { used: transition.classRates, p: roundScore(transition.rateTest) },
    destinations: { used: transition.destinations, p: roundScore(transition.destinationTest) },
    ...(classes.length <= MAX_LISTED
      ? {
          classes: [...classes.keys()].map((k) => ({
            ...(showValues ? { label: nameOf(k) } : {}),
            votes: roundScore(votesOfClass[k]!),
            flipRate: roundScore(transition.rates[k]!),
            ...anchorsOf(transition, k),
          })),
        }
      : {}),
  };
}

/** The surest predictions of a class, and how many of their labels are others, with the 95 % interval of that share. */
function anchorsOf({ votes, strangers }: LabelTransition, k: number): Record<string, number> {
  if (!(votes[k]! > 0)) return { anchors: 0 };
  const { low, high } = wilsonInterval(Math.min(strangers[k]!, votes[k]!), votes[k]!);
  return { anchors: roundScore(votes[k]!), low: roundScore(low), high: roundScore(high) };
}

/** Names classes that the classifier never recognises. */
export function unrecognisedNote(names: readonly string[], showValues: boolean): string {
  const what = `${names.length} ${names.length === 1 ? "class is" : "classes are"} never recognised, so nothing is claimed about them`;
  return showValues ? `${what}: ${listed(names)}` : what;
}

/** Says what is still claimed where flip rates differ between classes. */
export function territoriesNote(
  { pure, common }: FlipTerritories,
  nameOf: (index: number) => string,
  showValues: boolean,
): string {
  const part = (marks: Uint8Array): string => {
    const names = [...marks.keys()].filter((k) => marks[k] === 1).map(nameOf);
    return `${names.length} of ${marks.length} classes${showValues && names.length > 0 ? ` (${listed(names)})` : ""}`;
  };
  return (
    "flip rates differ between classes, as they do where classes overlap: flips are claimed only of labels of classes that are " +
    `clearly purer than the rest, ${part(pure)}, and among records of classes whose rate is that of most, ${part(common)}`
  );
}

function listed(names: readonly string[]): string {
  return `${names.slice(0, 20).map(quoted).join(", ")}${names.length > 20 ? " and more" : ""}`;
}

/** Names labels that may be one and are judged as several. */
export function likeNamesNote(alike: readonly (readonly string[])[], showValues: boolean): string {
  const what = `${alike.length} ${alike.length === 1 ? "label is" : "labels are"} written in several ways, each of which counts as a class`;
  return showValues ? `${what}: ${listed(alike.map((names) => names.join(" = ")))}` : what;
}

/** Names the classes that were not judged. */
export function smallClassesNote({ small }: Votes, { names }: LabelClasses, showValues: boolean): string {
  const what = `${small.length} ${small.length === 1 ? "class has" : "classes have"} fewer than ${LEAST_GROUPS} distinct records`;
  if (!showValues) return `${what} and could not be judged`;
  return `${what} and could not be judged: ${listed(small.map((label) => names[label]!))}`;
}
