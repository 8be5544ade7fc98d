/** Gathers what is known about a data set into one model. Pure: the same input gives the same report, to the byte. */

import type { Finding, Outcome } from "@assay/checks";
import type { FileEntry, ManifestHeader } from "@assay/manifest";
import type { ControlResult, ManifestHeads, ParentResult, PowerResult } from "@assay/provenance";
import { compareTexts } from "./code-point-order.js";
import { columnWords } from "./column-words.js";
import { headlineOf } from "./headline.js";
import { LIMITS } from "./limits.js";
import { cutText, fieldsOf } from "./plain-json.js";
import { controlsOf } from "./report-controls.js";
import {
  REPORT_FORMAT,
  type Report,
  type ReportDataset,
  type ReportLineage,
  type ReportOutcome,
  type Shown,
} from "./report-model.js";
import { cleanPlot, type ReportPlot } from "./report-plot.js";
import { type ReportedVerdict, trustOf } from "./report-trust.js";
import { shellWord } from "./shell-word.js";
import { shownFindings } from "./shown-findings.js";

export interface ReportInput {
  readonly header: ManifestHeader;
  readonly heads: ManifestHeads;
  /** File entries, for the digests of each file. Default none: then the report says how many there are. */
  readonly files?: readonly FileEntry[];
  /** Warnings of the reader, such as one odd cell in a column of numbers. */
  readonly warnings?: readonly string[];
  /** What the judge said. Without it the report says that nobody verified. */
  readonly verdict?: ReportedVerdict;
  /** `checked` only when the roots were computed again from the data. */
  readonly data: "checked" | "not-checked";
  readonly outcomes: readonly Outcome[];
  readonly findings: readonly Finding[];
  /** What the gate said; a `GateVerdict` fits. */
  readonly gate?: { readonly gate: "pass" | "fail"; readonly reasons: readonly string[] };
  /** Lineage that was verified. A parent of the header without a result is `not-checked`. */
  readonly parents?: readonly ParentResult[];
  /** Results for the controls. Without them the report says that they were not evaluated. */
  readonly controls?: readonly ControlResult[];
  readonly power?: readonly PowerResult[];
  /**
   * Values of accused records by ordinal over all files, columns in their order. Not used when leaves are keyed, unless
   * `showValues`.
   */
  readonly records?: ReadonlyMap<number, Readonly<Record<string, unknown>>>;
  readonly plots?: readonly ReportPlot[];
  readonly tool?: { readonly name: string; readonly version: string };
  /** RFC 3339 instant. Times come from outside. */
  readonly createdAt?: string;
}

export interface ReportOptions {
  /** Most findings that the model holds; counts are always in full. Default 5,000; `Infinity` keeps all. */
  readonly maxFindings?: number;
  /** Folder of the manifest, as a reader would type it. Default `<name>.assay`. */
  readonly folder?: string;
  /** Show values of records although leaves are keyed. Default false. */
  readonly showValues?: boolean;
}

const MAX_FILES = 500;
const MAX_COLUMNS = 500;
const MAX_ORDINALS = 1_000;
const MAX_SOURCES = 500;
const MAX_LINES = 200;

/**
 * Makes the model that all views render.
 *
 * @throws RangeError when `maxFindings` is no count, a plot is inconsistent or a control is unknown
 * @example
 * const report = createReport({ header, heads, data: "checked", outcomes: run.outcomes, findings: run.findings });
 * report.findings.total; // run.findings.length
 */
