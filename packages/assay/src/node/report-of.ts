/** `assay report`: a view of a folder, after it was checked. */

import { writeFile } from "node:fs/promises";
import { basename } from "node:path";
import { parseFindings } from "@assay/checks";
import { evaluateControls } from "@assay/controls";
import { SourceError, sha256, toHex } from "@assay/merkle";
import { CHECK_RUN, type CheckRunPredicate, readManifest, verifyArtefact } from "@assay/provenance";
import { createReport, toCsv, toHtml, toJson, toMarkdown, toSarif } from "@assay/report";
import { TOOL } from "../tool.js";
import { type ControlsOptions, verifyWherePossible } from "./controls-of.js";
import { folderOf } from "./data.js";
import { trustedTime } from "./open-folder.js";

export interface ReportOptions extends Omit<ControlsOptions, "require"> {
  readonly to?: "html" | "md" | "json" | "sarif" | "csv";
  /** Where it goes. Default: only returned. */
  readonly output?: string;
}

export interface ReportResult {
  readonly text: string;
  readonly output?: string;
}

const VIEWS = { html: toHtml, md: toMarkdown, json: toJson, sarif: toSarif, csv: toCsv } as const;

/**
 * Verifies a folder and renders it. Findings are shown only as the statement that names them says.
 *
 * @throws AssayError when anything of the folder does not verify; SourceError when the output cannot be written.
 */
export async function reportOf(target: string, options: ReportOptions = {}): Promise<ReportResult> {
  const { to = "html", output } = options;
  const { result, opened, verdict } = await verifyWherePossible(target, options);
  const bytes = await opened.folder.read("findings.jsonl");
  if (bytes !== undefined) verifyArtefact("findings.jsonl", toHex(sha256(bytes)), verdict.verified);
  const run = verdict.verified.find(({ statement }) => statement.predicateType === CHECK_RUN)?.statement.predicate as
    | CheckRunPredicate
    | undefined;
  const parents = result.parents.map(({ manifest, verdict: parent, edge }) => ({ manifest, parent, edge }));
  const at = trustedTime(options);
  const report = createReport(
    {
      header: opened.header,
      heads: readManifest(opened.headerBytes).heads,
      files: opened.entries,
      verdict,
      data: result.data,
      outcomes: run?.outcomes ?? [],
      findings: bytes === undefined ? [] : parseFindings(bytes),
      parents,
      controls: evaluateControls({
        header: opened.header,
        entries: opened.entries,
        statements: verdict.verified,
        trust: result.trust,
        data: result.data,
        parents,
        atMs: at.getTime(),
      }),
      tool: TOOL,
      ...(run !== undefined && { createdAt: run.finishedAt, ...(run.power !== undefined && { power: run.power }) }),
    },
    { folder: basename(folderOf(target)) },
  );
  const text = VIEWS[to](report);
  if (output === undefined) return { text };
  try {
    await writeFile(output, text);
  } catch (cause) {
    throw new SourceError("cannot-write", `-o ${output}: ${(cause as Error).message}`, {
      cause,
      details: { path: output },
    });
  }
  return { text, output };
}
