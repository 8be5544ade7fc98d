/**
 * What lies before the judge: the statements of a folder, each once, with every envelope that carries its bytes. Reading
 * is the first step of judging; what cannot be read strictly is a failure, never skipped.
 */

import { FormatError, isAssayError } from "@assay/merkle";
import { type Envelope, parseAttestations } from "./envelope.js";
import { isAbout, type ReadManifest, readManifest } from "./heads.js";
import { type PublicKey, parsePublicKey } from "./key.js";
import type { PredicateKind } from "./predicates/predicate.js";
import { checkPredicate } from "./predicates/registry.js";
import { PREDICATE_BASE, parseStatement, parseStatements, type ReadStatement, type Statement } from "./statement.js";
import type { Failure, FailureClass, SignatureReport } from "./verdict.js";

/** The bytes and digests of a folder that are judged. Whoever reads the folder makes it; the judge reads nothing. */
export interface FolderEvidence {
  /** The bytes of `manifest.json`. */
  readonly manifest: Uint8Array;
  /** The bytes of `statements.jsonl`; absent when there is no such file. */
  readonly statements?: Uint8Array;
  /** The bytes of `attestations.intoto.jsonl`; absent when there is no such file. */
  readonly attestations?: Uint8Array;
  /** The files of `signers/` by name. */
  readonly signers: ReadonlyMap<string, Uint8Array>;
  /** SHA-256, lower-case hex, of every other file that is there, by path. */
  readonly digests: ReadonlyMap<string, string>;
}

/** One statement of the folder. */
export interface Exhibit {
  readonly read: ReadStatement;
  /** Line in `statements.jsonl`, from 1. */
  readonly line?: number;
  readonly envelopes: readonly Envelope[];
  /** What is known about the type of its predicate, when that predicate is well formed. */
  readonly kind?: PredicateKind;
  readonly about: "this" | "other";
}

/** An exhibit whose signatures and artefacts were looked at. */
export interface ExaminedExhibit extends Exhibit {
  readonly signatures: readonly SignatureReport[];
  /** Known, about this data set, and every file that it names is there unaltered. */
  readonly usable: boolean;
}

export interface Exhibits {
  readonly manifest?: ReadManifest;
  readonly exhibits: readonly Exhibit[];
  /** Keys of `signers/` by id. */
  readonly signers: ReadonlyMap<string, PublicKey>;
  readonly failures: readonly Failure[];
  readonly warnings: readonly string[];
}

/** Reads everything that is judged. Goes on after a failure, to tell all of them at once. */
export function readExhibits(evidence: FolderEvidence): Exhibits {
  const failures: Failure[] = [];
  const warnings: string[] = [];
  const attempt = <T>(read: () => T): T | undefined => {
    try {
      return read();
    } catch (error) {
      failures.push(failureOf(error));
      return undefined;
    }
  };
  const manifest = attempt(() => readManifest(evidence.manifest));
  const lines = attempt(() => parseStatements(evidence.statements ?? new Uint8Array(0))) ?? [];
  const envelopes = attempt(() => parseAttestations(evidence.attestations ?? new Uint8Array(0))) ?? [];
  const signers = attempt(() => readSigners(evidence.signers)) ?? new Map<string, PublicKey>();

  const byDigest = new Map<string, { read: ReadStatement; line?: number; envelopes: Envelope[] }>();
  for (const [index, read] of lines.entries()) byDigest.set(read.digest, { read, line: index + 1, envelopes: [] });
  for (const [index, envelope] of envelopes.entries()) {
    const place = `the payload of line ${index + 1} of attestations.intoto.jsonl`;
    const read = attempt(() => parseStatement(envelope.payload, { place }));
    if (read === undefined) continue;
    const entry = byDigest.get(read.digest) ?? { read, envelopes: [] };
    entry.envelopes.push(envelope);
    byDigest.set(read.digest, entry);
  }

  const exhibits = [...byDigest.values()].map((entry): Exhibit => {
    const { statement } = entry.read;
    const place = entry.line === undefined ? "an envelope" : `line ${entry.line} of statements.jsonl`;
    const kind = readPredicate(statement, place, entry.line !== undefined, failures, warnings);
    return {
      ...entry,
      ...(kind === undefined ? {} : { kind }),
      about: manifest !== undefined && isAbout(statement, manifest.heads) ? "this" : "other",
    };
  });
  return { ...(manifest === undefined ? {} : { manifest }), exhibits, signers, failures, warnings };
}

/**
 * What Assay writes must be well formed. A foreign predicate that others added and that we cannot read is carried like
 * one of unknown type.
 */
function readPredicate(
  statement: Statement,
  place: string,
  isLine: boolean,
  failures: Failure[],
  warnings: string[],
): PredicateKind | undefined {
  try {
    return checkPredicate(statement, place);
  } catch (error) {
    const failure = failureOf(error);
    if (isLine || statement.predicateType.startsWith(PREDICATE_BASE)) failures.push(failure);
    else warnings.push(failure.message);
    return undefined;
  }
}

const SIGNER_FILE = /^([0-9a-f]{64})\.pem$/;

function readSigners(files: ReadonlyMap<string, Uint8Array>): Map<string, PublicKey> {
  const keys = new Map<string, PublicKey>();
  for (const [name, bytes] of files) {
    const keyId = SIGNER_FILE.exec(name)?.[1];
    const key = parsePublicKey(bytes);
    if (keyId !== key.keyId) {
      throw new FormatError(
        "bad-key",
        `The file signers/${name} holds key ${key.keyId}; its name must be that id and ".pem".`,
        {
          details: { place: `signers/${name}`, keyId: key.keyId },
        },
      );
    }
    keys.set(key.keyId, key);
  }
  return keys;
}

/** The failure that an error stands for. What is no error of Assay is a bug and goes on. */
export function failureOf(error: unknown): Failure {
  if (!isAssayError(error)) throw error;
  return { code: error.code, class: error.name as FailureClass, message: error.message, details: error.details };
}

/** A short name of an exhibit for messages. */
export function nameOf({ read, line }: Exhibit): string {
  const type = read.statement.predicateType;
  return line === undefined ? `${type} (only in an envelope)` : `${type} (line ${line} of statements.jsonl)`;
}
