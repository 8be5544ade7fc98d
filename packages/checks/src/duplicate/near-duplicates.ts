/** `near-duplicates`: records that are copies but for an id, a source, formatting or a few words. */

import type { Check, CheckContext, CheckData, Finding, Table, TableColumn } from "../check.js";
import { featureColumns, firstRows, idColumns } from "../columns.js";
import { referenceTo } from "../findings.js";
import { groupsOf, isCoarse } from "../groups.js";
import { completed } from "../outcome.js";
import { nearCopies } from "../power/copies.js";
import { quoted } from "../quoted.js";
import { SHINGLE_UNITS } from "./shingles.js";
import { similarTexts } from "./similar-texts.js";
import { textColumn } from "./text-column.js";

const VERSION = "1";

/** Options of `near-duplicates`. */
export interface NearDuplicatesOptions {
  /** Least Jaccard similarity of two texts, by shingles of 5 characters. Above 0, at most 1; default 0.8. */
  readonly similarity?: number;
}

/** Similarity from which texts are copies for the checks after (DESIGN, section 4; `research`: copies vote once). */
const CLOSE = 0.95;

/** What is like what, before it is said where. */
interface Likeness {
  readonly kind: "equal-features" | "equal-text" | "formatting" | "similar-text";
  readonly row: number;
  readonly partner: number;
  readonly similarity: number;
}

/**
 * Finds records that are nearly copies of another; `low`, because that is usual in honest data. Equal records are left to
 * `exact-duplicates`: each distinct record is looked at once. Of a group of copies the one with the smallest leaf is not a
 * finding.
 *
 * - *Kinds*: `equal-features`: equal in every feature but ids by nature (so copied under another id, source, label or time); not
 *   where features are coarse (`isCoarse`): there coincidences are usual, and a note gives their number.
 *   `equal-text`, `formatting` (case, spaces, punctuation, invisible characters), `similar-text` (Jaccard similarity of shingles
 *   of 5 characters of at least `similarity`, .8): of the text column, or of the one feature that holds free text.
 * - *Method*: equality is compared; texts are found by MinHash in 20 bands of 6 and then compared exactly, so every finding is
 *   true: no false alarms. A pair of similarity .8 is missed in 2 of 1,000 cases, one of .9 in none of 10^6.
 * - *Score*: similarity, 1 for equal.
 * - *Reads*: features and text. Cost: linear in cells and characters; 160 bytes for each distinct text; measured 27 µs of one
 *   core for each text of 140 characters.
 * - *Cannot see*: paraphrases; likeness of texts shorter than 8 characters; numbers with a little noise; near copies in tables of coarse features.
 *
 * @example
 * await runChecks(input, [nearDuplicates()], { roles: { text: "message" }, checkOptions: { "near-duplicates": { similarity: 0.9 } } });
 */
export function nearDuplicates(defaults: NearDuplicatesOptions = {}): Check<NearDuplicatesOptions> {
  const check = { id: "near-duplicates", version: VERSION };
  return {
    ...check,
    settings: { similarity: "number" },
    reads(shape, options) {
      const { similarity = 0.8 } = { ...defaults, ...options };
      if (!(similarity > 0 && similarity <= 1))
        throw new RangeError(`similarity: ${similarity} is not above 0 and at most 1`);
      const columns = columnsOf(shape);
      return columns.length > 0 ? { columns } : { skip: "It needs at least one feature or text column." };
    },
    poison: [nearCopies],
    memory: ({ records, kinds }) => records * (8 * Object.keys(kinds).length + 200),
    async run(data, options, context) {
      const { similarity: threshold = 0.8 } = { ...defaults, ...options };
      const columns = columnsOf(data.shape);
      const whole = await data.table(columns);
      const features = new Set(featureColumns(data.shape));
      const { text: textName, image } = data.shape.roles;
      const ids = new Set(idColumns(whole).filter((name) => name !== textName && name !== image));
      const compared = whole.columns.filter(({ name }) => features.has(name) && !ids.has(name));
      const notes = [...ids].map((name) => `not looked at: ${quoted(name)}, it differs in every record, as an id does`);

      const found = new Map<number, Likeness>();
      const equal = equalFeatures({ ...whole, columns: compared });
      if (equal.coarse > 0) {
        notes.push(
          `${equal.coarse} records have the features of another, but features are coarse here: that is usual, so none is found.`,
        );
      }
      for (const likeness of equal.likenesses) found.set(likeness.row, likeness);
      const text = textColumn(whole, data.shape.roles.text, ids);
      const texts = text ? await alikeTexts(text, whole, threshold, context) : undefined;
      for (const likeness of texts?.likenesses ?? []) {
        if (!found.has(likeness.row)) found.set(likeness.row, likeness);
      }

      const rows = [...found.keys()].sort((a, b) => a - b);
      const findings = rows.map((row) => findingOf(check.id, found.get(row) as Likeness, whole, data));
      const scores = new Float64Array(whole.length);
      const copyOf = firstRowOf(whole);
      for (let row = 0; row < whole.length; row++) scores[row] = found.get(copyOf[row] as number)?.similarity ?? 0;
      const used = new Set([...compared.map(({ name }) => name), ...(text ? [text.name] : [])]);
      const outcome = completed(check, data, context, {
        columns: columns.filter((name) => used.has(name)),
        examined: whole.length,
        findings: findings.length,
        calibration: "exact",
        fdr: 0,
        details: { ...(text ? { text: text.name, similarity: threshold } : {}), coarse: equal.coarse },
        notes,
      });
      return { outcome, findings, scores, ...(texts ? { clusters: texts.clusters } : {}) };
    },
  };
}

