/** Runs the main job into a folder and reads back what must not depend on how the work was done. */

import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative, sep } from "node:path";
import { type Finding, type MainJobSummary, type RunMainJobOptions, runMainJob } from "@assay/assay/node";
import { afterAll } from "vitest";

/** A folder of this test file's own, gone afterwards. */
export function ownFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "assay-test-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Writes files below a new folder and gives its path. */
export function writeData(folder: string, files: Readonly<Record<string, string | Uint8Array>>): string {
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), content);
  }
  return folder;
}

export interface Run {
  readonly summary: MainJobSummary;
  /** SHA-256 of every file that may not depend on clock, machine or workers, by path. */
  readonly digests: Readonly<Record<string, string>>;
  /** What is said of which record, wherever that record is: one line a finding, sorted. */
  readonly accusations: readonly string[];
}

const DATED = /^(statements\.jsonl|attestations\.intoto\.jsonl|report\.html)$/;

/** SHA-256 by path of the files of a run's folder that hold no time. */
export function digestsOf(folder: string): Record<string, string> {
  const paths = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)).split(sep).join("/"))
    .filter((path) => !DATED.test(path))
    .sort();
  return Object.fromEntries(
    paths.map((path) => [
      path,
      createHash("sha256")
        .update(readFileSync(join(folder, path)))
        .digest("hex"),
    ]),
  );
}

/** Findings up to where the record is stored. */
export function accusationsOf(findings: readonly Finding[]): string[] {
  return findings
    .map(({ check, kind, leaf, score, p, q }) => JSON.stringify([check, kind, leaf, score, p ?? null, q ?? null]))
    .sort();
}

/** The main job on one path, into a folder of its own below `folder`. */
export async function runInto(folder: string, input: string, options: RunMainJobOptions = {}): Promise<Run> {
  const directory = join(mkdtempSync(join(folder, "run-")), "out.assay");
  const summary = await runMainJob([input], { ...options, output: { directory, ...options.output } });
  return { summary, digests: digestsOf(directory), accusations: accusationsOf(summary.findings) };
}

/** Checks that completed, so that a test notices when it compares nothing with nothing. */
export function completed({ summary }: Run): string[] {
  return summary.outcomes.filter(({ status }) => status === "completed").map(({ check }) => check);
}
