/** `assay verify`: recompute and decide. Everything that fails is told at once; one exit code says the gravest. */

import { basename } from "node:path";
import { type DerivationVerdict, inspectData, type OpenedManifest, openManifest, verifyKept } from "@assay/manifest";
import { openFolderReader } from "@assay/manifest/node";
import { type AssayErrorCode, exitCodeOf, isAssayError, TrustError, VerificationError } from "@assay/merkle";
import {
  type FolderEvidence,
  judge,
  type ParentResult,
  readEvidence,
  type StatementReport,
  TOMBSTONE,
  type TombstonePredicate,
  type Verdict,
} from "@assay/provenance";
import { UsageError } from "../usage-error.js";
import { folderOf, openDataOf } from "./data.js";
import { withExecutor, workOf } from "./executor.js";
import { asTampered, errorOf, isBound, policyOf, type TrustChoice, trustedTime } from "./open-folder.js";
import type { Work } from "./options.js";
import { checkUrls, faultOf, isFault, PINS_FILE, type UrlsVerdict, urlsLine } from "./url-list-pins.js";
import { type ParentVerdict, verifyLineage } from "./verify-lineage.js";

export type { ParentVerdict } from "./verify-lineage.js";

export interface VerifyFolderOptions extends Work, TrustChoice {
  /** Folders of parents, in any order. */
  readonly parents?: readonly string[];
  /** Folders of the other parts, for a part of a split. */
  readonly siblings?: readonly string[];
  /** Where the data is. Default: beside the folder. */
  readonly data?: string;
  /** Do not look at the data. */
  readonly noData?: boolean;
  /** Records matter, how they are stored does not. */
  readonly setOnly?: boolean;
  readonly leafKey?: Uint8Array;
  /** Fetch the URLs of `urls.jsonl` again. Default false. */
  readonly urls?: boolean;
}

/** One thing that was verified. */
export interface VerifyCheck {
  readonly name: "manifest" | "entries" | "trees" | "data" | "urls" | "lineage" | "statements";
  readonly ok: boolean;
  readonly code?: AssayErrorCode;
  /** Holds data: escape it. */
  readonly message: string;
  readonly details?: Readonly<Record<string, unknown>>;
}

export interface VerifyResult {
  readonly ok: boolean;
  readonly code: "ok" | AssayErrorCode;
  readonly trust: "judged" | "not-judged";
  readonly data: "checked" | "not-checked";
  readonly checks: readonly VerifyCheck[];
  readonly statements: readonly StatementReport[];
  readonly parents: readonly ParentVerdict[];
  /** What a second look at the pinned URLs found; only when it was asked for. */
  readonly urls?: UrlsVerdict;
  readonly exitCode: number;
  /** One line for people. Holds data: escape it. */
  readonly line: string;
}

/** What is in a result besides the JSON: for commands that go on with what was verified. */
export interface VerifiedFolder {
  readonly result: VerifyResult;
  readonly opened?: OpenedManifest;
  readonly verdict?: Verdict;
  readonly derivation?: DerivationVerdict;
}

/** Exit codes from gravest; what is not in the list is a bug. */
const GRAVEST_FIRST = [70, 143, 130, 64, 5, 2, 3, 4, 1];

/**
 * Verifies a folder: manifest, entries, kept trees, data, lineage, statements, trust.
 *
 * @param target The folder, or its manifest.json.
 * @throws UsageError for options that contradict; SourceError when there is no folder; the reason of `signal`.
 */
export async function verifyFolder(target: string, options: VerifyFolderOptions = {}): Promise<VerifyResult> {
  return (await verifyInFull(target, options)).result;
}

