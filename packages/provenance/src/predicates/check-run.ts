/**
 * `urn:assay:predicate:check-run/v1`: these checks ran on this data set, with this configuration, and found this. It
 * names every other artefact of the folder by digest, and says what was *not* looked at, so that a column cannot be
 * left out unseen.
 */

import type { Outcome, Roles, Severity } from "@assay/checks";
import { compareText } from "@assay/manifest";
import { canonicalJson, sha256, toHex } from "@assay/merkle";
import { z } from "zod";
import { type ManifestHeads, subjectsOf } from "../heads.js";
import { parseInstant } from "../instant.js";
import { PREDICATE_BASE, STATEMENT_TYPE, type Statement } from "../statement.js";
import { count, digest, folderPath, instant, jsonObject, severity, share, tool, words } from "./fields.js";
import type { Artefact, PredicateKind, Tool } from "./predicate.js";

export const CHECK_RUN = `${PREDICATE_BASE}check-run/v1`;

/** Findings of one check with one severity. Pairs without findings are left out. */
export interface FindingCount {
  readonly check: string;
  readonly severity: Severity;
  readonly count: number;
}

/** A matrix or file besides the data set that checks read. */
export interface CheckInput {
  /** As the user named it; a name, not a path of the machine. */
  readonly name: string;
  readonly use: "features" | "probabilities" | "embeddings" | "baseline" | "trusted" | "other";
  readonly sha256: string;
}

/** What one check caught of planted poison, in one share of the records. */
export interface PowerResult {
  readonly check: string;
  /** Kind of poison that was planted, such as `label-flip`. */
  readonly attack: string;
  /** Planted share of the records, 0 to 1. */
  readonly fraction: number;
  /** Share of the planted records that was found, 0 to 1. */
  readonly recall: number;
  /** Share of false findings among the findings, 0 to 1. */
  readonly falseDiscovery: number;
}

/** Where the randomness of a run came from. `given` is the text that the user gave. */
export type RunSeed = { readonly origin: "derived" } | { readonly origin: "given"; readonly value: string };

export interface CheckRunPredicate {
  readonly tool: Tool;
  readonly startedAt: string;
  readonly finishedAt: string;
  /** The configuration in full, and the SHA-256 of its RFC 8785 bytes. */
  readonly config: { readonly sha256: string; readonly value: Readonly<Record<string, unknown>> };
  readonly seed: RunSeed;
  /** What columns are for, as the user said. */
  readonly roles: Roles;
  /** Claimed false discovery rate of the run, 0 to 1. */
  readonly fdr: number;
  readonly inputs: readonly CheckInput[];
  /** Every check that was asked for, in full; also skipped and failed ones. */
  readonly outcomes: readonly Outcome[];
  readonly findings: readonly FindingCount[];
  /** Columns that the user excluded, ascending by code point. */
  readonly excluded: readonly string[];
  /** Columns that no completed check read, ascending by code point; excluded ones too. */
  readonly notLookedAt: readonly string[];
  /** Only when power was measured: every share that was tried, also those that were missed. */
  readonly power?: readonly PowerResult[];
  /** Every other artefact of the folder, ascending by path. */
  readonly artefacts: readonly Artefact[];
}

const texts = z.array(z.string());

const power = z.looseObject({
  attack: words,
  smallest: share.nullable(),
  tried: z.array(z.looseObject({ fraction: share, planted: count, recall: share, falseDiscovery: share })),
});

// Outcomes grow with the versions of checks; what is read here is checked, what is added is carried.
const outcome = z.looseObject({
  check: words,
  version: words,
  status: z.enum(["completed", "skipped", "failed"]),
  reason: z.string().optional(),
  examined: count,
  findings: count,
  calibration: words,
  fdr: share.optional(),
  estimate: z.looseObject({ rate: z.number(), low: z.number(), high: z.number() }).optional(),
  suspects: z.array(count).optional(),
  reasons: z.array(z.looseObject({ record: count, message: z.string(), evidence: jsonObject })).optional(),
  disputed: z.array(count).optional(),
  power: power.optional(),
  otherPower: z.array(power).optional(),
  lookedAt: z.looseObject({ columns: texts, label: z.string().optional(), records: count }),
  seed: z.looseObject({ value: z.string(), origin: z.enum(["derived", "given"]) }),
  notes: texts,
});

const schema = z.strictObject({
  tool,
  startedAt: instant,
  finishedAt: instant,
  config: z.strictObject({ sha256: digest, value: jsonObject }),
  seed: z.discriminatedUnion("origin", [
    z.strictObject({ origin: z.literal("derived") }),
    z.strictObject({ origin: z.literal("given"), value: words }),
  ]),
  roles: jsonObject,
  fdr: share,
  inputs: z.array(
    z.strictObject({
      name: words,
      use: z.enum(["features", "probabilities", "embeddings", "baseline", "trusted", "other"]),
      sha256: digest,
    }),
  ),
  outcomes: z.array(outcome),
  findings: z.array(z.strictObject({ check: words, severity, count: z.int().min(1) })),
  excluded: texts,
  notLookedAt: texts,
  power: z
    .array(z.strictObject({ check: words, attack: words, fraction: share, recall: share, falseDiscovery: share }))
    .optional(),
  artefacts: z.array(z.strictObject({ path: folderPath, sha256: digest })),
});

