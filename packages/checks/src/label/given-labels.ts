/**
 * The labels of a table as classes, and its records as votes: records with equal features are one group with one vote, shared
 * among the labels they carry, so that copies do not vouch for each other (DESIGN, section 4). The vote is shared and not the
 * majority's, because where features are coarse equal records with different labels are honest overlap, which a
 * classifier trained on majorities would never see.
 */

import type { Table, TableColumn } from "../check.js";
import { asCategory } from "../columns.js";
import { type Groups, groupKeys, groupOrder } from "../groups.js";
import { quoted } from "../quoted.js";

/** Groups that a class must be the label of to be judged: fewer cannot be dealt to five folds. */
export const LEAST_GROUPS = 5;

/** A label column as classes. */
export interface LabelClasses {
  /** Labels as texts, ascending by code point. */
  readonly names: readonly string[];
  /** Class of each row, −1 where the label is missing. */
  readonly classOf: Int32Array;
}

/** Most different numbers that are still labels and not a measurement. */
const MAX_NUMBER_LABELS = 1000;

/**
 * Reads a label column.
 *
 * @returns A reason, as a text, when the column holds a measurement and not labels.
 */
export function labelClasses(column: TableColumn): LabelClasses | string {
  if (column.kind === "number") {
    const distinct = new Set(column.values.filter((value) => !Number.isNaN(value)));
    if (distinct.size > MAX_NUMBER_LABELS) {
      return (
        `Column ${quoted(column.name)} holds ${distinct.size} different numbers, so it is a measurement and no label; ` +
        "name a column of classes as label."
      );
    }
  }
  const { categories, codes } = asCategory(column);
  // A label of nothing but white space is none.
  const blank = Uint8Array.from(categories, (name) => (name.trim() === "" || name === '""' ? 1 : 0));
  return { names: categories, classOf: codes.map((code) => (code >= 0 && blank[code] === 1 ? -1 : code)) };
}

/** Labels that are written differently and may be meant to be one: `1`, `"1"` and `1.0`; `cat`, `Cat` and `cat `. */
export function likeNames(names: readonly string[]): string[][] {
  const alike = new Map<string, string[]>();
  for (const name of names) {
    const plain = name.replace(/^"(.*)"$/su, "$1").trim();
    if (plain === "") continue;
    const key = Number.isFinite(Number(plain)) ? String(Number(plain) + 0) : plain.toLowerCase();
    alike.set(key, [...(alike.get(key) ?? []), name]);
  }
  return [...alike.values()].filter((list) => list.length > 1);
}

/** Groups that are judged, in the order of their keys, and what they vote. */
export interface Votes {
  /** Classes that are judged, as indices into the names. */
  readonly classes: readonly number[];
  /** Names of classes with fewer than five groups, as indices. */
  readonly small: readonly number[];
  /** First row of each group. */
  readonly first: Int32Array;
  /** Class of each group that most of its records carry. */
  readonly majority: Int32Array;
  /** Fold of each group, 0 … 4. */
  readonly folds: Int8Array;
  /** A unit is a group and one of the labels in it. In the order of groups, then classes. */
  readonly units: Units;
  /** The units of group i are those from `firstUnit[i]` to `firstUnit[i + 1]`. */
  readonly firstUnit: Int32Array;
  /** Unit of each row of the table, −1 where it is not judged. */
  readonly unitOf: Int32Array;
  /** Rows without a label. */
  readonly unlabelled: number;
}

export interface Units {
  readonly count: number;
  readonly group: Int32Array;
  readonly label: Int32Array;
  /** Share of the records of the group that carry the label: the units of a group weigh 1 together. */
  readonly weight: Float64Array;
  readonly records: Int32Array;
}

export const FOLDS = 5;

/**
 * Groups, votes and folds. Folds are dealt per class, round-robin in the order of keys, so that they follow the records and
 * not their places.
 *
 * @param table - The feature columns: what a group is equal in.
 */
