/**
 * Class probabilities that the user gave, in place of the built-in learners: one opinion, named `given`. Records of one
 * group get the mean of their rows, so that copies which fell into different folds speak with one voice.
 */

import { FormatError } from "@assay/merkle";
import type { Table, TableColumn } from "../check.js";
import { compareTexts } from "../code-point-order.js";
import { type Groups, groupsOf, isCoarse } from "../groups.js";
import type { RecordMatrix } from "../matrices.js";
import { quoted } from "../quoted.js";
import { type Calibration, soften } from "./calibration.js";
import { type ClassProbabilities, emptyProbabilities, setRow } from "./class-probabilities.js";
import type { LabelClasses, Votes } from "./given-labels.js";
import type { Opinion } from "./mixture.js";

/** Names that a message lists one by one. */
const LISTED = 10;
/** Exponents from here up are within what a fit cannot tell from 1. */
const SURE = 0.7;

/**
 * For each class (as in `labels.names`) the column of its probabilities. Columns with names are found by label; without
 * names they stand in ascending order of the labels: as numbers where the label column holds numbers only, else by code point
 * (the order of `numpy.unique` and of scikit-learn's `classes_`).
 *
 * @throws FormatError `bad-matrix` when there are other classes, or more or less of them.
 */
export function columnsOfClasses(
  matrix: RecordMatrix,
  labels: LabelClasses,
  column: TableColumn,
  showValues: boolean,
): Int32Array {
  const { names } = labels;
  const numeric = column.kind === "number" && (column.odd ?? []).length === 0;
  const named = (texts: readonly string[]): string =>
    showValues ? `: ${texts.slice(0, LISTED).map(quoted).join(", ")}${texts.length > LISTED ? ", …" : ""}` : "";
  if (matrix.names === undefined) {
    if (matrix.columns !== names.length) {
      throw new FormatError(
        "bad-matrix",
        `probabilities: the matrix has ${matrix.columns} columns, and column ${quoted(column.name)} has ${names.length} classes` +
          `${named(inOrder(names, numeric))}. There must be one column for each class, in ascending order of the labels`,
        { details: { use: "probabilities", columns: matrix.columns, classes: names.length } },
      );
    }
    const order = inOrder(names, numeric);
    const at = new Map(order.map((name, i) => [name, i]));
    return Int32Array.from(names, (name) => at.get(name)!);
  }
  const at = new Map(matrix.names.map((name, i) => [numeric ? numberText(name) : name, i]));
  const missing = names.filter((name) => !at.has(name));
  const known = new Set(names);
  const strange = [...at.keys()].filter((name) => !known.has(name));
  if (missing.length > 0 || strange.length > 0 || at.size !== matrix.columns) {
    const parts = [
      ...(missing.length > 0 ? [`${missing.length} classes have no column${named(missing)}`] : []),
      ...(strange.length > 0 ? [`${strange.length} columns are no class${named(strange)}`] : []),
      ...(at.size !== matrix.columns ? ["two columns are of one class"] : []),
    ];
    throw new FormatError(
      "bad-matrix",
      `probabilities: the columns are not the classes of column ${quoted(column.name)}: ${parts.join("; ")}. ` +
        "Name each column by its label, or give .npy without names",
      { details: { use: "probabilities", columns: matrix.columns, classes: names.length } },
    );
  }
  return Int32Array.from(names, (name) => at.get(name)!);
}

function inOrder(names: readonly string[], numeric: boolean): string[] {
  return [...names].sort(numeric ? (a, b) => Number(a) - Number(b) || compareTexts(a, b) : compareTexts);
}

/** `1.0` names the class 1 where labels are numbers. */
function numberText(name: string): string {
  return /^-?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?$/.test(name.trim()) ? String(Number(name) + 0) : name;
}

/**
 * Groups of records that count once. As for the built-in learners those with equal features; but where nothing tells records
 * apart besides their probabilities (no features, or so few values of them that sharing them is usual), those with equal
 * probabilities too, because then equal features are no sign of copying. Where these are shared as usually (rounded, or one class
 * each), every record stands for itself: nothing is learnt here, so no copy can vouch for another.
 *
 * @param features Columns that records are copies by; may be none.
 */
