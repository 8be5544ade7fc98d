/**
 * Records with several labels: each is a question by itself, judged by the same features. Labels stand in a column of lists,
 * where each is a question of yes and no, or in columns of their own (`roles.labels`, as scikit-learn's indicator matrix).
 */

import type {
  CheckContext,
  CheckData,
  CheckResult,
  Columns,
  DataShape,
  Finding,
  Roles,
  Skip,
  SuspectReason,
  Table,
  TableColumn,
} from "../check.js";
import { compareTexts } from "../code-point-order.js";
import { asCategory } from "../columns.js";
import { compareFindings } from "../findings.js";
import { completed, MAX_REASONS, skipped } from "../outcome.js";
import { quoted } from "../quoted.js";
import { LEAST_GROUPS } from "./given-labels.js";

type CategoryColumn = Extract<TableColumn, { kind: "category" }>;
type Judge = (data: CheckData, context: CheckContext) => Promise<CheckResult>;

/** Labels that are judged at most: of lists the most frequent ones, of columns the first. Each costs what a label column of two classes does. */
const MOST_LABELS = 100;
/** Labels that a note names at most. */
const MOST_NAMED = 5;

/** Whether the label column holds lists of labels. */
function holdsLabelLists({ kinds, roles: { label } }: DataShape): boolean {
  const kind = label === undefined ? undefined : kinds[label];
  return typeof kind === "object" && "list" in kind;
}

/** The shape of the data for one label: its column holds one text a record. */
function shapeOfOneLabel(shape: DataShape): DataShape {
  return { ...shape, kinds: { ...shape.kinds, [shape.roles.label as string]: "text" } };
}

/** Whether records have several labels, in lists or in columns of their own. */
export function holdsSeveralLabels(shape: DataShape): boolean {
  return shape.roles.labels !== undefined || holdsLabelLists(shape);
}

/** The columns of several labels, each once, ascending by code point. */
export function labelsOf({ labels = [] }: Roles): string[] {
  return [...new Set(labels)].sort(compareTexts);
}

/** The shape of the data for one label of those in columns of their own. The others are no features. */
function shapeOfOneColumn(shape: DataShape, name: string): DataShape {
  return { ...shape, roles: { ...shape.roles, label: name } };
}

/** What is read to judge several labels, or why they cannot be; `reads` says it of one. */
export function columnsOfLabels(shape: DataShape, reads: (of: DataShape) => Columns | Skip): Columns | Skip {
  if (shape.roles.labels === undefined) return reads(shapeOfOneLabel(shape));
  const columns = new Set<string>();
  for (const name of labelsOf(shape.roles)) {
    const own = reads(shapeOfOneColumn(shape, name));
    if ("skip" in own) return own;
    for (const column of own.columns) columns.add(column);
  }
  return { columns: [...columns] };
}

/** Which of the distinct lists hold each label. */
interface LabelLists {
  readonly column: CategoryColumn;
  readonly names: readonly string[];
  /** For each label the codes of the lists that hold it. */
  readonly holders: readonly ReadonlySet<number>[];
}

/** The labels of a column of lists, ascending by code point. A label is a text, or what is no text as JSON. */
export function labelLists(lists: TableColumn): LabelLists {
  const column = asCategory(lists);
  const holders = new Map<string, Set<number>>();
  for (const [code, text] of column.categories.entries()) {
    for (const item of JSON.parse(text) as readonly unknown[]) {
      if (item === null) continue;
      const name = typeof item === "string" ? item : JSON.stringify(item);
      if (!holders.has(name)) holders.set(name, new Set());
      holders.get(name)!.add(code);
    }
  }
  const names = [...holders.keys()].sort(compareTexts);
  return { column, names, holders: names.map((name) => holders.get(name)!) };
}

/**
 * Judges each label by itself: those of a column of lists as a column of two classes, `x` and `not x`. Findings keep the claimed rate for each
 * label; a record may be a finding for several. Its score is the highest of its labels.
 *
 * @param judge - The check of one label column.
 */
