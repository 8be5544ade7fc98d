/** `bad-sources`: sources (sites, annotators, suppliers) that hold more than their share of what the other checks found. */

import type { Check, CheckData, CheckResult, Finding, SourceAnswer, Table, TableColumn } from "../check.js";
import { asCategory, featureColumns, firstRows } from "../columns.js";
import { accusesRecord, severityOf } from "../findings.js";
import { log } from "../numeric/elementary.js";
import { benjaminiHochberg } from "../numeric/false-discovery.js";
import { completed, skipped } from "../outcome.js";
import { quoted } from "../quoted.js";
import { betaBinomialTail, hypergeometricTail } from "./count-tests.js";
import { NO_SOURCE, type Sources, shareOf, sourceName, sourcesOf } from "./source-answers.js";
import { correlationWithin, FEWEST_FOR_SPREAD } from "./source-spread.js";

const VERSION = "1";

/** Most classes for which the mix of labels is compared. */
const MOST_CLASSES = 50;

/** A share of records that is compared between sources. */
interface Measure {
  /** What is counted: `label-flips`, `label-flips disputed`, `missing values`, `label`. */
  readonly name: string;
  /** Code of the label that is counted, for `label`. */
  readonly label?: string;
  /** Whether more of it is bad, or merely different. */
  readonly family: "error" | "composition";
  /** One entry for each distinct record: whether it is counted. */
  readonly marked: Uint8Array;
}

interface Test {
  readonly measure: Measure;
  readonly source: number;
  readonly marked: number;
  readonly records: number;
  readonly markedElsewhere: number;
  readonly recordsElsewhere: number;
  readonly correlation: number;
  readonly p: number;
}

/**
 * Finds sources that hold more than their share. It runs after all other checks and reads what they answered.
 *
 * - *Method*: for each source and each measure the one-sided exact test (hypergeometric) of its count against the other sources.
 *   Each distinct record counts once, so that copies do not multiply evidence. Honest sources differ too: where at least 8
 *   sources can show by how much (median deviation), the count must also be too large for a beta-binomial of that spread;
 *   p is the larger of the two, so it stays valid when sources do not differ. Benjamini–Hochberg over all sources and measures
 *   of a family, each of the two families at half the rate.
 * - *False alarms* (150 runs each, rate .05): alike sources 1 % of runs with a `source`, at most 4 % with any finding. Honest
 *   sources whose rates spread by a factor e^.3: 6 %; by e^.5, 15 %. *Power*: one source of 30 with 100 records each, 5 % disputed
 *   elsewhere and 15 % there: 48 %; 25 % there: 95 %.
 * - *Kinds*: `source`: more records that other checks accuse (`label-flips`, `outliers`, …), suspect or dispute; severity by q.
 *   `composition`: more repeated records, more missing values, more of one label, or more of what `outliers` and `rare-values`
 *   merely rank first; true but usual in honest data, so `low`.
 *   The finding stands at the first record of the source in leaf order and accuses the source, not that record.
 * - *Score*: −log10 p of its strongest measure.
 * - *Reads*: the source column, features (for missing values) and label. Cost: linear in cells and in sources × measures.
 * - *Cannot see*: a source that poisons no more than others err; one whose poison no other check notices; anything with fewer
 *   than two sources. With fewer than 8 sources honest differences between them look like evidence; a note says so.
 *
 * @example
 * await runChecks(input, allChecks(), { roles: { label: "species", source: "site" } });
 */
