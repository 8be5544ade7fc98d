/** `drift`: columns whose values are not distributed as in an earlier run, from its sketches alone. */

import type { Check, CheckContext, CheckData, CheckResult, Finding } from "../check.js";
import { featureColumns } from "../columns.js";
import { benjaminiHochberg } from "../numeric/false-discovery.js";
import { completed } from "../outcome.js";
import { quoted } from "../quoted.js";
import { roundScore } from "../scores.js";
import { gridDistance, listsAll, sharesP, valuesDistance } from "./distances.js";
import { type ColumnSketch, type DataSketch, sketchData } from "./sketch.js";

const ID = "drift";
const VERSION = "1";
/** Measures that an outcome lists, those with the smallest p first. */
const MOST_MEASURES = 200;
/** Values that explain a finding. */
const SHOWN_VALUES = 5;

/** What an earlier run left to compare with. */
export interface Baseline {
  /** What the user calls it; a name, not a path of the machine. */
  readonly name: string;
  /** SHA-256 of its `sketches.arrow`, lower-case hex. */
  readonly sha256: string;
  readonly sketches: DataSketch;
}

/** Options of `drift`. */
export interface DriftOptions {
  /** Without one the check is skipped. */
  readonly baseline?: Baseline;
  /**
   * Least effect that is a finding: the share of records that at the least are others (Kolmogorov–Smirnov distance, total
   * variation, difference of missing shares). 0 … 1; default 0.1. With many records every difference is significant; below a tenth
   * it is usual between two honest deliveries.
   */
  readonly leastEffect?: number;
}

/** Two sketches of a column with one role. */
interface Pair {
  readonly before: ColumnSketch;
  readonly now: ColumnSketch;
}

/** One test of one column. */
interface Measure {
  readonly column: string;
  readonly role: ColumnSketch["role"];
  readonly measure: "values" | "lengths" | "missing";
  readonly test: "kolmogorov-smirnov" | "chi-squared" | "hypergeometric";
  readonly effect: number;
  readonly p: number;
  /** Numbers that recompute it, without values of records. */
  readonly numbers: Readonly<Record<string, number>>;
  /** Values of records that explain it. */
  readonly shown: Readonly<Record<string, unknown>>;
}

/**
 * Finds columns that drifted away from an earlier run (`baseline`).
 *
 * - *Method*: numbers by the two-sample Kolmogorov–Smirnov test at the points that both sketches know, its p from the limit
 *   distribution; named values by the chi-squared test of homogeneity, rare and unlisted ones pooled; texts of which not all are
 *   listed also by their lengths; missing shares by the exact hypergeometric test. Benjamini–Hochberg over all of them at
 *   `fdr`. A finding must also have an effect of at least `leastEffect`. Both sketches are artefacts, so anybody can repeat the
 *   test without either data set.
 * - *Kinds*: `drift-column`, `drift-label` and `missing-share`, `medium`: a claim and an effect, but drift is usual in honest data, so
 *   never `high`. `kind-changed` and `column-removed`, exact and `medium`; `column-added`, exact and `low`. A finding stands
 *   at the first record in leaf order and accuses the column, not that record.
 * - *Score*: the effect; 1 for exact findings.
 * - *False alarms* (two samples of one distribution, 12 columns, rate .05): 60 records each 2 % of 150 runs with any finding, 200
 *   3 %, 400 3 %, 4,000 none of 40; without the floor 2 %, 4 %, 5 %, 3 of 40.
 * - *Reads*: features and label. Ids by nature are not compared. Cost: sorting every column once.
 * - *Cannot see*: drift of columns together that leaves each as it was; what texts say; a change of fewer than a tenth of the
 *   records; drift between the two runs that was undone. Copies of a record count as often as they stand. Where the
 *   baseline was made with a leaf key it has counts only, and only those are compared. That a column drifted does not say that
 *   somebody tampered with it.
 *
 * @example
 * await runChecks(input, [drift()], { checkOptions: { drift: { baseline: { name, sha256, sketches } } } });
 */
export function drift(): Check<DriftOptions> {
  return {
    id: ID,
    version: VERSION,
    settings: { leastEffect: "number" },
    reads(shape, { baseline, leastEffect = 0.1 }) {
      if (!(leastEffect >= 0 && leastEffect <= 1))
        throw new RangeError(`leastEffect: ${leastEffect} is not between 0 and 1`);
      if (baseline === undefined)
        return { skip: "It needs a baseline (baseline): a folder that an earlier run wrote." };
      if (baseline.sketches.records === 0) return { skip: `The baseline ${quoted(baseline.name)} has no records.` };
      const { label } = shape.roles;
      return { columns: [...featureColumns(shape), ...(label === undefined ? [] : [label])] };
    },
    memory: ({ records }) => 16 * records,
    run,
  };
}

