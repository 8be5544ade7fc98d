/** The checks of the main job: what they are given, and which wrong options are told before the data is read. */

import {
  allChecks,
  type CheckOptions,
  type CheckRun,
  knownChecks,
  refuseUnknownOptions,
  runChecks,
  selectChecks,
} from "@assay/checks";
import type { StoredManifest } from "@assay/manifest";
import { fromHex } from "@assay/merkle";
import { joinAllKinds, type ScannedSource } from "@assay/records";
import { type AssayOptions, comparesWithBaseline, rolesOf } from "./job-options.js";
import { matricesOf } from "./matrices.js";
import { UsageError } from "./usage-error.js";

/** A check that is not there is told before the data is read. */
export function refuseUnknownChecks(option: string, ids: readonly string[] = []): void {
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
    throw asUsage(error);
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
    throw asUsage(error);
  }
}

/** What the checks call a wrong option is the caller's mistake here. */
function asUsage(error: unknown): unknown {
  return error instanceof RangeError ? new UsageError(error.message, {}) : error;
}
