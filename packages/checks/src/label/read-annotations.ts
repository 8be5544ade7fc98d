/**
 * Labels of several annotators, as they are stored: one record a label (`label`, `annotator` and `item`), or one record an item
 * with a column for each annotator (`annotations`).
 */

import type { CheckData, Columns, DataShape, Skip, TableColumn } from "../check.js";
import { compareTexts } from "../code-point-order.js";
import { asCategory, columnNames, featureColumns } from "../columns.js";
import { groupsOf } from "../groups.js";
import { type PlacedVotes, votesOf } from "./annotator-votes.js";
import { labelClasses } from "./given-labels.js";

export interface Annotations {
  readonly votes: PlacedVotes;
  /** Labels as texts, ascending by code point: the classes of the votes. */
  readonly labels: readonly string[];
  /** Names of the annotators, by the codes of the votes. */
  readonly annotators: readonly string[];
  /** Labels, of which some are no votes: without an annotator or an item, or of a record that equals another. */
  readonly given: number;
  readonly notes: readonly string[];
}

/** The columns that are read, or what is missing. */
export function annotationColumns(shape: DataShape): Columns | Skip {
  const { label, annotator, annotations, item } = shape.roles;
  if (annotations !== undefined) {
    const columns = wideColumns(shape);
    return { columns: item === undefined ? columns : [item, ...columns] };
  }
  if (annotator === undefined) {
    const wanted = label === undefined ? "the label column (label) and " : "";
    return {
      skip: `It needs ${wanted}the column that names who labelled a record (annotator), or a column for each annotator (annotations).`,
    };
  }
  if (label === undefined) return { skip: "It needs the label column (label)." };
  if (item !== undefined) return { columns: [item, label, annotator] };
  const features = featureColumns(shape).filter((name) => name !== label);
  if (features.length === 0) return { skip: "It needs the column that names what was labelled (item)." };
  return { columns: [...features, label, annotator] };
}

function wideColumns({ roles }: DataShape): string[] {
  return [...new Set(roles.annotations)].sort(compareTexts);
}

/**
 * Reads the labels of `annotationColumns`.
 *
 * @returns A reason, as a text, when the column holds a measurement and not labels.
 */
export async function readAnnotations(data: CheckData, columns: readonly string[]): Promise<Annotations | string> {
  return data.shape.roles.annotations === undefined ? readLong(data, columns) : readWide(data, columns);
}

async function readLong(data: CheckData, columns: readonly string[]): Promise<Annotations | string> {
  const { shape } = data;
  const table = await data.table(columns);
  const labels = labelClasses(table.columns.at(-2)!);
  if (typeof labels === "string") return labels;
  const who = asCategory(table.columns.at(-1)!);
  const named = shape.roles.item !== undefined;
  const itemOf = named
    ? asCategory(table.columns[0]!).codes
    : groupsOf({ ...table, columns: table.columns.slice(0, -2) }).groupOf;
  const row = Int32Array.from({ length: table.length }, (_, i) => i);
  const votes = votesOf(
    { row, item: itemOf, annotator: who.codes, label: labels.classOf, classes: labels.names.length },
    table.leaves,
  );
  return {
    votes,
    labels: labels.names,
    annotators: who.categories,
    given: table.length,
    notes: named ? [] : ["records of equal features were taken as one item; or name the column (item)"],
  };
}

async function readWide(data: CheckData, columns: readonly string[]): Promise<Annotations | string> {
  const { shape } = data;
  const table = await data.table(columns);
  const names = wideColumns(shape);
  const labels = labelClasses(stacked(table.columns.slice(-names.length)));
  if (typeof labels === "string") return labels;
  const { length } = table;
  const items = shape.roles.item === undefined ? undefined : asCategory(table.columns[0]!).codes;
  const all = length * names.length;
  const row = Int32Array.from({ length: all }, (_, i) => Math.floor(i / names.length));
  const annotator = Int32Array.from({ length: all }, (_, i) => i % names.length);
  const label = Int32Array.from({ length: all }, (_, i) => labels.classOf[annotator[i]! * length + row[i]!]!);
  const item = row.map((i) => (items ? items[i]! : i));
  // Where there is nothing but annotations, two items that got the same ones are equal records, and no copies.
  const apart = columnNames(shape).some((name) => !names.includes(name) && shape.kinds[name] !== "null");
  const votes = votesOf(
    { row, item, annotator, label, classes: labels.names.length },
    apart ? table.leaves : undefined,
  );
  return {
    votes,
    labels: labels.names,
    annotators: names,
    given: label.reduce((sum, own) => sum + (own < 0 ? 0 : 1), 0),
    notes: [],
  };
}

/** Columns below each other as one. */
function stacked(columns: readonly TableColumn[]): TableColumn {
  const texts = columns.map(asCategory);
  const categories = [...new Set(texts.flatMap((column) => column.categories))].sort(compareTexts);
  const codeOf = new Map(categories.map((text, code) => [text, code]));
  const codes = texts.flatMap((column) => {
    const own = column.categories.map((text) => codeOf.get(text)!);
    return Array.from(column.codes, (code) => (code < 0 ? -1 : own[code]!));
  });
  return {
    name: columns.map(({ name }) => name).join(", "),
    kind: "category",
    codes: Int32Array.from(codes),
    categories,
  };
}
