/**
 * The main job as one call: source → records → leaves → trees → manifest → checks → findings → statements → envelopes →
 * control evidence → report. Pure but for the clock, which can be given: nothing here knows of files or terminals.
 */

import {
  checkMatrices,
  type Finding,
  formatFindings,
  formatSketches,
  type GateVerdict,
  judgeGate,
  type LabelClasses,
  type Outcome,
  SKETCHES_FILE,
} from "@assay/checks";
import { evaluateControls } from "@assay/controls";
import { buildStoredManifest, type StoredManifest } from "@assay/manifest";
import { buildControlEvidenceStatement, type ControlResult, type Statement } from "@assay/provenance";
import { inlineExecutor, type ScannedSource, type Source, scanSource } from "@assay/records";
import type { Report } from "@assay/report";
import { acquisitionStatements } from "./acquisition.js";
import { refuseOtherOptions, refuseUnknownChecks, runChecksOn } from "./checks-of-job.js";
import { type AssayOptions, comparesWithBaseline, configOf, optionsOf, rolesOf } from "./job-options.js";
import { ASSAY_OPTIONS, refuseUnknownNames } from "./known-options.js";
import { inputsOfMatrices, matricesOf } from "./matrices.js";
import { reportOfRun } from "./report-of-run.js";
import { refuseUnknownSplit } from "./split-column.js";
import {
  artefactsOf,
  checkStatements,
  headsOf,
  judgeFiles,
  manifestStatements,
  provenanceFiles,
} from "./statements.js";
import { TOOL } from "./tool.js";
import { readTrustedRecords } from "./trusted-records.js";
import { UsageError } from "./usage-error.js";

/** Everything that the main job found out, and the files that say it. */
export interface AssayResult {
  readonly name: string;
  readonly scanned: ScannedSource;
  readonly manifest: StoredManifest;
  readonly outcomes: readonly Outcome[];
  readonly findings: readonly Finding[];
  /** Check id → score of each record, by ordinal over all files. */
  readonly scores: ReadonlyMap<string, Float64Array>;
  /** Check id → label that it would give each record, by ordinal over all files. */
  readonly suggested: ReadonlyMap<string, LabelClasses>;
  readonly gate: GateVerdict;
  readonly controls: readonly ControlResult[];
  readonly statements: readonly Statement[];
  readonly signed: boolean;
  readonly report: Report;
  /** What is written beside the manifest's own files: path inside the folder → bytes. */
  readonly files: ReadonlyMap<string, Uint8Array>;
}

/**
 * Tells what is in a data set, looks for poison in it and states what was found.
 *
 * Cost: the data is read once for its digests (and types, where text has no schema), once more for its leaves, and
 * once for each set of columns that a check reads. About 36 bytes of memory a record (none above `maxLeafBytes`, with a
 * `leafSpace`), and what the checks need.
 *
 * @param source What `openSource` (files) or `sourceOfBytes` (memory) gives.
 * @throws UsageError when an option names a column or check that is not there; AssayError for bad or changing data.
 * @example
 * const result = await assay(await sourceOfBytes("iris", [{ path: "iris.csv", bytes }]), { label: "species" });
 * console.log(result.gate.gate, result.findings.length, result.manifest.setHead);
 */
