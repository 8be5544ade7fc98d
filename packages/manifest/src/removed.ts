/**
 * `derivation/removed.jsonl` (`docs/spec/manifest.md`, "Derivations"): one line for each removed *occurrence* of a
 * record, with the checks that accused it. Of n exact duplicates with one accused, n − 1 stay.
 */

import {
  canonicalJson,
  countLeaves,
  FormatError,
  fromHex,
  isDigestHex,
  type Multiset,
  parseCanonicalJson,
} from "@assay/merkle";
import { faultOfFields, isCount, isJsonObject, isText } from "./fields.js";
import { checkPath, compareText } from "./path.js";

/** One occurrence of a record that was taken out. */
export interface RemovedRecord {
  /** Ids of the checks that accuse it, ascending; may be empty. */
  readonly checks: readonly string[];
  /** Path of the file in the parent. */
  readonly file: string;
  /** Its leaf, lower-case hex. */
  readonly leaf: string;
  /** Its number in the file of the parent, from 0. */
  readonly ordinal: number;
  /** Why, for people; may be empty. */
  readonly reason: string;
}

/** Ascending by file (UTF-8 bytes), then ordinal: the order of the list. */
export function compareRemoved(a: RemovedRecord, b: RemovedRecord): number {
  return compareText(a.file, b.file) || a.ordinal - b.ordinal;
}

/**
 * The bytes of `removed.jsonl`, in order whatever the order of the argument.
 *
 * @throws FormatError `malformed-removed`: the same place twice, or a record that is none.
 */
export function formatRemoved(records: readonly RemovedRecord[]): Uint8Array {
  const lines = [...records].sort(compareRemoved).map(({ checks, file, leaf, ordinal, reason }) => {
    return `${canonicalJson({ checks, file, leaf, ordinal, reason })}\n`;
  });
  const bytes = new TextEncoder().encode(lines.join(""));
  parseRemoved(bytes);
  return bytes;
}

/**
 * Reads `removed.jsonl` and accepts exactly what {@link formatRemoved} writes.
 *
 * @throws FormatError `malformed-removed`; details name the line, from 1.
 */
export function parseRemoved(bytes: Uint8Array): RemovedRecord[] {
  const records: RemovedRecord[] = [];
  for (let begin = 0; begin < bytes.length; ) {
    const line = records.length + 1;
    const end = bytes.indexOf(0x0a, begin);
    if (end < 0) throw malformed(line, "it does not end with LF");
    const json = { code: "malformed-removed", subject: `line ${line} of removed.jsonl` } as const;
    const record = checkRemoved(parseCanonicalJson(bytes.subarray(begin, end + 1), json), line);
    const last = records[records.length - 1];
    if (last !== undefined && compareRemoved(last, record) >= 0) {
      throw malformed(line, compareRemoved(last, record) === 0 ? "the same place stands twice" : "it does not ascend");
    }
    records.push(record);
    begin = end + 1;
  }
  return records;
}

function checkRemoved(value: unknown, line: number): RemovedRecord {
  if (!isJsonObject(value)) throw malformed(line, "it is not an object");
  const fault = faultOfFields(value, ["checks", "file", "leaf", "ordinal", "reason"]);
  if (fault !== undefined) throw malformed(line, fault);
  const { checks, file, leaf, ordinal, reason } = value;
  if (!Array.isArray(checks) || !checks.every(isText)) throw malformed(line, "checks is not a list of texts");
  if (checks.some((id, i) => i > 0 && compareText(checks[i - 1] as string, id) >= 0))
    throw malformed(line, "checks do not ascend");
  if (typeof file !== "string") throw malformed(line, "file is not text");
  try {
    checkPath(file);
  } catch (cause) {
    throw malformed(line, (cause as Error).message, cause);
  }
  if (!isDigestHex(leaf)) throw malformed(line, "leaf is not 64 lower-case hex digits");
  if (!isCount(ordinal)) throw malformed(line, "ordinal is not a count");
  if (!isText(reason)) throw malformed(line, "reason is not text");
  return { checks, file, leaf, ordinal, reason };
}

function malformed(line: number, fault: string, cause?: unknown): FormatError {
  return new FormatError("malformed-removed", `Line ${line} of removed.jsonl is refused: ${fault}`, {
    details: { line },
    ...(cause === undefined ? {} : { cause }),
  });
}

/** The leaves of a list of removed records, each as often as it was removed. */
export function removedLeaves(records: readonly RemovedRecord[]): Multiset {
  const leaves = new Uint8Array(32 * records.length);
  for (const [i, record] of records.entries()) leaves.set(fromHex(record.leaf), 32 * i);
  return countLeaves(leaves);
}
