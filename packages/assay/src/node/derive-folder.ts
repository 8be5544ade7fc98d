/** `assay derive`: say how data came from its parents, and prove it before anything is written. */

import { existsSync } from "node:fs";
import {
  type BuiltManifest,
  buildManifest,
  compareText,
  type Derivation,
  type DerivationParameters,
  formatRemoved,
  isFraction,
  type LineageSide,
  manifestFiles,
  type Operation,
  openManifest,
  parentOf,
  proveRemoval,
  REMOVED_FILE,
  type RemovedRecord,
  UPDATE_FILE,
  verifyDerivation,
  withKeptSets,
} from "@assay/manifest";
import { openFolderReader, writeFolder } from "@assay/manifest/node";
import {
  canonicalJson,
  compareSets,
  formatProof,
  isSubset,
  type SetTree,
  SourceError,
  sha256,
  toHex,
  VerificationError,
} from "@assay/merkle";
import { type Executor, type Reading, type SplitRule, scanSource } from "@assay/records";
import { instant } from "../main-job.js";
import { manifestStatements, provenanceFiles } from "../statements.js";
import { UsageError } from "../usage-error.js";
import { rebuild } from "./compare-data-sets.js";
import { defaultFolder, folderOf, openInputs } from "./data.js";
import { withExecutor, workOf } from "./executor.js";
import { type ManifestSummary, summaryOf } from "./make-manifest.js";
import type { Output, SigningChoice, Work } from "./options.js";
import { openSigner } from "./run-main-job.js";

export interface DeriveOptions extends Work {
  /** Folders of the parents, in the order of the operation. */
  readonly parents: readonly string[];
  readonly output?: Output;
  /** `split`: folders of the other parts, when each part is a data set of its own. */
  readonly siblings?: readonly string[];
  /** `split`: how the parts are told apart, when they are the splits of one child. */
  readonly splits?: SplitRule;
  /** `sample`: 64 hex digits. */
  readonly seed?: string;
  /** `sample`: a decimal text above 0, at most 1. */
  readonly fraction?: string;
  /** `filter`: why records were removed. */
  readonly reason?: string;
  /** `MAJOR.MINOR.PATCH` of the child. */
  readonly version?: string;
  readonly leafKey?: Uint8Array;
  readonly signing?: SigningChoice;
  readonly now?: () => Date;
}

export interface DeriveSummary extends ManifestSummary {
  readonly folder: string;
  readonly edge: "proven" | "claimed" | "not-checked";
}

/**
 * Writes the folder of data that was derived from parents. A claim that does not hold is refused.
 *
 * @throws VerificationError `derivation-mismatch` and the other codes of a derivation; UsageError for missing parameters.
 */
export async function deriveFolder(
  operation: Operation,
  inputs: readonly string[],
  options: DeriveOptions,
): Promise<DeriveSummary> {
  const { output = {}, signing, version, leafKey, now = () => new Date(), signal, onWarning } = options;
  const signer = signing === undefined ? undefined : await openSigner(signing, options);
  return withExecutor(options, async (executor, spool) => {
    const parents: LineageSide[] = [];
    for (const folder of options.parents) parents.push(await openSide("--parent", folder, executor, options));
    const siblings: LineageSide[] = [];
    for (const folder of options.siblings ?? []) siblings.push(await openSide("--sibling", folder, executor, options));
    const parent = parents[0];
    if (parent === undefined) throw new UsageError("A derivation names its parents: give --parent DIR");
    const parameters = sampleParameters(operation, options);
    const splits = splitsOf(operation, parents, options);
    const source = await openInputs(inputs, {}, { ...options, spool });
    const build = async (derivation: Derivation | undefined): Promise<BuiltManifest> => {
      const work = { executor, ...workOf(options) };
      const scanned = await scanSource(source, {
        ...work,
        ...(operation === "map" ? {} : { reading: readingOf(parents), leafFormat: parent.header.leaf.format }),
      });
      return buildManifest(scanned, {
        ...work,
        ...(version !== undefined && { version }),
        ...(leafKey !== undefined && { leafKey }),
        // Without its splits a child could move records from one to another.
        ...(splits !== undefined && { splits }),
        ...(derivation !== undefined && { derivation }),
      });
    };
    let removed: Uint8Array | undefined;
    let update: Uint8Array | undefined;
    let built: BuiltManifest;
    if (operation === "filter") {
      const before = await build(undefined);
      ({ removed, update } = await filtered(parent, before, options.reason ?? ""));
      built = await build({
        operation,
        parents: parents.map(parentOf),
        parameters: { removed: toHex(sha256(removed)) },
      });
    } else built = await build({ operation, parents: parents.map(parentOf), parameters });
    const derivation = built.header.derivation as Derivation;
    const verdict = await verifyDerivation(built, {
      parents,
      siblings,
      ...(removed !== undefined && { removed }),
      ...(update !== undefined && { update }),
    });
    const derivationFiles = new Map<string, Uint8Array>([
      ...(removed === undefined ? [] : [[REMOVED_FILE, removed] as const]),
      ...(update === undefined ? [] : [[UPDATE_FILE, update] as const]),
    ]);
    const statements = manifestStatements({ built, createdAt: instant(now()), derivation, derivationFiles });
    const files = await provenanceFiles(statements, signer);
    const folder = output.directory ?? (await defaultFolder(inputs, built.header.name));
    await writeFolder(
      folder,
      [
        ...[...files].map(([path, bytes]) => ({ path, bytes })),
        ...manifestFiles(built, {
          ...(output.keep !== undefined && { keep: output.keep }),
          ...(removed !== undefined && { removed }),
          ...(update !== undefined && { update }),
        }),
      ],
      {
        ...(output.overwrite === true && { overwrite: true }),
        ...(signal !== undefined && { signal }),
        ...(onWarning !== undefined && { onNote: onWarning }),
      },
    );
    return { ...summaryOf(built, folder), folder, edge: verdict?.edge ?? "not-checked" };
  });
}

