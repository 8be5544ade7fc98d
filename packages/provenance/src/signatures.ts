/**
 * Whose signatures are right, and count now. A key id in an envelope is a hint: it says which key to try, and the id of
 * that key is computed from the key itself. So exchanged ids fail.
 */

import { FormatError } from "@assay/merkle";
import { pae } from "./envelope.js";
import { type Exhibit, nameOf } from "./exhibit.js";
import { isValidSignature, type PublicKey } from "./key.js";
import type { Person, Policy, PolicyKey } from "./policy.js";
import type { Failure, SignatureReport, SignatureStatus } from "./verdict.js";

/** A key to try, with the person it speaks for, when there is a policy. */
interface KnownKey {
  readonly key: PublicKey;
  readonly owner?: { readonly person: Person; readonly window: PolicyKey };
}

export interface SignatureOptions {
  readonly policy?: Policy;
  /** Trusted time, milliseconds since 1970; only with a policy. */
  readonly atMs: number;
  /** Keys of the folder; used only without a policy. */
  readonly signers: ReadonlyMap<string, PublicKey>;
  /** Most signatures that are verified; each takes milliseconds. */
  readonly maxSignatures: number;
}

export interface SignatureResult {
  readonly reports: ReadonlyMap<Exhibit, readonly SignatureReport[]>;
  readonly failures: readonly Failure[];
}

/** Looks at every signature once. A wrong signature by a known key is a failure: somebody altered what was signed. */
export function examineSignatures(exhibits: readonly Exhibit[], options: SignatureOptions): SignatureResult {
  const { policy, signers, maxSignatures } = options;
  const known = policy === undefined ? keysOfFolder(signers) : keysOfPolicy(policy);
  const reports = new Map<Exhibit, readonly SignatureReport[]>();
  const failures: Failure[] = [];
  let verified = 0;
  for (const exhibit of exhibits) {
    const found: SignatureReport[] = [];
    for (const envelope of exhibit.envelopes) {
      const message = pae(envelope.payloadType, envelope.payload);
      for (const { keyId, signature } of envelope.signatures) {
        const candidate = known.get(keyId);
        if (candidate === undefined) {
          found.push({ keyId, status: "unknown-signer" });
          continue;
        }
        if (++verified > maxSignatures) {
          throw new FormatError(
            "limit-exceeded",
            `Cannot judge the folder: it has more than maxSignatures, ${maxSignatures}, signatures by known keys.`,
            { details: { limit: "maxSignatures", allowed: maxSignatures } },
          );
        }
        const valid = isValidSignature(candidate.key, signature, message);
        const status = valid ? statusAt(candidate, options.atMs) : "bad-signature";
        if (!valid) failures.push(badSignature(exhibit, keyId, candidate));
        const { person } = candidate.owner ?? {};
        found.push({ keyId, status, ...(person === undefined ? {} : { person: person.name, roles: person.roles }) });
      }
    }
    reports.set(exhibit, found);
  }
  return { reports, failures };
}

function keysOfFolder(signers: ReadonlyMap<string, PublicKey>): Map<string, KnownKey> {
  return new Map([...signers].map(([keyId, key]) => [keyId, { key }]));
}

function keysOfPolicy({ people }: Policy): Map<string, KnownKey> {
  return new Map(
    people.flatMap((person) =>
      person.keys.map((window): [string, KnownKey] => [
        window.key.keyId,
        { key: window.key, owner: { person, window } },
      ]),
    ),
  );
}

function statusAt({ owner }: KnownKey, atMs: number): SignatureStatus {
  if (owner === undefined) return "not-judged";
  const { fromMs, untilMs, revokedMs } = owner.window;
  // A revoked key may have signed with any date, so nothing that it signed counts from then on.
  if (revokedMs !== undefined && revokedMs <= atMs) return "revoked-key";
  if (atMs < fromMs || (untilMs !== undefined && untilMs <= atMs)) return "expired-key";
  return "counted";
}

function badSignature(exhibit: Exhibit, keyId: string, { owner }: KnownKey): Failure {
  const whose = owner === undefined ? "" : ` of "${owner.person.name}"`;
  return {
    code: "bad-signature",
    class: "TrustError",
    message: `The signature by key ${keyId}${whose} on ${nameOf(exhibit)} is wrong: the statement or the signature was altered.`,
    details: { keyId, statement: exhibit.read.digest },
  };
}
