/** What a policy demands of lineage. The edges themselves are proven by `@assay/manifest`; here their results are judged. */

import type { ManifestHeader } from "@assay/manifest";
import type { Policy } from "./policy.js";
import type { Failure } from "./verdict.js";

/** What verifying a parent gave. */
export interface ParentResult {
  /** SHA-256 of the parent's `manifest.json`, as the child names it. */
  readonly manifest: string;
  /** What the parent's own verdict was under the same policy. */
  readonly parent: "trusted" | "intact" | "not-checked";
  /** Whether the operation was proven from the leaves, or only claimed (`map`). */
  readonly edge: "proven" | "claimed" | "not-checked";
}

export function faultsOfLineage(
  { derivation }: ManifestHeader,
  { derivations }: Policy,
  results: readonly ParentResult[] = [],
): Failure[] {
  if (derivation === undefined || derivations === undefined) return [];
  const failures: Failure[] = [];
  const fail = (message: string, details: Readonly<Record<string, unknown>>): void => {
    failures.push({ code: "gate-failed", class: "CheckError", message, details });
  };
  const { operations, parents: least } = derivations;
  if (operations !== undefined && !operations.includes(derivation.operation)) {
    fail(`The data set was derived by ${derivation.operation}; the policy allows ${operations.join(", ") || "none"}.`, {
      operation: derivation.operation,
    });
  }
  if (least === undefined) return failures;
  derivation.parents.forEach(({ manifest }) => {
    const { parent, edge } = results.find((result) => result.manifest === manifest) ?? NOT_CHECKED;
    const good = edge !== "not-checked" && (parent === "trusted" || (parent === "intact" && least === "intact"));
    if (good) return;
    fail(
      `Parent ${manifest} is ${parent} and the edge to it ${edge}; the policy wants it ${least} and its edge checked. Give it with --parent.`,
      {
        manifest,
        parent,
        edge,
      },
    );
  });
  return failures;
}

const NOT_CHECKED = { parent: "not-checked", edge: "not-checked" } as const;
