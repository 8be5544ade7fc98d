/**
 * The judge is monotone: taking evidence away never turns a no into a yes. Evidence is a statement with its line and
 * envelopes, one envelope, one line, one signature, or one artefact.
 */

import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { formatAttestations } from "../src/envelope.js";
import { buildCheckRunStatement } from "../src/predicates/check-run.js";
import { formatStatement, formatStatements } from "../src/statement.js";
import {
  type Actor,
  actor,
  addEnvelope,
  addReview,
  envelopesOf,
  findings,
  judgeWith,
  keyOf,
  linesOf,
  outcome,
  type PolicyText,
  policyText,
  runInput,
  SAMPLE,
  type SampleFolder,
  sampleFolder,
} from "./sample-folder.js";

/** A folder with everything in it: good signatures, a stranger's, one by an expired key, a rejection, a second run. */
let whole: SampleFolder;
let actors: Actor[];
beforeAll(async () => {
  actors = await Promise.all(Array.from({ length: 5 }, actor));
  const [alice, bob, carol, mallory, former] = actors as [Actor, Actor, Actor, Actor, Actor];
  whole = await sampleFolder([alice.signer, bob.signer, former.signer], {
    outcomes: [outcome("outliers", { findings: 1 }), outcome("label-flips")],
    findings: findings("outliers", "low", 1),
  });
  await addReview(whole, carol.signer);
  await addReview(whole, bob.signer, { decision: "rejected", reason: "No." });
  await addReview(whole, mallory.signer, { reason: "Fine." });
  await addReview(whole, former.signer, { reason: "Fine, too." });
  await addReview(whole, alice.signer, { reason: "Mine." });
  const lab = buildCheckRunStatement(
    SAMPLE.heads,
    runInput({
      fdr: 0.01,
      outcomes: [outcome("outliers", { findings: 9 })],
      findings: findings("outliers", "high", 9),
    }),
  );
  await addEnvelope(whole, lab, carol.signer);
});

/** What is left of the whole: kept lines, kept envelopes, kept signatures of each, kept files. */
interface Left {
  readonly lines: readonly boolean[];
  readonly envelopes: readonly (readonly boolean[])[];
  readonly files: readonly boolean[];
}

function take({ lines, envelopes, files }: Left): SampleFolder {
  const kept = envelopesOf(whole).flatMap((envelope, index) => {
    const signatures = envelope.signatures.filter((_, at) => envelopes[index]![at]);
    return signatures.length === 0 ? [] : [{ ...envelope, signatures }];
  });
  return {
    ...whole,
    statements: formatStatements(linesOf(whole).filter((_, index) => lines[index])),
    attestations: formatAttestations(kept),
    files: new Map([...whole.files].filter((_, index) => files[index])),
  };
}

const bits = (length: number) => fc.array(fc.boolean(), { minLength: length, maxLength: length });

function policies(): fc.Arbitrary<PolicyText> {
  const [alice, bob, carol, , former] = actors as [Actor, Actor, Actor, Actor, Actor];
  const roles = fc.uniqueArray(fc.constantFrom("producer", "approver"), { maxLength: 2 });
  const need = fc.record({
    predicate: fc.constantFrom("check-run/v1", "review/v1", "dataset-manifest/v1"),
    role: fc.constantFrom("producer", "approver"),
    people: fc.integer({ min: 1, max: 2 }),
    notOlderThanDays: fc.constantFrom(0.1, 10),
  });
  const checks = fc.record({
    mustComplete: fc.subarray(["outliers", "label-flips", "drift"]),
    maxFindings: fc.constantFrom({}, { high: 0 }, { low: 0 }),
    mayExclude: fc.constantFrom([], ["id"]),
  });
  return fc
    .record({
      all: fc.tuple(roles, roles, roles),
      require: fc.array(need, { maxLength: 3 }),
      checks: fc.option(checks),
      separate: fc.constantFrom([], [["producer", "approver"]]),
    })
    .map(({ all, require, checks: rules, separate }) =>
      policyText(
        {
          alice: { roles: all[0], keys: [keyOf(alice)] },
          bob: { roles: all[1], keys: [keyOf(bob), keyOf(former, { until: "2026-02-01T00:00:00Z" })] },
          carol: { roles: all[2], keys: [keyOf(carol)] },
        },
        { require, separate, ...(rules === null ? {} : { checks: rules }) },
      ),
    );
}

describe("judge() is monotone", () => {
  test("judge() never says yes to what is left of a folder that it said no to", () => {
    const envelopes = envelopesOf(whole);
    const left = fc.record({
      lines: bits(linesOf(whole).length),
      envelopes: fc.tuple(...envelopes.map(({ signatures }) => bits(signatures.length))),
      files: bits(whole.files.size),
    });
    let yes = 0;
    fc.assert(
      fc.property(policies(), left, (policy, part) => {
        const before = judgeWith(whole, policy);
        const after = judgeWith(take(part), policy);
        if (before.ok) yes++;
        if (after.ok) expect(before.ok).toBe(true);
        expect(after.verified.length).toBeLessThanOrEqual(before.verified.length);
      }),
      { numRuns: 30, seed: 42001 },
    );
    // The property must not hold because everything is refused.
    expect(yes).toBeGreaterThan(0);
  });

  test("judge() never gains by losing one more statement, whatever was lost before", () => {
    const envelopes = envelopesOf(whole);
    const lines = linesOf(whole).map((statement) => new TextDecoder().decode(formatStatement(statement)));
    // Whole statements: a line goes with its envelopes.
    const withStatements = (kept: readonly boolean[]): SampleFolder => {
      const texts = [...new Set(envelopes.map(({ payload }) => new TextDecoder().decode(payload)))];
      const keeps = (text: string) => kept[texts.indexOf(text)]!;
      return take({
        lines: lines.map(keeps),
        envelopes: envelopes.map(({ payload, signatures }) =>
          signatures.map(() => keeps(new TextDecoder().decode(payload))),
        ),
        files: [...whole.files].map(() => true),
      });
    };
    const count = envelopes.length;
    fc.assert(
      fc.property(policies(), bits(count), fc.nat(count - 1), (policy, kept, lost) => {
        const before = judgeWith(withStatements(kept), policy);
        const after = judgeWith(withStatements(kept.map((keep, index) => keep && index !== lost)), policy);
        // A run whose statement is gone leaves its findings unnamed, which is a no of its own.
        if (after.ok) expect(before.ok).toBe(true);
      }),
      { numRuns: 30, seed: 42001 },
    );
  });
});
