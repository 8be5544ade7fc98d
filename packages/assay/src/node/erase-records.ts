/**
 * `assay erase`: every occurrence of some records is taken out, and a tombstone says so. The old root stays true of the old
 * version; the set update from it to the new one shows that only these records left.
 */

import { basename, dirname, join } from "node:path";
import { compareText, type LineageSide, parentOf, type RemovedRecord } from "@assay/manifest";
import { SourceError, toHex } from "@assay/merkle";
import { buildTombstoneStatement } from "@assay/provenance";
import { headsOf } from "../statements.js";
import { TOOL } from "../tool.js";
import { UsageError } from "../usage-error.js";
import { type RecordReadings, readJsonRecords } from "./json-records.js";
import { openIntact } from "./open-folder.js";
import type { SigningChoice, Work } from "./options.js";
import { type RemovalSummary, removeRecords } from "./remove-records.js";
import { openSigner } from "./run-main-job.js";

export interface EraseOptions extends Work {
  /** Path of a JSON file with the record to erase; `.jsonl` holds many. */
  readonly record: string;
  /** The ground for it: a request, a law, a contract. Goes into the tombstone and the list: name nobody in it. */
  readonly reason: string;
  /** Folder for the child data; `<output>.assay` is written beside it. Default: `<name>-erased` beside the folder. */
  readonly output?: string;
  readonly overwrite?: boolean;
  readonly data?: string;
  readonly leafKey?: Uint8Array;
  readonly signing?: SigningChoice;
  /** The clock. Default: the system's. */
  readonly now?: () => Date;
}

export interface EraseSummary extends RemovalSummary {
  /** Different records that were erased; `removed` counts their occurrences. */
  readonly distinct: number;
}

/**
 * Takes every occurrence of some records out of a data set.
 *
 * @throws UsageError when one of them is not in the data set; else as `quarantineFolder`.
 */
export async function eraseRecords(target: string, options: EraseOptions): Promise<EraseSummary> {
  const { record, reason, signing, output, ...rest } = options;
  if (reason.trim() === "") throw new UsageError("--reason says on which ground records are erased, and it is empty");
  const signer = signing === undefined ? undefined : await openSigner(signing, options);
  const { directory, opened } = await openIntact(target, {}, options);
  const records = await readJsonRecords("--record", record, opened.header, options.leafKey);
  let distinct = 0;
  const summary = await removeRecords(
    directory,
    opened,
    {
      operation: "filter",
      find: async (parent) => {
        const removed = await findOccurrences(parent, records, reason);
        distinct = new Set(removed.map(({ leaf }) => leaf)).size;
        return removed;
      },
      statementsOf: (child, removed, artefacts, erasedAt) => [
        buildTombstoneStatement(headsOf(child), {
          parent: parentOf(opened),
          erased: { distinct, records: removed.length },
          reason,
          erasedAt,
          tool: TOOL,
          artefacts,
        }),
      ],
    },
    {
      ...rest,
      output: output ?? join(dirname(directory), `${basename(directory).replace(/\.assay$/, "")}-erased`),
      signer,
    },
  );
  return { ...summary, distinct };
}

/** Every place where one of the records stands: all of its leaves, where files hold a column as different types. */
async function findOccurrences(
  { entries = [], leavesOf }: LineageSide,
  records: readonly RecordReadings[],
  reason: string,
): Promise<RemovedRecord[]> {
  const recordOf = new Map(records.flatMap((readings, i) => readings.map(({ leaf }) => [toHex(leaf), i] as const)));
  // Numbers are looked up before any text is made: nearly all records are not among the erased ones.
  const heads = new Set([...recordOf.keys()].map((leaf) => Number.parseInt(leaf.slice(0, 12), 16)));
  const found = new Set<number>();
  const removed: RemovedRecord[] = [];
  for (const { path, records: count } of entries) {
    const leaves = await leavesOf?.(path);
    if (leaves === undefined)
      throw new SourceError("not-kept", `The leaves of ${path} are not at hand`, { details: { path } });
    const view = new DataView(leaves.buffer, leaves.byteOffset, leaves.byteLength);
    for (let ordinal = 0; ordinal < count; ordinal++) {
      if (!heads.has(view.getUint32(32 * ordinal) * 0x1_0000 + view.getUint16(32 * ordinal + 4))) continue;
      const leaf = toHex(leaves.subarray(32 * ordinal, 32 * ordinal + 32));
      const record = recordOf.get(leaf);
      if (record === undefined) continue;
      found.add(record);
      removed.push({ checks: [], file: path, leaf, ordinal, reason });
    }
  }
  const missing = records.findIndex((_, i) => !found.has(i));
  if (missing >= 0)
    throw new UsageError(
      `${records.length === 1 ? "The record" : `Record ${missing + 1} of the ${records.length}`} is not in the data set, so it cannot be erased`,
      { record: missing + 1 },
    );
  return removed.sort((a, b) => compareText(a.file, b.file) || a.ordinal - b.ordinal);
}
