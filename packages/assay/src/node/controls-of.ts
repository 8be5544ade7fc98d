/** `assay controls`: evidence for Annex A controls from the statements of a folder. */

import { CONTROLS, evaluateControls, meetsRequirement } from "@assay/controls";
import type { ControlResult, RuleResult } from "@assay/provenance";
import { UsageError } from "../usage-error.js";
import { errorOf, type TrustChoice, trustedTime } from "./open-folder.js";
import type { Work } from "./options.js";
import { verifyInFull } from "./verify-folder.js";

export interface ControlsOptions extends Work, TrustChoice {
  /** Ids of controls that must be met. */
  readonly require?: readonly string[];
  readonly data?: string;
  readonly leafKey?: Uint8Array;
}

export interface ControlEvidenceRow {
  readonly id: string;
  readonly title: string;
  readonly verdict: ControlResult["verdict"];
  readonly predicates: readonly (Pick<
    RuleResult,
    "id" | "verdict" | "numerator" | "denominator" | "counterexamples"
  > & {
    readonly message: string;
  })[];
}

export interface ControlsResult {
  readonly controls: readonly ControlEvidenceRow[];
  /** Required controls that are not met. */
  readonly failed: readonly string[];
}

/**
 * Verifies a folder (with its data when that is at hand) and evaluates all controls.
 *
 * @throws AssayError when anything of the folder does not verify: altered evidence is no evidence.
 */
export async function controlsOf(target: string, options: ControlsOptions = {}): Promise<ControlsResult> {
  const { require = [] } = options;
  for (const id of require)
    if (!CONTROLS.some((control) => control.id === id))
      throw new UsageError(`--require ${id}: there is no such control; A.7.2 to A.7.6 are those about data`);
  const results = await evaluateFolder(target, options);
  const rows = CONTROLS.map(({ id, title }): ControlEvidenceRow => {
    const result = results.find(({ control }) => control === id);
    return {
      id,
      title,
      verdict: result?.verdict ?? "not-evaluated",
      predicates: (result?.rules ?? []).map(
        ({ id: rule, verdict, numerator, denominator, counterexamples, reason }) => ({
          id: rule,
          verdict,
          numerator,
          denominator,
          counterexamples,
          message: reason,
        }),
      ),
    };
  });
  return {
    controls: rows,
    failed: require.filter((id) => !meetsRequirement(rows.find((row) => row.id === id)?.verdict ?? "gap")),
  };
}

/** Control results of a verified folder. */
export async function evaluateFolder(target: string, options: ControlsOptions = {}): Promise<ControlResult[]> {
  const { result, opened, verdict } = await verifyWherePossible(target, options);
  return evaluateControls({
    header: opened.header,
    entries: opened.entries,
    statements: verdict.verified,
    trust: result.trust,
    data: result.data,
    parents: result.parents.map(({ manifest, verdict: parent, edge }) => ({ manifest, parent, edge })),
    atMs: trustedTime(options).getTime(),
  });
}

/** Verifies with data when it is at hand, else without; what does not match is an error, what is not there is not. */
export async function verifyWherePossible(
  target: string,
  options: ControlsOptions,
): Promise<Required<Pick<Awaited<ReturnType<typeof verifyInFull>>, "result" | "opened" | "verdict">>> {
  let verified = await verifyInFull(target, options);
  const isMissing = (code: string): boolean => code === "data-missing" || code === "leaf-key-missing";
  if (verified.result.checks.some((check) => check.name === "data" && !check.ok && isMissing(check.code ?? ""))) {
    const { data: _data, ...rest } = options;
    verified = await verifyInFull(target, { ...rest, noData: true });
  }
  const { result, opened, verdict } = verified;
  // A gate's "no" is a fact about the data; everything graver means that the evidence itself is not good.
  const grave = result.exitCode !== 0 && result.exitCode !== 1;
  if (grave || opened === undefined || verdict === undefined) {
    const failure = result.checks.find((check) => !check.ok && check.code === result.code);
    throw errorOf({
      code: result.code as never,
      class:
        ({ 2: "VerificationError", 3: "TrustError", 4: "FormatError", 5: "SourceError" } as const)[
          result.exitCode as 2
        ] ?? "CheckError",
      message: failure?.message ?? result.line,
      details: failure?.details ?? {},
    });
  }
  return { result, opened, verdict };
}
