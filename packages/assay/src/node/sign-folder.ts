/** `assay sign`: add a signature to the statements of a folder. With a role, the signer states a decision too. */

import { writeFolder } from "@assay/manifest/node";
import { FormatError } from "@assay/merkle";
import {
  buildReviewStatement,
  formatAttestations,
  formatStatement,
  formatStatements,
  parseAttestations,
  parseStatements,
  type Statement,
} from "@assay/provenance";
import { assertOutsideFolder } from "@assay/provenance/node";
import { instant } from "../main-job.js";
import { addSignatures, headsOf } from "../statements.js";
import { openIntact } from "./open-folder.js";
import type { SigningChoice, Work } from "./options.js";
import { openSigner } from "./run-main-job.js";

export interface SignFolderOptions extends Work {
  readonly signing: SigningChoice;
  /** Why; with a role. */
  readonly reason?: string;
  /** The clock. Default: the system's. */
  readonly now?: () => Date;
}

export interface SignSummary {
  /** Statements that carry the signature now. */
  readonly signed: number;
  readonly keyId: string;
  readonly role: string;
}

/**
 * Checks a folder, then signs each of its statements. A role other than `producer` also adds a `review/v1` statement that
 * the signer approves the data set in that role: a signature alone says who looked, not what they decided.
 *
 * @throws AssayError when the folder does not verify; SourceError when it cannot be written.
 */
export async function signFolder(target: string, options: SignFolderOptions): Promise<SignSummary> {
  const { signing, reason = "", now = () => new Date(), onWarning, signal } = options;
  const signer = await openSigner(signing, options);
  const { directory, opened, evidence } = await openIntact(target, {}, options);
  await assertOutsideFolder(signing.key, [directory], "the key");
  const role = signing.role ?? "producer";
  const lines = parseStatements(evidence.statements ?? new Uint8Array());
  if (lines.length === 0)
    throw new FormatError("malformed-statement", `${directory} has no statements to sign: \`assay run\` makes them`, {
      details: { path: "statements.jsonl" },
    });
  const statements: Statement[] = lines.map(({ statement }) => statement);
  const bytes = lines.map((line) => line.bytes);
  if (role !== "producer") {
    const review = buildReviewStatement(headsOf(opened), {
      scope: { kind: "dataset" },
      decision: "approved",
      reason: reason === "" ? "approved" : reason,
      reviewer: { role },
      reviewedAt: instant(now()),
      statements: lines.map(({ digest }) => digest),
      documents: [],
    });
    statements.push(review);
    bytes.push(formatStatement(review));
  }
  const envelopes = await addSignatures(bytes, parseAttestations(evidence.attestations ?? new Uint8Array()), signer);
  const files = new Map<string, Uint8Array>([
    ["manifest.json", opened.headerBytes],
    ["statements.jsonl", formatStatements(statements)],
    ["attestations.intoto.jsonl", formatAttestations(envelopes)],
    [`signers/${signer.keyId}.pem`, new TextEncoder().encode(signer.publicKeyPem)],
  ]);
  // The manifest stays the same, so everything that is not written now is carried over.
  await writeFolder(directory, files, {
    ...(signal !== undefined && { signal }),
    ...(onWarning !== undefined && { onNote: onWarning }),
  });
  return { signed: bytes.length, keyId: signer.keyId, role };
}
