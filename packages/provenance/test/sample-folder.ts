/** A small signed folder in memory, as a run would write it, and ways to change it. */

import type { Outcome, Severity } from "@assay/checks";
import { sha256, toHex } from "@assay/merkle";
import { type Envelope, formatAttestations, parseAttestations } from "../src/envelope.js";
import type { FolderEvidence } from "../src/exhibit.js";
import { type ReadManifest, readManifest } from "../src/heads.js";
import { type JudgeOptions, judge } from "../src/judge.js";
import { parsePublicKey } from "../src/key.js";
import { generateKeyPair, signerFromPem } from "../src/node/key-pair.js";
import { parsePolicy } from "../src/policy.js";
import { buildCheckRunStatement, type CheckRunInput } from "../src/predicates/check-run.js";
import { buildDatasetManifestStatement } from "../src/predicates/dataset-manifest.js";
import { buildReviewStatement, type ReviewPredicate } from "../src/predicates/review.js";
import { addSignature, type Signer, signStatement } from "../src/signer.js";
import { formatStatement, formatStatements, parseStatements, type Statement } from "../src/statement.js";
import type { Verdict } from "../src/verdict.js";

export const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);
export const hexOf = (bytes: Uint8Array): string => toHex(sha256(bytes));

/** The example of docs/spec/manifest.md. */
export const MANIFEST = utf8(
  '{"dataset":{"files":1,"root":"6713c9f95f62bf09435518492ab90411eabba802280f9ca0af165a366d95cfd8"},"format":"assay-manifest/v1","leaf":{"format":"assay-record/v1"},"name":"tiny","reading":{"inferred":[],"nullValues":[],"others":"infer","types":{"id":"int64","note":"text","price":"decimal(10,2)","seen":"instant","weight":"float32"}},"schemas":{"8c5212063ad6ef8c14d83a0650b35c63c0771beb123b78c8893c9c7448441f27":{"id":"number","note":"text","price":"number","seen":"instant","weight":"number"}},"set":{"distinct":3,"records":4,"root":"ca427a3961018ea7e68bb1eb770d3b7876f4c5796b513ce55a5b583efdf2c69d"},"size":191}\n',
);
export const COLUMNS = ["id", "note", "price", "seen", "weight"];

const FILES = utf8('{"path":"train.csv"}\n');
const FINDINGS = utf8('{"check":"outliers"}\n');

export const NOW = new Date("2026-03-02T00:00:00Z");

export interface Actor {
  readonly signer: Signer;
  readonly spki: string;
}

/** Ed25519: verified in a millisecond. */
export async function actor(): Promise<Actor> {
  const { privateKeyPem, publicKeyPem } = await generateKeyPair({ type: "ed25519" });
  return { signer: signerFromPem(privateKeyPem, "key"), spki: publicKeyPem };
}

export function outcome(check: string, more: Partial<Outcome> = {}): Outcome {
  return {
    check,
    version: "1",
    status: "completed",
    examined: 4,
    findings: 0,
    calibration: "exact",
    lookedAt: { columns: COLUMNS, records: 4 },
    seed: { value: "00", origin: "derived" },
    passes: 1,
    notes: [],
    ...more,
  };
}

export function runInput(more: Partial<CheckRunInput> = {}): CheckRunInput {
  return {
    tool: { name: "assay", version: "1.0.0" },
    startedAt: "2026-03-01T09:00:00Z",
    finishedAt: "2026-03-01T09:05:00Z",
    config: { label: "price" },
    seed: { origin: "derived" },
    roles: {},
    fdr: 0.05,
    inputs: [],
    outcomes: [outcome("outliers"), outcome("label-flips")],
    findings: [],
    columns: COLUMNS,
    artefacts: [{ path: "findings.jsonl", sha256: hexOf(FINDINGS) }],
    ...more,
  };
}

export function findings(check: string, severity: Severity, count: number) {
  return Array.from({ length: count }, () => ({ check, severity }));
}

export function reviewPredicate(more: Partial<ReviewPredicate> = {}): ReviewPredicate {
  return {
    scope: { kind: "dataset" },
    decision: "approved",
    reason: "Looked at all findings.",
    reviewer: { role: "approver" },
    reviewedAt: "2026-03-01T12:00:00Z",
    statements: [],
    documents: [],
    ...more,
  };
}