async function run(data: CheckData, options: DriftOptions, context: CheckContext): Promise<CheckResult> {
  const { baseline, leastEffect = 0.1 } = options;
  const { sketches: before, name, sha256 } = baseline as Baseline;
  const now = await sketchData(data, context.signal ? { signal: context.signal } : {});
  const old = new Map(before.columns.map((sketch) => [sketch.column, sketch]));
  const current = new Map(now.columns.map((sketch) => [sketch.column, sketch]));
  const pairs = now.columns.flatMap((sketch): Pair[] => {
    const other = old.get(sketch.column);
    return other ? [{ before: other, now: sketch }] : [];
  });
  const compared = pairs.filter(isCompared);
  const measures = compared.flatMap((pair) => measuresOf(pair, before.records, now.records));
  const q = benjaminiHochberg(measures.map(({ p }) => p));
  const tested = measures.map((measure, i) => ({ ...measure, q: q[i] as number }));

  const place = data.place(0);
  const found = (
    rest: Pick<Finding, "kind" | "score" | "severity" | "message" | "evidence"> & Partial<Pick<Finding, "p" | "q">>,
  ): Finding => ({
    check: ID,
    ...place,
    ...rest,
  });
  const findings: Finding[] = [];
  for (const { now: sketch } of compared) {
    const passing = tested.filter(
      (test) => test.column === sketch.column && test.q <= context.fdr && test.effect >= leastEffect,
    );
    const missing = passing.filter(({ measure }) => measure === "missing");
    const values = passing
      .filter(({ measure }) => measure !== "missing")
      .sort((a, b) => b.effect - a.effect || a.p - b.p);
    for (const [test, kind] of [
      [values[0], sketch.role === "label" ? "drift-label" : "drift-column"],
      [missing[0], "missing-share"],
    ] as const) {
      if (test === undefined) continue;
      const evidence = {
        column: test.column,
        measure: test.measure,
        test: test.test,
        effect: roundScore(test.effect),
        ...test.numbers,
        ...(context.showValues ? test.shown : {}),
      };
      findings.push(
        found({
          kind,
          score: test.effect,
          p: test.p,
          q: test.q,
          severity: "medium",
          message: messageOf(test, name),
          evidence,
        }),
      );
    }
  }
  for (const { before: was, now: is } of pairs) {
    if (was.kind === is.kind || is.role === "excluded" || was.role === "excluded") continue;
    const message = `Column ${quoted(is.column)} was ${quoted(was.kind)} in ${quoted(name)} and is ${quoted(is.kind)} now.`;
    const evidence = { column: is.column, before: was.kind, now: is.kind };
    findings.push(found({ kind: "kind-changed", score: 1, severity: "medium", message, evidence }));
  }
  for (const { column, kind } of before.columns) {
    if (current.has(column) || data.shape.roles.exclude?.includes(column)) continue;
    const message = `Column ${quoted(column)} of ${quoted(name)} is gone, or has no value any more.`;
    findings.push(
      found({ kind: "column-removed", score: 1, severity: "medium", message, evidence: { column, before: kind } }),
    );
  }
  for (const { column, kind, role } of now.columns) {
    if (old.has(column) || role === "excluded") continue;
    const message = `Column ${quoted(column)} is not in ${quoted(name)}, or had no value there.`;
    findings.push(found({ kind: "column-added", score: 1, severity: "low", message, evidence: { column, now: kind } }));
  }
  const outcome = completed({ id: ID, version: VERSION }, data, context, {
    columns: now.columns
      .filter(({ role, form }) => (role === "feature" || role === "label") && form !== "name")
      .map(({ column }) => column),
    examined: now.records,
    findings: findings.length,
    calibration: "asymptotic",
    fdr: context.fdr,
    notes: notesOn(pairs, tested),
    details: {
      baseline: { name, sha256, records: before.records },
      leastEffect,
      tests: tested.length,
      measures: [...tested]
        .sort((a, b) => a.p - b.p)
        .slice(0, MOST_MEASURES)
        .map((test) => ({
          column: test.column,
          measure: test.measure,
          effect: roundScore(test.effect),
          p: roundScore(test.p),
          q: roundScore(test.q),
        })),
    },
  });
  return { outcome, findings, sketches: now };
}

/** Features with features and labels with labels; what is an id in either is compared with nothing. */
function isCompared({ before, now }: Pair): boolean {
  return before.role === now.role && (now.role === "feature" || now.role === "label");
}

