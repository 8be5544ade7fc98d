/** Labels of several annotators as votes on items, and how far annotators agree with each other and with the model. */

import type { Estimate } from "../check.js";
import { sameLeaf } from "../columns.js";
import type { AnnotatorVotes } from "../numeric/dawid-skene.js";
import { wilsonInterval } from "../numeric/wilson-interval.js";

/** Votes, and where they stand in the table. */
export interface PlacedVotes extends AnnotatorVotes {
  /** Row of each vote, ascending; several may stand in one. */
  readonly rows: Int32Array;
  /** Code of each annotator that has votes, and its first row. */
  readonly codes: Int32Array;
  readonly firstRow: Int32Array;
}

/** Labels as they stand in a table, one after another; what is below 0 is missing. */
export interface PlacedLabels {
  /** Row of the table, ascending. */
  readonly row: Int32Array;
  readonly item: Int32Array;
  readonly annotator: Int32Array;
  readonly label: Int32Array;
  readonly classes: number;
}

/**
 * The votes among the labels of a table: those that have an item and an annotator.
 *
 * @param leaves - Of the rows, where only distinct records count.
 */
export function votesOf(given: PlacedLabels, leaves: Uint8Array | undefined): PlacedVotes {
  const { row, item, annotator, label, classes } = given;
  const votes = Int32Array.from(row.keys()).filter(
    (v) =>
      item[v]! >= 0 &&
      annotator[v]! >= 0 &&
      label[v]! >= 0 &&
      (leaves === undefined || row[v] === 0 || !sameLeaf(leaves, row[v]! - 1, row[v]!)),
  );
  const items = numbered(item, votes);
  const annotators = numbered(annotator, votes);
  return {
    item: items.numbers,
    annotator: annotators.numbers,
    label: votes.map((v) => label[v]!),
    items: items.codes.length,
    annotators: annotators.codes.length,
    classes,
    rows: votes.map((v) => row[v]!),
    codes: annotators.codes,
    firstRow: annotators.first.map((v) => row[v]!),
  };
}

/** Codes that occur, numbered by the first place that has them. */
function numbered(
  codeOf: Int32Array,
  places: Int32Array,
): { readonly numbers: Int32Array; readonly codes: Int32Array; readonly first: Int32Array } {
  const numberOf = new Map<number, number>();
  const first: number[] = [];
  const numbers = places.map((place) => {
    const code = codeOf[place]!;
    let number = numberOf.get(code);
    if (number === undefined) {
      numberOf.set(code, (number = numberOf.size));
      first.push(place);
    }
    return number;
  });
  return { numbers, codes: Int32Array.from(numberOf.keys()), first: Int32Array.from(first) };
}

/** Votes of one annotator on items of which the others have a majority, and how many of them agree with it. */
export interface Agreement {
  readonly compared: number;
  readonly agreed: number;
}

/** How far each annotator agrees with the majority of the others on the same item; where that is a tie nothing is compared. */
export function agreementOfAnnotators({
  item,
  annotator,
  label,
  items,
  annotators,
  classes,
}: AnnotatorVotes): Agreement[] {
  const counts = new Int32Array(items * classes);
  for (let v = 0; v < item.length; v++) counts[item[v]! * classes + label[v]!]!++;
  // Votes of one annotator on one item are taken out together.
  const own = new Map<number, Int32Array>();
  const keyOf = (v: number): number => item[v]! * annotators + annotator[v]!;
  for (let v = 0; v < item.length; v++) {
    const key = keyOf(v);
    const mine = own.get(key);
    if (mine) mine[label[v]!]!++;
    else {
      const fresh = new Int32Array(classes);
      fresh[label[v]!]!++;
      own.set(key, fresh);
    }
  }
  const agreement = Array.from({ length: annotators }, () => ({ compared: 0, agreed: 0 }));
  for (let v = 0; v < item.length; v++) {
    const mine = own.get(keyOf(v))!;
    const at = item[v]! * classes;
    let best = -1;
    let most = 0;
    let tied = false;
    for (let k = 0; k < classes; k++) {
      const count = counts[at + k]! - mine[k]!;
      if (count > most) [best, most, tied] = [k, count, false];
      else if (count === most) tied = true;
    }
    if (most === 0 || tied) continue;
    agreement[annotator[v]!]!.compared++;
    if (best === label[v]) agreement[annotator[v]!]!.agreed++;
  }
  return agreement;
}