export async function assay(source: Source, given: AssayOptions = {}): Promise<AssayResult> {
  refuseUnknownNames(given, ASSAY_OPTIONS);
  const options = { ...(given.config === undefined ? {} : optionsOf(given.config, given)), ...given };
  const { config, signer, fdr = 0.05, seed, require, failOn, signal, now = () => new Date() } = options;
  const { executor = inlineExecutor(), onProgress, leafFormat, leafKey, splits, leafSpace, maxLeafBytes } = options;
  const baseline = comparesWithBaseline(options) ? options.baseline : undefined;
  if (baseline === undefined && config?.checks?.baseline !== undefined && comparesWithBaseline(options))
    throw new UsageError(
      `checks.baseline: ${JSON.stringify(config.checks.baseline)} is a folder, which is not read here; give what \`readBaseline\` reads from it as the option baseline`,
    );
  const work = {
    executor,
    ...(signal !== undefined && { signal }),
    ...(onProgress !== undefined && { onProgress }),
  };
  const startedAt = instant(now());
  refuseUnknownChecks("require", require);
  refuseUnknownChecks("checks", options.checks);
  refuseOtherOptions(options.checkOptions, options.checks);
  const scanned = await scanSource(source, { ...work, ...(leafFormat !== undefined && { leafFormat }) });
  refuseUnknownSplit(scanned, splits);
  // What does not fit is told before the leaves are made, not after.
  checkMatrices(matricesOf(options), scanned.records);
  const name = options.name ?? config?.name;
  const version = options.version ?? config?.version;
  const trusted = options.trustedRecords
    ? await readTrustedRecords(options.trustedRecords, scanned, {
        executor,
        ...(leafKey !== undefined && { leafKey }),
        ...(signal !== undefined && { signal }),
      })
    : undefined;
  const manifest = await buildStoredManifest(scanned, {
    ...work,
    ...(name !== undefined && { name }),
    ...(version !== undefined && { version }),
    ...(leafKey !== undefined && { leafKey }),
    ...(splits !== undefined && { splits }),
    ...(leafSpace !== undefined && { space: leafSpace }),
    ...(maxLeafBytes !== undefined && { maxLeafBytes }),
    pages: true,
  });
  await options.onManifest?.(manifest);
  const more = (await options.moreFiles?.(scanned)) ?? new Map<string, Uint8Array>();
  const createdAt = instant(now());
  const run = await runChecksOn(scanned, manifest, {
    ...options,
    executor,
    sketch: true,
    ...(trusted !== undefined && { trustedLeaves: trusted.leaves }),
  });
  const gate = judgeGate(run.outcomes, run.findings, {
    ...(require !== undefined && { require }),
    ...(failOn !== undefined && { failOn }),
  });
  const files = new Map([["findings.jsonl", formatFindings(run.findings)]]);
  for (const [path, bytes] of more) files.set(path, bytes);
  if (run.sketches !== undefined) files.set(SKETCHES_FILE, await formatSketches(run.sketches));
  const heads = headsOf(manifest);
  const finishedAt = instant(now());
  const statements: Statement[] = [
    ...manifestStatements({ built: manifest, createdAt }),
    ...checkStatements({
      built: manifest,
      run,
      findings: run.findings,
      roles: rolesOf(options),
      fdr,
      seed,
      inputs: [
        ...inputsOfMatrices(options),
        ...(trusted?.inputs ?? []),
        ...(baseline === undefined ? [] : [{ name: baseline.name, use: "baseline" as const, sha256: baseline.sha256 }]),
      ],
      config: configOf(options),
      artefacts: artefactsOf(files),
      startedAt,
      finishedAt,
    }),
    ...(config === undefined ? [] : acquisitionStatements(heads, config, manifest.entries, run.outcomes)),
  ];
  // Control evidence reads statements the way everybody else does: verified, from the bytes that will be written.
  const unsigned = new Map([
    ...files,
    ...(await provenanceFiles(statements, undefined)),
    ["files.jsonl", manifest.entriesBytes] as const,
  ]);
  const verdict = judgeFiles(manifest.headerBytes, unsigned);
  if (!verdict.ok) throw new Error(`What was stated does not verify: ${verdict.summary}`);
  const controls = evaluateControls({
    header: manifest.header,
    entries: manifest.entries,
    statements: verdict.verified,
    trust: "not-judged",
    data: "checked",
    parents: [],
    atMs: Date.parse(finishedAt),
  });
  statements.push(
    buildControlEvidenceStatement(heads, {
      catalogue: { name: "ISO/IEC 42001:2023 Annex A", version: "2023" },
      tool: TOOL,
      computedAt: finishedAt,
      controls,
    }),
  );
  signal?.throwIfAborted();
  for (const [path, bytes] of await provenanceFiles(statements, signer)) files.set(path, bytes);
  const written = new Map([...files, ["files.jsonl", manifest.entriesBytes] as const]);
  const report = await reportOfRun({
    scanned,
    manifest,
    run,
    gate,
    controls,
    verdict: judgeFiles(manifest.headerBytes, written),
    label: options.label,
    showValues: options.showValues === true,
    folder: options.folder,
    at: finishedAt,
    executor,
    ...(signal !== undefined && { signal }),
  });
  return {
    name: manifest.header.name,
    scanned,
    manifest,
    outcomes: run.outcomes,
    findings: run.findings,
    scores: run.scores,
    suggested: run.suggested,
    gate,
    controls,
    statements,
    signed: signer !== undefined,
    report,
    files,
  };
}

/** An instant as statements write it: UTC, whole seconds. */
export function instant(date: Date): string {
  return `${date.toISOString().slice(0, 19)}Z`;
}