export async function judgeEachLabel(
  check: { readonly id: string; readonly version: string },
  data: CheckData,
  context: CheckContext,
  judge: Judge,
): Promise<CheckResult> {
  const refused = (reason: string, notes: readonly string[] = []): CheckResult => ({
    outcome: { ...skipped(check, data, context, reason), notes },
    findings: [],
  });
  const { label, labels } = data.shape.roles;
  if (data.shape.matrices?.probabilities !== undefined)
    return refused(
      "Probabilities of records with several labels are not read; leave them out, or name a column of one label.",
    );
  const { questions, notes } = labels
    ? columnQuestions(data, labelsOf(data.shape.roles))
    : listQuestions(data, labelLists((await data.table([label as string])).columns[0]!), context.showValues);
  if (questions.length === 0)
    return refused(`No label is held by ${LEAST_GROUPS} records, and not held by as many.`, notes);
  const judged: Judged[] = [];
  for (const [i, { data: own, ...question }] of questions.entries()) {
    context.signal?.throwIfAborted();
    const share: CheckContext = {
      ...context,
      onProgress: (done, total) => context.onProgress(i * total + done, questions.length * total),
    };
    judged.push({ ...question, result: await judge(own, share) });
  }
  const answered = judged.filter(({ result }) => result.outcome.status === "completed");
  // Names of columns are no values.
  const showNames = labels !== undefined || context.showValues;
  notes.push(...sharedNotes(judged, showNames));
  if (answered.length === 0) return refused("None of the labels can be judged.", notes);
  return joined(check, data, context, answered, notes);
}

/** A label that is judged. */
interface Question {
  readonly name: string;
  /** Records that hold the label; of a column of its own they have one or another, so nothing is counted. */
  readonly records?: number;
  /** The data with that label as the only one. */
  readonly data: CheckData;
}

interface Judged extends Omit<Question, "data"> {
  readonly result: CheckResult;
}

/** The labels in columns of their own. */
function columnQuestions(data: CheckData, names: readonly string[]): { questions: Question[]; notes: string[] } {
  const notes = names.length > MOST_LABELS ? [`the first ${MOST_LABELS} of ${names.length} labels were judged`] : [];
  const questions = names
    .slice(0, MOST_LABELS)
    .map((name) => ({ name, data: { ...data, shape: shapeOfOneColumn(data.shape, name) } }));
  return { questions, notes };
}

/** The labels of lists. */
function listQuestions(
  data: CheckData,
  lists: LabelLists,
  showValues: boolean,
): { questions: Question[]; notes: string[] } {
  const { chosen, records, notes } = chooseLabels(lists, showValues);
  const questions = chosen.map((index) => ({
    name: lists.names[index]!,
    records: records[index]!,
    data: dataOfLabel(data, lists, index),
  }));
  return { questions, notes };
}

/** The labels that enough records hold and enough do not, the most frequent if there are too many; and how many hold each. */
function chooseLabels(
  { column, names, holders }: LabelLists,
  showValues: boolean,
): { chosen: number[]; records: number[]; notes: string[] } {
  const sizes = new Int32Array(column.categories.length);
  let labelled = 0;
  for (const code of column.codes) {
    if (code < 0) continue;
    sizes[code]!++;
    labelled++;
  }
  const records = holders.map((codes) => [...codes].reduce((sum, code) => sum + sizes[code]!, 0));
  const able = [...names.keys()].filter((i) => Math.min(records[i]!, labelled - records[i]!) >= LEAST_GROUPS);
  const chosen = [...able].sort((a, b) => records[b]! - records[a]! || a - b).slice(0, MOST_LABELS);
  const rare = [...names.keys()].filter((i) => !able.includes(i)).map((i) => names[i]!);
  const notes: string[] = [];
  if (rare.length > 0)
    notes.push(
      `${labelsNamed(rare, showValues)}: held or not held by fewer than ${LEAST_GROUPS} records, so not judged`,
    );
  if (able.length > chosen.length) notes.push(`the ${MOST_LABELS} most frequent of ${able.length} labels were judged`);
  return { chosen: chosen.sort((a, b) => a - b), records, notes };
}

/** The data with its lists replaced by whether they hold one label. Tables are read as the data gives them. */
function dataOfLabel(data: CheckData, { column, names, holders }: LabelLists, index: number): CheckData {
  const name = names[index]!;
  const categories = [name, `not ${name}`].sort(compareTexts);
  const yes = categories.indexOf(name);
  const codes = column.codes.map((code) => (code < 0 ? -1 : holders[index]!.has(code) ? yes : 1 - yes));
  const replaced: TableColumn = { name: column.name, kind: "category", codes, categories };
  return {
    ...data,
    shape: shapeOfOneLabel(data.shape),
    async table(columns): Promise<Table> {
      const table = await data.table(columns);
      return { ...table, columns: table.columns.map((own) => (own.name === column.name ? replaced : own)) };
    },
  };
}

