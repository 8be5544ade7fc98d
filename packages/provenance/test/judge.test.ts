import { beforeAll, describe, expect, test } from "vitest";
import { toBase64 } from "../src/base64.js";
import { formatAttestations, formatEnvelope } from "../src/envelope.js";
import { parsePublicKey } from "../src/key.js";
import { policyOfKey } from "../src/policy.js";
import { buildCheckRunStatement, CHECK_RUN } from "../src/predicates/check-run.js";
import { buildControlEvidenceStatement } from "../src/predicates/control-evidence.js";
import { DATASET_MANIFEST } from "../src/predicates/dataset-manifest.js";
import { REVIEW } from "../src/predicates/review.js";
import { formatStatements, STATEMENT_TYPE, type Statement, type VerifiedStatement } from "../src/statement.js";
import {
  type Actor,
  actor,
  addEnvelope,
  addReview,
  COLUMNS,
  envelopesOf,
  findings,
  judgeWith,
  keyOf,
  linesOf,
  MANIFEST,
  manifestStatement,
  NOW,
  outcome,
  person,
  policyText,
  runInput,
  SAMPLE,
  type SampleFolder,
  sampleFolder,
  utf8,
} from "./sample-folder.js";

let alice: Actor;
let bob: Actor;
let carol: Actor;
let mallory: Actor;
beforeAll(async () => {
  [alice, bob, carol, mallory] = (await Promise.all([actor(), actor(), actor(), actor()])) as [
    Actor,
    Actor,
    Actor,
    Actor,
  ];
});

const require = (predicate: string, role: string, people = 1, more: object = {}) => ({
  predicate,
  role,
  people,
  ...more,
});
/** Alice produces, Bob approves. */
const releasePolicy = (more: object = {}) =>
  policyText(
    { alice: person(alice, ["producer"]), bob: person(bob, ["approver"]) },
    { require: [require("check-run/v1", "producer"), require("review/v1", "approver")], ...more },
  );
const producerPolicy = (more: object = {}) =>
  policyText({ alice: person(alice, ["producer"]) }, { require: [require("check-run/v1", "producer")], ...more });

/** Exchanges the lines of a folder. */
function setLines(folder: SampleFolder, statements: readonly Statement[]): void {
  folder.statements = formatStatements(statements);
}

