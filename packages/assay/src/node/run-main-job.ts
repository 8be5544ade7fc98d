/** `assay run`: the main job on files, into a folder. And the same for notebooks: `assay(path, options)`. */

import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import type { Finding, Outcome } from "@assay/checks";
import { type FolderFile, type SealedManifest, storedManifestFiles } from "@assay/manifest";
import { writeFolder } from "@assay/manifest/node";
import { equalBytes, SourceError } from "@assay/merkle";
import { formatAttestations, parseAttestations, type Signer } from "@assay/provenance";
import { assertOutsideFolder, loadSigner } from "@assay/provenance/node";
import type { ScannedSource } from "@assay/records";
import { toHtml } from "@assay/report";
import type { AssayConfig } from "../config.js";
import type { AssayOptions } from "../job-options.js";
import { ASSAY_OPTIONS, refuseUnknownNames } from "../known-options.js";
import { type AssayResult, assay as assaySource } from "../main-job.js";
import type { GivenMatrices, GivenMatrix } from "../matrices.js";
import { defaultFolder, inputsOf, openInputs, warnOfScan } from "./data.js";
import { withExecutor, workOf } from "./executor.js";
import { withLeafRoom } from "./leaf-room.js";
import { type ManifestSummary, summaryOf, withSeen } from "./make-manifest.js";
import { matrixPaths, readMatrices } from "./matrix-files.js";
import type { CheckingChoice, Output, ReadingChoice, SigningChoice, Work } from "./options.js";
import { baselineOf } from "./read-baseline.js";
import { openTrusted, trustOf } from "./trusted-file.js";
import { PINS_FILE, type PinSummary, pinList, refuseOtherPins } from "./url-list-pins.js";

export interface RunMainJobOptions extends Work {
  readonly reading?: ReadingChoice;
  readonly checking?: CheckingChoice;
  readonly output?: Output;
  readonly signing?: SigningChoice;
  readonly config?: AssayConfig;
  readonly configPath?: string;
}

export interface MainJobSummary extends ManifestSummary {
  readonly name: string;
  readonly folder: string;
  readonly outcomes: readonly Outcome[];
  readonly findings: readonly Finding[];
  /** Path of the HTML report. */
  readonly report: string;
  readonly signed: boolean;
  readonly gate: "pass" | "fail";
  readonly gateReasons: readonly string[];
}

/** Options of the library from the choices of a command. */
export function assayOptions(reading: ReadingChoice, checking: CheckingChoice): AssayOptions {
  const { roles = {}, checks, checkOptions, require, fdr, seed, failOn, power, showValues } = checking;
  return {
    ...roles,
    ...(checks !== undefined && { checks }),
    ...(checkOptions !== undefined && { checkOptions }),
    ...(require !== undefined && { require }),
    ...(fdr !== undefined && { fdr }),
    ...(seed !== undefined && { seed }),
    ...(failOn !== undefined && { failOn }),
    ...(power !== undefined && { power }),
    ...(showValues === true && { showValues }),
    ...(reading.leafFormat !== undefined && { leafFormat: reading.leafFormat }),
    ...(reading.leafKey !== undefined && { leafKey: reading.leafKey }),
    ...(reading.splits !== undefined && { splits: reading.splits }),
  };
}

/** The signer of a key file. */
export async function openSigner({ key, passphrase }: SigningChoice, { onWarning }: Work): Promise<Signer> {
  const { signer, warnings } = await loadSigner(key, passphrase === undefined ? {} : { passphrase });
  for (const warning of warnings) onWarning?.(warning);
  return signer;
}

/** Every file of a run's folder. */
export async function* folderFiles(result: AssayResult, keep: Output["keep"]): AsyncGenerator<FolderFile> {
  for (const [path, bytes] of result.files) yield { path, bytes };
  yield { path: "report.html", bytes: new TextEncoder().encode(toHtml(result.report)) };
  yield* storedManifestFiles(result.manifest, keep === undefined ? {} : { keep });
}

/**
 * The main job on files: manifest, checks, statements, control evidence and report, written into one folder. All of it, or
 * nothing.
 *
 * @throws UsageError, AssayError; the reason of `signal`. Nothing is left behind then.
 */
