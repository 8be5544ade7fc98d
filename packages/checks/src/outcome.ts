/** The parts that every outcome has, so that a check writes only what is its own. */

import { toHex } from "@assay/merkle";
import type { Check, CheckContext, CheckData, Outcome } from "./check.js";
import type { MatrixUse } from "./matrices.js";

/** Suspects of an outcome that are explained at most: the first ones. */
export const MAX_REASONS = 50;

/** What a check says when it ran to its end. */
export type Completed = Pick<Outcome, "calibration" | "examined"> &
  Partial<
    Pick<
      Outcome,
      "fdr" | "estimate" | "suspects" | "reasons" | "disputed" | "sources" | "orderBound" | "notes" | "details"
    >
  > & {
    readonly columns: readonly string[];
    readonly findings: number;
    /** Matrices that it looked at. Default none. */
    readonly matrices?: readonly MatrixUse[];
  };

/** The outcome of a check that ran to its end. */
export function completed(
  { id, version }: Pick<Check, "id" | "version">,
  data: Pick<CheckData, "shape">,
  context: CheckContext,
  { columns, notes = [], matrices = [], ...rest }: Completed,
): Outcome {
  const outcome = { ...base({ id, version }, data, context, columns, rest.examined), ...rest, notes };
  const lookedAt = { ...outcome.lookedAt, ...(matrices.length > 0 && { matrices }) };
  return { ...outcome, status: "completed", lookedAt };
}

/** The outcome of a check that found, once it had read the data, that it cannot run on them. */
export function skipped(
  { id, version }: Pick<Check, "id" | "version">,
  data: Pick<CheckData, "shape">,
  context: CheckContext,
  reason: string,
  columns: readonly string[] = [],
): Outcome {
  return { ...base({ id, version }, data, context, columns, 0), status: "skipped", reason };
}

function base(
  { id, version }: Pick<Check, "id" | "version">,
  { shape }: Pick<CheckData, "shape">,
  { seed, seedOrigin }: CheckContext,
  columns: readonly string[],
  records: number,
): Omit<Outcome, "status"> {
  const { label } = shape.roles;
  return {
    check: id,
    version,
    examined: records,
    findings: 0,
    calibration: "not-applicable",
    lookedAt: { columns, ...(label !== undefined && columns.includes(label) ? { label } : {}), records },
    seed: { value: toHex(seed), origin: seedOrigin },
    passes: 0,
    notes: [],
  };
}