/** {@link verifyFolder} with what it opened. */
export async function verifyInFull(target: string, options: VerifyFolderOptions = {}): Promise<VerifiedFolder> {
  const { data, noData = false, setOnly = false, leafKey, signal, onWarning } = options;
  if (noData && (data !== undefined || setOnly || options.dataQuery !== undefined))
    throw new UsageError("--no-data looks at no data: --data, --query and --set-only do not go with it");
  const directory = folderOf(target);
  const parentFolders = (options.parents ?? []).map(folderOf);
  const policy = await policyOf(options, [directory, ...parentFolders]);
  const at = policy === undefined ? undefined : trustedTime(options);

  const checks: VerifyCheck[] = [];
  const failures: { code: AssayErrorCode; exitCode: number; message: string }[] = [];
  const fail = (name: VerifyCheck["name"], error: unknown): void => {
    if (!isAssayError(error)) throw error;
    const exitCode = exitCodeOf(error);
    failures.push({ code: error.code, exitCode, message: error.message });
    checks.push({ name, ok: false, code: error.code, message: error.message, details: error.details });
  };
  const pass = (name: VerifyCheck["name"], message: string): void => {
    checks.push({ name, ok: true, message });
  };

  const reader = await openFolderReader(directory, onWarning === undefined ? {} : { onNote: onWarning });
  const evidence = await readEvidence(reader, signal === undefined ? {} : { signal });
  const cancel = signal === undefined ? {} : { signal };

  let opened: OpenedManifest | undefined;
  try {
    opened = await openManifest(reader, cancel);
    pass("entries", `${opened.entries.length} file entries match the dataset root`);
  } catch (error) {
    fail("entries", isBound(evidence) ? asTampered(error) : error);
  }

  let dataState: VerifyResult["data"] = "not-checked";
  let urls: UrlsVerdict | undefined;
  let derivation: DerivationVerdict | undefined;
  let parents: ParentVerdict[] = [];
  if (opened !== undefined) {
    try {
      const kept = await verifyKept(opened, cancel);
      pass("trees", `kept trees match: ${kept.leaves + kept.blocks} records trees, set ${kept.set}`);
    } catch (error) {
      fail("trees", asTampered(error));
    }
    if (!noData) {
      try {
        await verifyDataOf(opened, directory, { data, setOnly, leafKey, options });
        dataState = "checked";
        pass("data", `the data is the one of the manifest: ${opened.header.set.records} records`);
      } catch (error) {
        fail("data", error);
        if (isAssayError(error) && exitCodeOf(error) === 2) dataState = "checked";
      }
    }
    try {
      const lineage = await verifyLineage(opened, parentFolders, policy, at, options);
      parents = lineage.parents;
      derivation = lineage.derivation;
      for (const failure of lineage.failures) fail("lineage", failure);
      if (derivation !== undefined)
        pass("lineage", `${derivation.operation}: ${derivation.edge}; ${derivation.reason}`);
    } catch (error) {
      fail("lineage", error);
    }
  }

  const verdict = judge(evidence, {
    ...(policy !== undefined && at !== undefined && { policy, at }),
    parents: parents.map(({ manifest, verdict: parent, edge }): ParentResult => ({ manifest, parent, edge })),
  });
  // Nobody is asked about pins that were altered.
  const isAltered = verdict.failures.some(({ details }) => details?.path === PINS_FILE);
  if (options.urls === true && !isAltered) {
    try {
      urls = await checkUrls(reader, options);
      const { changed, gone, differences } = urls;
      for (const difference of differences) if (isFault(difference)) fail("urls", faultOf(difference));
      if (changed + gone === 0) pass("urls", urlsLine(urls));
    } catch (error) {
      fail("urls", isBound(evidence) ? asTampered(error) : error);
    }
  }
  for (const warning of verdict.warnings) onWarning?.(warning);
  for (const failure of verdict.failures)
    fail("statements", isBound(evidence) ? asTampered(errorOf(failure)) : errorOf(failure));
  for (const error of unfinishedErasures(verdict, derivation)) fail("lineage", error);
  const strangers = unknownKeysOf(verdict, evidence);
  for (const keyId of strangers)
    fail(
      "statements",
      new TrustError(
        "unknown-signer",
        `A signature names the key ${keyId}, which neither the policy nor signers/ has, so it cannot be checked`,
        { details: { keyId } },
      ),
    );
  if (verdict.ok && strangers.length === 0) pass("statements", verdict.summary);

  const gravest = [...failures].sort(
    (a, b) => GRAVEST_FIRST.indexOf(a.exitCode) - GRAVEST_FIRST.indexOf(b.exitCode),
  )[0];
  const result: VerifyResult = {
    ok: gravest === undefined,
    code: gravest?.code ?? "ok",
    trust: verdict.trust,
    data: dataState,
    checks,
    statements: verdict.statements,
    parents,
    ...(urls !== undefined && { urls }),
    exitCode: gravest?.exitCode ?? 0,
    line: `${basename(directory)}: ${gravest?.message ?? lineOf(verdict, dataState, opened, parents, urls)}`,
  };
  return {
    result,
    verdict,
    ...(opened !== undefined && { opened }),
    ...(derivation !== undefined && { derivation }),
  };
}

