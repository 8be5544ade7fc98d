/** The reader of plain text (entry `@assay/records/text`): each line is the record `{"text": line}`, or itself with `raw/v1`. */

import { createColumnBuilder } from "./column-builder.js";
import { BATCH_BYTES } from "./limits.js";
import { indexLines, scanLinePart } from "./line-part.js";
import { hashRawLines, RawLines } from "./raw-lines.js";
import {
  BLOCK_RECORDS,
  type ByteSource,
  type FileIndex,
  type FilePart,
  type FormatReader,
  type IndexOptions,
  type PlacedBatch,
  type ReadOptions,
} from "./reader.js";
import { excerptOf, withPlace } from "./record-place.js";
import { refusingChanges } from "./text-part.js";

/** Reads `text` files. */
export const textReader: FormatReader = {
  formats: ["text"],
  async index(source: ByteSource, options: IndexOptions = {}) {
    return { ...(await indexLines(source, "text", options)), columns: [{ name: "text", type: "text" }] };
  },
  read: (source, index, part, options) => refusingChanges(source, part, readTextPart(source, index, part, options)),
  leaves: (source, index, part, options) =>
    refusingChanges(
      source,
      part,
      options.leafFormat === "raw/v1"
        ? hashRawLines(source, index, part, options)
        : readTextPart(source, index, part, options),
    ),
};

async function* readTextPart(
  source: ByteSource,
  index: FileIndex,
  part: FilePart,
  options: ReadOptions,
): AsyncGenerator<PlacedBatch> {
  const raw = options.leafFormat === "raw/v1" ? new RawLines() : null;
  const builder = options.columns?.includes("text") === false ? null : createColumnBuilder("text", "text");
  const lines = new Float64Array(BLOCK_RECORDS);
  let begin = part.begin;
  let length = 0;
  let bytesHeld = 0;
  const flush = (): PlacedBatch => {
    const placed: PlacedBatch = {
      begin,
      batch: { length, columns: builder === null ? [] : [builder.finish()] },
      lines: lines.slice(0, length),
      ...(raw === null ? {} : { raw: raw.finish() }),
    };
    begin += length;
    length = 0;
    bytesHeld = 0;
    return placed;
  };
  for await (const { bytes, scanner } of scanLinePart(source, index, part, options, () => BLOCK_RECORDS - length)) {
    const { begins, ends, records } = scanner;
    lines.set(scanner.lines.subarray(0, records), length);
    for (let i = 0; i < records; i++) {
      const [from, to] = [begins[i] as number, ends[i] as number];
      try {
        builder?.appendText(bytes, from, to);
      } catch (error) {
        const place = { path: source.path, line: scanner.lines[i] as number, value: excerptOf(bytes, from, to) };
        throw withPlace(error, place);
      }
      raw?.append(bytes, from, to);
      bytesHeld += to - from;
    }
    length += records;
    if (length === BLOCK_RECORDS || bytesHeld >= BATCH_BYTES) yield flush();
  }
  if (length > 0) yield flush();
}