describe("judge() without a policy", () => {
  test("judge() calls an unsigned folder intact and unsigned", async () => {
    const verdict = judgeWith(await sampleFolder([]));
    expect(verdict).toMatchObject({
      ok: true,
      code: "ok",
      trust: "not-judged",
      summary: "intact; unsigned",
      failures: [],
    });
    expect(verdict.verified.map(({ trust, signers }) => [trust, signers])).toEqual([
      ["intact", []],
      ["intact", []],
    ]);
  });

  test("judge() names the keys of a signed folder and says that they were not judged", async () => {
    const verdict = judgeWith(await sampleFolder([alice.signer]));
    expect(verdict.ok).toBe(true);
    expect(verdict.summary).toBe(`intact; signed by ${alice.signer.keyId.slice(0, 8)}…, not judged`);
    expect(verdict.statements[0]).toMatchObject({
      predicateType: DATASET_MANIFEST,
      known: true,
      about: "this",
      line: 1,
      signatures: [{ keyId: alice.signer.keyId, status: "not-judged" }],
    });
  });

  test("judge() calls a manifest alone intact", () => {
    const folder = {
      manifest: MANIFEST,
      statements: undefined,
      attestations: undefined,
      signers: new Map(),
      files: new Map(),
    };
    expect(judgeWith(folder)).toMatchObject({ ok: true, summary: "intact; unsigned", statements: [] });
  });

  test("judge() finds an artefact that was altered, is missing or is not named", async () => {
    const altered = await sampleFolder([]);
    altered.files.set("findings.jsonl", utf8("{}\n"));
    expect(judgeWith(altered)).toMatchObject({ ok: false, code: "artefact-mismatch", verified: [] });
    const missing = await sampleFolder([]);
    missing.files.delete("findings.jsonl");
    expect(judgeWith(missing)).toMatchObject({ ok: false, code: "artefact-mismatch" });
    const unnamed = await sampleFolder([]);
    unnamed.files.set("sketches.arrow", utf8("x"));
    expect(judgeWith(unnamed)).toMatchObject({ ok: false, code: "artefact-mismatch" });
    expect(judgeWith(unnamed).failures[0]?.details).toEqual({ path: "sketches.arrow" });
  });

  test("judge() finds a manifest that is not the one that the statements are about", async () => {
    const folder = await sampleFolder([]);
    folder.manifest = utf8(new TextDecoder().decode(folder.manifest).replace('"tiny"', '"tinx"'));
    expect(judgeWith(folder)).toMatchObject({ ok: false, code: "head-mismatch" });
    folder.statements = undefined;
    folder.files.delete("findings.jsonl");
    expect(judgeWith(folder).ok).toBe(true);
    const signed = await sampleFolder([alice.signer]);
    signed.manifest = folder.manifest;
    signed.statements = undefined;
    expect(judgeWith(signed)).toMatchObject({ ok: false, code: "head-mismatch" });
  });

  test("judge() finds a signature that is wrong, and a key file under another name", async () => {
    const folder = await sampleFolder([alice.signer]);
    const [first, ...rest] = envelopesOf(folder);
    const signature = first!.signatures[0]!.signature.slice();
    signature[5]! ^= 1;
    folder.attestations = formatAttestations([
      { ...first!, signatures: [{ keyId: alice.signer.keyId, signature }] },
      ...rest,
    ]);
    expect(judgeWith(folder)).toMatchObject({ ok: false, code: "bad-signature", verified: [] });

    const renamed = await sampleFolder([alice.signer]);
    renamed.signers.set(`${alice.signer.keyId}.pem`, utf8(bob.signer.publicKeyPem));
    expect(judgeWith(renamed)).toMatchObject({ ok: false, code: "bad-key" });
  });

  test("judge() reports malformed input before anything else", async () => {
    const folder = await sampleFolder([alice.signer]);
    folder.attestations = utf8("{}\n");
    expect(judgeWith(folder, producerPolicy())).toMatchObject({
      ok: false,
      code: "malformed-envelope",
      trust: "judged",
    });
    folder.statements = utf8("{}\n");
    folder.manifest = utf8("{}\n");
    expect(judgeWith(folder).failures.map(({ code }) => code)).toEqual([
      "malformed-manifest",
      "malformed-statement",
      "malformed-envelope",
    ]);
  });

  test("judge() needs a time to judge at", async () => {
    const folder = await sampleFolder([]);
    expect(() => judgeWith(folder, producerPolicy(), { at: undefined as never })).toThrow(TypeError);
    expect(() => judgeWith(folder, producerPolicy(), { at: new Date(Number.NaN) })).toThrow(/^at:/);
  });
});

