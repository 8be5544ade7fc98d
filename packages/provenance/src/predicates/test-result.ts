/**
 * in-toto Test Result v0.1 (in-toto/attestation, spec/predicates/test-result.md): the checks of a run in a form that
 * other tools read. It says less than `check-run/v1` and is made from it.
 *
 * Skipped and failed checks are never a pass, and neither is a ranking without an error-rate claim.
 */

import { z } from "zod";
import { type ManifestHeads, subjectsOf } from "../heads.js";
import { STATEMENT_TYPE, type Statement } from "../statement.js";
import type { CheckRunPredicate } from "./check-run.js";
import { words } from "./fields.js";
import type { PredicateKind } from "./predicate.js";

export const TEST_RESULT = "https://in-toto.io/attestation/test-result/v0.1";

/** in-toto ResourceDescriptor, as far as it is used here. */
export interface ResourceDescriptor {
  readonly name?: string;
  readonly uri?: string;
  readonly digest?: Readonly<Record<string, string>>;
  readonly mediaType?: string;
  readonly downloadLocation?: string;
  readonly content?: string;
  readonly annotations?: Readonly<Record<string, unknown>>;
}

export interface TestResultPredicate {
  readonly result: "PASSED" | "WARNED" | "FAILED";
  readonly configuration: readonly ResourceDescriptor[];
  readonly url?: string;
  readonly passedTests?: readonly string[];
  readonly warnedTests?: readonly string[];
  readonly failedTests?: readonly string[];
}

/** in-toto tells readers to ignore members they do not know, so these are loose. */
export const resourceDescriptor = z
  .looseObject({
    name: z.string().optional(),
    uri: words.optional(),
    digest: z.record(z.string(), words).optional(),
    content: z.string().optional(),
  })
  .refine(
    ({ uri, digest, content }) => uri !== undefined || digest !== undefined || content !== undefined,
    "has neither uri, digest nor content",
  );

const schema = z.looseObject({
  result: z.enum(["PASSED", "WARNED", "FAILED"]),
  configuration: z.array(resourceDescriptor),
  url: words.optional(),
  passedTests: z.array(z.string()).optional(),
  warnedTests: z.array(z.string()).optional(),
  failedTests: z.array(z.string()).optional(),
});

export const testResult: PredicateKind<TestResultPredicate> = {
  predicateType: TEST_RESULT,
  schema,
  faultOf({ result, warnedTests = [], failedTests = [] }) {
    if (failedTests.length > 0 && result !== "FAILED") return `result is ${result}, yet tests failed`;
    if (warnedTests.length > 0 && result === "PASSED") return "result is PASSED, yet tests warned";
    return undefined;
  },
  timeOf: () => undefined,
};

/** Builds the Test Result of a run: a high finding or a failed check fails, anything short of a clean answer warns. */
export function buildTestResultStatement(
  heads: ManifestHeads,
  run: Pick<CheckRunPredicate, "outcomes" | "findings" | "config">,
): Statement<TestResultPredicate> {
  const high = new Set(run.findings.filter(({ severity }) => severity === "high").map(({ check }) => check));
  const passedTests: string[] = [];
  const warnedTests: string[] = [];
  const failedTests: string[] = [];
  for (const { check, status, findings, calibration } of run.outcomes) {
    if (status === "failed" || high.has(check)) failedTests.push(check);
    else if (status === "skipped" || findings > 0 || calibration === "uncalibrated") warnedTests.push(check);
    else passedTests.push(check);
  }
  const result = failedTests.length > 0 ? "FAILED" : warnedTests.length > 0 ? "WARNED" : "PASSED";
  const configuration = [{ name: "assay.config.json", digest: { sha256: run.config.sha256 } }];
  return {
    _type: STATEMENT_TYPE,
    subject: subjectsOf(heads),
    predicateType: TEST_RESULT,
    predicate: { result, configuration, passedTests, warnedTests, failedTests },
  };
}