/**
 * Keys of signatures that nobody can check. Whoever signs leaves the public key in signers/; a key id that was altered must not
 * pass for a signature of somebody else.
 */
function unknownKeysOf({ statements }: Verdict, { signers }: FolderEvidence): string[] {
  const unknown = statements.flatMap(({ signatures }) =>
    signatures.filter(({ status, keyId }) => status === "unknown-signer" && !signers.has(`${keyId}.pem`)),
  );
  return [...new Set(unknown.map(({ keyId }) => keyId))];
}

function lineOf(
  verdict: Verdict,
  data: VerifyResult["data"],
  opened: OpenedManifest | undefined,
  parents: readonly ParentVerdict[],
  urls: UrlsVerdict | undefined,
): string {
  const records = opened?.header.set.records ?? 0;
  const files = opened?.entries.length ?? 0;
  const lineage = parents.map(({ verdict: parent, edge }) => `parent ${parent}, ${edge}`);
  return [
    verdict.summary,
    data === "checked"
      ? `data checked (${records} records in ${files} ${files === 1 ? "file" : "files"})`
      : "data not checked",
    ...(urls === undefined ? [] : [urlsLine(urls)]),
    ...lineage,
  ].join("; ");
}

async function verifyDataOf(
  opened: OpenedManifest,
  directory: string,
  {
    data,
    setOnly,
    leafKey,
    options,
  }: { data: string | undefined; setOnly: boolean; leafKey: Uint8Array | undefined; options: VerifyFolderOptions },
): Promise<void> {
  const { header, entries, blocksOf } = opened;
  const verdict = await withExecutor(options, async (executor, spool) => {
    const { source } = await openDataOf(directory, header, entries, data, { ...options, spool });
    return inspectData(header, entries, source, {
      executor,
      ...workOf(options),
      ...(leafKey !== undefined && { leafKey }),
      ...(setOnly && { onlySet: true }),
      blocksOf,
    });
  });
  if (verdict.fault !== undefined) throw verdict.fault;
}

/** A tombstone promises every occurrence: of each record that the list takes out, none may be left. */
function unfinishedErasures({ verified }: Verdict, derivation: DerivationVerdict | undefined): VerificationError[] {
  const removed = derivation?.removed;
  return verified.flatMap(({ statement }) => {
    if (statement.predicateType !== TOMBSTONE || removed === undefined) return [];
    const { erased } = statement.predicate as TombstonePredicate;
    if (erased.distinct === removed.distinct && erased.records === removed.records) return [];
    const message = `The tombstone says that ${erased.distinct} different records were erased, and the list takes occurrences of ${removed.distinct} out: some of them are left`;
    return [new VerificationError("derivation-mismatch", message, { details: { erased, removed } })];
  });
}