describe("judge() compares lines with envelopes", () => {
  test("judge() finds a line that was altered in a signed folder", async () => {
    for (const index of [0, 1]) {
      const folder = await sampleFolder([alice.signer]);
      const lines = linesOf(folder).map((statement, at) =>
        at === index
          ? ({
              ...statement,
              predicate: { ...(statement.predicate as object), tool: { name: "assay", version: "6.6.6" } },
            } as Statement)
          : statement,
      );
      setLines(folder, lines);
      for (const policy of [undefined, producerPolicy()]) {
        expect(judgeWith(folder, policy)).toMatchObject({ ok: false, code: "artefact-mismatch", verified: [] });
      }
    }
  });

  test("judge() finds a line that was removed from a signed folder, each of them and all of them", async () => {
    for (const keep of [[0], [1], []]) {
      const folder = await sampleFolder([alice.signer]);
      const lines = linesOf(folder);
      setLines(
        folder,
        keep.map((index) => lines[index]!),
      );
      for (const policy of [undefined, producerPolicy()]) {
        expect(judgeWith(folder, policy)).toMatchObject({ ok: false, code: "artefact-mismatch" });
      }
    }
  });

  test("judge() finds a line that was added to a signed folder without being signed", async () => {
    const folder = await sampleFolder([alice.signer]);
    const more = buildCheckRunStatement(SAMPLE.heads, runInput({ fdr: 0.5 }));
    setLines(folder, [...linesOf(folder), more]);
    expect(judgeWith(folder)).toMatchObject({ ok: false, code: "artefact-mismatch" });
  });

  test("judge() lets others add envelopes, to a folder that is signed and, as a review, to one that is not", async () => {
    const signed = await sampleFolder([alice.signer]);
    await addReview(signed, bob.signer);
    expect(judgeWith(signed).ok).toBe(true);
    const unsigned = await sampleFolder([]);
    await addReview(unsigned, bob.signer);
    expect(judgeWith(unsigned).ok).toBe(true);
  });

  test("judge() finds that every byte of a statement line or an envelope line matters", async () => {
    const folder = await sampleFolder([alice.signer]);
    const policy = producerPolicy();
    expect(judgeWith(folder, policy).ok).toBe(true);
    for (const file of ["statements", "attestations"] as const) {
      const whole = folder[file]!;
      // The first line, byte by byte, with its line feed.
      const length = whole.indexOf(10) + 1;
      for (let at = 0; at < length; at++) {
        const changed = whole.slice();
        changed[at]! ^= 1 << (at % 8);
        const verdict = judgeWith({ ...folder, [file]: changed }, policy);
        if (verdict.ok) throw new Error(`byte ${at} of ${file} can be changed unseen`);
        expect(verdict.verified.filter(({ trust }) => trust === "judged").length).toBeLessThan(2);
      }
    }
  });
});