export function groupsWithProbabilities(
  features: Table,
  matrix: RecordMatrix,
  clusters: Int32Array | undefined,
): { readonly groups: Groups; readonly table: Table; readonly coarse: boolean } {
  const columns: TableColumn[] = Array.from({ length: matrix.columns }, (_, k) => ({
    name: `probabilities[${k}]`,
    kind: "number",
    values: Float64Array.from({ length: matrix.rows }, (_, row) => matrix.values[row * matrix.columns + k]!),
  }));
  const all: Table = { ...features, columns: [...features.columns, ...columns] };
  const apart = groupsOf(all);
  const finest = isCoarse(all, apart, matrix.rows) ? singles(matrix.rows) : apart;
  if (features.columns.length === 0) return { groups: finest, table: all, coarse: true };
  const groups = groupsOf(features);
  if (isCoarse(features, groups, finest.count)) return { groups: finest, table: all, coarse: true };
  return { groups: clusters ? groupsOf(features, { clusters }) : groups, table: features, coarse: false };
}

function singles(count: number): Groups {
  const each = Int32Array.from({ length: count }, (_, row) => row);
  return { count, groupOf: each, first: each, sizes: new Int32Array(count).fill(1) };
}

/** What the given probabilities say of each group, one group at a time. */
export interface GivenOpinion {
  readonly groups: number;
  readonly classes: number;
  /** Writes one probability for each class of a group, in the order of votes, into `out`. */
  mean(group: number, out: Float64Array): void;
}

/**
 * The opinion of each group: the mean of its records' rows over the classes that are judged, which sum to 1 again.
 *
 * @param columnOf Column of each class, of {@link columnsOfClasses}.
 */
export function givenOpinion(matrix: RecordMatrix, columnOf: Int32Array, groups: Groups, votes: Votes): GivenOpinion {
  const classes = votes.classes.length;
  const columns = Int32Array.from(votes.classes, (label) => columnOf[label]!);
  const { members, begins } = rowsOfGroups(groups);
  return {
    groups: votes.first.length,
    classes,
    mean(position, out) {
      const group = groups.groupOf[votes.first[position]!]!;
      out.fill(0);
      for (let i = begins[group]!; i < begins[group + 1]!; i++) {
        const at = members[i]! * matrix.columns;
        let total = 0;
        for (let column = 0; column < matrix.columns; column++) total += matrix.values[at + column]!;
        for (let k = 0; k < classes; k++) out[k]! += matrix.values[at + columns[k]!]! / total;
      }
      let total = 0;
      for (let k = 0; k < classes; k++) total += out[k]!;
      // All of it on classes that are not judged says nothing about those that are.
      for (let k = 0; k < classes; k++) out[k] = total > 0 ? out[k]! / total : 1 / classes;
    },
  };
}

/** Rows of each group, ascending: those of group g from `begins[g]` to `begins[g + 1]`. */
function rowsOfGroups({ count, groupOf, sizes }: Groups): { members: Int32Array; begins: Int32Array } {
  const begins = new Int32Array(count + 1);
  for (let group = 0; group < count; group++) begins[group + 1] = begins[group]! + sizes[group]!;
  const next = begins.slice();
  const members = new Int32Array(groupOf.length);
  for (const [row, group] of groupOf.entries()) members[next[group]!++] = row;
  return { members, begins };
}

/** The same for all groups. */
export function givenProbabilities(given: GivenOpinion): ClassProbabilities {
  return fill(emptyProbabilities(given.groups, given.classes, 64), (group, row) => given.mean(group, row));
}

/** The same as an opinion that is no surer than it is right. */
export function calibratedOpinion(given: GivenOpinion, { exponent }: Calibration): Opinion {
  const probabilities = fill(emptyProbabilities(given.groups, given.classes), (group, row) => {
    given.mean(group, row);
    soften(row, exponent);
  });
  return { learner: "given", probabilities };
}

function fill(
  probabilities: ClassProbabilities,
  write: (row: number, dense: Float64Array) => void,
): ClassProbabilities {
  const dense = new Float64Array(probabilities.classes);
  for (let row = 0; row < probabilities.rows; row++) {
    write(row, dense);
    setRow(probabilities, row, dense);
  }
  return probabilities;
}

/** What an outcome says of given probabilities. */
export function givenNotes({ exponent }: Calibration): string[] {
  const notes = ["class probabilities were given; whether they were made out of fold cannot be seen"];
  if (exponent < SURE) {
    notes.push(
      `the given probabilities are surer than they are right, so they were softened (to the power of ${Number(exponent.toPrecision(3))}, normalised)`,
    );
  }
  return notes;
}
