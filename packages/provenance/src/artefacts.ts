/**
 * Whether the files of a folder are the ones that its statements name. Whoever reads an artefact asks here first:
 * altered, missing or not named are all `artefact-mismatch`.
 */

import type { ManifestHeader } from "@assay/manifest";
import { VerificationError } from "@assay/merkle";
import { type Exhibit, nameOf } from "./exhibit.js";
import { predicateKind } from "./predicates/registry.js";
import type { VerifiedStatement } from "./statement.js";
import type { Failure } from "./verdict.js";

/** Files that other commands read and that no root of the manifest binds: a statement must name them. */
export const BOUND_ARTEFACTS: readonly string[] = [
  "findings.jsonl",
  "sketches.arrow",
  "derivation/removed.jsonl",
  "derivation/update.json",
];

const REMOVED = "derivation/removed.jsonl";

/** What does not match of the files that one statement names. */
export function faultsOfArtefacts(exhibit: Exhibit, digests: ReadonlyMap<string, string>): Failure[] {
  const { kind, read } = exhibit;
  return (kind?.artefactsOf?.(read.statement.predicate) ?? []).flatMap(({ path, sha256 }) => {
    const actual = digests.get(path);
    if (actual === sha256) return [];
    const what = actual === undefined ? "is missing" : `was altered: its SHA-256 is ${actual}, stated is ${sha256}`;
    return [mismatch(path, `"${path}", which ${nameOf(exhibit)} names, ${what}.`, { expected: sha256, actual })];
  });
}

/** Artefacts that are there and that nothing names, and what the manifest itself says of the removed list. */
export function faultsOfFolder(
  header: ManifestHeader,
  matching: readonly Exhibit[],
  digests: ReadonlyMap<string, string>,
): Failure[] {
  const named = new Set(
    matching.flatMap(({ kind, read }) => (kind?.artefactsOf?.(read.statement.predicate) ?? []).map(({ path }) => path)),
  );
  const failures: Failure[] = [];
  const removed = header.derivation?.parameters.removed;
  const actual = digests.get(REMOVED);
  if (removed !== undefined && actual !== undefined) {
    if (actual === removed) named.add(REMOVED);
    else {
      failures.push({
        code: "removed-mismatch",
        class: "VerificationError",
        message: `"${REMOVED}" was altered: its SHA-256 is ${actual}, manifest.json says ${removed}.`,
        details: { path: REMOVED, expected: removed, actual },
      });
    }
  }
  for (const path of BOUND_ARTEFACTS) {
    if (!digests.has(path) || named.has(path)) continue;
    failures.push(mismatch(path, `"${path}" is there, and no statement of the folder names it as it is.`));
  }
  return failures;
}

function mismatch(path: string, message: string, details: Readonly<Record<string, unknown>> = {}): Failure {
  const { actual, ...rest } = details;
  return {
    code: "artefact-mismatch",
    class: "VerificationError",
    message,
    details: { path, ...rest, ...(actual === undefined ? {} : { actual }) },
  };
}

/**
 * Throws unless a verified statement names the artefact with this digest: for commands that read one file of a folder.
 *
 * @param sha256 digest of the bytes that were read, lower-case hex
 * @throws VerificationError `artefact-mismatch`
 */
export function verifyArtefact(path: string, sha256: string, statements: readonly VerifiedStatement[]): void {
  const named = statements.flatMap(({ statement }) =>
    (predicateKind(statement.predicateType)?.artefactsOf?.(statement.predicate) ?? []).filter(
      (artefact: { path: string }) => artefact.path === path,
    ),
  ) as { readonly sha256: string }[];
  if (named.some((artefact) => artefact.sha256 === sha256)) return;
  const what =
    named.length === 0 ? "no statement that may be used names it" : `stated is ${named[0]!.sha256}, it has ${sha256}`;
  throw new VerificationError("artefact-mismatch", `Cannot use "${path}": ${what}.`, {
    details: { path, actual: sha256 },
  });
}