describe("judge() with a policy", () => {
  test("judge() trusts what the people of the policy signed", async () => {
    const folder = await sampleFolder([alice.signer]);
    await addReview(folder, bob.signer);
    const verdict = judgeWith(folder, releasePolicy());
    expect(verdict).toMatchObject({ ok: true, code: "ok", trust: "judged", summary: "trusted; signed by alice, bob" });
    expect(
      verdict.verified.map(({ statement, signers, trust }) => [statement.predicateType, signers[0]?.person, trust]),
    ).toEqual([
      [DATASET_MANIFEST, "alice", "judged"],
      [CHECK_RUN, "alice", "judged"],
      [REVIEW, "bob", "judged"],
    ]);
  });

  test("judge() trusts what one key signed, for --trust", async () => {
    const folder = await sampleFolder([alice.signer]);
    const trusting = (key: Actor) =>
      judgeWith(folder, undefined, { policy: policyOfKey(parsePublicKey(key.spki)), at: NOW });
    expect(trusting(alice)).toMatchObject({ ok: true, trust: "judged" });
    expect(trusting(bob)).toMatchObject({ ok: false, code: "unknown-signer", trust: "judged" });
  });

  test("envelopes deleted, then verified under a policy", async () => {
    const folder = await sampleFolder([alice.signer]);
    folder.attestations = undefined;
    expect(judgeWith(folder)).toMatchObject({ ok: true, summary: "intact; unsigned" });
    expect(judgeWith(folder, producerPolicy())).toMatchObject({ ok: false, code: "missing-statement", verified: [] });
    // Even a policy that requires nothing wants the manifest signed.
    expect(judgeWith(folder, policyText({ alice: person(alice, []) }))).toMatchObject({
      ok: false,
      code: "missing-statement",
    });
  });

  test("one person with two keys does not meet a threshold of two", async () => {
    const policy = policyText(
      { alice: { roles: ["producer"], keys: [keyOf(alice), keyOf(bob)] }, carol: person(carol, ["producer"]) },
      { require: [require("check-run/v1", "producer", 2)] },
    );
    expect(judgeWith(await sampleFolder([alice.signer, bob.signer]), policy)).toMatchObject({
      ok: false,
      code: "threshold-not-met",
    });
    expect(judgeWith(await sampleFolder([alice.signer, carol.signer]), policy).ok).toBe(true);
  });

  test("key ids swapped: the signature is tried with the key that has the id, and fails", async () => {
    const folder = await sampleFolder([alice.signer, bob.signer]);
    const swapped = envelopesOf(folder).map((envelope) => {
      const [first, second] = envelope.signatures;
      return {
        ...envelope,
        signatures: [
          { keyId: second!.keyId, signature: first!.signature },
          { keyId: first!.keyId, signature: second!.signature },
        ],
      };
    });
    folder.attestations = formatAttestations(swapped);
    const policy = policyText(
      { alice: person(alice, ["producer"]), bob: person(bob, ["producer"]) },
      { require: [require("check-run/v1", "producer", 2)] },
    );
    expect(judgeWith(folder, policy)).toMatchObject({ ok: false, code: "bad-signature" });
    expect(judgeWith(folder)).toMatchObject({ ok: false, code: "bad-signature" });
  });

  test("a stranger's signature under the key id of a person does not count", async () => {
    const folder = await sampleFolder([mallory.signer]);
    folder.attestations = formatAttestations(
      envelopesOf(folder).map((envelope) => ({
        ...envelope,
        signatures: envelope.signatures.map(({ signature }) => ({ keyId: alice.signer.keyId, signature })),
      })),
    );
    expect(judgeWith(folder, producerPolicy())).toMatchObject({ ok: false, code: "bad-signature" });
  });

  test("signatures duplicated: in one envelope malformed, over two envelopes still one person", async () => {
    const folder = await sampleFolder([alice.signer]);
    const [first, second] = envelopesOf(folder);
    const policy = policyText(
      { alice: person(alice, ["producer"]), bob: person(bob, ["producer"]) },
      { require: [require("check-run/v1", "producer", 2)] },
    );
    folder.attestations = formatAttestations([
      first!,
      { ...second!, signatures: [second!.signatures[0]!, second!.signatures[0]!] },
    ]);
    expect(judgeWith(folder, policy)).toMatchObject({ ok: false, code: "malformed-envelope" });
    folder.attestations = formatAttestations([first!, second!, second!]);
    expect(judgeWith(folder, policy)).toMatchObject({ ok: false, code: "threshold-not-met" });
    folder.attestations = formatAttestations([
      first!,
      { ...second!, signatures: [{ ...second!.signatures[0]!, keyId: bob.signer.keyId }] },
      second!,
    ]);
    expect(judgeWith(folder, policy)).toMatchObject({ ok: false, code: "bad-signature" });
  });

  test("base64 bits changed: another spelling of a signature or payload is malformed", async () => {
    const folder = await sampleFolder([alice.signer]);
    const [first] = envelopesOf(folder);
    const line = new TextDecoder().decode(formatEnvelope(first!));
    const sig = toBase64(first!.signatures[0]!.signature);
    // 64 bytes end in "==": the last character before it has four unused bits.
    const at = sig.length - 3;
    const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const respelled = `${sig.slice(0, at)}${alphabet[alphabet.indexOf(sig[at]!) ^ 1]}==`;
    for (const changed of [
      line.replace(sig, respelled),
      line.replace(sig, sig.slice(0, -2)),
      line.replace(sig, `${sig.slice(0, 4)}\\n${sig.slice(4)}`),
    ]) {
      expect(changed).not.toBe(line);
      folder.attestations = utf8(`${changed}\n`);
      expect(judgeWith(folder, producerPolicy())).toMatchObject({ ok: false, code: "malformed-envelope" });
    }
  });

  test("judge() lists a signature by an unknown key and ignores it for trust", async () => {
    const folder = await sampleFolder([alice.signer, mallory.signer]);
    await addReview(folder, mallory.signer);
    expect(judgeWith(folder, releasePolicy())).toMatchObject({ ok: false, code: "unknown-signer" });
    await addReview(folder, bob.signer, { reason: "Seen." });
    const verdict = judgeWith(folder, releasePolicy());
    expect(verdict.ok).toBe(true);
    expect(verdict.statements[2]?.signatures).toEqual([{ keyId: mallory.signer.keyId, status: "unknown-signer" }]);
    expect(verdict.verified).toHaveLength(3);
  });

  test("judge() wants the role that is required", async () => {
    const policy = policyText(
      { alice: person(alice, ["annotator"]) },
      { require: [require("check-run/v1", "producer")] },
    );
    expect(judgeWith(await sampleFolder([alice.signer]), policy)).toMatchObject({ ok: false, code: "wrong-role" });
  });

  test("judge() wants the people of a requirement on one check run, not on two different ones", async () => {
    const policy = policyText(
      { alice: person(alice, ["producer"]), bob: person(bob, ["lab"]) },
      { require: [require("check-run/v1", "producer"), require("check-run/v1", "lab")] },
    );
    const folder = await sampleFolder([alice.signer]);
    await addEnvelope(folder, buildCheckRunStatement(SAMPLE.heads, runInput({ fdr: 0.1 })), bob.signer);
    expect(judgeWith(folder, policy)).toMatchObject({ ok: false, code: "threshold-not-met" });
    expect(judgeWith(await sampleFolder([alice.signer, bob.signer]), policy).ok).toBe(true);
  });

  test("judge() never satisfies a requirement with a statement about another data set", async () => {
    const folder = await sampleFolder([alice.signer]);
    const foreign = {
      ...manifestStatement(),
      subject: [{ name: "manifest.json", digest: { sha256: "0".repeat(64) } }],
    };
    await addEnvelope(folder, { ...foreign, predicateType: REVIEW, predicate: { ...reviewOf() } }, bob.signer);
    const verdict = judgeWith(folder, releasePolicy());
    expect(verdict).toMatchObject({ ok: false, code: "missing-statement" });
    expect(verdict.statements[2]?.about).toBe("other");
    expect(verdict.warnings[0]).toContain("another data set");
  });

  test("judge() carries statements of unknown type and never satisfies anything with them", async () => {
    const folder = await sampleFolder([alice.signer]);
    const unknown: Statement = {
      ...manifestStatement(),
      predicateType: "https://example.com/scan/v1",
      predicate: { clean: true },
    };
    await addEnvelope(folder, unknown, bob.signer);
    const verdict = judgeWith(folder, producerPolicy());
    expect(verdict.ok).toBe(true);
    expect(verdict.statements[2]).toMatchObject({ known: false, predicateType: "https://example.com/scan/v1" });
    expect(verdict.verified).toHaveLength(2);
  });

  test("a verified statement cannot be written by hand", () => {
    const written = { statement: manifestStatement(), digest: "", signers: [], trust: "judged" as const };
    // @ts-expect-error only the judge makes one
    const forged: VerifiedStatement = written;
    expect(forged).toBe(written);
  });

  test("judge() caps the signatures that it verifies", async () => {
    const folder = await sampleFolder([alice.signer]);
    expect(judgeWith(folder, producerPolicy(), { maxSignatures: 1 })).toMatchObject({
      ok: false,
      code: "limit-exceeded",
    });
  });
});