export const SAMPLE: ReadManifest = readManifest(MANIFEST);
const { header, heads } = SAMPLE;

export function manifestStatement(): Statement {
  return buildDatasetManifestStatement(heads, {
    header,
    files: { sha256: hexOf(FILES) },
    createdAt: "2026-03-01T08:59:00Z",
    tool: { name: "assay", version: "1.0.0" },
  });
}

/** Everything of a folder that a test may change before it is judged. */
export interface SampleFolder {
  manifest: Uint8Array;
  statements: Uint8Array | undefined;
  attestations: Uint8Array | undefined;
  readonly signers: Map<string, Uint8Array>;
  readonly files: Map<string, Uint8Array>;
}

/** A folder whose lines are all signed by each of the signers. */
export async function sampleFolder(
  signers: readonly Signer[],
  run: Partial<CheckRunInput> = {},
  more: readonly Statement[] = [],
): Promise<SampleFolder> {
  const statements = [manifestStatement(), buildCheckRunStatement(heads, runInput(run)), ...more];
  const envelopes: Envelope[] = [];
  for (const statement of statements) {
    const [first, ...rest] = signers;
    if (first === undefined) break;
    let envelope = await signStatement(formatStatement(statement), first);
    for (const signer of rest) envelope = await addSignature(envelope, signer);
    envelopes.push(envelope);
  }
  return {
    manifest: MANIFEST,
    statements: formatStatements(statements),
    attestations: envelopes.length === 0 ? undefined : formatAttestations(envelopes),
    signers: new Map(signers.map(({ keyId, publicKeyPem }) => [`${keyId}.pem`, utf8(publicKeyPem)])),
    files: new Map([
      ["files.jsonl", FILES],
      ["findings.jsonl", FINDINGS],
    ]),
  };
}

/** Adds a statement that only an envelope carries. */
export async function addEnvelope(folder: SampleFolder, statement: Statement, signer: Signer): Promise<void> {
  const envelope = await signStatement(formatStatement(statement), signer);
  folder.attestations = formatAttestations([...envelopesOf(folder), envelope]);
  folder.signers.set(`${signer.keyId}.pem`, utf8(signer.publicKeyPem));
}

export function addReview(folder: SampleFolder, signer: Signer, more: Partial<ReviewPredicate> = {}): Promise<void> {
  return addEnvelope(folder, buildReviewStatement(heads, reviewPredicate(more)), signer);
}

export function envelopesOf({ attestations }: SampleFolder): Envelope[] {
  return parseAttestations(attestations ?? new Uint8Array(0));
}

export function linesOf({ statements }: SampleFolder): Statement[] {
  return parseStatements(statements ?? new Uint8Array(0)).map(({ statement }) => statement);
}

export function evidenceOf(folder: SampleFolder): FolderEvidence {
  const { manifest, statements, attestations, signers, files } = folder;
  return {
    manifest,
    signers,
    digests: new Map([...files].map(([path, bytes]) => [path, hexOf(bytes)])),
    ...(statements === undefined ? {} : { statements }),
    ...(attestations === undefined ? {} : { attestations }),
  };
}

export type PolicyText = Record<string, unknown>;

/** A policy whose people have one key each, for all time, unless more is said. */
export function policyText(
  people: Record<string, { roles: string[]; keys: unknown[] }>,
  more: PolicyText = {},
): PolicyText {
  return { format: "assay-policy/v1", people, require: [], ...more };
}

export function person(
  { spki }: Actor,
  roles: string[],
  window: PolicyText = {},
): { roles: string[]; keys: unknown[] } {
  return { roles, keys: [keyOf({ spki }, window)] };
}

export function keyOf({ spki }: { readonly spki: string }, window: PolicyText = {}): unknown {
  return { spki, from: "2026-01-01T00:00:00Z", ...window };
}

export function judgeWith(folder: SampleFolder, policy?: PolicyText, more: Partial<JudgeOptions> = {}): Verdict {
  const judged = policy === undefined ? {} : { policy: parsePolicy(utf8(JSON.stringify(policy))), at: NOW };
  return judge(evidenceOf(folder), { ...judged, ...more });
}

export function keyIdOf(spki: string): string {
  return parsePublicKey(spki).keyId;
}