function joined(
  check: { readonly id: string; readonly version: string },
  data: CheckData,
  context: CheckContext,
  answered: readonly Judged[],
  notes: readonly string[],
): CheckResult {
  const columnsOfTheirOwn = data.shape.roles.labels !== undefined;
  const showNames = columnsOfTheirOwn || context.showValues;
  const scores = new Float64Array(answered[0]!.result.scores!.length).fill(Number.NaN);
  for (const { result } of answered) {
    for (const [row, score] of result.scores!.entries())
      if (!(score <= scores[row]!) && !Number.isNaN(score)) scores[row] = score;
  }
  const findings = answered.flatMap(({ name, result }) =>
    result.findings.map(
      (finding): Finding => ({
        ...finding,
        evidence: { ...finding.evidence, ...(showNames && { label: name }) },
        ...(columnsOfTheirOwn && { message: `Label ${quoted(name)}: ${finding.message}` }),
      }),
    ),
  );
  /** Each record once, the highest score first. */
  const union = (list: "suspects" | "disputed"): number[] => {
    const rows = new Set(
      answered.flatMap(({ result }) => (result.outcome[list] ?? []).map((record) => data.row(record))),
    );
    return [...rows].sort((a, b) => scores[b]! - scores[a]! || a - b).map((row) => data.place(row).record);
  };
  const suspects = union("suspects");
  const claims = answered.some(({ result }) => result.outcome.calibration !== "uncalibrated");
  const first = answered[0]!.result.outcome;
  const outcome = completed(check, data, context, {
    columns: [...new Set(answered.flatMap(({ result }) => result.outcome.lookedAt.columns))],
    ...(first.lookedAt.matrices && { matrices: first.lookedAt.matrices }),
    examined: Math.max(...answered.map(({ result }) => result.outcome.examined)),
    findings: findings.length,
    calibration: claims ? "posterior" : "uncalibrated",
    ...(claims && { fdr: context.fdr }),
    suspects,
    reasons: reasonsOf(answered, suspects, showNames, columnsOfTheirOwn),
    disputed: union("disputed"),
    notes: [
      `each label was judged by itself: ${answered.length}; rates and claims are of each (details.labels)`,
      ...notes,
    ],
    details: {
      labels: answered.map(({ name, records, result: { outcome } }) => ({
        ...(showNames && { label: name }),
        ...(records !== undefined && { records }),
        ...outcome.estimate,
        findings: outcome.findings,
        suspects: outcome.suspects?.length ?? 0,
        calibration: outcome.calibration,
      })),
    },
  });
  return { outcome, findings: findings.sort(compareFindings), scores };
}

/** Why the first suspects are suspected: each for the label that has the highest score of those that say why. */
function reasonsOf(
  answered: readonly Judged[],
  suspects: readonly number[],
  showNames: boolean,
  columnsOfTheirOwn: boolean,
): SuspectReason[] {
  const reasonOf = new Map<number, { readonly score: number; readonly reason: SuspectReason }>();
  for (const { name, result } of answered) {
    for (const { record, message, evidence } of result.outcome.reasons ?? []) {
      const score = evidence.score as number;
      const known = reasonOf.get(record);
      if (known && known.score >= score) continue;
      const said = columnsOfTheirOwn ? `Label ${quoted(name)}: ${message}` : message;
      const named = { ...evidence, ...(showNames && { label: name }) };
      reasonOf.set(record, { score, reason: { record, message: said, evidence: named } });
    }
  }
  return suspects.slice(0, MAX_REASONS).flatMap((record) => reasonOf.get(record)?.reason ?? []);
}

/** What was said of labels: of all of them once, else with the labels that it was said of. */
function sharedNotes(judged: readonly Judged[], showNames: boolean): string[] {
  const labelsOf = new Map<string, string[]>();
  for (const { name, result } of judged) {
    const { notes, reason } = result.outcome;
    for (const note of [...notes, ...(reason === undefined ? [] : [reason])])
      labelsOf.set(note, [...(labelsOf.get(note) ?? []), name]);
  }
  return [...labelsOf].map(([note, labels]) =>
    labels.length === judged.length ? note : `${labelsNamed(labels, showNames)}: ${note}`,
  );
}

function labelsNamed(names: readonly string[], showValues: boolean): string {
  if (!showValues) return `${names.length} ${names.length === 1 ? "label" : "labels"}`;
  const more = names.length > MOST_NAMED ? ` and ${names.length - MOST_NAMED} more` : "";
  return `${names.length === 1 ? "label" : "labels"} ${names.slice(0, MOST_NAMED).map(quoted).join(", ")}${more}`;
}
