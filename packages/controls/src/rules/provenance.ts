/** A.7.5 Data provenance: can the data be traced and its records relied on? We verify where the control asks to record. */

import type { Facts } from "../facts.js";
import { notEvaluated, type Rule } from "../rule.js";

export const rootRecomputes: Rule = {
  id: "P75-1",
  version: "1",
  control: "A.7.5",
  question: "Do the roots recompute from the stored bytes?",
  verdicts: ["pass", "partial", "gap", "not-evaluated"],
  mandatory: true,
  limits: "A root says nothing of whether the data is good.",
  evaluate(facts: Facts) {
    const inputs = facts.manifests.map(({ digest }) => digest);
    if (facts.data !== "checked") return notEvaluated("The data was not looked at.", inputs);
    const { files } = facts.header.dataset;
    if (files === 0) return notEvaluated("The data set has no files.", inputs);
    if (facts.manifests.length === 0)
      return {
        verdict: "partial",
        numerator: files,
        denominator: files,
        reason: "The bytes match the manifest, which no verified statement fixes.",
        inputs,
      };
    const same = facts.manifests.some(({ predicate }) => predicate.header.dataset.root === facts.header.dataset.root);
    return {
      verdict: same ? "pass" : "gap",
      numerator: same ? files : 0,
      denominator: files,
      counterexamples: same ? [] : ["the statement fixes another root"],
      reason: same ? `All ${files} files recompute to the stated root.` : "The stated root is another one.",
      inputs,
    };
  },
};

export const signedInRole: Rule = {
  id: "P75-2",
  version: "1",
  control: "A.7.5",
  question: "Is the manifest signed by someone whom the policy trusts, in a role that it gives them?",
  verdicts: ["pass", "partial", "gap", "not-evaluated"],
  mandatory: true,
  limits: "It says who signed, not that they looked.",
  evaluate(facts: Facts) {
    const inputs = facts.manifests.map(({ digest }) => digest);
    if (facts.trust !== "judged") return notEvaluated("No policy was given: signatures were not judged.", inputs);
    if (facts.manifests.length === 0) return notEvaluated("No verified statement fixes the data set.");
    const signers = facts.manifests.flatMap(({ statement }) => statement.signers);
    const inRole = signers.filter((signer) => signer.roles.length > 0);
    return {
      verdict: signers.length === 0 ? "gap" : inRole.length === 0 ? "partial" : "pass",
      numerator: inRole.length > 0 ? 1 : 0,
      denominator: 1,
      counterexamples: signers.length === 0 ? ["nobody whom the policy trusts signed the manifest"] : [],
      reason:
        signers.length === 0
          ? "Nobody whom the policy trusts signed the manifest."
          : inRole.length === 0
            ? "The manifest is signed by a trusted key that has no role."
            : `Signed by ${[...new Set(inRole.map((signer) => signer.person))].join(", ")}.`,
      inputs,
    };
  },
};

export const noUnexplainedHop: Rule = {
  id: "P75-3",
  version: "1",
  control: "A.7.5",
  question: "Is every step from a source to this data set explained: an acquisition, or a parent whose edge holds?",
  verdicts: ["pass", "partial", "gap", "not-evaluated"],
  mandatory: true,
  limits: "It sees the parents that were given; their own parents are judged in their own folders.",
  evaluate(facts: Facts) {
    const inputs = [...facts.manifests, ...facts.acquisitions].map(({ digest }) => digest);
    const { derivation } = facts.header;
    if (derivation === undefined) {
      if (facts.manifests.length === 0) return notEvaluated("No verified statement fixes the data set.");
      const explained = facts.acquisitions.length > 0;
      return {
        verdict: explained ? "pass" : "gap",
        numerator: explained ? 1 : 0,
        denominator: 1,
        counterexamples: explained ? [] : ["the data set names no parent, and no acquisition is recorded"],
        reason: explained
          ? "The data set is a source, and its acquisition is recorded."
          : "The data set names no parent, and no acquisition is recorded.",
        inputs,
      };
    }
    const edges = derivation.parents.map((parent) =>
      facts.parents.find((result) => result.manifest === parent.manifest),
    );
    const held = edges.filter((edge) => edge?.edge === "proven").length;
    const recorded = edges.filter((edge) => edge?.edge !== "proven").length;
    return {
      verdict: derivation.parents.length === 0 ? "gap" : recorded === 0 ? "pass" : "partial",
      numerator: held,
      denominator: derivation.parents.length,
      counterexamples: derivation.parents
        .filter((_, index) => edges[index]?.edge !== "proven")
        .map((parent) => `parent ${parent.manifest} was not at hand, or its edge is only claimed`),
      reason:
        recorded === 0
          ? `Every edge of ${derivation.operation} is proven.`
          : `${recorded} of ${derivation.parents.length} edges of ${derivation.operation} are recorded and not proven.`,
      inputs,
    };
  },
};

export const nothingDropped: Rule = {
  id: "P75-4",
  version: "1",
  control: "A.7.5",
  question: "Is it proven that nothing was silently dropped or added since the parents?",
  verdicts: ["pass", "partial", "not-evaluated"],
  mandatory: false,
  limits: "A lie about a parent that is at hand never gets this far: verifying the folder fails.",
  evaluate(facts: Facts) {
    const { derivation } = facts.header;
    const inputs = [...facts.manifests, ...facts.derivations].map(({ digest }) => digest);
    if (derivation === undefined || derivation.parents.length === 0)
      return notEvaluated("The data set names no parent.", inputs);
    const proven = derivation.parents.filter((parent) =>
      facts.parents.some((result) => result.manifest === parent.manifest && result.edge === "proven"),
    ).length;
    const denominator = derivation.parents.length;
    if (proven === 0 && facts.parents.every((result) => result.edge === "not-checked"))
      return notEvaluated("No parent was at hand.", inputs);
    return {
      verdict: proven === denominator ? "pass" : "partial",
      numerator: proven,
      denominator,
      reason:
        proven === denominator
          ? `${derivation.operation}: exactly the stated records left or came.`
          : `${denominator - proven} edges are only claimed.`,
      inputs,
    };
  },
};
