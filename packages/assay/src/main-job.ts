/**
 * The main job as one call: source → records → leaves → trees → manifest → checks → findings → statements → envelopes →
 * control evidence → report. Pure but for the clock, which can be given: nothing here knows of files or terminals.
 */

import {
  allChecks,
  type Baseline,
  type CheckOptions,
  type CheckRun,
  checkMatrices,
  type Finding,
  formatFindings,
  formatSketches,
  type GateVerdict,
  judgeGate,
  knownChecks,
  type Outcome,
  type Roles,
  refuseUnknownOptions,
  runChecks,
  SKETCHES_FILE,
  selectChecks,
} from "@assay/checks";
import { evaluateControls } from "@assay/controls";
import { buildStoredManifest, type LeafSpace, type StoredManifest } from "@assay/manifest";
import { FormatError, fromHex } from "@assay/merkle";
import { buildControlEvidenceStatement, type ControlResult, type Signer, type Statement } from "@assay/provenance";
import {
  type Executor,
  inlineExecutor,
  isHttpUrl,
  joinAllKinds,
  type LeafFormat,
  type Progress,
  type ScannedSource,
  type Source,
  type SplitRule,
  scanSource,
  shownUrl,
} from "@assay/records";
import type { Report } from "@assay/report";
import { acquisitionStatements } from "./acquisition.js";
import type { AssayConfig } from "./config.js";
import { ASSAY_OPTIONS, refuseUnknownNames } from "./known-options.js";
import { type GivenMatrices, inputsOfMatrices, matricesOf, namesOfMatrices } from "./matrices.js";
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

export interface AssayOptions extends Roles, GivenMatrices {
  /** Name of the data set. Default: that of the source. */
  readonly name?: string;
  /** `MAJOR.MINOR.PATCH`. Default none. */
  readonly version?: string;
  readonly leafFormat?: LeafFormat;
  /** At least 32 bytes: leaves are salted with it. Default none. */
  readonly leafKey?: Uint8Array;
  readonly splits?: SplitRule;
  /** Ids of the checks to run. Default: all that the data allows. */
  readonly checks?: readonly string[];
  /**
   * Options of single checks, by check id: `{ "near-duplicates": { similarity: 0.9 } }`; `assay explain CHECK` lists them. Default:
   * those of the check.
   */
  readonly checkOptions?: CheckOptions;
  /**
   * Files of records that are trusted to be good, each of which the data hold too: an extract that somebody has looked at. They
   * calibrate the others, beside those that `trusted` marks. Default none.
   */
  readonly trustedRecords?: Source;
  /** What an earlier run left, for `drift`: the folder entry reads it from a folder. Default none: `drift` is skipped. */
  readonly baseline?: Baseline;
  /** Ids of checks that must complete, or the gate fails. Default none. */
  readonly require?: readonly string[];
  /** Bound on the expected false share among findings. Default 0.05. */
  readonly fdr?: number;
  /** 64 hex digits. Default derived from the set root. */
  readonly seed?: string;
  /** Findings of this severity and above fail the gate. Default `"high"`. */
  readonly failOn?: "low" | "medium" | "high" | "none";
  /** Measure what each check could have seen, by known poison in copies of the data: up to seven times the work. Default false. */
  readonly power?: boolean;
  /** With a leaf key: write values into findings all the same. Default false. */
  readonly showValues?: boolean;
  /** What only people know, and what is asked where no option says otherwise; it is bound into what is signed. */
  readonly config?: AssayConfig;
  /** Signs every statement. Default: unsigned. */
  readonly signer?: Signer;
  /** Name of the folder that is written, for the commands that the report shows. Default `<name>.assay`. */
  readonly folder?: string;
  /** Role in which the signer signs; recorded, and decided by a policy. Default `"producer"`. */
  readonly role?: string;
  /** Where leaves go that are too many for memory. Default: they stay in memory. Must stay open while the result is used. */
  readonly leafSpace?: LeafSpace;
  /** Most bytes of leaves (32 a record, twice that with splits) in memory before `leafSpace` is used. Default 160 MiB. */
  readonly maxLeafBytes?: number;
  /** Where work runs. Default: here. */
  readonly executor?: Executor;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: Progress) => void;
  /** Told the manifest before the checks begin; what it throws ends the run. */
  readonly onManifest?: (manifest: StoredManifest) => Promise<void>;
  /** More files of the folder, made from the scanned data; the check-run statement names them. Default none. */
  readonly moreFiles?: (scanned: ScannedSource) => Promise<ReadonlyMap<string, Uint8Array>>;
  /** The clock: statements say when they were made. Default: the system's. */
  readonly now?: () => Date;
}