describe("judge() and time", () => {
  const at = (text: string) => ({ at: new Date(text) });
  const windowed = (window: Record<string, string>) =>
    policyText({ alice: person(alice, ["producer"], window) }, { require: [require("check-run/v1", "producer")] });

  test("judge() counts a key from `from`, inclusive, until `until`, exclusive", async () => {
    const folder = await sampleFolder([alice.signer]);
    const policy = windowed({ from: "2026-02-01T00:00:00Z", until: "2026-04-01T00:00:00Z" });
    const codes = [
      "2026-01-31T23:59:59.999Z",
      "2026-02-01T00:00:00Z",
      "2026-03-31T23:59:59.999Z",
      "2026-04-01T00:00:00Z",
    ].map((time) => judgeWith(folder, policy, at(time)).code);
    expect(codes).toEqual(["expired-key", "ok", "ok", "expired-key"]);
  });

  test("judge() counts nothing that a revoked key signed, from its revocation on", async () => {
    const folder = await sampleFolder([alice.signer]);
    const policy = windowed({ revoked: "2026-03-01T00:00:00Z" });
    expect(judgeWith(folder, policy, at("2026-02-28T00:00:00Z")).code).toBe("ok");
    expect(judgeWith(folder, policy, at("2026-03-01T00:00:00Z"))).toMatchObject({ ok: false, code: "revoked-key" });
  });

  test("judge() follows a rotation: the former key until the change, the next one from then on", async () => {
    const policy = policyText(
      {
        alice: {
          roles: ["producer"],
          keys: [keyOf(alice, { until: "2026-03-01T00:00:00Z" }), keyOf(bob, { from: "2026-03-01T00:00:00Z" })],
        },
      },
      { require: [require("check-run/v1", "producer")] },
    );
    const former = await sampleFolder([alice.signer]);
    const both = await sampleFolder([alice.signer, bob.signer]);
    expect(judgeWith(former, policy, at("2026-02-28T00:00:00Z")).code).toBe("ok");
    expect(judgeWith(former, policy, at("2026-03-01T00:00:00Z")).code).toBe("expired-key");
    expect(judgeWith(both, policy, at("2026-02-28T00:00:00Z")).code).toBe("ok");
    expect(judgeWith(both, policy, at("2026-03-01T00:00:00Z")).code).toBe("ok");
  });

  test("judge() wants statements that are not older than asked, and not from the future", async () => {
    const folder = await sampleFolder([alice.signer]);
    const policy = policyText(
      { alice: person(alice, ["producer"]) },
      { require: [require("check-run/v1", "producer", 1, { notOlderThanDays: 30 })] },
    );
    const codes = ["2026-03-01T09:00:00Z", "2026-03-31T09:05:00Z", "2026-03-31T09:05:01Z", "2026-03-01T08:59:59Z"].map(
      (time) => judgeWith(folder, policy, at(time)).code,
    );
    expect(codes).toEqual(["ok", "ok", "stale-statement", "stale-statement"]);
  });
});

