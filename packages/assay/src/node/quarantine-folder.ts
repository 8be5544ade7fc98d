/** `assay quarantine`: the accused occurrences are taken out, and anyone can check that nothing else left. */

import { existsSync } from "node:fs";
import { rename, rm } from "node:fs/promises";
import { basename, dirname, join, resolve, sep } from "node:path";
import { accusesRecord, type Finding, parseFindings } from "@assay/checks";
import {
  assaySet,
  type BuiltManifest,
  buildManifest,
  compareText,
  type Derivation,
  formatRemoved,
  manifestFiles,
  parentOf,
  proveRemoval,
  REMOVED_FILE,
  type RemovedRecord,
  UPDATE_FILE,
  verifyDerivation,
} from "@assay/manifest";
import { makeFolders, writeFolder } from "@assay/manifest/node";
import { formatProof, SourceError, sha256, toHex, VerificationError } from "@assay/merkle";
import { verifyArtefact } from "@assay/provenance";
import { type ScannedSource, scanSource } from "@assay/records";
import { openSource, writeWithoutRecords } from "@assay/records/node";
import { instant } from "../main-job.js";
import { manifestStatements, provenanceFiles } from "../statements.js";
import { UsageError } from "../usage-error.js";
import { rebuild } from "./compare-data-sets.js";
import { withExecutor, workOf } from "./executor.js";
import { openIntact } from "./open-folder.js";
import type { SigningChoice, Work } from "./options.js";
import { openSigner } from "./run-main-job.js";

export interface QuarantineOptions extends Work {
  /** Folder for the child data; `<output>.assay` is written beside it. Default: `<name>-quarantined` beside the folder. */
  readonly output?: string;
  readonly overwrite?: boolean;
  /** Findings from here up. Default `"medium"`. */
  readonly severity?: "low" | "medium" | "high";
  /** Only findings of these checks. Default all. */
  readonly checks?: readonly string[];
  /** Why, for the list of what was removed. Default: what the findings say. */
  readonly reason?: string;
  readonly data?: string;
  readonly leafKey?: Uint8Array;
  readonly signing?: SigningChoice;
  /** The clock. Default: the system's. */
  readonly now?: () => Date;
}

export interface QuarantineSummary {
  /** Folder of the child data. */
  readonly data: string;
  readonly folder: string;
  readonly removed: number;
  readonly records: number;
  readonly dataset: string;
  readonly set: string;
  readonly datasetHead: string;
  readonly setHead: string;
  readonly parentSetHead: string;
}

const RANK = { low: 0, medium: 1, high: 2 } as const;

/**
 * Takes the accused records out of a data set.
 *
 * The findings are used only after they were checked against the statement that names them; the data is read again and must
 * be the parent's. Findings that accuse a source or a column and not a record (`bad-sources`, `drift`) take nothing out.
 *
 * @throws VerificationError when findings, data or manifest do not match; SourceError when data is missing or the output exists.
 */