/** Everything that the main job found out, and the files that say it. */
export interface AssayResult {
  readonly name: string;
  readonly scanned: ScannedSource;
  readonly manifest: StoredManifest;
  readonly outcomes: readonly Outcome[];
  readonly findings: readonly Finding[];
  /** Check id → score of each record, by ordinal over all files. */
  readonly scores: ReadonlyMap<string, Float64Array>;
  readonly gate: GateVerdict;
  readonly controls: readonly ControlResult[];
  readonly statements: readonly Statement[];
  readonly signed: boolean;
  readonly report: Report;
  /** What is written beside the manifest's own files: path inside the folder → bytes. */
  readonly files: ReadonlyMap<string, Uint8Array>;
}

/** What a config file asks for. Options that are given win over it: what is signed as asked is what is done. */
function optionsOf(
  {
    checks: { trusted, probabilities, embeddings, baseline: _, options, ...checks } = {},
    splits,
    reading,
  }: AssayConfig,
  given: GivenMatrices & Pick<AssayOptions, "trusted" | "trustedRecords">,
): AssayOptions {
  // Files are opened at the edge; what cannot be done as asked is not signed as asked.
  for (const [use, path] of Object.entries({ probabilities, embeddings })) {
    if (path !== undefined && given[use as keyof GivenMatrices] === undefined)
      throw new UsageError(
        `${use}: the config names the file ${JSON.stringify(path)}, and no matrix was given. Read it with readMatrix, or call the assay of @assay/assay/node`,
      );
  }
  // Where it names a file, that was opened at the edge, too.
  const mark = given.trusted === undefined && given.trustedRecords === undefined ? trusted : undefined;
  const at = mark?.indexOf("=") ?? -1;
  if (mark !== undefined && at <= 0)
    throw new FormatError(
      "bad-config",
      `checks.trusted: ${JSON.stringify(mark)} is neither COLUMN=VALUE nor a file that is there`,
    );
  const asked = {
    ...checks,
    checkOptions: options,
    splits,
    leafFormat: reading?.leafFormat,
    trusted: mark && { column: mark.slice(0, at), value: mark.slice(at + 1) },
  };
  return Object.fromEntries(Object.entries(asked).filter(([, value]) => value !== undefined));
}

/** What a run was asked to do, as it is bound into the check-run statement: nothing about where or how fast it ran. */
function configOf(options: AssayOptions): Readonly<Record<string, unknown>> {
  const { config, role, checks, baseline, require, failOn, fdr, power, splits, leafFormat, showValues, signer } =
    options;
  const { trustedRecords, checkOptions } = options;
  const asked = {
    ...config?.checks,
    ...rolesOf(options),
    ...(checks !== undefined && { checks }),
    ...(checkOptions !== undefined && { options: checkOptions }),
    ...(baseline !== undefined && { baseline: baseline.name }),
    ...(require !== undefined && { require }),
    ...(failOn !== undefined && { failOn }),
    ...(fdr !== undefined && { fdr }),
    ...(power !== undefined && { power }),
    ...(showValues === true && { showValues }),
    ...namesOfMatrices(options),
    ...(trustedRecords !== undefined && { trustedRecords: trustedRecords.files.map(({ path }) => path) }),
  };
  return {
    ...config,
    // A query or password may be a secret, and what is signed is for everybody.
    ...(config?.data !== undefined && {
      data: config.data.map((place) => (isHttpUrl(place) ? shownUrl(place) : place)),
    }),
    ...(Object.keys(asked).length > 0 && { checks: asked }),
    ...(splits !== undefined && { splits }),
    ...(leafFormat !== undefined && { leafFormat }),
    ...(signer !== undefined && { signedAs: role ?? "producer" }),
  };
}