describe("judge() and reviews", () => {
  test("judge() counts only an approval of the data set, in its time, in the role that is required", async () => {
    const judged = async (review: object) => {
      const folder = await sampleFolder([alice.signer]);
      await addReview(folder, bob.signer, review);
      return judgeWith(folder, releasePolicy()).code;
    };
    expect(await judged({})).toBe("ok");
    expect(await judged({ decision: "rejected" })).toBe("missing-statement");
    expect(await judged({ scope: { kind: "check", check: "outliers" } })).toBe("missing-statement");
    expect(await judged({ decision: "waived", validUntil: "2027-01-01T00:00:00Z" })).toBe("missing-statement");
    expect(await judged({ validUntil: "2026-03-02T00:00:00Z" })).toBe("stale-statement");
    expect(await judged({ reviewer: { role: "producer" } })).toBe("wrong-role");
  });

  test("judge() shows a rejection as a warning, and does not let it help or block", async () => {
    const folder = await sampleFolder([alice.signer]);
    await addReview(folder, bob.signer);
    await addReview(folder, carol.signer, { decision: "rejected", reason: "Labels look odd." });
    const policy = releasePolicy();
    const people = policy.people as Record<string, unknown>;
    const verdict = judgeWith(folder, { ...policy, people: { ...people, carol: person(carol, ["approver"]) } });
    expect(verdict).toMatchObject({ ok: true, warnings: ["carol rejected this data set: Labels look odd."] });
  });
});

describe("judge() and separation", () => {
  test("judge() does not count one person as producer and approver", async () => {
    const policy = policyText(
      { alice: person(alice, ["producer", "approver"]), bob: person(bob, ["approver"]) },
      { require: [require("check-run/v1", "producer"), require("review/v1", "approver")] },
    );
    const own = await sampleFolder([alice.signer]);
    await addReview(own, alice.signer);
    expect(judgeWith(own, policy)).toMatchObject({ ok: false, code: "not-separate" });
    expect(judgeWith(own, { ...policy, separate: [] }).ok).toBe(true);
    const two = await sampleFolder([alice.signer]);
    await addReview(two, bob.signer);
    expect(judgeWith(two, policy).ok).toBe(true);
  });

  test("judge() keeps a person apart from herself whatever the key", async () => {
    const policy = policyText(
      { alice: { roles: ["producer", "approver"], keys: [keyOf(alice), keyOf(bob)] } },
      { require: [require("check-run/v1", "producer"), require("review/v1", "approver")] },
    );
    const folder = await sampleFolder([alice.signer]);
    await addReview(folder, bob.signer);
    expect(judgeWith(folder, policy)).toMatchObject({ ok: false, code: "not-separate" });
  });
});

