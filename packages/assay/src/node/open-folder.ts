/** A folder as commands use it: recovered, its manifest and entries checked, its statements judged. */

import { type OpenedManifest, openManifest } from "@assay/manifest";
import { openFolderReader } from "@assay/manifest/node";
import {
  CheckError,
  type FormatCode,
  FormatError,
  isAssayError,
  SourceError,
  TrustError,
  VerificationError,
} from "@assay/merkle";
import {
  type FolderEvidence,
  judge,
  type ParentResult,
  type Policy,
  parsePolicy,
  parsePublicKey,
  policyOfKey,
  readEvidence,
  type Verdict,
} from "@assay/provenance";
import { assertOutsideFolder } from "@assay/provenance/node";
import { UsageError } from "../usage-error.js";
import { folderOf } from "./data.js";
import { readNamedFile } from "./named-file.js";
import type { Work } from "./options.js";

/** Whom to trust. Never taken from the folder that is judged. */
export interface TrustChoice {
  /** Path of an `assay-policy/v1`. */
  readonly policy?: string;
  /** Path of a public key that is trusted for everything. */
  readonly trust?: string;
  /** Trusted time, RFC 3339. Default: now. */
  readonly at?: string;
}

export interface JudgedFolder {
  readonly directory: string;
  readonly opened: OpenedManifest;
  readonly evidence: FolderEvidence;
  readonly verdict: Verdict;
}

/** The policy of a trust choice, or `undefined` for integrity only. */
export async function policyOf(
  { policy, trust }: TrustChoice,
  folders: readonly string[],
): Promise<Policy | undefined> {
  if (policy !== undefined && trust !== undefined)
    throw new UsageError("--policy and --trust cannot be used together: a policy names its own keys");
  const path = policy ?? trust;
  if (path === undefined) return undefined;
  const option = policy === undefined ? "--trust" : "--policy";
  await assertOutsideFolder(path, folders, policy === undefined ? "the key" : "the policy");
  const bytes = await readNamedFile(option, path);
  return policy !== undefined ? parsePolicy(bytes) : policyOfKey(parsePublicKey(new TextDecoder().decode(bytes)));
}

/** The trusted time of a choice. */
export function trustedTime({ at }: TrustChoice): Date {
  if (at === undefined) return new Date();
  const time = new Date(/^\d{4}-\d{2}-\d{2}$/.test(at) ? `${at}T00:00:00Z` : at);
  if (
    !/^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2}))?$/.test(at) ||
    Number.isNaN(time.getTime())
  )
    throw new UsageError(`--at ${at}: a time is written like 2026-11-23T12:00:00Z`);
  return time;
}

/** Opens a folder and judges its statements; parents were judged before. */
export async function judgeFolder(
  target: string,
  trust: TrustChoice & { readonly parents?: readonly ParentResult[] } = {},
  { signal, onWarning }: Work = {},
  policy?: Policy,
): Promise<JudgedFolder> {
  const directory = folderOf(target);
  const reader = await openFolderReader(directory, onWarning === undefined ? {} : { onNote: onWarning });
  const evidence = await readEvidence(reader, signal === undefined ? {} : { signal });
  const opened = await openManifest(reader, signal === undefined ? {} : { signal }).catch((error: unknown) => {
    throw isBound(evidence) ? asTampered(error) : error;
  });
  const judged = policy ?? (await policyOf(trust, [directory]));
  const verdict = judge(evidence, {
    ...(judged !== undefined && { policy: judged, at: trustedTime(trust) }),
    ...(trust.parents !== undefined && { parents: trust.parents }),
  });
  return { directory, opened, evidence, verdict };
}

/** Whether statements name the manifest; without any it is only what somebody handed over. */
export function isBound({ statements, attestations }: FolderEvidence): boolean {
  return statements !== undefined || attestations !== undefined;
}

/** Opens a folder for a command that reads its artefacts: they must be the ones that its statements name. */
export async function openIntact(target: string, trust: TrustChoice = {}, work: Work = {}): Promise<JudgedFolder> {
  const judged = await judgeFolder(target, trust, work);
  const [failure] = judged.verdict.failures;
  if (failure !== undefined) throw isBound(judged.evidence) ? asTampered(errorOf(failure)) : errorOf(failure);
  return judged;
}

/** The error that a failure of a verdict stands for. */
export function errorOf(failure: Verdict["failures"][number]): Error {
  const Class = ERRORS[failure.class];
  return new Class(failure.code as never, failure.message, { details: failure.details ?? {} });
}

/**
 * What Assay wrote and no longer parses was changed after it was written: the same code, as tampering and not as a mistake in
 * somebody's input. What is merely too large stays what it is.
 */
export function asTampered(error: unknown): Error {
  if (!isAssayError(error) || error.name !== "FormatError" || error.code === "limit-exceeded") return error as Error;
  return new VerificationError(error.code as FormatCode, error.message, { cause: error, details: error.details });
}

const ERRORS = { VerificationError, TrustError, FormatError, SourceError, CheckError } as const;