/** The roles among the options. */
export function rolesOf(options: Roles): Roles {
  const { label, exclude, features, text, image, source, annotator, item, time, split, trusted } = options;
  return Object.fromEntries(
    Object.entries({ label, exclude, features, text, image, source, annotator, item, time, split, trusted }).filter(
      ([, value]) => value !== undefined,
    ),
  );
}

/** A check that is not there is told before the data is read. */
function refuseUnknownChecks(option: string, ids: readonly string[] = []): void {
  const known = knownChecks().map(({ id }) => id);
  const unknown = ids.find((id) => !known.includes(id));
  if (unknown !== undefined)
    throw new UsageError(`${option}: there is no check ${JSON.stringify(unknown)}; there are ${known.join(", ")}`);
}

/** Options that no check takes, or of a check that does not run, are told before the data is read. */
export function refuseOtherOptions(given: CheckOptions = {}, checks?: readonly string[]): void {
  try {
    refuseUnknownOptions(given);
  } catch (error) {
    if (error instanceof RangeError) throw new UsageError(error.message, {});
    throw error;
  }
  const running = checks ?? allChecks().map(({ id }) => id);
  const idle = Object.keys(given).find((id) => !running.includes(id));
  if (idle !== undefined)
    throw new UsageError(
      `checkOptions: ${idle} does not run; name it among the checks (checks), or leave its options out`,
    );
}

/** Leaves of all files, in memory. One file after another: a run of leaves is opened once. */
async function leavesOfFiles({ entries, readLeaves }: StoredManifest): Promise<Uint8Array[]> {
  const leaves: Uint8Array[] = [];
  for (const [file, { records }] of entries.entries()) leaves.push(await readLeaves(file, 0, records));
  return leaves;
}

/** Whether `drift` is among the checks that are asked for: only then is a baseline read. */
export function comparesWithBaseline({ checks }: Pick<AssayOptions, "checks">): boolean {
  return checks === undefined || checks.includes("drift");
}

/** Runs the checks; an option that names what is not there is the caller's mistake. */
export async function runChecksOn(
  scanned: ScannedSource,
  manifest: StoredManifest,
  options: Omit<AssayOptions, "config" | "signer"> & {
    readonly sketch?: boolean;
    readonly trustedLeaves?: Uint8Array;
  },
): Promise<CheckRun> {
  const {
    checks,
    checkOptions,
    baseline,
    sketch = false,
    fdr,
    seed,
    power,
    showValues,
    executor,
    signal,
    onProgress,
  } = options;
  try {
    return await runChecks(
      {
        scanned,
        kinds: Object.values(manifest.header.schemas).reduce(joinAllKinds, {}),
        leaves: () => leavesOfFiles(manifest),
        setRoot: fromHex(manifest.header.set.root),
        keyed: manifest.header.leaf.keyId !== undefined,
      },
      checks === undefined ? allChecks() : selectChecks(checks),
      {
        roles: rolesOf(options),
        ...matricesOf(options),
        ...(options.trustedLeaves !== undefined && { trustedLeaves: options.trustedLeaves }),
        sketch,
        checkOptions: {
          ...checkOptions,
          ...(baseline !== undefined &&
            comparesWithBaseline(options) && { drift: { ...checkOptions?.drift, baseline } }),
        },
        ...(fdr !== undefined && { fdr }),
        ...(seed !== undefined && { seed }),
        ...(power !== undefined && { power }),
        ...(showValues === true && { showValues }),
        ...(executor !== undefined && { executor }),
        ...(signal !== undefined && { signal }),
        ...(onProgress !== undefined && { onProgress }),
      },
    );
  } catch (error) {
    if (error instanceof RangeError) throw new UsageError(error.message, {});
    throw error;
  }
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