/** The tests that both sketches allow. */
function measuresOf({ before, now }: Pair, recordsBefore: number, recordsNow: number): Measure[] {
  if (before.form === "name" || now.form === "name") return [];
  const { column, role } = now;
  const presentBefore = recordsBefore - before.missing;
  const presentNow = recordsNow - now.missing;
  const measures: Measure[] = [];
  if (before.missing > 0 || now.missing > 0) {
    measures.push({
      column,
      role,
      measure: "missing",
      test: "hypergeometric",
      effect: Math.abs(before.missing / recordsBefore - now.missing / recordsNow),
      p: sharesP({ marked: before.missing, n: recordsBefore }, { marked: now.missing, n: recordsNow }),
      numbers: { missingBefore: before.missing, recordsBefore, missingNow: now.missing, recordsNow },
      shown: {},
    });
  }
  if (presentBefore === 0 || presentNow === 0) return measures;
  const counts = { valuesBefore: presentBefore, valuesNow: presentNow };
  const byGrid = (measure: "values" | "lengths", a: ColumnSketch, b: ColumnSketch): void => {
    if (!("grid" in a && "grid" in b)) return;
    const { distance, p, at, ...shares } = gridDistance(
      { grid: a.grid, n: presentBefore },
      { grid: b.grid, n: presentNow },
    );
    const shown = Number.isFinite(at)
      ? { at, shareBefore: roundScore(shares.before), shareNow: roundScore(shares.now) }
      : {};
    measures.push({ column, role, measure, test: "kolmogorov-smirnov", effect: distance, p, numbers: counts, shown });
  };
  if (before.form === "numbers" && now.form === "numbers") byGrid("values", before, now);
  if (before.form !== "values" || now.form !== "values") return measures;
  const [a, b] = [
    { values: before.values, n: presentBefore },
    { values: now.values, n: presentNow },
  ];
  const apart = valuesDistance(a, b);
  if (apart) {
    const { distance, p, chiSquared, degreesOfFreedom, cells } = apart;
    const changed = cells.flatMap((cell) => (cell.value === undefined ? [] : [cell])).slice(0, SHOWN_VALUES);
    measures.push({
      column,
      role,
      measure: "values",
      test: "chi-squared",
      effect: distance,
      p,
      numbers: { ...counts, chiSquared: roundScore(chiSquared), degreesOfFreedom },
      shown: { changed },
    });
  }
  if (!listsAll(a) || !listsAll(b)) byGrid("lengths", before, now);
  return measures;
}

function messageOf({ column, measure, effect, role, numbers }: Measure, baseline: string): string {
  const what = `${role === "label" ? "Label" : "Column"} ${quoted(column)}`;
  if (measure === "missing") {
    const { missingBefore, recordsBefore, missingNow, recordsNow } = numbers;
    return `${what}: ${missingNow} of ${recordsNow} records have no value, in ${quoted(baseline)} ${missingBefore} of ${recordsBefore}.`;
  }
  const share = `${(effect * 100).toFixed(1)} %`;
  const drifted = measure === "lengths" ? "the lengths of its texts" : "its values";
  return `${what}: ${drifted} are distributed otherwise than in ${quoted(baseline)}; at least ${share} of the records differ.`;
}

/** What was there and could not be compared. */
function notesOn(pairs: readonly Pair[], measures: readonly Measure[]): string[] {
  const measured = new Set(measures.filter(({ measure }) => measure !== "missing").map(({ column }) => column));
  const left = (test: (pair: Pair) => boolean): string[] => pairs.filter(test).map(({ now }) => now.column);
  const either = ({ before, now }: Pair, test: (sketch: ColumnSketch) => boolean): boolean => test(before) || test(now);
  const isRead = ({ role }: ColumnSketch): boolean => role === "feature" || role === "label";
  const sayings: readonly [string, readonly string[]][] = [
    ["Not compared, because they are ids by nature", left((pair) => either(pair, ({ role }) => role === "id"))],
    [
      "Not compared, because their role is another now",
      left(
        (pair) => pair.before.role !== pair.now.role && isRead(pair.now) && !either(pair, ({ role }) => role === "id"),
      ),
    ],
    [
      "Of these no values are known on one side (leaf key, or too large), so only counts were compared",
      left((pair) => isCompared(pair) && either(pair, (sketch) => !("grid" in sketch))),
    ],
    [
      "Of these the values cannot be compared",
      left(
        (pair) => isCompared(pair) && !measured.has(pair.now.column) && !either(pair, (sketch) => !("grid" in sketch)),
      ),
    ],
  ];
  return sayings.flatMap(([saying, names]) => {
    if (names.length === 0) return [];
    const more = names.length > 20 ? ` and ${names.length - 20} more` : "";
    return [`${saying}: ${names.slice(0, 20).map(quoted).join(", ")}${more}.`];
  });
}