describe("judge() and the rules for checks", () => {
  const rules = (checks: object) =>
    producerPolicy({ checks: { mustComplete: [], maxFindings: {}, mayExclude: [], ...checks } });

  test("judge() wants checks completed; skipped, failed and absent are no pass", async () => {
    const skipped = {
      outcomes: [outcome("outliers"), outcome("label-flips", { status: "skipped", reason: "no label" })],
    };
    const codes = async (run: object, mustComplete: string[]) =>
      judgeWith(await sampleFolder([alice.signer], run), rules({ mustComplete })).code;
    expect(await codes({}, ["outliers", "label-flips"])).toBe("ok");
    expect(await codes(skipped, ["outliers"])).toBe("ok");
    expect(await codes(skipped, ["label-flips"])).toBe("check-not-completed");
    expect(await codes({}, ["drift"])).toBe("check-not-completed");
    expect(await codes({ outcomes: [outcome("outliers", { examined: 0 })] }, ["outliers"])).toBe("check-not-completed");
  });

  test("judge() wants no more findings than allowed", async () => {
    const run = {
      outcomes: [outcome("outliers", { findings: 3 })],
      findings: [...findings("outliers", "high", 1), ...findings("outliers", "low", 2)],
    };
    const folder = await sampleFolder([alice.signer], run);
    expect(judgeWith(folder, rules({ maxFindings: { high: 1, low: 2 } })).code).toBe("ok");
    expect(judgeWith(folder, rules({ maxFindings: { medium: 0 } })).code).toBe("ok");
    const verdict = judgeWith(folder, rules({ maxFindings: { high: 0 } }));
    expect(verdict).toMatchObject({ ok: false, code: "too-many-findings", failures: [{ class: "CheckError" }] });
    // A gate that says no leaves the evidence usable.
    expect(verdict.verified).toHaveLength(2);
  });

  test("the poisoned column excluded and the run called green", async () => {
    const columns = COLUMNS.filter((column) => column !== "price");
    const run = {
      outcomes: [outcome("outliers", { lookedAt: { columns, records: 4 } })],
      roles: { exclude: ["price"] },
    };
    const folder = await sampleFolder([alice.signer], run);
    const verdict = judgeWith(folder, rules({ mayExclude: ["id"] }));
    expect(verdict).toMatchObject({ ok: false, code: "excluded-column", failures: [{ details: { column: "price" } }] });
    expect(judgeWith(folder, rules({ mayExclude: ["price"] })).ok).toBe(true);
  });

  test("the poisoned column not mentioned at all: the columns come from the manifest", async () => {
    const columns = COLUMNS.filter((column) => column !== "price");
    const run = { outcomes: [outcome("outliers", { lookedAt: { columns, records: 4 } })], columns };
    const folder = await sampleFolder([alice.signer], run);
    const [, checkRun] = linesOf(folder);
    expect((checkRun!.predicate as { notLookedAt: string[] }).notLookedAt).toEqual([]);
    expect(judgeWith(folder, rules({}))).toMatchObject({ ok: false, code: "excluded-column" });
  });

  test("a column that only a failed check read was not looked at", async () => {
    const run = {
      outcomes: [
        outcome("outliers", { lookedAt: { columns: COLUMNS.slice(1), records: 4 } }),
        outcome("triggers", { status: "failed", reason: "out of memory", lookedAt: { columns: ["id"], records: 0 } }),
      ],
    };
    expect(judgeWith(await sampleFolder([alice.signer], run), rules({})).failures[0]?.details).toEqual({
      column: "id",
    });
  });

  test("judge() wants power that was measured and is enough", async () => {
    const power = (recall: number) => [
      { check: "outliers", attack: "label-flip", fraction: 0.01, recall, falseDiscovery: 0 },
    ];
    const code = async (run: object) =>
      judgeWith(await sampleFolder([alice.signer], run), rules({ mustComplete: ["outliers"], minPower: 0.8 })).code;
    expect(await code({})).toBe("power-too-low");
    expect(await code({ power: power(0.79) })).toBe("power-too-low");
    expect(await code({ power: power(0.8) })).toBe("ok");
    // The shares that were tried go down to the first that is missed; the best counts, of each kind of poison.
    expect(await code({ power: [...power(0.8), { ...power(0.1)[0]!, fraction: 0.001 }] })).toBe("ok");
    expect(await code({ power: [...power(0.8), { ...power(0.1)[0]!, attack: "another" }] })).toBe("power-too-low");
  });

  test("judge() wants the seed that the gate gave", async () => {
    const given = {
      seed: { origin: "given", value: "42" } as const,
      outcomes: [outcome("outliers", { seed: { value: "2a", origin: "given" } })],
    };
    const code = async (run: object, seed: string) =>
      judgeWith(await sampleFolder([alice.signer], run), producerPolicy({ seed })).code;
    expect(await code(given, "42")).toBe("ok");
    expect(await code(given, "43")).toBe("gate-failed");
    expect(await code({}, "42")).toBe("gate-failed");
    expect(await code({}, "derived")).toBe("ok");
    expect(await code(given, "derived")).toBe("gate-failed");
  });

  test("judge() wants a signed check run when it has rules for checks", async () => {
    const folder = await sampleFolder([alice.signer]);
    const [first] = envelopesOf(folder);
    folder.attestations = formatAttestations([first!]);
    setLines(folder, [linesOf(folder)[0]!]);
    folder.files.delete("findings.jsonl");
    const { require: _, ...policy } = rules({});
    expect(judgeWith(folder, { ...policy, require: [] })).toMatchObject({ ok: false, code: "missing-statement" });
  });

  test("judge() does not use a check run whose artefacts do not match", async () => {
    const folder = await sampleFolder([alice.signer]);
    folder.files.set("findings.jsonl", utf8("{}\n"));
    expect(judgeWith(folder, producerPolicy())).toMatchObject({ ok: false, code: "artefact-mismatch", verified: [] });
  });
});