export function badSources(): Check {
  const check = { id: "bad-sources", version: VERSION };
  return {
    ...check,
    follows: true,
    reads({ roles }) {
      if (roles.source === undefined)
        return { skip: "It needs the source column (source): who or where records come from." };
      return { columns: [roles.source] };
    },
    memory: ({ records, kinds }) => 8 * records * (Object.keys(kinds).length + 8),
    async run(data, _options, context) {
      const { source, label } = data.shape.roles;
      const features = featureColumns(data.shape).filter((name) => name !== source && name !== label);
      const names = [source as string, ...(label === undefined || label === source ? [] : [label]), ...features];
      const table = await data.table(names);
      const sources = sourcesOf(table.columns[0] as TableColumn);
      const rows = firstRows(table);
      const refusal = cannotCompare(sources, table.length);
      if (refusal !== undefined) return { outcome: skipped(check, data, context, refusal, names), findings: [] };

      const labelColumn = names[1] === label && label !== undefined ? table.columns[1] : undefined;
      const measures = [
        ...context.results.flatMap((result) => measuresOf(result, data, rows)),
        ...missingMeasure(table, rows),
        ...labelMeasures(labelColumn, rows),
      ].filter(({ marked }) => marked.some((mark) => mark === 1) && marked.some((mark) => mark === 0));
      const tests = measures.map((measure) => testsOf(measure, sources, rows));
      const families = (["error", "composition"] as const).map((family) => {
        const ofFamily = tests.flat().filter(({ measure }) => measure.family === family);
        const q = benjaminiHochberg(ofFamily.map(({ p }) => p));
        // Two families share the rate, so a q of one counts twice.
        return ofFamily.map((test, i) => ({ test, q: Math.min(1, 2 * (q[i] as number)) }));
      });

      const findings: Finding[] = [];
      for (const [i, tested] of families.entries()) {
        const kind = i === 0 ? "source" : "composition";
        for (const code of sources.names.keys()) {
          const ofSource = tested
            .filter(({ test }) => test.source === code)
            .sort((a, b) => a.q - b.q || a.test.p - b.test.p);
          const [worst] = ofSource;
          if (!worst || worst.q > context.fdr) continue;
          const row = sources.first[code] as number;
          const name = sources.names[code] as string | null;
          findings.push({
            check: check.id,
            kind,
            ...data.place(row),
            score: -log(worst.test.p) / Math.LN10,
            p: worst.test.p,
            q: worst.q,
            severity: kind === "source" ? severityOf(worst.q) : "low",
            message: messageOf(name, worst.test, context.showValues),
            evidence: {
              ...(context.showValues && name !== null ? { source: name } : {}),
              sourceRecords: sources.sizes[code] as number,
              measures: ofSource.map(({ test, q }) => evidenceOf(test, q, context.showValues)),
            },
          });
        }
      }
      const others = context.results
        .filter(({ outcome }) => outcome.status === "completed" && accusesRecord(outcome))
        .map(({ outcome }) => outcome.check);
      const notes = [`Compared what these checks found: ${others.join(", ") || "none ran"}.`];
      if (features.length > 0) notes.push("Of features it looked at nothing but which values are missing.");
      if (sources.names.length < FEWEST_FOR_SPREAD) {
        notes.push(
          `With ${sources.names.length} sources it cannot tell how much honest ones differ (${FEWEST_FOR_SPREAD} are needed).`,
        );
      }
      const outcome = completed(check, data, context, {
        columns: names.filter((name) => name === source || name === label),
        examined: table.length,
        findings: findings.length,
        calibration: "exact",
        fdr: context.fdr,
        sources: answersOf(sources, context.results, data, context.showValues),
        details: {
          sources: sources.names.length,
          distinctRecords: rows.length,
          measures: measures.map(({ name }, i) => ({ measure: name, correlation: tests[i]?.[0]?.correlation ?? 0 })),
        },
        notes,
      });
      return { outcome, findings };
    },
  };
}

/** Checks whose findings are usual in honest data, so that more of them makes no source bad. */
const USUAL = new Set(["exact-duplicates", "near-duplicates"]);
/** Checks whose suspects are a ranking that says nothing of how many are bad: an honest source may hold most of what is rare. */
const RANKINGS = new Set(["outliers", "rare-values"]);

function cannotCompare({ names }: Sources, records: number): string | undefined {
  if (names.length < 2) return "All records come from one source: there is nothing to compare it with.";
  if (names.length > records / 3)
    return `The source column has ${names.length} values for ${records} records: too few of each.`;
  return undefined;
}

/** What another check accuses or suspects, and what it disputes, as marks on the distinct records. */
function measuresOf({ findings, outcome }: CheckResult, data: CheckData, rows: Int32Array): Measure[] {
  if (outcome.status !== "completed" || !accusesRecord(outcome)) return [];
  const family = USUAL.has(outcome.check) ? "composition" : "error";
  const found = findings.map(({ record }) => record);
  const suspects = outcome.suspects ?? [];
  const ranks = RANKINGS.has(outcome.check);
  const measure = (name: string, of: Measure["family"], records: readonly number[]): Measure => ({
    name,
    family: of,
    marked: marksOf(records, data, rows),
  });
  return [
    measure(outcome.check, family, ranks ? found : [...found, ...suspects]),
    ...(ranks ? [measure(`${outcome.check} ranking`, "composition", suspects)] : []),
    measure(`${outcome.check} disputed`, family, outcome.disputed ?? []),
  ];
}

/** Marks the distinct record that a record equals. */
function marksOf(records: Iterable<number>, data: CheckData, rows: Int32Array): Uint8Array {
  const marks = new Uint8Array(rows.length);
  for (const record of records) marks[positionOf(rows, data.row(record))] = 1;
  return marks;
}

