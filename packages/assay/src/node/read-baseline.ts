/** What an earlier run left for `drift`: its sketches, used only when its statements name them as they are. */

import { dirname, resolve } from "node:path";
import { type Baseline, MAX_SKETCHES_BYTES, parseSketches, SKETCHES_FILE } from "@assay/checks";
import { SourceError, sha256, toHex } from "@assay/merkle";
import { readArtefact } from "@assay/provenance";
import type { AssayConfig } from "../config.js";
import { comparesWithBaseline } from "../job-options.js";
import { openIntact } from "./open-folder.js";
import type { CheckingChoice, Work } from "./options.js";

/**
 * Reads the baseline of a folder. The folder is judged first: a baseline that was altered would hide drift, or invent it. Whom its
 * statements are signed by is not looked at; `assay verify` decides that.
 *
 * @param target The folder that an earlier run wrote, or its manifest.json.
 * @throws VerificationError `artefact-mismatch` and others when the folder is not as its statements say; SourceError `not-found` for
 * no folder, or one without sketches; FormatError for sketches that we would not have written.
 */
export async function readBaseline(target: string, work: Work = {}): Promise<Baseline> {
  const { directory, opened, verdict } = await openIntact(target, {}, work);
  if (!(await opened.folder.list()).includes(SKETCHES_FILE))
    throw new SourceError(
      "not-found",
      `baseline ${directory} has no ${SKETCHES_FILE}, so nothing can be compared with it: \`assay run\` on its data writes one`,
      { details: { path: SKETCHES_FILE } },
    );
  const bytes = await readArtefact(opened.folder, SKETCHES_FILE, verdict.verified, { maxBytes: MAX_SKETCHES_BYTES });
  return { name: opened.header.name, sha256: toHex(sha256(bytes)), sketches: await parseSketches(bytes) };
}

/** The baseline that options name, else the config file; none when `drift` does not run. */
export async function baselineOf(
  checking: Pick<CheckingChoice, "baseline" | "checks">,
  work: Work,
  config?: AssayConfig,
  configPath?: string,
): Promise<Baseline | undefined> {
  const asked = config?.checks?.baseline;
  const target = checking.baseline ?? (asked && resolve(dirname(configPath ?? "."), asked));
  if (target === undefined) return undefined;
  const checks = checking.checks ?? config?.checks?.checks;
  if (comparesWithBaseline(checks === undefined ? {} : { checks })) return readBaseline(target, work);
  work.onWarning?.(`the baseline ${target} is not looked at, because drift is not among the checks`);
  return undefined;
}