describe("judge() and controls", () => {
  const evidence = (verdict: "pass" | "partial" | "gap") =>
    buildControlEvidenceStatement(SAMPLE.heads, {
      catalogue: { name: "ISO/IEC 42001:2023 Annex A", version: "1" },
      tool: { name: "assay", version: "1.0.0" },
      computedAt: "2026-03-01T10:00:00Z",
      controls: [
        {
          control: "A.7.4",
          verdict,
          rules: [
            {
              id: "P74-5",
              version: "1",
              mandatory: true,
              verdict,
              numerator: 1,
              denominator: 1,
              counterexamples: [],
              reason: "No leakage.",
              inputs: [],
            },
          ],
        },
      ],
    });

  test("judge() wants the verdict that the policy names, or a better one", async () => {
    const code = async (verdict: "pass" | "partial" | "gap", least: string) =>
      judgeWith(
        await sampleFolder([alice.signer], {}, [evidence(verdict)]),
        producerPolicy({ controls: { "A.7.4": least } }),
      ).code;
    expect(await code("pass", "pass")).toBe("ok");
    expect(await code("partial", "partial")).toBe("ok");
    expect(await code("partial", "pass")).toBe("control-gap");
    expect(await code("gap", "partial")).toBe("control-gap");
    const none = await sampleFolder([alice.signer]);
    expect(judgeWith(none, producerPolicy({ controls: { "A.7.4": "pass" } })).code).toBe("missing-statement");
    const other = await sampleFolder([alice.signer], {}, [evidence("pass")]);
    expect(judgeWith(other, producerPolicy({ controls: { "A.7.5": "partial" } })).code).toBe("control-gap");
  });
});

function reviewOf() {
  return { ...(reviewStatement().predicate as object) };
}

function reviewStatement(): Statement {
  return {
    _type: STATEMENT_TYPE,
    subject: manifestStatement().subject,
    predicateType: REVIEW,
    predicate: {
      scope: { kind: "dataset" },
      decision: "approved",
      reason: "Looked at all findings.",
      reviewer: { role: "approver" },
      reviewedAt: "2026-03-01T12:00:00Z",
      statements: [],
      documents: [],
    },
  };
}