export async function quarantineFolder(target: string, options: QuarantineOptions = {}): Promise<QuarantineSummary> {
  const {
    severity = "medium",
    checks,
    reason,
    overwrite = false,
    signing,
    now = () => new Date(),
    onWarning,
    signal,
  } = options;
  const signer = signing === undefined ? undefined : await openSigner(signing, options);
  const { directory, opened, verdict } = await openIntact(target, {}, options);
  const bytes = await opened.folder.read("findings.jsonl");
  if (bytes === undefined)
    throw new SourceError("not-found", `${directory} has no findings.jsonl: \`assay run\` makes it`, {
      details: { path: "findings.jsonl" },
    });
  verifyArtefact("findings.jsonl", toHex(sha256(bytes)), verdict.verified);
  const findings = parseFindings(bytes).filter(
    (finding) =>
      RANK[finding.severity] >= RANK[severity] &&
      accusesRecord(finding) &&
      (checks === undefined || checks.includes(finding.check)),
  );
  if (findings.length === 0)
    throw new UsageError(
      `No finding of severity ${severity} or above${checks ? ` of ${checks.join(", ")}` : ""} accuses a record: there is nothing to take out`,
    );

  const output = resolve(
    options.output ?? join(dirname(directory), `${basename(directory).replace(/\.assay$/, "")}-quarantined`),
  );
  const folder = `${output}.assay`;
  refuseOutput(output, folder, directory, overwrite);

  return withExecutor(options, async (executor, spool) => {
    const work = { executor, ...workOf(options) };
    const parent = await rebuild(opened, directory, executor, {
      ...options,
      spool,
      ...(options.leafKey !== undefined && { reading: { leafKey: options.leafKey } }),
    });
    for (const { file } of parent.scanned.files)
      if (`${resolve(file.location)}${sep}`.startsWith(`${output}${sep}`))
        throw new UsageError(`-o ${output} holds the data that records are taken out of: choose another place`);
    const removed = removedOf(findings, reason);
    const removedBytes = formatRemoved(removed);
    const beside = join(dirname(output), `.${basename(output)}.quarantine`);
    await rm(beside, { recursive: true, force: true });
    let isPlaced = false;
    try {
      await makeFolders(dirname(output)).catch((cause: Error) => {
        throw new SourceError("cannot-write", `Cannot write ${output}: ${cause.message}`, {
          cause,
          details: { path: output },
        });
      });
      await writeWithoutRecords(parent.scanned, ordinalsByFile(removed, parent), beside, {
        ...(signal !== undefined && { signal }),
      });
      const derivation: Derivation = {
        operation: "quarantine",
        parents: [parentOf(opened)],
        parameters: { removed: toHex(sha256(removedBytes)) },
      };
      const child = await buildChild(beside, basename(output), derivation);
      const proof = await proveRemoval(parent, removed);
      const update = proof === undefined ? undefined : formatProof(proof);
      await verifyDerivation(child, {
        parents: [parent],
        removed: removedBytes,
        ...(update !== undefined && { update }),
      });
      const derivationFiles = new Map([
        [REMOVED_FILE, removedBytes] as const,
        ...(update === undefined ? [] : [[UPDATE_FILE, update] as const]),
      ]);
      const statements = manifestStatements({ built: child, createdAt: instant(now()), derivation, derivationFiles });
      const files = await provenanceFiles(statements, signer);
      signal?.throwIfAborted();
      if (overwrite) await rm(output, { recursive: true, force: true });
      await rename(beside, output);
      isPlaced = true;
      await writeFolder(
        folder,
        [
          ...[...files].map(([path, content]) => ({ path, bytes: content })),
          ...manifestFiles(child, { removed: removedBytes, ...(update !== undefined && { update }) }),
        ],
        {
          ...(overwrite && { overwrite: true }),
          ...(signal !== undefined && { signal }),
          ...(onWarning !== undefined && { onNote: onWarning }),
        },
      );
      isPlaced = false;
      return {
        data: output,
        folder,
        removed: removed.length,
        records: child.header.set.records,
        dataset: child.header.dataset.root,
        set: child.header.set.root,
        datasetHead: child.datasetHead,
        setHead: child.setHead,
        parentSetHead: assaySet(parentOf(opened)),
      };
    } finally {
      await rm(beside, { recursive: true, force: true });
      // Data without its folder is half of an answer.
      if (isPlaced) await rm(output, { recursive: true, force: true });
    }

    async function buildChild(place: string, name: string, derivation: Derivation): Promise<BuiltManifest> {
      const { header } = opened;
      const source = await openSource(
        [place],
        header.reading.ignored === undefined ? {} : { ignore: header.reading.ignored },
      );
      const formats = new Map(opened.entries.map((entry) => [entry.path, entry.format]));
      const scanned = await scanSource(
        {
          ...source,
          files: source.files.map((file) => ({
            ...file,
            format: (formats.get(file.path) ?? file.format) as typeof file.format,
          })),
        },
        { ...work, reading: header.reading, leafFormat: header.leaf.format },
      );
      return buildManifest(scanned, {
        ...work,
        name,
        derivation,
        ...(options.leafKey !== undefined && { leafKey: options.leafKey }),
      });
    }
  });
}

/** Nothing is replaced but an earlier answer of this command, and never the parent. */
function refuseOutput(output: string, folder: string, parent: string, overwrite: boolean): void {
  if (folder === parent || `${parent}${sep}`.startsWith(`${output}${sep}`))
    throw new UsageError(`-o ${output} is the place of the folder that is read: choose another`);
  for (const path of [output, folder])
    if (!overwrite && existsSync(path))
      throw new SourceError("exists", `${path} exists. Choose another place with -o, or say --overwrite`, {
        details: { path },
      });
  if (existsSync(output) && !existsSync(join(folder, "manifest.json")))
    throw new SourceError(
      "exists",
      `${output} exists and ${folder} is no folder of Assay, so it is never replaced. Choose another place with -o`,
      { details: { path: output } },
    );
}

/** One line for each accused occurrence. */
function removedOf(findings: readonly Finding[], reason: string | undefined): RemovedRecord[] {
  const places = new Map<string, { readonly finding: Finding; readonly checks: Set<string> }>();
  for (const finding of findings) {
    const key = `${finding.ordinal} ${finding.file}`;
    const place = places.get(key);
    if (place === undefined) places.set(key, { finding, checks: new Set([finding.check]) });
    else place.checks.add(finding.check);
  }
  return [...places.values()]
    .map(({ finding, checks }) => ({
      checks: [...checks].sort(),
      file: finding.file,
      leaf: finding.leaf,
      ordinal: finding.ordinal,
      reason: reason ?? `accused by ${[...checks].sort().join(", ")}`,
    }))
    .sort((a, b) => compareText(a.file, b.file) || a.ordinal - b.ordinal);
}

function ordinalsByFile(
  removed: readonly RemovedRecord[],
  { scanned }: { readonly scanned: ScannedSource },
): Map<number, number[]> {
  const indices = new Map(scanned.files.map(({ file }, index) => [file.path, index]));
  const byFile = new Map<number, number[]>();
  for (const { file, ordinal } of removed) {
    const index = indices.get(file);
    if (index === undefined)
      throw new VerificationError("file-missing", `A finding names ${file}, which is not in the data set`, {
        details: { path: file },
      });
    const list = byFile.get(index);
    if (list === undefined) byFile.set(index, [ordinal]);
    else list.push(ordinal);
  }
  return byFile;
}