function columnsOf(shape: CheckData["shape"]): string[] {
  const { text } = shape.roles;
  const features = featureColumns(shape);
  return text === undefined || features.includes(text) ? features : [...features, text];
}

/** Distinct records with equal features: all but the first of each group; or only their number, where features are coarse. */
function equalFeatures(table: Table): { readonly likenesses: readonly Likeness[]; readonly coarse: number } {
  if (table.columns.length === 0) return { likenesses: [], coarse: 0 };
  const groups = groupsOf(table);
  const likenesses: Likeness[] = [];
  for (const row of firstRows(table)) {
    const partner = groups.first[groups.groupOf[row] as number] as number;
    if (partner !== row) likenesses.push({ kind: "equal-features", row, partner, similarity: 1 });
  }
  return isCoarse(table, groups) ? { likenesses: [], coarse: likenesses.length } : { likenesses, coarse: 0 };
}

/** Distinct records whose texts are alike, and the cluster of each row whose text is a copy of another. */
async function alikeTexts(
  { codes, categories }: TableColumn & { readonly kind: "category" },
  table: Table,
  threshold: number,
  context: CheckContext,
): Promise<{ readonly likenesses: readonly Likeness[]; readonly clusters: Int32Array }> {
  const seed = new DataView(context.seed.buffer, context.seed.byteOffset).getUint32(0);
  const alike = await similarTexts(categories, { threshold, close: CLOSE, seed, pause: () => pause(context.signal) });
  const firstOfText = new Int32Array(categories.length).fill(-1);
  const firstOfPlain = new Map<string, number>();
  const firstOfCluster = new Int32Array(categories.length).fill(-1);
  const likenesses: Likeness[] = [];
  for (const row of firstRows(table)) {
    const code = codes[row] as number;
    if (code < 0) continue;
    const plain = alike.plain[code] as string;
    const cluster = alike.clusters[code] as number;
    if ((firstOfText[code] as number) >= 0) {
      likenesses.push({ kind: "equal-text", row, partner: firstOfText[code] as number, similarity: 1 });
      continue;
    }
    firstOfText[code] = row;
    const sameBut = plain === "" ? undefined : firstOfPlain.get(plain);
    if (sameBut !== undefined) likenesses.push({ kind: "formatting", row, partner: sameBut, similarity: 1 });
    else if ((firstOfCluster[cluster] as number) >= 0) {
      likenesses.push({ kind: "similar-text", row, partner: -1, similarity: alike.similarity[code] as number });
    }
    if (sameBut === undefined) firstOfPlain.set(plain, row);
    if ((firstOfCluster[cluster] as number) < 0) firstOfCluster[cluster] = row;
  }
  // The nearest text of a record may first appear behind it, so it is looked up when all are known.
  const placed = likenesses.map((likeness) => {
    if (likeness.partner >= 0) return likeness;
    const nearest = alike.nearest[codes[likeness.row] as number] as number;
    return { ...likeness, partner: firstOfText[nearest] as number };
  });
  return { likenesses: placed, clusters: closeRows(codes, alike.closeClusters) };
}

/** For each row the smallest row of its cluster of copies, −1 when it is alone. */
function closeRows(codes: Int32Array, closeClusters: Int32Array): Int32Array {
  const sizes = new Int32Array(closeClusters.length);
  const first = new Int32Array(closeClusters.length).fill(-1);
  for (let row = codes.length - 1; row >= 0; row--) {
    if ((codes[row] as number) < 0) continue;
    const cluster = closeClusters[codes[row] as number] as number;
    sizes[cluster] = (sizes[cluster] as number) + 1;
    first[cluster] = row;
  }
  return codes.map((code) => {
    if (code < 0) return -1;
    const cluster = closeClusters[code] as number;
    return (sizes[cluster] as number) > 1 ? (first[cluster] as number) : -1;
  });
}

function findingOf(id: string, { kind, row, partner, similarity }: Likeness, table: Table, data: CheckData): Finding {
  const other = data.place(partner);
  const differs = table.columns
    .filter((column) => cellOf(column, row) !== cellOf(column, partner))
    .map(({ name }) => name);
  const what = {
    "equal-features": "Every feature equals that",
    "equal-text": "Its text equals that",
    formatting: "Its text equals, but for formatting, that",
    "similar-text": "Its text is nearly that",
  }[kind];
  return {
    check: id,
    kind,
    ...data.place(row),
    score: similarity,
    severity: "low",
    message: `${what} of record ${other.ordinal} of ${other.file}.`,
    evidence: {
      similarity,
      ...(kind === "similar-text" ? { shingleUnits: SHINGLE_UNITS } : {}),
      nearest: referenceTo(other),
      differs: differs.slice(0, 20),
    },
  };
}

/** A cell for comparison: its code or number, missing equal to missing. */
function cellOf(column: TableColumn, row: number): number | undefined {
  const cell = column.kind === "category" ? column.codes[row] : column.values[row];
  return Number.isNaN(cell) ? undefined : cell;
}

/** First row of the leaf of each row. */
function firstRowOf(table: Table): Int32Array {
  const rows = firstRows(table);
  const first = new Int32Array(table.length);
  for (const [i, row] of rows.entries()) first.fill(row, row, rows[i + 1] ?? table.length);
  return first;
}

/** Lets others run, so that an abort is seen. */
async function pause(signal: AbortSignal | undefined): Promise<void> {
  await new Promise<void>((resolve) => setTimeout(resolve, 0));
  signal?.throwIfAborted();
}