/** Index of the last first row at or before a row. */
function positionOf(rows: Int32Array, row: number): number {
  let low = 0;
  let high = rows.length;
  while (high - low > 1) {
    const middle = (low + high) >>> 1;
    if ((rows[middle] as number) <= row) low = middle;
    else high = middle;
  }
  return low;
}

function missingMeasure({ columns }: Table, rows: Int32Array): Measure[] {
  const marked = Uint8Array.from(rows, (row) => {
    const missing = columns.slice(1).some((column) => {
      if (column.kind === "category") return (column.codes[row] as number) < 0;
      return Number.isNaN(column.values[row]);
    });
    return missing ? 1 : 0;
  });
  return [{ name: "missing values", family: "composition", marked }];
}

function labelMeasures(column: TableColumn | undefined, rows: Int32Array): Measure[] {
  if (!column) return [];
  const { codes, categories } = asCategory(column);
  if (categories.length > MOST_CLASSES) return [];
  return categories.map((label, code) => ({
    name: "label",
    label,
    family: "composition",
    marked: Uint8Array.from(rows, (row) => (codes[row] === code ? 1 : 0)),
  }));
}

function testsOf(measure: Measure, { codes, names }: Sources, rows: Int32Array): Test[] {
  const records = new Int32Array(names.length);
  const marked = new Int32Array(names.length);
  for (const [position, row] of rows.entries()) {
    const source = codes[row] as number;
    records[source] = (records[source] as number) + 1;
    marked[source] = (marked[source] as number) + (measure.marked[position] as number);
  }
  const allMarked = marked.reduce((sum, n) => sum + n, 0);
  const correlation = correlationWithin(marked, records);
  return [...names.keys()].map((source): Test => {
    const k = marked[source] as number;
    const n = records[source] as number;
    const elsewhere = allMarked - k;
    const recordsElsewhere = rows.length - n;
    const exact = hypergeometricTail(k, n, allMarked, rows.length);
    const mean = elsewhere / recordsElsewhere;
    const spread = correlation > 0 && mean > 0 && mean < 1 ? betaBinomialTail(k, n, mean, correlation) : 0;
    const p = Math.max(exact, spread);
    return { measure, source, marked: k, records: n, markedElsewhere: elsewhere, recordsElsewhere, correlation, p };
  });
}

function messageOf(
  name: string | null,
  { measure, marked, records, markedElsewhere, recordsElsewhere }: Test,
  show: boolean,
): string {
  const who =
    name === null ? "Records without a source" : show ? `Source ${quoted(name)}` : "The source of this record";
  const what = measure.label !== undefined && show ? `label ${quoted(measure.label)}` : measure.name;
  return `${who}: ${marked} of ${records} records (${what}), elsewhere ${markedElsewhere} of ${recordsElsewhere}.`;
}

function evidenceOf(
  { measure, source: _, ...test }: Test,
  q: number,
  show: boolean,
): Readonly<Record<string, unknown>> {
  const { p, ...counts } = test;
  const label = measure.label !== undefined && show ? { label: measure.label } : {};
  return { measure: measure.name, ...label, ...counts, p, q };
}

/** For each source what the other checks found in it, all together. */
function answersOf(
  sources: Sources,
  results: readonly CheckResult[],
  data: CheckData,
  showValues: boolean,
): SourceAnswer[] {
  const usual = results.filter(({ outcome }) => !USUAL.has(outcome.check) && accusesRecord(outcome));
  const found = new Set(usual.flatMap(({ findings }) => findings.map(({ record }) => record)));
  const suspects = new Set(usual.flatMap(({ outcome }) => [...(outcome.suspects ?? [])]));
  const counts = sources.names.map(() => ({ findings: 0, suspects: 0, either: 0 }));
  for (const record of new Set([...found, ...suspects])) {
    const count = counts[sources.codes[data.row(record)] as number] as (typeof counts)[number];
    count.either++;
    if (found.has(record)) count.findings++;
    if (suspects.has(record)) count.suspects++;
  }
  return sources.names
    .map((name, code) => {
      const { findings, suspects, either } = counts[code] as (typeof counts)[number];
      const records = sources.sizes[code] as number;
      const first = sources.first[code] as number;
      return {
        source: name === null ? NO_SOURCE : sourceName(name, first, data, showValues),
        records,
        findings,
        suspects,
        ...shareOf(either, records),
      };
    })
    .sort((a, b) => b.rate - a.rate)
    .slice(0, 1000);
}
