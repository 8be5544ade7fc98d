/** Reads a folder and judges it: the thin shell around `judge`. */

import { createSha256, FormatError, SourceError, toHex } from "@assay/merkle";
import { BOUND_ARTEFACTS } from "./artefacts.js";
import { parseAttestations } from "./envelope.js";
import type { FolderEvidence } from "./exhibit.js";
import { type JudgeOptions, judge } from "./judge.js";
import { predicateKind } from "./predicates/registry.js";
import { parseStatement, parseStatements, type Statement } from "./statement.js";
import type { Verdict } from "./verdict.js";

/** A folder that can be read: on disk (`./node`), dropped on a page, or in memory. */
export interface FolderReader {
  /** Names of the files directly in a folder; `""` is the top. Empty when there is no such folder. */
  list(folder: string): Promise<readonly string[]>;
  /** The bytes of a file in pieces; undefined when it is not there. Never anything outside the folder. */
  open(path: string): Promise<AsyncIterable<Uint8Array> | undefined>;
}

export interface ReadEvidenceOptions {
  readonly signal?: AbortSignal;
  /** Largest accepted `manifest.json`, `statements.jsonl` and `attestations.intoto.jsonl`, bytes. Default 256 MiB. */
  readonly maxBytes?: number;
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
  const { signal, maxBytes = 256 * 1024 * 1024 } = options;
  const read = (path: string, limit = maxBytes) => readAll(folder, path, limit, signal);
  const manifest = await read("manifest.json");
  if (manifest === undefined) {
    throw new SourceError("not-found", "Cannot read the folder: it has no manifest.json.", {
      details: { path: "manifest.json" },
    });
  }
  const statements = await read("statements.jsonl");
  const attestations = await read("attestations.intoto.jsonl");

  const signers = new Map<string, Uint8Array>();
  const names = (await folder.list("signers")).filter((name) => name.endsWith(".pem"));
  if (names.length > MAX_SIGNERS) throw tooMany("signers", names.length, MAX_SIGNERS);
  for (const name of [...names].sort()) {
    const bytes = await read(`signers/${name}`, MAX_SIGNER_BYTES);
    if (bytes !== undefined) signers.set(name, bytes);
  }

  const paths = new Set([...BOUND_ARTEFACTS, ...namedPaths(statements, attestations)]);
  if (paths.size > MAX_ARTEFACTS) throw tooMany("artefacts", paths.size, MAX_ARTEFACTS);
  const digests = new Map<string, string>();
  for (const path of paths) {
    const digest = await digestOf(folder, path, signal);
    if (digest !== undefined) digests.set(path, digest);
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

async function readAll(
  folder: FolderReader,
  path: string,
  limit: number,
  signal: AbortSignal | undefined,
): Promise<Uint8Array | undefined> {
  const pieces = await folder.open(path);
  if (pieces === undefined) return undefined;
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const piece of pieces) {
    signal?.throwIfAborted();
    length += piece.length;
    if (length > limit) {
      throw new FormatError("limit-exceeded", `Cannot read "${path}": it has more bytes than maxBytes, ${limit}.`, {
        details: { path, limit: "maxBytes", allowed: limit },
      });
    }
    parts.push(piece);
  }
  const bytes = new Uint8Array(length);
  let offset = 0;
  for (const part of parts) {
    bytes.set(part, offset);
    offset += part.length;
  }
  return bytes;
}

async function digestOf(
  folder: FolderReader,
  path: string,
  signal: AbortSignal | undefined,
): Promise<string | undefined> {
  const pieces = await folder.open(path);
  if (pieces === undefined) return undefined;
  const hash = createSha256();
  for await (const piece of pieces) {
    signal?.throwIfAborted();
    hash.update(piece);
  }
  return toHex(hash.digest());
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
