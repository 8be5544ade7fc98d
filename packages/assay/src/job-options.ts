/** What the main job is asked to do: by the call, by a config file, and as it is bound into what is signed. */

import type { Baseline, CheckOptions, Roles } from "@assay/checks";
import type { LeafSpace, StoredManifest } from "@assay/manifest";
import { FormatError } from "@assay/merkle";
import type { Signer } from "@assay/provenance";
import {
  type Executor,
  isHttpUrl,
  type LeafFormat,
  type Progress,
  type ScannedSource,
  type Source,
  type SplitRule,
  shownUrl,
} from "@assay/records";
import type { AssayConfig } from "./config.js";
import { type GivenMatrices, namesOfMatrices } from "./matrices.js";
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

/** What a config file asks for. Options that are given win over it: what is signed as asked is what is done. */
export function optionsOf(
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
export function configOf(options: AssayOptions): Readonly<Record<string, unknown>> {
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
  const roles: Record<keyof Roles, unknown> = {
    label: options.label,
    labels: options.labels,
    exclude: options.exclude,
    features: options.features,
    text: options.text,
    image: options.image,
    source: options.source,
    annotator: options.annotator,
    annotations: options.annotations,
    item: options.item,
    time: options.time,
    split: options.split,
    trusted: options.trusted,
  };
  return Object.fromEntries(Object.entries(roles).filter(([, value]) => value !== undefined));
}

/** Whether `drift` is among the checks that are asked for: only then is a baseline read. */
export function comparesWithBaseline({ checks }: Pick<AssayOptions, "checks">): boolean {
  return checks === undefined || checks.includes("drift");
}
