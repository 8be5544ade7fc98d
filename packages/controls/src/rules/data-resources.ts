/** A.4.3 Data resources: is the data set described, and is the description true? */

import type { CheckRunPredicate } from "@assay/provenance";
import { configured, type Facts, isPlaceholder, type Stated } from "../facts.js";
import { notEvaluated, type Rule } from "../rule.js";

const REQUIRED = ["owner", "intendedUse", "category", "labeling", "requirements"] as const;
const OPTIONAL = ["lastUpdate", "retention", "knownBias", "preparation", "steward"] as const;

function isDescribed(run: Stated<CheckRunPredicate>, member: string): boolean {
  const value = configured(run, member);
  if (typeof value === "string") return !isPlaceholder(value);
  if (Array.isArray(value)) return value.length > 0;
  if (typeof value !== "object" || value === null) return false;
  const texts = Object.values(value).filter((inner): inner is string => typeof inner === "string");
  return texts.length > 0 && !texts.some(isPlaceholder);
}

export const descriptors: Rule = {
  id: "P43-1",
  version: "1",
  control: "A.4.3",
  question: "Is every required descriptor of the data set stated, and none of them a placeholder?",
  verdicts: ["pass", "partial", "gap", "not-evaluated"],
  mandatory: true,
  limits: "Whether a descriptor is true is for people; P43-2 compares those that can be measured.",
  evaluate(facts: Facts) {
    const run = facts.latestRun;
    if (run === undefined) return notEvaluated("No verified check run carries a configuration.");
    if (Object.keys(run.predicate.config.value).length === 0)
      return notEvaluated("The signed configuration says nothing about the data set.", [run.digest]);
    const missing = REQUIRED.filter((member) => !isDescribed(run, member));
    const optional = OPTIONAL.filter((member) => !isDescribed(run, member));
    const denominator = REQUIRED.length + OPTIONAL.length;
    return {
      verdict: missing.length > 0 ? "gap" : optional.length === 0 ? "pass" : optional.length <= 2 ? "partial" : "gap",
      numerator: denominator - missing.length - optional.length,
      denominator,
      counterexamples: [...missing, ...optional],
      reason:
        missing.length + optional.length === 0
          ? "All descriptors are stated."
          : `Not stated, or a placeholder: ${[...missing, ...optional].join(", ")}.`,
      inputs: [run.digest],
    };
  },
};

/** Share of the measured number by which a declared number of records may be off and still be `partial`. */
const TOLERANCE = 0.01;

export const declaredFacts: Rule = {
  id: "P43-2",
  version: "1",
  control: "A.4.3",
  question: "Do the facts that were declared about the data agree with what the manifest measured?",
  verdicts: ["pass", "partial", "gap", "not-evaluated"],
  mandatory: true,
  limits: "Only records and columns are compared.",
  evaluate(facts: Facts) {
    const run = facts.latestRun;
    const records = configured(run, "declared", "records");
    const columns = configured(run, "declared", "columns");
    if (run === undefined || (typeof records !== "number" && !Array.isArray(columns)))
      return notEvaluated("Nothing was declared that could be measured.", run ? [run.digest] : []);
    const measured = facts.header.set.records;
    const present = new Set(Object.values(facts.header.schemas).flatMap((kinds) => Object.keys(kinds)));
    const wrong: string[] = [];
    let near = 0;
    let asked = 0;
    if (typeof records === "number") {
      asked++;
      if (records !== measured) {
        wrong.push(`records: declared ${records}, measured ${measured}`);
        if (Math.abs(records - measured) <= TOLERANCE * measured) near++;
      }
    }
    if (Array.isArray(columns)) {
      for (const column of columns) {
        asked++;
        if (!present.has(String(column))) wrong.push(`column "${column}" is not in the data`);
      }
    }
    return {
      verdict: wrong.length === 0 ? "pass" : near === wrong.length ? "partial" : "gap",
      numerator: asked - wrong.length,
      denominator: asked,
      counterexamples: wrong,
      reason:
        wrong.length === 0 ? "All declared facts were measured so." : `Declared and measured differ: ${wrong[0]}.`,
      inputs: [run.digest],
    };
  },
};
