/** A.7.3 Acquisition of data: is it known where every record came from, unaltered, and under which rights? */

import { configured, type Facts, isPlaceholder } from "../facts.js";
import { notEvaluated, type Rule } from "../rule.js";

/** Share of the records whose origin must be recorded for `partial`. */
const NEARLY_ALL = 0.95;

export const acquisitionRecorded: Rule = {
  id: "P73-1",
  version: "1",
  control: "A.7.3",
  question: "Does an acquisition record cover every record, and was it made before the data set was fixed?",
  verdicts: ["pass", "partial", "gap", "not-evaluated"],
  mandatory: true,
  limits: "Whether a declared origin is true is for people.",
  evaluate(facts: Facts) {
    const records = facts.header.set.records;
    if (facts.acquisitions.length === 0) return notEvaluated("No verified statement says how the data was acquired.");
    if (records === 0) return notEvaluated("The data set is empty.");
    const fixed = Math.max(
      ...facts.manifests.map(({ predicate }) => Date.parse(predicate.createdAt)),
      facts.manifests.length > 0 ? Number.NEGATIVE_INFINITY : facts.atMs,
    );
    const late = facts.acquisitions.filter(({ predicate }) => Date.parse(predicate.acquiredAt) > fixed);
    const counted = facts.acquisitions.filter((acquisition) => !late.includes(acquisition));
    const covered = Math.min(
      records,
      counted.reduce((sum, { predicate }) => sum + predicate.coverage.records, 0),
    );
    return {
      verdict: covered === records && late.length === 0 ? "pass" : covered >= NEARLY_ALL * records ? "partial" : "gap",
      numerator: covered,
      denominator: records,
      counterexamples: late.map(
        ({ predicate }) => `${predicate.source.name} says it was acquired after the data set was fixed`,
      ),
      reason: `${covered} of ${records} records have an acquisition record.`,
      inputs: [...facts.acquisitions, ...facts.manifests].map(({ digest }) => digest),
    };
  },
};

export const objectsUnaltered: Rule = {
  id: "P73-2",
  version: "1",
  control: "A.7.3",
  question: "Are the objects that were acquired still the bytes they were then?",
  verdicts: ["pass", "partial", "gap", "not-evaluated"],
  mandatory: true,
  limits: "It compares stored files; what a URL serves today is not asked.",
  evaluate(facts: Facts) {
    const objects = facts.acquisitions.flatMap(({ predicate }) => predicate.objects);
    if (objects.length === 0) return notEvaluated("No digest was taken when the data was acquired.");
    if (facts.entries === undefined) return notEvaluated("The file entries were not read.");
    const stored = new Map(facts.entries.map((entry) => [entry.path, entry.bytes]));
    const digests = new Set(stored.values());
    const altered: string[] = [];
    const gone: string[] = [];
    for (const { path, uri, sha256 } of objects) {
      const name = path ?? uri ?? sha256;
      if (path !== undefined && stored.has(path)) {
        if (stored.get(path) !== sha256) altered.push(name);
      } else if (!digests.has(sha256)) gone.push(name);
    }
    return {
      verdict: altered.length > 0 ? "gap" : gone.length > 0 ? "partial" : "pass",
      numerator: objects.length - altered.length - gone.length,
      denominator: objects.length,
      counterexamples: [
        ...altered.map((name) => `${name} is altered`),
        ...gone.map((name) => `${name} is not in the data set`),
      ],
      reason:
        altered.length > 0
          ? `${altered[0]} differs from what was acquired.`
          : gone.length > 0
            ? `${gone.length} acquired objects are not stored as they were acquired.`
            : "Every acquired object is stored unaltered.",
      inputs: facts.acquisitions.map(({ digest }) => digest),
    };
  },
};

export const rightsKnown: Rule = {
  id: "P73-3",
  version: "1",
  control: "A.7.3",
  question: "Are the rights of every source known, and is the intended use within them?",
  verdicts: ["pass", "partial", "gap", "not-evaluated"],
  mandatory: true,
  limits: "Reading a licence is for people; only declared restrictions are compared.",
  evaluate(facts: Facts) {
    if (facts.acquisitions.length === 0)
      return notEvaluated("No verified statement says under which rights the data was acquired.");
    const use = configured(facts.latestRun, "intendedUse");
    const inputs = [
      ...facts.acquisitions.map(({ digest }) => digest),
      ...(facts.latestRun ? [facts.latestRun.digest] : []),
    ];
    if (typeof use !== "string" || isPlaceholder(use)) return notEvaluated("The intended use is not stated.", inputs);
    const conflicts = facts.acquisitions.filter(({ predicate }) =>
      predicate.rights.restrictions.some((restriction) => use.toLowerCase().includes(restriction.toLowerCase())),
    );
    const unknown = facts.acquisitions.filter(
      ({ predicate }) =>
        isPlaceholder(predicate.rights.licence) || /^(NOASSERTION|other|proprietary)$/i.test(predicate.rights.licence),
    );
    const denominator = facts.acquisitions.length;
    return {
      verdict:
        conflicts.length > 0 ? "gap" : unknown.length > 0 ? (unknown.length < denominator ? "partial" : "gap") : "pass",
      numerator: facts.acquisitions.filter((one) => !conflicts.includes(one) && !unknown.includes(one)).length,
      denominator,
      counterexamples: [
        ...conflicts.map(({ predicate }) => `${predicate.source.name} forbids the intended use`),
        ...unknown.map(({ predicate }) => `${predicate.source.name} has no known licence`),
      ],
      reason:
        conflicts.length > 0
          ? `The intended use is restricted by "${conflicts[0]?.predicate.source.name}".`
          : unknown.length > 0
            ? `The licence of "${unknown[0]?.predicate.source.name}" is not known.`
            : "Every source has a licence, and none forbids the intended use.",
      inputs,
    };
  },
};