export async function runMainJob(inputs: readonly string[], options: RunMainJobOptions = {}): Promise<MainJobSummary> {
  const {
    reading = {},
    checking = {},
    output = {},
    signing,
    config,
    configPath,
    signal,
    onWarning,
    onProgress,
  } = options;
  const named = inputsOf(inputs, config, configPath, reading);
  // A key that does not open is told before an hour of work, not after.
  const signer = signing === undefined ? undefined : await openSigner(signing, options);
  const baseline = await baselineOf(checking, options, config, configPath);
  return withExecutor(options, async (executor, spool) => {
    const matrices = await readMatrices(matrixPaths(checking, config, configPath), executor, options);
    const trust = await trustOf(checking, options, config, configPath);
    const source = await openInputs(named, reading, { ...options, spool });
    const name = config?.name ?? source.name;
    const folder = output.directory ?? (await defaultFolder(named, name));
    if (signer === undefined) await refuseToUnsign(folder, output);
    return withLeafRoom(folder, output, async (room) => {
      let urls: PinSummary | undefined;
      const moreFiles = async (scanned: ScannedSource): Promise<ReadonlyMap<string, Uint8Array>> => {
        const pins = await pinList(scanned, reading.urlColumn, executor, options);
        await refuseOtherPins(folder, pins.bytes, output);
        urls = pins.summary;
        return new Map([[PINS_FILE, pins.bytes]]);
      };
      const result = await assaySource(source, {
        folder: basename(folder),
        ...(reading.urls === true && { moreFiles }),
        onManifest: (manifest) => refuseOther(folder, manifest, output),
        ...assayOptions(reading, checking),
        ...trust,
        ...matrices,
        executor,
        ...workOf(options),
        ...(baseline !== undefined && { baseline }),
        ...(room.space !== undefined && { leafSpace: room.space }),
        ...(room.maxLeafBytes !== undefined && { maxLeafBytes: room.maxLeafBytes }),
        ...(config !== undefined && { config }),
        ...(signer !== undefined && { signer }),
        ...(signing?.role !== undefined && { role: signing.role }),
      });
      warnOfScan(result.scanned, options);
      onProgress?.({ stage: "write", done: 0, total: 1, what: folder });
      // A folder that is replaced must not take the key with it.
      if (signing !== undefined && existsSync(folder)) await assertOutsideFolder(signing.key, [folder], "the key");
      const files = new Map(result.files);
      if (signer !== undefined) await keepOthersEnvelopes(folder, result, signer.keyId, files);
      await writeFolder(folder, withSeen(folderFiles({ ...result, files }, output.keep), source), {
        ...(output.overwrite === true && { overwrite: true }),
        // A second run on the same data replaces its own artefacts; envelopes that others added stay with their statements.
        keepExisting: (path) => path.startsWith("signers/"),
        ...(signal !== undefined && { signal }),
        ...(onWarning !== undefined && { onNote: onWarning }),
      });
      onProgress?.({ stage: "write", done: 1, total: 1, what: folder });
      return {
        name: result.name,
        ...summaryOf(result.manifest, folder),
        folder,
        outcomes: result.outcomes,
        findings: result.findings,
        report: join(folder, "report.html"),
        signed: result.signed,
        gate: result.gate.gate,
        gateReasons: result.gate.reasons,
        ...(urls !== undefined && { urls }),
      };
    });
  });
}

/** A folder of other data is refused before the checks, not after them. */
async function refuseOther(folder: string, { headerBytes }: SealedManifest, { overwrite }: Output): Promise<void> {
  const path = join(folder, "manifest.json");
  if (overwrite === true || !existsSync(path) || equalBytes(await readFile(path), headerBytes)) return;
  throw new SourceError(
    "exists",
    `Cannot write ${folder}: it exists and its manifest is another. To replace it, say --overwrite; or choose another place with -o`,
    { details: { path: folder } },
  );
}

/** A run without a key would leave statements that nobody signed beside signatures of others. */
async function refuseToUnsign(folder: string, { overwrite }: Output): Promise<void> {
  if (overwrite === true || !existsSync(join(folder, "attestations.intoto.jsonl"))) return;
  throw new SourceError(
    "exists",
    `${folder} is signed, and this run has no key. Give --key, or say --overwrite to drop the signatures`,
    { details: { path: folder } },
  );
}

