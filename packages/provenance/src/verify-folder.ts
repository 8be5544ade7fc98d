/** Reads a folder and judges it: the thin shell around `judge`. */

import { DEFAULT_MAX_FILE_BYTES, type FolderReader } from "@assay/manifest";
import { FormatError, SourceError, sha256, toHex, VerificationError } from "@assay/merkle";
import { BOUND_ARTEFACTS, verifyArtefact } from "./artefacts.js";
import { parseAttestations } from "./envelope.js";
import type { FolderEvidence } from "./exhibit.js";
import { type JudgeOptions, judge } from "./judge.js";
import { predicateKind } from "./predicates/registry.js";
import { parseStatement, parseStatements, type Statement, type VerifiedStatement } from "./statement.js";
import type { Verdict } from "./verdict.js";

export interface ReadEvidenceOptions {
  readonly signal?: AbortSignal;
  /** Largest accepted `manifest.json`, `statements.jsonl` and `attestations.intoto.jsonl`, bytes. Default 256 MiB. */
  readonly maxBytes?: number;
  /** Largest accepted artefact, bytes. Default 1 GiB. */
  readonly maxArtefactBytes?: number;
}

const MAX_SIGNERS = 1000;
const MAX_SIGNER_BYTES = 64 * 1024;
const MAX_ARTEFACTS = 10_000;

/**
 * Reads what `judge` needs from a folder, and digests the files that its statements name.
 *
 * @throws SourceError `not-found` when there is no `manifest.json`; FormatError `limit-exceeded`
 */
export async function readEvidence(folder: FolderReader, options: ReadEvidenceOptions = {}): Promise<FolderEvidence> {
  const { signal, maxBytes = 256 * 1024 * 1024, maxArtefactBytes = DEFAULT_MAX_FILE_BYTES } = options;
  const read = (path: string, limit = maxBytes): Promise<Uint8Array | undefined> => {
    signal?.throwIfAborted();
    return folder.read(path, { maxBytes: limit });
  };
  const manifest = await read("manifest.json");
  if (manifest === undefined) {
    throw new SourceError("not-found", "Cannot read the folder: it has no manifest.json.", {
      details: { path: "manifest.json" },
    });
  }
  const statements = await read("statements.jsonl");
  const attestations = await read("attestations.intoto.jsonl");

  const signers = new Map<string, Uint8Array>();
  const names = (await folder.list()).filter((path) => /^signers\/[^/]+\.pem$/.test(path));
  if (names.length > MAX_SIGNERS) throw tooMany("signers", names.length, MAX_SIGNERS);
  for (const path of names) {
    const bytes = await read(path, MAX_SIGNER_BYTES);
    if (bytes !== undefined) signers.set(path.slice("signers/".length), bytes);
  }

  const paths = new Set([...BOUND_ARTEFACTS, ...namedPaths(statements, attestations)]);
  if (paths.size > MAX_ARTEFACTS) throw tooMany("artefacts", paths.size, MAX_ARTEFACTS);
  const digests = new Map<string, string>();
  for (const path of paths) {
    const bytes = await read(path, maxArtefactBytes);
    if (bytes !== undefined) digests.set(path, toHex(sha256(bytes)));
  }
  return {
    manifest,
    signers,
    digests,
    ...(statements === undefined ? {} : { statements }),
    ...(attestations === undefined ? {} : { attestations }),
  };
}

export interface VerifyFolderOptions extends JudgeOptions, ReadEvidenceOptions {}

/**
 * Reads a folder and judges it.
 *
 * @throws SourceError when the folder cannot be read; TypeError when a policy is given without `at`
 * @example
 * const verdict = await verifyFolder(folder, { policy: parsePolicy(bytes), at: new Date() });
 * process.exitCode = verdict.ok ? 0 : 3;
 */
export async function verifyFolder(folder: FolderReader, options: VerifyFolderOptions = {}): Promise<Verdict> {
  return judge(await readEvidence(folder, options), options);
}

export interface ReadArtefactOptions {
  /** Largest accepted artefact, bytes. Default 1 GiB. */
  readonly maxBytes?: number;
}

/**
 * Reads an artefact for use: the bytes that come back are the bytes that a verified statement names, even when the
 * folder changed since it was judged.
 *
 * @throws VerificationError `artefact-mismatch`: altered, missing or not named
 * @example
 * const { verified } = await verifyFolder(folder, { policy, at });
 * const findings = await readArtefact(folder, "findings.jsonl", verified);
 */
export async function readArtefact(
  folder: FolderReader,
  path: string,
  statements: readonly VerifiedStatement[],
  options: ReadArtefactOptions = {},
): Promise<Uint8Array> {
  const { maxBytes = DEFAULT_MAX_FILE_BYTES } = options;
  const bytes = await folder.read(path, { maxBytes });
  if (bytes === undefined) {
    throw new VerificationError("artefact-mismatch", `Cannot use "${path}": it is missing.`, { details: { path } });
  }
  verifyArtefact(path, toHex(sha256(bytes)), statements);
  return bytes;
}

/** Paths that statements name. What cannot be read names nothing here; the judge says that it cannot be read. */
function namedPaths(statements: Uint8Array | undefined, attestations: Uint8Array | undefined): string[] {
  const lines = tolerant(() => parseStatements(statements ?? new Uint8Array(0)).map(({ statement }) => statement));
  const payloads = tolerant(() => parseAttestations(attestations ?? new Uint8Array(0))).flatMap(({ payload }) =>
    tolerant(() => [parseStatement(payload).statement]),
  );
  return [...lines, ...payloads].flatMap(pathsOf);
}

function pathsOf({ predicateType, predicate }: Statement): string[] {
  const kind = predicateKind(predicateType);
  // Only what its schema accepts is asked for paths: these are the ones that cannot leave the folder.
  if (kind?.artefactsOf === undefined || !kind.schema.safeParse(predicate).success) return [];
  return kind.artefactsOf(predicate).map(({ path }) => path);
}

function tolerant<T>(read: () => readonly T[]): readonly T[] {
  try {
    return read();
  } catch {
    return [];
  }
}

function tooMany(what: string, value: number, allowed: number): FormatError {
  return new FormatError(
    "limit-exceeded",
    `Cannot judge the folder: it has ${value} ${what}, at most ${allowed} are read.`,
    {
      details: { limit: what, value, allowed },
    },
  );
}
