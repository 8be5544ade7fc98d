/** Who stands behind the evidence: the verdict of the judge, in the shape of a report. */

import type { StatementReport, Verdict } from "@assay/provenance";
import { compareTexts } from "./code-point-order.js";
import { cutText } from "./plain-json.js";
import type { ReportSigner, ReportTrust } from "./report-model.js";

/** What of a verdict a report shows. */
export type ReportedVerdict = Pick<
  Verdict,
  "ok" | "code" | "trust" | "summary" | "statements" | "failures" | "warnings"
>;

const MAX_LINES = 100;

export function trustOf(verdict: ReportedVerdict | undefined): ReportTrust {
  if (verdict === undefined) {
    return {
      state: "unverified",
      line: "Nobody verified signatures or artefacts before this report was made.",
      signers: [],
      failures: { total: 0, shown: [] },
      warnings: { total: 0, shown: [] },
    };
  }
  const signers = signersOf(verdict.statements);
  const { ok, trust } = verdict;
  const state = !ok ? "refused" : trust === "judged" ? "judged" : signers.length > 0 ? "not-judged" : "unsigned";
  return {
    state,
    line: cutText(verdict.summary),
    code: verdict.code,
    signers,
    failures: {
      total: verdict.failures.length,
      shown: verdict.failures.slice(0, MAX_LINES).map(({ code, message }) => ({ code, message: cutText(message) })),
    },
    warnings: {
      total: verdict.warnings.length,
      shown: verdict.warnings.slice(0, MAX_LINES).map((warning) => cutText(warning)),
    },
  };
}

/** Key ids with what became of their signatures: those that count first, then ascending. */
function signersOf(statements: readonly StatementReport[]): ReportSigner[] {
  const signers = new Map<string, ReportSigner & { readonly statements: string[] }>();
  for (const { predicateType, signatures } of statements) {
    for (const { keyId, status, person, roles = [] } of signatures) {
      const key = JSON.stringify([keyId, status, person ?? ""]);
      const signer = signers.get(key) ?? {
        keyId: cutText(keyId, 200),
        status,
        ...(person === undefined ? {} : { person: cutText(person, 200) }),
        roles: roles.map((role) => cutText(role, 200)),
        statements: [],
      };
      const type = cutText(predicateType, 200);
      if (!signer.statements.includes(type)) signer.statements.push(type);
      signers.set(key, signer);
    }
  }
  const rank = ({ status }: ReportSigner) => (status === "counted" ? 0 : 1);
  return [...signers.values()].sort(
    (a, b) => rank(a) - rank(b) || compareTexts(a.keyId, b.keyId) || compareTexts(a.status, b.status),
  );
}
