/** Misspelt options: JavaScript and notebooks have no compiler that tells, and a label that is not read is a check that is not made. */

import type { AssayOptions } from "./job-options.js";
import { UsageError } from "./usage-error.js";

/** Every option of `assay`; the compiler holds the list complete. */
export const ASSAY_OPTIONS: Readonly<Record<keyof AssayOptions, true>> = {
  annotations: true,
  annotator: true,
  baseline: true,
  checkOptions: true,
  checks: true,
  config: true,
  embeddings: true,
  exclude: true,
  executor: true,
  failOn: true,
  fdr: true,
  features: true,
  folder: true,
  image: true,
  item: true,
  label: true,
  labels: true,
  leafFormat: true,
  leafKey: true,
  leafSpace: true,
  maxLeafBytes: true,
  moreFiles: true,
  name: true,
  now: true,
  onManifest: true,
  onProgress: true,
  power: true,
  probabilities: true,
  require: true,
  role: true,
  seed: true,
  showValues: true,
  signal: true,
  signer: true,
  source: true,
  split: true,
  splits: true,
  text: true,
  time: true,
  trusted: true,
  trustedRecords: true,
  version: true,
};

/**
 * Refuses options that there are not.
 *
 * @throws UsageError naming the option, and those there are.
 */
export function refuseUnknownNames(options: object, known: Readonly<Record<string, true>>): void {
  const unknown = Object.keys(options).find((name) => !Object.hasOwn(known, name));
  if (unknown !== undefined)
    throw new UsageError(
      `There is no option ${JSON.stringify(unknown)}; there are ${Object.keys(known).sort().join(", ")}`,
    );
}
