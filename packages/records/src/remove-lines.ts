/** JSONL and text files without some of their lines. Lines that are no records stay. */

import { skipsBlank } from "./line-part.js";
import { LineScanner } from "./line-scanner.js";
import type { ByteSource, FileIndex, IndexOptions } from "./reader.js";
import { copyParts, findRecords, type RecordScanner } from "./remove-text.js";

/** The bytes of the file without the lines of these records. */
export function removeLines(
  source: ByteSource,
  index: FileIndex,
  ordinals: readonly number[],
  options: IndexOptions,
): AsyncGenerator<Uint8Array> {
  const blankIsNone = skipsBlank(index.format === "text" ? "text" : "jsonl", options);
  return copyParts(source, index, ordinals, options, (part, removed) =>
    findRecords(source, part, removed, options, "utf-8", lineRecords(blankIsNone)),
  );
}

function lineRecords(blankIsNone: boolean): RecordScanner {
  const scanner = new LineScanner(blankIsNone);
  return {
    get records() {
      return scanner.records;
    },
    scan: (bytes, begin, end, final) => scanner.scan(bytes, begin, end, final, Number.POSITIVE_INFINITY),
    begin: (i) => scanner.begins[i] as number,
    end: (i) => scanner.ends[i] as number,
  };
}
