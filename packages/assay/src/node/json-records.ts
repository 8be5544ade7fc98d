/** Records that the user names by a file: what a proof is asked about. */

import { leavesOfJsonRecord, type ManifestHeader } from "@assay/manifest";
import { FormatError, isAssayError } from "@assay/merkle";
import { UsageError } from "../usage-error.js";
import { readNamedFile } from "./named-file.js";

/** All leaves that a record can have, with its bytes for each. */
export type RecordReadings = ReturnType<typeof leavesOfJsonRecord>;

/**
 * Reads the records that an option names: one JSON object, or in a file `.jsonl` or `.ndjson` one on each line.
 *
 * @param header how the leaves are made; without its key id the plain leaves are made.
 * @returns for each record its readings, in the order of the file.
 * @throws as `leavesOfJsonRecord`, naming the line; UsageError when there are no records.
 */
export async function readJsonRecords(
  option: string,
  path: string,
  header: Pick<ManifestHeader, "leaf" | "reading" | "schemas">,
  leafKey: Uint8Array | undefined,
): Promise<RecordReadings[]> {
  const bytes = await readNamedFile(option, path);
  if (!/\.(?:jsonl|ndjson)$/i.test(path)) return [leavesOfJsonRecord(header, bytes, leafKey)];
  const records: RecordReadings[] = [];
  let line = 0;
  for (let begin = 0; begin < bytes.length; ) {
    line++;
    const found = bytes.indexOf(0x0a, begin);
    const end = found < 0 ? bytes.length : found;
    const text = bytes.subarray(begin, end);
    begin = end + 1;
    if (text.every((byte) => byte === 0x20 || byte === 0x09 || byte === 0x0d)) continue;
    try {
      records.push(leavesOfJsonRecord(header, text, leafKey));
    } catch (error) {
      if (!isAssayError(error) || error.name !== "FormatError") throw error;
      const { code, message, details } = error as FormatError;
      throw new FormatError(code, `${option} ${path}, line ${line}: ${message}`, {
        cause: error,
        details: { ...details, path, line },
      });
    }
  }
  if (records.length === 0) throw new UsageError(`${option} ${path} has no records`);
  return records;
}