export function createReport(input: ReportInput, options: ReportOptions = {}): Report {
  const { header, heads, files = [], warnings = [], data, gate, power = [], plots = [], tool, createdAt } = input;
  const { maxFindings = 5_000, folder = `${header.name}.assay`, showValues = false } = options;
  if (maxFindings !== Number.POSITIVE_INFINITY && !(Number.isSafeInteger(maxFindings) && maxFindings >= 0)) {
    throw new RangeError(`maxFindings: ${maxFindings} is neither a count nor Infinity`);
  }
  const mayShow = header.leaf.keyId === undefined || showValues;
  const records = mayShow ? input.records : undefined;
  const trust = trustOf(input.verdict);
  const outcomes = input.outcomes.map(outcomeOf);
  const findings = shownFindings(input.findings, { maxFindings, folder, records });
  const shownGate = gate && { gate: gate.gate, reasons: gate.reasons.map((reason) => cutText(reason)) };
  const lineage = lineageOf(header, input.parents ?? []);
  return {
    format: REPORT_FORMAT,
    ...(tool === undefined ? {} : { tool: { name: cutText(tool.name, 100), version: cutText(tool.version, 100) } }),
    ...(createdAt === undefined ? {} : { createdAt: cutText(createdAt, 60) }),
    headline: headlineOf({ trust, gate: shownGate, outcomes, findings }),
    dataset: datasetOf(header, heads, files),
    reading: {
      inferred: cutList(header.reading.inferred, MAX_COLUMNS, (column) => ({
        column: cutText(column),
        type: columnWords(Object.hasOwn(header.reading.types, column) ? header.reading.types[column] : "unknown"),
      })),
      nullValues: header.reading.nullValues.slice(0, MAX_LINES).map((text) => cutText(text, 200)),
      warnings: cutList(warnings, MAX_LINES, (warning) => cutText(warning)),
    },
    trust,
    data,
    ...(shownGate === undefined ? {} : { gate: shownGate }),
    outcomes,
    findings,
    ...(lineage === undefined ? {} : { lineage }),
    ...(input.controls === undefined ? {} : { controls: controlsOf(input.controls) }),
    power: power.map((result) => ({
      ...result,
      check: cutText(result.check, 200),
      attack: cutText(result.attack, 200),
    })),
    plots: plots.map(cleanPlot),
    notLookedAt: notLookedAtOf(input),
    limits: LIMITS,
    commands: commandsOf(header, heads, files, folder),
  };
}

function datasetOf(header: ManifestHeader, heads: ManifestHeads, files: readonly FileEntry[]): ReportDataset {
  const { leaf, dataset, set, splits = {}, schemas, version } = header;
  return {
    name: cutText(header.name, 300),
    ...(version === undefined ? {} : { version: cutText(version, 100) }),
    leafFormat: leaf.format,
    ...(leaf.keyId === undefined ? {} : { leafKey: leaf.keyId }),
    manifest: heads.manifest,
    datasetHead: heads.dataset,
    setHead: heads.set,
    datasetRoot: dataset.root,
    setRoot: set.root,
    records: set.records,
    distinct: set.distinct,
    files: {
      total: dataset.files,
      shown: files.slice(0, MAX_FILES).map(({ path, format, size, records, bytes, root }) => ({
        path: cutText(path),
        format: cutText(format, 50),
        size,
        records,
        ...(bytes === undefined ? {} : { bytes }),
        root,
      })),
    },
    bytes: header.size,
    splits: sortedEntries(splits).map(([name, head]) => ({
      name: cutText(name, 300),
      records: head.records,
      distinct: head.distinct,
      root: head.root,
    })),
    schemas: sortedEntries(schemas)
      .slice(0, MAX_LINES)
      .map(([digest, kinds]) => ({
        digest,
        columns: cutList(sortedEntries(kinds), MAX_COLUMNS, ([name, kind]) => ({
          name: cutText(name),
          kind: columnWords(kind),
        })),
      })),
  };
}

function outcomeOf(outcome: Outcome): ReportOutcome {
  const { reason, fdr, estimate, lookedAt } = outcome;
  return {
    check: cutText(outcome.check, 200),
    version: cutText(outcome.version, 100),
    status: outcome.status,
    ...(reason === undefined ? {} : { reason: cutText(reason) }),
    examined: outcome.examined,
    findings: outcome.findings,
    calibration: outcome.calibration,
    ...(fdr === undefined ? {} : { fdr }),
    ...(estimate === undefined ? {} : { estimate: { rate: estimate.rate, low: estimate.low, high: estimate.high } }),
    suspects: cutList(outcome.suspects ?? [], MAX_ORDINALS, (record) => record),
    reasons: (outcome.reasons ?? [])
      .slice(0, MAX_LINES)
      .map(({ record, message }) => ({ record, message: cutText(message) })),
    disputed: cutList(outcome.disputed ?? [], MAX_ORDINALS, (record) => record),
    sources: cutList(
      [...(outcome.sources ?? [])].sort((a, b) => b.rate - a.rate || compareTexts(a.source, b.source)),
      MAX_SOURCES,
      ({ source, records, findings, suspects, rate, low, high }) => ({
        source: cutText(source, 300),
        records,
        findings,
        suspects,
        rate,
        low,
        high,
      }),
    ),
    columns: cutList(lookedAt.columns, MAX_COLUMNS, (column) => cutText(column)),
    ...(lookedAt.label === undefined ? {} : { label: cutText(lookedAt.label) }),
    seed: { value: cutText(outcome.seed.value, 200), origin: outcome.seed.origin },
    notes: outcome.notes.slice(0, MAX_LINES).map((note) => cutText(note)),
    details: fieldsOf(outcome.details ?? {}),
  };
}

