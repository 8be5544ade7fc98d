/**
 * What the checks of labels read: the label as classes, the features that it is judged by, the user's probabilities; and records
 * as votes. In two steps, because given probabilities need no votes to be looked at one by one.
 */

import type { CheckContext, CheckData, DataShape, Table, TableColumn } from "../check.js";
import { featureColumns } from "../columns.js";
import { embeddingColumns, embeddingNotes } from "../embedding-columns.js";
import { type FeatureColumns, featuresOf, leftNotes } from "../features.js";
import { type Groups, groupsOf } from "../groups.js";
import { FEATURES } from "../image/image-grid.js";
import type { ImageFeatures } from "../image/image-table.js";
import { lookedAtNames, readImages } from "../image/read-images.js";
import { type MatrixUse, matrixBytes, type RecordMatrix } from "../matrices.js";
import { quoted } from "../quoted.js";
import { KEPT_CLASSES, MOST_CLASSES } from "./class-probabilities.js";
import { type LabelClasses, LEAST_GROUPS, labelClasses, likeNames, type Votes, votesOf } from "./given-labels.js";
import { columnsOfClasses, groupsWithProbabilities } from "./given-probabilities.js";
import { likeNamesNote, smallClassesNote } from "./label-flip-evidence.js";
import { denseOpinions, NEIGHBOURS, type OutOfFold, textOpinions } from "./out-of-fold.js";

/** Default of `maxProbabilityBytes`. */
export const PROBABILITY_BYTES = 2 * 2 ** 30;

export interface LabelOptions {
  /** Most bytes for class probabilities; default 2 GiB. More is an outcome `skipped`. */
  readonly maxProbabilityBytes?: number;
  /**
   * By what the nearest records are found where embeddings are given: the distance of all standardised features (`euclidean`,
   * default), or the angle between embeddings (`cosine`). Text is always compared by angle.
   */
  readonly distance?: NeighbourDistance;
}

export type NeighbourDistance = "euclidean" | "cosine";
export const DISTANCES: readonly NeighbourDistance[] = ["euclidean", "cosine"];

/** @throws RangeError for a distance that there is not, and for angles where there are no embeddings. */
export function checkDistance({ distance = "euclidean" }: LabelOptions, { matrices }: DataShape): void {
  if (!DISTANCES.includes(distance))
    throw new RangeError(`distance: ${JSON.stringify(distance)} is not one of ${DISTANCES.join(", ")}`);
  if (distance === "cosine" && matrices?.embeddings === undefined)
    throw new RangeError("distance: cosine is the angle between embeddings, and none are given (embeddings)");
}

/** Why labels cannot be judged, and what was noted until then. */
export interface LabelRefusal {
  readonly refused: string;
  readonly notes?: readonly string[];
}

/** Labels, and what they are judged by. */
export interface LabelTable {
  readonly table: Table;
  /** Name of the label column. */
  readonly label: string;
  /** Every label that is given. */
  readonly labels: LabelClasses;
  readonly images: ImageFeatures | undefined;
  readonly features: FeatureColumns;
  readonly chosen: ChosenFeatures;
  /** The user's probabilities and the column of each class in them. */
  readonly probabilities: { readonly matrix: RecordMatrix; readonly columnOf: Int32Array } | undefined;
  /** Remarks; more are added. */
  readonly notes: string[];
}

/** Records as votes of groups. */
export interface LabelVotes extends LabelTable {
  readonly groups: Groups;
  readonly votes: Votes;
  /** Name of a class that is judged. */
  nameOf(index: number): string;
}

interface ChosenFeatures {
  /** Columns that records are copies by, those of the embeddings among them. */
  readonly used: readonly TableColumn[];
  readonly embeddings: FeatureColumns["numbers"];
  /** Numbers and embeddings. */
  readonly numbers: FeatureColumns["numbers"];
  /** Names of the columns of the data that labels are judged by. */
  readonly judged: readonly string[];
  readonly useText: boolean;
  readonly matrices: readonly MatrixUse[];
}

