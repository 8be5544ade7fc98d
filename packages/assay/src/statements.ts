/** The statements of a run, the envelopes of a signer, and the verdict on both before they are written. */

import type { CheckRun, Finding, Roles } from "@assay/checks";
import type { Derivation, ManifestHeader, SealedManifest } from "@assay/manifest";
import { sha256, toHex } from "@assay/merkle";
import {
  type Artefact,
  addSignature,
  buildCheckRunStatement,
  buildDatasetManifestStatement,
  buildDerivationStatement,
  buildTestResultStatement,
  type CheckRunPredicate,
  type Envelope,
  formatAttestations,
  formatStatement,
  formatStatements,
  judge,
  type ManifestHeads,
  type PowerResult,
  readManifest,
  type Signer,
  type Statement,
  signStatement,
  type Verdict,
} from "@assay/provenance";
import { TOOL } from "./tool.js";

/** The digests that statements about a manifest name. */
export function headsOf(built: Pick<SealedManifest, "headerBytes">): ManifestHeads {
  return readManifest(built.headerBytes).heads;
}

export interface ManifestStatementsInput {
  readonly built: SealedManifest;
  readonly createdAt: string;
  readonly derivation?: Derivation;
  /** Files of the folder that the derivation wrote. */
  readonly derivationFiles?: ReadonlyMap<string, Uint8Array>;
}

/** What is in the data set and, for a derived one, how it was made. */
export function manifestStatements(input: ManifestStatementsInput): Statement[] {
  const { built, createdAt, derivation, derivationFiles = new Map() } = input;
  const heads = headsOf(built);
  return [
    buildDatasetManifestStatement(heads, {
      header: built.header,
      files: { sha256: toHex(sha256(built.entriesBytes)) },
      createdAt,
      tool: TOOL,
    }),
    ...(derivation === undefined
      ? []
      : [
          buildDerivationStatement(heads, {
            derivation,
            tool: TOOL,
            startedAt: createdAt,
            finishedAt: createdAt,
            artefacts: artefactsOf(derivationFiles),
          }),
        ]),
  ];
}

/** Paths and digests of files, as statements name them. */
export function artefactsOf(files: ReadonlyMap<string, Uint8Array>): Artefact[] {
  return [...files].map(([path, bytes]) => ({ path, sha256: toHex(sha256(bytes)) }));
}

export interface CheckStatementsInput {
  readonly built: SealedManifest;
  readonly run: CheckRun;
  readonly findings: readonly Finding[];
  readonly roles: Roles;
  readonly fdr: number;
  readonly seed: string | undefined;
  /** Files besides the data set that checks read. */
  readonly inputs: CheckRunPredicate["inputs"];
  readonly config: Readonly<Record<string, unknown>>;
  readonly artefacts: readonly Artefact[];
  readonly startedAt: string;
  readonly finishedAt: string;
}

/** Which checks ran and what they found, in our own words and as an in-toto Test Result. */
export function checkStatements(input: CheckStatementsInput): Statement[] {
  const { built, run, findings, roles, fdr, seed, config, inputs, artefacts, startedAt, finishedAt } = input;
  const heads = headsOf(built);
  const checkRun = buildCheckRunStatement(heads, {
    tool: TOOL,
    startedAt,
    finishedAt,
    config,
    seed: seed === undefined ? { origin: "derived" } : { origin: "given", value: seed },
    roles,
    fdr,
    inputs,
    outcomes: run.outcomes,
    findings,
    columns: columnsOf(built.header),
    ...(run.outcomes.some(({ power }) => power !== undefined) && { power: powerOf(run.outcomes) }),
    artefacts,
  });
  return [checkRun, buildTestResultStatement(heads, checkRun.predicate as CheckRunPredicate)];
}

/** Every planted share that was tried, by check in the order of the run. */
export function powerOf(outcomes: CheckRun["outcomes"]): PowerResult[] {
  return outcomes.flatMap(({ check, power, otherPower = [] }) =>
    [...(power ? [power] : []), ...otherPower].flatMap(({ attack, tried }) =>
      tried.map(({ fraction, recall, falseDiscovery }) => ({
        check,
        attack,
        fraction,
        recall,
        falseDiscovery,
      })),
    ),
  );
}

/** Names of all columns of a data set. */
export function columnsOf({ schemas }: ManifestHeader): string[] {
  return [...new Set(Object.values(schemas).flatMap((kinds) => Object.keys(kinds)))];
}

/** The provenance files of a folder: `statements.jsonl` and, with a signer, envelopes and its public key. */
export async function provenanceFiles(
  statements: readonly Statement[],
  signer: Signer | undefined,
): Promise<Map<string, Uint8Array>> {
  const files = new Map([["statements.jsonl", formatStatements(statements)]]);
  if (signer === undefined) return files;
  const envelopes: Envelope[] = [];
  for (const statement of statements) envelopes.push(await signStatement(formatStatement(statement), signer));
  files.set("attestations.intoto.jsonl", formatAttestations(envelopes));
  files.set(`signers/${signer.keyId}.pem`, new TextEncoder().encode(signer.publicKeyPem));
  return files;
}

/** Adds a signature to each statement: to its envelope when others signed it already, else in a new one. */
export async function addSignatures(
  statements: readonly Uint8Array[],
  envelopes: readonly Envelope[],
  signer: Signer,
): Promise<Envelope[]> {
  const digest = (bytes: Uint8Array): string => toHex(sha256(bytes));
  const signed = new Map(envelopes.map((envelope) => [digest(envelope.payload), envelope]));
  for (const bytes of statements) {
    const envelope = signed.get(digest(bytes));
    signed.set(
      digest(bytes),
      envelope === undefined ? await signStatement(bytes, signer) : await addSignature(envelope, signer),
    );
  }
  return [...signed.values()];
}

/** Judges what is about to be written, exactly as it will be read: nothing is written that does not verify. */
export function judgeFiles(
  manifest: Uint8Array,
  files: ReadonlyMap<string, Uint8Array>,
  options: Parameters<typeof judge>[1] = {},
): Verdict {
  const statements = files.get("statements.jsonl");
  const attestations = files.get("attestations.intoto.jsonl");
  const signers = [...files].flatMap(([path, bytes]): [string, Uint8Array][] =>
    path.startsWith("signers/") ? [[path.slice("signers/".length), bytes]] : [],
  );
  return judge(
    {
      manifest,
      ...(statements !== undefined && { statements }),
      ...(attestations !== undefined && { attestations }),
      signers: new Map(signers),
      digests: new Map([...files].map(([path, bytes]) => [path, toHex(sha256(bytes))])),
    },
    options,
  );
}