function lineageOf({ derivation }: ManifestHeader, results: readonly ParentResult[]): ReportLineage | undefined {
  if (derivation === undefined) return undefined;
  const { operation, parents, parameters } = derivation;
  return {
    operation,
    parents: parents.map(({ manifest, set, dataset }) => {
      const result = results.find((one) => one.manifest === manifest);
      return {
        manifest,
        records: set.records,
        files: dataset.files,
        setRoot: set.root,
        parent: result?.parent ?? "not-checked",
        edge: result?.edge ?? "not-checked",
      };
    }),
    parameters: fieldsOf(parameters as Readonly<Record<string, unknown>>),
  };
}

function notLookedAtOf({ header, files = [], outcomes }: ReportInput): Report["notLookedAt"] {
  const excluded = new Set(outcomes.flatMap(({ lookedAt }) => lookedAt.excluded ?? []));
  const columns = new Set([...Object.values(header.schemas).flatMap((kinds) => Object.keys(kinds)), ...excluded]);
  for (const { status, lookedAt } of outcomes) {
    if (status !== "completed") continue;
    for (const column of lookedAt.columns) columns.delete(column);
    if (lookedAt.label !== undefined) columns.delete(lookedAt.label);
  }
  const unread = files.filter(({ format }) => format === "other").map(({ path }) => path);
  return {
    columns: cutList([...columns].sort(compareTexts), MAX_COLUMNS, (column) => cutText(column)),
    excluded: cutList([...excluded].sort(compareTexts), MAX_COLUMNS, (column) => cutText(column)),
    checks: outcomes.flatMap(({ check, status, reason }) =>
      status === "completed"
        ? []
        : [{ check: cutText(check, 200), status, reason: cutText(reason ?? "No reason was given.") }],
    ),
    files: cutList(unread, MAX_LINES, (path) => cutText(path)),
  };
}

function commandsOf(
  header: ManifestHeader,
  heads: ManifestHeads,
  files: readonly FileEntry[],
  folder: string,
): Report["commands"] {
  const place = shellWord(folder);
  const commands = [
    {
      purpose: "Recompute every root from the data, and judge who signed by a policy of your own",
      command: `assay verify ${place} --policy policy.json`,
    },
    {
      purpose: "Without Assay: this must print the manifest digest below, which must equal the one you were given",
      command: `sha256sum ${shellWord(`${folder}/manifest.json`)}  # ${heads.manifest}`,
    },
  ];
  const [only] = files;
  if (files.length === 1 && only?.bytes !== undefined) {
    commands.push({
      purpose: "Without Assay: the stored bytes",
      command: `sha256sum -- ${shellWord(only.path)}  # ${only.bytes}`,
    });
  }
  if (header.derivation !== undefined) {
    commands.push({
      purpose: "Prove the lineage from the leaves of the parent",
      command: `assay verify ${place} --policy policy.json --parent PARENT.assay`,
    });
  }
  commands.push(
    {
      purpose: "Run the checks again: the same seed gives the same findings, to the byte",
      command: "assay check DATA…",
    },
    {
      purpose: "Take the accused records out, with proof that nothing else left",
      command: `assay quarantine ${place} -o cleaned`,
    },
  );
  return commands;
}

function sortedEntries<T>(entries: Readonly<Record<string, T>>): [string, T][] {
  return Object.entries(entries).sort(([a], [b]) => compareTexts(a, b));
}

function cutList<T, U>(list: readonly T[], most: number, show: (item: T) => U): Shown<U> {
  return { total: list.length, shown: list.slice(0, most).map(show) };
}