/** Items that several annotators labelled. */
export function itemsOfSeveral({ item, annotator, items }: AnnotatorVotes): number {
  const first = new Int32Array(items).fill(-1);
  const several = new Uint8Array(items);
  for (let v = 0; v < item.length; v++) {
    const at = item[v]!;
    if (first[at]! < 0) first[at] = annotator[v]!;
    else if (first[at] !== annotator[v]) several[at] = 1;
  }
  return several.reduce((sum, mark) => sum + mark, 0);
}

/**
 * Share of votes that are wrong under the model, with a 95 % interval: votes of one item are right or wrong together, so the
 * variance is that between items (ratio estimator).
 */
export function wrongVotes({ item, items }: AnnotatorVotes, probability: Float64Array): Estimate {
  const wrong = new Float64Array(items);
  const votes = new Float64Array(items);
  for (let v = 0; v < item.length; v++) {
    wrong[item[v]!]! += 1 - probability[v]!;
    votes[item[v]!]!++;
  }
  const rate = wrong.reduce((sum, value) => sum + value, 0) / item.length;
  let squares = 0;
  for (let i = 0; i < items; i++) squares += (wrong[i]! - rate * votes[i]!) ** 2;
  const error = Math.sqrt((squares * items) / Math.max(1, items - 1)) / item.length;
  return { rate, low: Math.max(0, rate - 1.96 * error), high: Math.min(1, rate + 1.96 * error) };
}

/** The most probable class of each item, the first of equals. */
export function consensusOf(
  { items, classes }: Pick<AnnotatorVotes, "items" | "classes">,
  posterior: Float64Array,
): Int32Array {
  return Int32Array.from({ length: items }, (_, item) => {
    let best = item * classes;
    for (let at = best + 1; at < (item + 1) * classes; at++) if (posterior[at]! > posterior[best]!) best = at;
    return best - item * classes;
  });
}

/** Votes for another class than the most probable of their item. */
export function disputedVotes({ item, label, classes }: AnnotatorVotes, posterior: Float64Array): number[] {
  const disputed: number[] = [];
  for (let v = 0; v < item.length; v++) {
    const own = posterior[item[v]! * classes + label[v]!]!;
    for (let k = 0; k < classes; k++) {
      if (posterior[item[v]! * classes + k]! > own) {
        disputed.push(v);
        break;
      }
    }
  }
  return disputed;
}

/** Quality of each annotator. */
export interface AnnotatorQuality {
  readonly votes: number;
  /** Share of the votes that are those of the others' majority; none where there is none. */
  readonly agreement?: Estimate;
  /** Mean probability of the votes under the model. */
  readonly accuracy: Estimate;
}

/** The quality of each annotator, with 95 % intervals. */
export function annotatorQualities(
  { annotator, annotators }: AnnotatorVotes,
  agreement: readonly Agreement[],
  probability: Float64Array,
): AnnotatorQuality[] {
  const votes = new Float64Array(annotators);
  const right = new Float64Array(annotators);
  for (let v = 0; v < annotator.length; v++) {
    votes[annotator[v]!]!++;
    right[annotator[v]!]! += probability[v]!;
  }
  return agreement.map(({ compared, agreed }, a) => ({
    votes: votes[a]!,
    ...(compared > 0 && { agreement: wilsonInterval(agreed, compared) }),
    accuracy: wilsonInterval(Math.min(right[a]!, votes[a]!), votes[a]!),
  }));
}