async function openSide(
  option: string,
  target: string,
  executor: Executor,
  options: DeriveOptions,
): Promise<LineageSide> {
  const directory = folderOf(target);
  if (!existsSync(directory))
    throw new SourceError("not-found", `${option} ${target}: there is no such folder`, { details: { path: target } });
  const opened = await withKeptSets(await openManifest(await openFolderReader(directory)));
  if (opened.set !== undefined) return opened;
  return rebuild(opened, directory, executor, {
    ...options,
    ...(options.leafKey !== undefined && { reading: { leafKey: options.leafKey } }),
  });
}

/** The child is read with its parents' types; how a file is written is its own only when all parents agree. */
function readingOf(parents: readonly LineageSide[]): Reading {
  const [first, ...others] = parents.map(({ header }) => header.reading);
  const { ignored: _ignored, splits: _splits, ...reading } = first as Reading;
  return { ...reading, types: Object.assign({}, ...others.map(({ types }) => types), reading.types) };
}

/** The parents' splits, where they agree. A `split` makes its own, and a `map` is only claimed. */
function splitsOf(
  operation: Operation,
  parents: readonly LineageSide[],
  { splits, siblings = [] }: DeriveOptions,
): SplitRule | undefined {
  if (operation !== "split" && (splits !== undefined || siblings.length > 0))
    throw new UsageError("--split, --split-paths and --sibling belong to split");
  if (operation === "split" || operation === "map") return splits;
  const [first, ...others] = parents.map(({ header }) => header.reading.splits);
  return others.every((rule) => canonicalJson(rule ?? null) === canonicalJson(first ?? null)) ? first : undefined;
}

function sampleParameters(operation: Operation, { seed, fraction }: DeriveOptions): DerivationParameters {
  if (operation !== "sample") {
    if (seed !== undefined || fraction !== undefined) throw new UsageError("--seed and --fraction belong to sample");
    return {};
  }
  if (seed === undefined || fraction === undefined)
    throw new UsageError("sample needs --seed and --fraction: how was it drawn?");
  if (!isFraction(fraction))
    throw new UsageError(
      `--fraction is a decimal above 0 and at most 1, without trailing zeros, such as 0.25, not ${JSON.stringify(fraction)}`,
    );
  return { seed, fraction };
}

/** The list of what a filter removed, and the set update that shows that nothing else changed. */
async function filtered(
  parent: LineageSide,
  child: BuiltManifest,
  reason: string,
): Promise<{ removed: Uint8Array; update: Uint8Array | undefined }> {
  const before = parent.set as SetTree;
  if (!isSubset(child.set, before))
    throw new VerificationError(
      "derivation-mismatch",
      "This is no filter of its parent: the child has records that its parent lacks",
      { details: { operation: "filter" } },
    );
  const { keys, differences } = compareSets(before, child.set);
  const missing = new Map<string, number>();
  for (let i = 0; i < differences.length; i++)
    missing.set(toHex(keys.subarray(32 * i, 32 * i + 32)), -(differences[i] as number));
  const removed: RemovedRecord[] = [];
  for (const { path, records } of parent.entries ?? []) {
    const leaves = await parent.leavesOf?.(path);
    if (leaves === undefined)
      throw new SourceError(
        "not-kept",
        "The parent keeps no leaves, so it cannot be told where records were removed: give its data",
        { details: { path } },
      );
    for (let ordinal = 0; ordinal < records; ordinal++) {
      const leaf = toHex(leaves.subarray(32 * ordinal, 32 * ordinal + 32));
      const left = missing.get(leaf) ?? 0;
      if (left === 0) continue;
      missing.set(leaf, left - 1);
      removed.push({ checks: [], file: path, leaf, ordinal, reason });
    }
  }
  removed.sort((a, b) => compareText(a.file, b.file) || a.ordinal - b.ordinal);
  const proof = await proveRemoval(parent, removed);
  return { removed: formatRemoved(removed), update: proof === undefined ? undefined : formatProof(proof) };
}
