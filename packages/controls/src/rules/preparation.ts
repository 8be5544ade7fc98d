/** A.7.6 Data preparation: is it stated what was done to the data, and with what? */

import { configured, type Facts, isPlaceholder } from "../facts.js";
import { notEvaluated, type Rule } from "../rule.js";

export const transformsIdentified: Rule = {
  id: "P76-1",
  version: "1",
  control: "A.7.6",
  question: "Does each preparation step name its operation, parameters, tool with version, and data in and out?",
  verdicts: ["pass", "partial", "gap", "not-evaluated"],
  mandatory: true,
  limits: "Steps before the first manifest are not seen.",
  evaluate(facts: Facts) {
    const { derivation } = facts.header;
    if (derivation === undefined) return notEvaluated("The data set names no preparation step.");
    const steps = facts.derivations.filter(
      ({ predicate }) => predicate.buildDefinition.externalParameters.operation === derivation.operation,
    );
    if (steps.length === 0)
      return {
        verdict: "gap",
        numerator: 0,
        denominator: 1,
        counterexamples: [`no statement describes the step "${derivation.operation}"`],
        reason: `No verified statement describes the step "${derivation.operation}".`,
        inputs: facts.derivations.map(({ digest }) => digest),
      };
    const problems: string[] = [];
    let codeMissing = false;
    for (const { predicate } of steps) {
      const { resolvedDependencies = [] } = predicate.buildDefinition;
      const { builder } = predicate.runDetails;
      const named = new Set(resolvedDependencies.flatMap((dependency) => Object.values(dependency.digest ?? {})));
      if (!derivation.parents.every((parent) => named.has(parent.manifest)))
        problems.push("it does not name every parent");
      if (builder.version === undefined || Object.keys(builder.version).length === 0) codeMissing = true;
      if (derivation.operation === "map" && (builder.builderDependencies ?? []).length === 0) codeMissing = true;
    }
    return {
      verdict: problems.length > 0 ? "gap" : codeMissing ? "partial" : "pass",
      numerator: problems.length > 0 || codeMissing ? 0 : 1,
      denominator: 1,
      counterexamples: [...problems, ...(codeMissing ? ["the tool or code is not named with its version"] : [])],
      reason:
        problems.length > 0
          ? `The statement of "${derivation.operation}" is incomplete: ${problems[0]}.`
          : codeMissing
            ? `The tool of "${derivation.operation}" is not named with its version.`
            : `"${derivation.operation}" is stated in full.`,
      inputs: steps.map(({ digest }) => digest),
    };
  },
};

export const criteriaStated: Rule = {
  id: "P76-3",
  version: "1",
  control: "A.7.6",
  question: "Is it stated why the data was prepared as it was, and approved by somebody else than who prepared it?",
  verdicts: ["pass", "partial", "gap", "not-evaluated"],
  mandatory: true,
  limits: "Whether the reasons are good is for people.",
  evaluate(facts: Facts) {
    const run = facts.latestRun;
    if (run === undefined) return notEvaluated("No verified check run carries a configuration.");
    const preparation = configured(run, "preparation");
    const stated = typeof preparation === "string" && !isPlaceholder(preparation);
    const producers = new Set(
      facts.manifests.flatMap(({ statement }) => statement.signers.map((signer) => signer.person)),
    );
    const approvers = facts.reviews
      .filter(({ predicate }) => predicate.decision === "approved")
      .flatMap(({ statement }) => statement.signers.map((signer) => signer.person));
    const independent = approvers.some((person) => !producers.has(person));
    return {
      verdict: !stated ? "gap" : independent ? "pass" : "partial",
      numerator: (stated ? 1 : 0) + (independent ? 1 : 0),
      denominator: 2,
      counterexamples: [
        ...(stated ? [] : ["preparation is not stated"]),
        ...(independent ? [] : ["nobody else has approved it"]),
      ],
      reason: !stated
        ? "How the data was prepared is not stated."
        : independent
          ? "Preparation is stated, and approved by somebody else."
          : "Preparation is stated; nobody but its maker has approved it.",
      inputs: [run.digest, ...[...facts.manifests, ...facts.reviews].map(({ digest }) => digest)],
    };
  },
};
