/** `assay quarantine`: the accused occurrences are taken out, and anyone can check that nothing else left. */

import { basename, dirname, join } from "node:path";
import { accusesRecord, type Finding, parseFindings } from "@assay/checks";
import { compareText, type RemovedRecord } from "@assay/manifest";
import { SourceError, sha256, toHex } from "@assay/merkle";
import { verifyArtefact } from "@assay/provenance";
import { UsageError } from "../usage-error.js";
import { openIntact } from "./open-folder.js";
import type { SigningChoice, Work } from "./options.js";
import { type RemovalSummary, removeRecords } from "./remove-records.js";
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

export type QuarantineSummary = RemovalSummary;

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
  const { severity = "medium", checks, reason, signing, output, ...rest } = options;
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

  return removeRecords(
    directory,
    opened,
    { operation: "quarantine", find: () => removedOf(findings, reason) },
    {
      ...rest,
      output: output ?? join(dirname(directory), `${basename(directory).replace(/\.assay$/, "")}-quarantined`),
      signer,
    },
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