export function votesOf(table: Table, groups: Groups, { names, classOf }: LabelClasses, seed: Uint8Array): Votes {
  const counts = labelCounts(groups, classOf);
  const groupsOfClass = new Int32Array(names.length);
  for (const list of counts) {
    const label = majorityOf(list);
    if (label >= 0) groupsOfClass[label]!++;
  }
  const classes = [...names.keys()].filter((label) => groupsOfClass[label]! >= LEAST_GROUPS);
  const present = new Uint8Array(names.length);
  for (const label of classOf) if (label >= 0) present[label] = 1;
  const small = [...names.keys()].filter((label) => present[label] === 1 && !classes.includes(label));
  const classIndex = new Int32Array(names.length).fill(-1);
  for (const [i, label] of classes.entries()) classIndex[label] = i;

  const order = groupOrder(groupKeys(table, groups, seed));
  const first: number[] = [];
  const majority: number[] = [];
  const folds: number[] = [];
  const unitGroup: number[] = [];
  const unitLabel: number[] = [];
  const unitWeight: number[] = [];
  const unitRecords: number[] = [];
  const starts: number[] = [];
  const firstUnit = new Int32Array(groups.count).fill(-1);
  const dealt = new Int32Array(classes.length);
  for (const group of order) {
    const kept = counts[group]!.filter(({ label }) => classIndex[label]! >= 0);
    if (kept.length === 0) continue;
    const label = classIndex[majorityOf(kept)]!;
    const position = first.length;
    first.push(groups.first[group]!);
    majority.push(label);
    folds.push(dealt[label]!++ % FOLDS);
    const records = kept.reduce((sum, { count }) => sum + count, 0);
    firstUnit[group] = unitGroup.length;
    starts.push(unitGroup.length);
    for (const { label: own, count } of kept) {
      unitGroup.push(position);
      unitLabel.push(classIndex[own]!);
      unitWeight.push(count / records);
      unitRecords.push(count);
    }
  }
  const unitOf = new Int32Array(table.length).fill(-1);
  let unlabelled = 0;
  for (let row = 0; row < table.length; row++) {
    const label = classOf[row]!;
    if (label < 0) unlabelled++;
    if (label < 0 || classIndex[label]! < 0) continue;
    let unit = firstUnit[groups.groupOf[row]!]!;
    while (unitLabel[unit] !== classIndex[label]) unit++;
    unitOf[row] = unit;
  }
  return {
    classes,
    small,
    first: Int32Array.from(first),
    majority: Int32Array.from(majority),
    folds: Int8Array.from(folds),
    units: {
      count: unitGroup.length,
      group: Int32Array.from(unitGroup),
      label: Int32Array.from(unitLabel),
      weight: Float64Array.from(unitWeight),
      records: Int32Array.from(unitRecords),
    },
    firstUnit: Int32Array.from([...starts, unitGroup.length]),
    unitOf,
    unlabelled,
  };
}

interface LabelCount {
  readonly label: number;
  count: number;
}

/** Labels in each group, ascending, with the number of records that carry them. */
function labelCounts(groups: Groups, classOf: Int32Array): LabelCount[][] {
  const counts: LabelCount[][] = Array.from({ length: groups.count }, () => []);
  for (const [row, label] of classOf.entries()) {
    if (label < 0) continue;
    const list = counts[groups.groupOf[row]!]!;
    const known = list.find((entry) => entry.label === label);
    if (known) known.count++;
    else list.push({ label, count: 1 });
  }
  for (const list of counts) list.sort((a, b) => a.label - b.label);
  return counts;
}

/** The most frequent label, the first of equals; −1 for none. */
function majorityOf(list: readonly LabelCount[]): number {
  let best: LabelCount | undefined;
  for (const entry of list) if (!best || entry.count > best.count) best = entry;
  return best?.label ?? -1;
}