/** Envelopes that others added to a folder with the same manifest stay; our own earlier ones give way to the new ones. */
async function keepOthersEnvelopes(
  folder: string,
  { manifest }: AssayResult,
  keyId: string,
  files: Map<string, Uint8Array>,
): Promise<void> {
  const path = join(folder, "attestations.intoto.jsonl");
  if (!existsSync(path) || !existsSync(join(folder, "manifest.json"))) return;
  if (!equalBytes(await readFile(join(folder, "manifest.json")), manifest.headerBytes)) return;
  const others = parseAttestations(await readFile(path)).filter(
    ({ signatures }) => !signatures.some((signature) => signature.keyId === keyId),
  );
  const own = parseAttestations(files.get("attestations.intoto.jsonl") ?? new Uint8Array());
  files.set("attestations.intoto.jsonl", formatAttestations([...own, ...others]));
}

/** Options of {@link assay} for files. */
export interface AssayFilesOptions
  extends Omit<AssayOptions, "executor" | "baseline" | "trustedRecords" | keyof GivenMatrices>,
    Omit<ReadingChoice, "leafFormat" | "leafKey" | "splits"> {
  /** Path of a file of class probabilities (`.npy`, CSV, JSONL, Arrow, Parquet), or the matrix itself. */
  readonly probabilities?: string | GivenMatrix;
  /** Path of a file of embeddings, or the matrix itself. */
  readonly embeddings?: string | GivenMatrix;
  /** Path of a file of records that are trusted to be good, each of which the data hold too. Default none. */
  readonly trustedRecords?: string;
  /** Folder of an earlier run, from which drift is measured. Default none. */
  readonly baseline?: string;
  /** Worker threads. Default: the cores of the machine, at most 8. */
  readonly workers?: number;
  /** A server that sends next to nothing for so many milliseconds has stalled. Default 30,000. */
  readonly stallMs?: number;
  readonly onWarning?: (warning: string) => void;
}

const { executor: _, ...LIBRARY_OPTIONS } = ASSAY_OPTIONS;

/** Every option of `assay` for files; the compiler holds the list complete. */
const FILES_OPTIONS: Readonly<Record<keyof AssayFilesOptions, true>> = {
  ...LIBRARY_OPTIONS,
  dialect: true,
  format: true,
  ignore: true,
  limits: true,
  nullValues: true,
  onWarning: true,
  path: true,
  query: true,
  schema: true,
  stallMs: true,
  strictPaths: true,
  urlColumn: true,
  urls: true,
  workers: true,
};

/**
 * The main job on files, for pipelines and notebooks: nothing is written.
 *
 * @param inputs Paths of files and folders, http(s) URLs, or `-`. What can be read once (standard input, files of servers without
 * range requests) is copied for the time of the call; records are not read again from `scanned` then.
 * @example
 * const result = await assay("train.csv", { label: "label" });
 * result.findings.filter((finding) => finding.severity === "high");
 */
export async function assay(inputs: string | readonly string[], asked: AssayFilesOptions = {}): Promise<AssayResult> {
  refuseUnknownNames(asked, FILES_OPTIONS);
  const { baseline: folder, ...options } = asked;
  const { checks } = options;
  const chosen = { ...(folder !== undefined && { baseline: folder }), ...(checks !== undefined && { checks }) };
  const baseline = await baselineOf(chosen, options, options.config);
  return withExecutor(options, async (executor, spool) => {
    const { probabilities, embeddings, trustedRecords, ...rest } = options;
    const named = {
      ...(typeof probabilities === "string" && { probabilities }),
      ...(typeof embeddings === "string" && { embeddings }),
    };
    const given = {
      ...(typeof probabilities === "object" && { probabilities }),
      ...(typeof embeddings === "object" && { embeddings }),
    };
    // What the options give wins over what the config names, which is then not opened.
    const paths = Object.entries(matrixPaths(named, options.config)).filter(([use]) => !Object.hasOwn(given, use));
    const matrices = { ...(await readMatrices(Object.fromEntries(paths), executor, options)), ...given };
    const trust =
      trustedRecords !== undefined
        ? { trustedRecords: await openTrusted(trustedRecords, options) }
        : options.trusted !== undefined
          ? {}
          : await trustOf({}, options, options.config);
    const source = await openInputs(typeof inputs === "string" ? [inputs] : inputs, options, { ...options, spool });
    const known = Object.entries(rest).filter(([name]) => Object.hasOwn(ASSAY_OPTIONS, name));
    return assaySource(source, {
      ...Object.fromEntries(known),
      ...trust,
      ...matrices,
      executor,
      ...(baseline !== undefined && { baseline }),
    });
  });
}