export const checkRun: PredicateKind<CheckRunPredicate> = {
  predicateType: CHECK_RUN,
  schema,
  faultOf: faultOfCheckRun,
  timeOf: ({ finishedAt }) => finishedAt,
  artefactsOf: ({ artefacts }) => artefacts,
};

function faultOfCheckRun(predicate: CheckRunPredicate): string | undefined {
  const { startedAt, finishedAt, config, outcomes, findings, excluded, notLookedAt, artefacts, seed } = predicate;
  const { power = [] } = predicate;
  if (parseInstant(finishedAt)! < parseInstant(startedAt)!) return "finishedAt is before startedAt";
  if (configDigest(config.value) !== config.sha256) return "config.sha256 is not the digest of config.value";
  const checks = new Set<string>();
  const examined = new Set<string>();
  for (const { check, status, lookedAt, seed: own, reason } of outcomes) {
    if (checks.has(check)) return `check "${check}" has two outcomes`;
    checks.add(check);
    if (status !== "completed" && (reason ?? "") === "") return `check "${check}" was ${status} without a reason`;
    if (own.origin !== seed.origin) return `check "${check}" had a ${own.origin} seed, the run a ${seed.origin} one`;
    if (status === "completed") for (const column of columnsOf(lookedAt)) examined.add(column);
  }
  for (const column of excluded) {
    if (!notLookedAt.includes(column)) return `column "${column}" is excluded and not in notLookedAt`;
  }
  for (const column of notLookedAt) {
    if (examined.has(column)) return `column "${column}" is in notLookedAt, yet a completed check looked at it`;
  }
  const totals = new Map<string, number>();
  const pairs = new Set<string>();
  for (const { check, severity, count } of findings) {
    if (!checks.has(check)) return `findings are counted for "${check}", which has no outcome`;
    const pair = `${severity} ${check}`;
    if (pairs.has(pair)) return `findings of "${check}" with severity ${severity} are counted twice`;
    pairs.add(pair);
    totals.set(check, (totals.get(check) ?? 0) + count);
  }
  for (const { check, findings: claimed } of outcomes) {
    const total = totals.get(check) ?? 0;
    if (total !== claimed) return `outcome of "${check}" has ${claimed} findings, the counts say ${total}`;
  }
  for (const { check } of power) if (!checks.has(check)) return `power is stated for "${check}", which has no outcome`;
  const paths = new Set(artefacts.map(({ path }) => path));
  return paths.size === artefacts.length ? undefined : "an artefact is named twice";
}

/** The columns that a check looked at, its label among them. */
export function columnsOf({ columns, label }: Outcome["lookedAt"]): readonly string[] {
  return label === undefined ? columns : [...columns, label];
}

/** SHA-256 of the RFC 8785 bytes of a configuration, lower-case hex. */
export function configDigest(config: Readonly<Record<string, unknown>>): string {
  return toHex(sha256(new TextEncoder().encode(canonicalJson(config))));
}

/** What the caller says about a run; digests and totals that follow from it are computed. */
export interface CheckRunInput extends Omit<CheckRunPredicate, "config" | "findings" | "notLookedAt" | "excluded"> {
  readonly config: Readonly<Record<string, unknown>>;
  /** All findings of the run. */
  readonly findings: Iterable<{ readonly check: string; readonly severity: Severity }>;
  /** All columns of the data set. */
  readonly columns: readonly string[];
}

/**
 * Builds the statement that says which checks ran and what they found. Counts findings, digests the configuration, and
 * computes the columns that no completed check looked at.
 */
export function buildCheckRunStatement(heads: ManifestHeads, input: CheckRunInput): Statement<CheckRunPredicate> {
  const { config, findings, columns, artefacts, ...rest } = input;
  const examined = new Set(
    rest.outcomes.filter(({ status }) => status === "completed").flatMap(({ lookedAt }) => columnsOf(lookedAt)),
  );
  const excluded = [...new Set(rest.roles.exclude ?? [])].filter((column) => !examined.has(column)).sort(compareText);
  const notLookedAt = [...new Set([...columns, ...excluded])]
    .filter((column) => !examined.has(column))
    .sort(compareText);
  return {
    _type: STATEMENT_TYPE,
    subject: subjectsOf(heads),
    predicateType: CHECK_RUN,
    predicate: {
      ...rest,
      config: { sha256: configDigest(config), value: config },
      findings: countFindings(findings),
      excluded,
      notLookedAt,
      artefacts: [...artefacts].sort((left, right) => compareText(left.path, right.path)),
    },
  };
}

function countFindings(findings: CheckRunInput["findings"]): FindingCount[] {
  const counts = new Map<string, Map<Severity, number>>();
  for (const { check, severity } of findings) {
    const bySeverity = counts.get(check) ?? new Map<Severity, number>();
    bySeverity.set(severity, (bySeverity.get(severity) ?? 0) + 1);
    counts.set(check, bySeverity);
  }
  return [...counts]
    .sort(([left], [right]) => compareText(left, right))
    .flatMap(([check, bySeverity]) =>
      (["high", "medium", "low"] as const).flatMap((severity) => {
        const count = bySeverity.get(severity) ?? 0;
        return count === 0 ? [] : [{ check, severity, count }];
      }),
    );
}