/** The columns that a check of labels reads, or why it cannot. */
export function labelColumns(shape: DataShape): { readonly columns: readonly string[] } | { readonly skip: string } {
  const { label, labels } = shape.roles;
  if (label === undefined && labels !== undefined)
    return {
      skip: "There are several label columns (labels), each of which label-flips judges; here name one (label).",
    };
  if (label === undefined) return { skip: "It needs the label column (label)." };
  const kind = shape.kinds[label];
  if (typeof kind === "object" && "list" in kind)
    return {
      skip: `Column ${quoted(label)} holds lists of labels; label-flips judges each; here make a column of yes and no for each, name one as label and exclude the others.`,
    };
  const columns = featureColumns(shape).filter((name) => name !== label);
  if (columns.length === 0 && !shape.matrices?.embeddings && !shape.matrices?.probabilities)
    return { skip: "It needs a column besides the label to judge it by, or embeddings, or class probabilities." };
  return { columns: [...columns, label] };
}

/** Peak memory of judging labels, bytes. */
export function labelMemory(shape: DataShape): number {
  const columns = featureColumns(shape).length + (shape.roles.image === undefined ? 0 : FEATURES);
  // The table, the encoded features twice, and probabilities for twenty classes from four learners.
  const matrices = matrixBytes(shape, "embeddings", 4) + matrixBytes(shape, "probabilities", 5);
  return shape.records * (24 * columns + matrices + 20 * 4 * 8 + 4 * NEIGHBOURS + 200);
}

/** Reads labels and what they are judged by. */
export async function readLabels(data: CheckData, context: CheckContext): Promise<LabelTable | LabelRefusal> {
  const { shape } = data;
  const columns = labelColumns(shape);
  if ("skip" in columns) return { refused: columns.skip };
  const { image } = shape.roles;
  const images = await readImages(data);
  const table = await data.table(columns.columns.filter((name) => name !== image));
  const labelColumn = table.columns[table.columns.length - 1]!;
  const features = featuresOf(
    { ...table, columns: table.columns.slice(0, -1) },
    { named: shape.roles.features ?? [], text: shape.roles.text },
  );
  const matrix = data.matrix?.("probabilities");
  const { notes, ...chosen } = chosenFeatures(features, data, images, matrix !== undefined);
  if (images && images.columns.length === 0 && matrix === undefined)
    return { refused: noImages(images, image!), notes };
  if (chosen.used.length === 0 && matrix === undefined)
    return { refused: "No column besides the label says anything.", notes };
  const labels = labelClasses(labelColumn);
  if (typeof labels === "string") return { refused: labels, notes };
  const probabilities = matrix && {
    matrix,
    columnOf: columnsOfClasses(matrix, labels, labelColumn, context.showValues),
  };
  const missing = labels.classOf.reduce((sum, k) => sum + (k < 0 ? 1 : 0), 0);
  if (missing > 0) notes.push(`${missing} records without a label were left out`);
  const alike = likeNames(labels.names);
  if (alike.length > 0) notes.push(likeNamesNote(alike, context.showValues));
  return { table, label: labelColumn.name, labels, images, features, chosen, probabilities, notes };
}

