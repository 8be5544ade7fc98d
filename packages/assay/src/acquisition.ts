/** From what a config file says of sources to acquisition statements: which records each source covers. */

import type { Outcome } from "@assay/checks";
import type { FileEntry } from "@assay/manifest";
import { FormatError } from "@assay/merkle";
import {
  type AcquisitionPredicate,
  buildAcquisitionStatement,
  type Coverage,
  type ManifestHeads,
  type Statement,
} from "@assay/provenance";
import { matchesPattern } from "@assay/records";
import type { AssayConfig } from "./config.js";

type ConfiguredSource = NonNullable<AssayConfig["sources"]>[number];

/**
 * One statement for each source of the config. A source covers the files that its `paths` match, else the records whose
 * source column holds its name, else (when it is the only one) all records.
 *
 * @param outcomes of the run: with a source column they tell how many records each source has.
 * @throws FormatError `bad-config` when it cannot be told which records come from a source.
 */
export function acquisitionStatements(
  heads: ManifestHeads,
  config: AssayConfig,
  entries: readonly FileEntry[],
  outcomes: readonly Outcome[],
): Statement[] {
  const sources = config.sources ?? [];
  return sources.map((source) => {
    const acquiredAt = `${source.acquiredAt}T00:00:00Z`;
    const predicate: AcquisitionPredicate = {
      source: {
        name: source.name,
        kind: source.kind,
        ...(source.uri !== undefined && { uri: source.uri }),
        ...(source.generator !== undefined && { generator: nameAndVersion(source.generator) }),
      },
      acquiredAt,
      method: source.method,
      acquirer: source.acquirer,
      rights: { licence: source.licence, restrictions: source.restrictions ?? [] },
      objects:
        source.digest === undefined
          ? []
          : [{ ...objectPath(source, entries), sha256: source.digest, fetchedAt: acquiredAt }],
      coverage: coverageOf(source, sources.length, config, entries, outcomes),
    };
    return buildAcquisitionStatement(heads, predicate);
  });
}

function nameAndVersion(generator: string): { name: string; version: string } {
  const [, name, version] = /^(.*?)[\s@]+v?(\d\S*)$/.exec(generator) ?? [];
  return { name: name ?? generator, version: version ?? "unknown" };
}

const filesOf = (source: ConfiguredSource, entries: readonly FileEntry[]): readonly FileEntry[] =>
  source.paths === undefined
    ? entries
    : entries.filter(({ path }) => source.paths?.some((pattern) => matchesPattern(pattern, path)));

function objectPath(source: ConfiguredSource, entries: readonly FileEntry[]): { path?: string; uri?: string } {
  const files = filesOf(source, entries);
  if (files.length === 1) return { path: (files[0] as FileEntry).path };
  return source.uri === undefined ? {} : { uri: source.uri };
}

function coverageOf(
  source: ConfiguredSource,
  count: number,
  config: AssayConfig,
  entries: readonly FileEntry[],
  outcomes: readonly Outcome[],
): Coverage {
  if (source.paths !== undefined) {
    const records = filesOf(source, entries).reduce((sum, entry) => sum + entry.records, 0);
    return { kind: "paths", patterns: source.paths, records };
  }
  const column = config.checks?.source;
  const answers = outcomes.find((outcome) => outcome.sources !== undefined)?.sources;
  if (column !== undefined && answers !== undefined) {
    const records = answers.find((answer) => answer.source === source.name)?.records ?? 0;
    return { kind: "column", column, value: source.name, records };
  }
  if (count === 1) return { kind: "all", records: entries.reduce((sum, entry) => sum + entry.records, 0) };
  throw new FormatError(
    "bad-config",
    `Which records come from the source "${source.name}"? Give its "paths", or name the column that holds sources in "checks.source"`,
    { details: { source: source.name } },
  );
}
