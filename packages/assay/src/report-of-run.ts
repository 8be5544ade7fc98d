/** The report of a run: what was found, with the accused records, and pictures of where they are. */

import { accusesRecord, type CheckRun, type Finding, type GateVerdict } from "@assay/checks";
import type { SealedManifest } from "@assay/manifest";
import type { ControlResult, Verdict } from "@assay/provenance";
import {
  type Batch,
  columnToNumbers,
  decodeRecord,
  type EncodedRecords,
  type Executor,
  encodeBatch,
  readBatches,
  readRecords,
  type ScannedSource,
} from "@assay/records";
import { createReport, type Report, type ReportPlot } from "@assay/report";
import { headsOf, powerOf } from "./statements.js";
import { TOOL } from "./tool.js";

export interface ReportOfRunInput {
  readonly scanned: ScannedSource;
  readonly manifest: SealedManifest;
  readonly run: CheckRun;
  readonly gate: GateVerdict;
  readonly controls: readonly ControlResult[];
  /** On the files as they are written. */
  readonly verdict: Verdict;
  readonly label: string | undefined;
  readonly showValues: boolean;
  readonly folder: string | undefined;
  /** Instant, RFC 3339. */
  readonly at: string;
  readonly executor: Executor;
  readonly signal?: AbortSignal;
}

/** Accused records whose values are shown. */
const MAX_SHOWN_RECORDS = 500;
/** Points of a scatter plot, besides the accused ones. */
const MAX_POINTS = 3000;

/** Makes the report. */
export async function reportOfRun(input: ReportOfRunInput): Promise<Report> {
  const { scanned, manifest, run, gate, controls, verdict, showValues, folder, at } = input;
  const { header } = manifest;
  const mayShow = header.leaf.keyId === undefined || showValues;
  return createReport(
    {
      header,
      heads: headsOf(manifest),
      files: manifest.entries,
      warnings: scanned.warnings.map(
        ({ column, type, misfits }) =>
          `column "${column}" is text because ${misfits} of its fields do not fit ${typeof type === "string" ? type : JSON.stringify(type)}`,
      ),
      verdict,
      data: "checked",
      outcomes: run.outcomes,
      findings: run.findings,
      gate,
      controls,
      power: powerOf(run.outcomes),
      ...(mayShow && { records: await accusedRecords(input), plots: await plotsOf(input) }),
      tool: TOOL,
      createdAt: at,
    },
    { showValues, ...(folder !== undefined && { folder }) },
  );
}

/** The most severe findings first, as the report shows them. */
function shownFirst(findings: readonly Finding[]): readonly Finding[] {
  const rank = { high: 0, medium: 1, low: 2 };
  return [...findings].sort((a, b) => rank[a.severity] - rank[b.severity] || b.score - a.score || a.record - b.record);
}

/** Values of the accused records, by ordinal over all files. */
async function accusedRecords({
  scanned,
  manifest,
  run,
  executor,
  signal,
}: ReportOfRunInput): Promise<Map<number, Readonly<Record<string, unknown>>>> {
  const records = new Map<number, Readonly<Record<string, unknown>>>();
  if (manifest.header.leaf.format === "raw/v1") return records;
  const fileOf = new Map(manifest.entries.map(({ path }, index) => [path, index]));
  const wanted = new Map<string, number>();
  for (const { file, ordinal, record } of shownFirst(run.findings)) {
    if (wanted.size >= MAX_SHOWN_RECORDS) break;
    wanted.set(`${fileOf.get(file)} ${ordinal}`, record);
  }
  const places = [...wanted.keys()].map((key) => {
    const [file, ordinal] = key.split(" ").map(Number) as [number, number];
    return { file, ordinal };
  });
  const options = { executor, ...(signal !== undefined && { signal }) };
  // Many accused records share a batch: it is encoded once, not once for each of them.
  let last: { readonly batch: Batch; readonly encoded: EncodedRecords } | undefined;
  for await (const { file, ordinal, batch, index } of readRecords(scanned, places, options)) {
    if (last?.batch !== batch) last = { batch, encoded: encodeBatch(batch) };
    const { arena, offsets } = last.encoded;
    const bytes = arena.slice(offsets[index], offsets[index + 1]);
    records.set(wanted.get(`${file} ${ordinal}`) as number, decodeRecord(bytes));
  }
  return records;
}

/** Where the accused records lie: the two numeric columns that a check read first, and the columns one by one. */
async function plotsOf({ scanned, manifest, run, label, executor, signal }: ReportOfRunInput): Promise<ReportPlot[]> {
  const accused = new Set(
    run.findings.filter((finding) => finding.severity !== "low" && accusesRecord(finding)).map(({ record }) => record),
  );
  const read = new Set(run.outcomes.flatMap(({ lookedAt }) => lookedAt.columns));
  const kinds = Object.assign({}, ...Object.values(manifest.header.schemas)) as Record<string, unknown>;
  const columns = Object.keys(kinds)
    .filter((name) => kinds[name] === "number" && read.has(name) && name !== label)
    .sort()
    .slice(0, 6);
  if (columns.length === 0 || manifest.header.leaf.format === "raw/v1") return [];
  const values = columns.map(() => new Float64Array(scanned.records).fill(Number.NaN));
  const begins: number[] = [];
  let total = 0;
  for (const { index } of scanned.files) {
    begins.push(total);
    total += index.records;
  }
  const options = { executor, columns, ...(signal !== undefined && { signal }) };
  for await (const { file, begin, batch } of readBatches(scanned, options)) {
    for (const column of batch.columns) {
      const at = columns.indexOf(column.name);
      if (at >= 0) values[at]?.set(columnToNumbers(column), (begins[file] as number) + begin);
    }
  }
  const plots: ReportPlot[] = columns.map((column, at) => histogramOf(column, values[at] as Float64Array, accused));
  const [x, y] = columns;
  if (x !== undefined && y !== undefined)
    plots.unshift(scatterOf(x, y, values[0] as Float64Array, values[1] as Float64Array, accused));
  return plots;
}

function scatterOf(x: string, y: string, xs: Float64Array, ys: Float64Array, accused: ReadonlySet<number>): ReportPlot {
  const step = Math.max(1, Math.ceil(xs.length / MAX_POINTS));
  const points = [];
  let left = 0;
  for (let record = 0; record < xs.length; record++) {
    const isAccused = accused.has(record);
    if (!isAccused && record % step !== 0) left++;
    else points.push({ x: xs[record] as number, y: ys[record] as number, record, ...(isAccused && { accused: true }) });
  }
  return { kind: "scatter", title: `${x} and ${y}`, x, y, points, ...(left > 0 && { left }) };
}

const BINS = 40;

function histogramOf(column: string, values: Float64Array, accused: ReadonlySet<number>): ReportPlot {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (const value of values) {
    if (!Number.isFinite(value)) continue;
    if (value < low) low = value;
    if (value > high) high = value;
  }
  const spread = high > low ? high - low : 1;
  const begin = Number.isFinite(low) ? low : 0;
  const counts = new Array<number>(BINS).fill(0);
  const bad = new Array<number>(BINS).fill(0);
  values.forEach((value, record) => {
    if (!Number.isFinite(value)) return;
    const bin = Math.min(BINS - 1, Math.floor(((value - begin) / spread) * BINS));
    counts[bin] = (counts[bin] as number) + 1;
    if (accused.has(record)) bad[bin] = (bad[bin] as number) + 1;
  });
  const edges = Array.from({ length: BINS + 1 }, (_, bin) => begin + (spread * bin) / BINS);
  return { kind: "histogram", title: column, column, edges, counts, accused: bad };
}