/** Groups records and counts their votes. */
export function voteOnLabels(
  read: LabelTable,
  { maxProbabilityBytes = PROBABILITY_BYTES }: LabelOptions,
  context: CheckContext,
): LabelVotes | LabelRefusal {
  const { table, labels: all, images, chosen, probabilities, notes } = read;
  // A record without an image is not judged, and does not teach; given probabilities judge it all the same.
  const labels =
    images && probabilities === undefined
      ? { ...all, classOf: all.classOf.map((k, row) => (images.read[row] === 1 ? k : -1)) }
      : all;
  const featureTable: Table = { ...table, columns: chosen.used };
  const near = context.results.find(({ outcome }) => outcome.check === "near-duplicates")?.clusters;
  const grouped = probabilities
    ? groupsWithProbabilities(featureTable, probabilities.matrix, near)
    : { groups: groupsOf(featureTable, { clusters: near }), table: featureTable, coarse: false };
  if (grouped.coarse && chosen.used.length > 0)
    notes.push(
      "many records have equal features, so these are no sign of copying and records were told apart without them",
    );
  const votes = votesOf(grouped.table, grouped.groups, labels, context.seed);
  const missing = all.classOf.reduce((sum, k) => sum + (k < 0 ? 1 : 0), 0);
  if (votes.unlabelled > missing)
    notes.push(`${votes.unlabelled - missing} records without an image that can be read were left out`);
  if (votes.small.length > 0) notes.push(smallClassesNote(votes, labels, context.showValues));
  const classes = votes.classes.length;
  if (classes < 2) {
    const count = classes === 0 ? "No class" : "Only one class";
    return { refused: `${count} has ${LEAST_GROUPS} distinct records; at least two such classes are needed.`, notes };
  }
  if (classes > MOST_CLASSES)
    return { refused: `There are ${classes} classes; at most ${MOST_CLASSES} can be told apart.`, notes };
  // Five times 32 classes with their numbers, and two tables of classes × classes.
  const bytes = votes.first.length * Math.min(classes, KEPT_CLASSES) * 40 + 16 * classes * classes;
  if (bytes > maxProbabilityBytes) {
    const size = `${classes} classes and ${votes.first.length} distinct records`;
    return { refused: `Probabilities of ${size} need ${bytes} bytes; raise maxProbabilityBytes.`, notes };
  }
  return {
    ...read,
    groups: grouped.groups,
    votes,
    nameOf: (index) => labels.names[votes.classes[index]!]!,
  };
}

/** What the built-in learners say, each out of fold. No opinion where no word occurs in two texts. */
export function learnedOpinions(
  { chosen, features, votes }: LabelVotes,
  { distance }: LabelOptions,
  context: CheckContext,
): Promise<OutOfFold> {
  return chosen.useText
    ? textOpinions(features, votes, context)
    : denseOpinions(
        { ...features, numbers: chosen.numbers },
        votes,
        distance === "cosine" ? chosen.embeddings : [],
        context,
      );
}

/** Why images say nothing. */
function noImages({ read }: ImageFeatures, name: string): string {
  return read.includes(1)
    ? `All images in ${quoted(name)} look the same.`
    : `No image in ${quoted(name)} can be read; images are bytes of PNG or JPEG.`;
}

/** What labels are judged by: given probabilities alone; else embeddings, images, numbers and categories; else text. */
function chosenFeatures(
  features: FeatureColumns,
  data: CheckData,
  images: ImageFeatures | undefined,
  given: boolean,
): ChosenFeatures & { readonly notes: string[] } {
  const { numbers: own, categories, texts } = features;
  const left = [...features.left];
  const embeddings = embeddingColumns(data);
  const pixels = images?.columns ?? [];
  const numbers = [...pixels, ...own, ...embeddings];
  if (given) {
    const used = [...numbers, ...categories, ...texts];
    const notes = [...leftNotes(left), ...(images?.notes ?? [])];
    if (used.length > 0) notes.push("features were used only to tell copies: given probabilities judge the labels");
    return { used, embeddings, numbers, judged: [], useText: false, matrices: ["probabilities"], notes };
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
    embeddings,
    numbers,
    judged: lookedAtNames(useText ? [...texts, ...categories] : [...pixels, ...own, ...categories]),
    useText,
    matrices: embeddings.length > 0 ? ["embeddings"] : [],
    notes: [...leftNotes(left), ...(images?.notes ?? []), ...embeddingNotes(data, embeddings.length)],
  };
}
