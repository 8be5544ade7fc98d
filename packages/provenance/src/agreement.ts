/**
 * Whether `statements.jsonl` and the envelopes say the same, byte for byte. Others may add envelopes; nobody may alter
 * or drop a line without being seen, as long as an envelope is left:
 *
 * - once something about this data set is signed, every line is;
 * - whoever signed a line has all they signed about this data set among the lines, reviews apart: these are made later,
 *   and whoever reviews need not write lines.
 */

import { type Exhibit, nameOf } from "./exhibit.js";
import { DATASET_MANIFEST } from "./predicates/dataset-manifest.js";
import { REVIEW } from "./predicates/review.js";
import type { Failure } from "./verdict.js";

export function examineAgreement(exhibits: readonly Exhibit[]): Failure[] {
  const failures: Failure[] = [];
  const fail = (exhibit: Exhibit, code: "artefact-mismatch" | "head-mismatch", message: string): void => {
    failures.push({ code, class: "VerificationError", message, details: { statement: exhibit.read.digest } });
  };
  const lines = exhibits.filter(({ line }) => line !== undefined);
  for (const exhibit of lines) {
    // Foreign statements may be about anything; ours in the lines are about this folder.
    if (exhibit.kind !== undefined && exhibit.about === "other") {
      fail(exhibit, "head-mismatch", `${nameOf(exhibit)} is about another data set than manifest.json.`);
    }
  }
  const manifests = exhibits.filter(({ read }) => read.statement.predicateType === DATASET_MANIFEST);
  if (manifests.length > 0 && manifests.every(({ about, line }) => about === "other" && line === undefined)) {
    fail(manifests[0]!, "head-mismatch", `${nameOf(manifests[0]!)} is about another data set than manifest.json.`);
  }

  const signed = exhibits.filter((exhibit) => exhibit.envelopes.length > 0 && exhibit.about === "this");
  const signedLine = signed.find(({ line }) => line !== undefined);
  // A review alone may be added to a folder that nobody signed.
  const signedRun = signedLine ?? signed.find((exhibit) => exhibit.kind !== undefined && !isReview(exhibit));
  if (signedRun === undefined) return failures;
  if (lines.length === 0) {
    fail(
      signedRun,
      "artefact-mismatch",
      "statements.jsonl has no lines, though statements about this data set are signed.",
    );
  }
  for (const exhibit of lines) {
    if (exhibit.envelopes.length > 0) continue;
    const message = `${nameOf(exhibit)} has no envelope, though others do: it was altered or added after signing. Sign it, or take it out.`;
    fail(exhibit, "artefact-mismatch", message);
  }
  const authors = new Set(lines.flatMap(keyIdsOf));
  for (const exhibit of signed) {
    if (exhibit.line !== undefined || isReview(exhibit) || !keyIdsOf(exhibit).some((keyId) => authors.has(keyId)))
      continue;
    const message = `${nameOf(exhibit)} was signed by a key that signed lines of statements.jsonl, and is not among them: its line was altered or removed.`;
    fail(exhibit, "artefact-mismatch", message);
  }
  return failures;
}

function isReview({ read }: Exhibit): boolean {
  return read.statement.predicateType === REVIEW;
}

function keyIdsOf({ envelopes }: Exhibit): string[] {
  return envelopes.flatMap(({ signatures }) => signatures.map(({ keyId }) => keyId)).filter((keyId) => keyId !== "");
}
