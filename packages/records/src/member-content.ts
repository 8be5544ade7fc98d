/** Contents of what a record holds the digest of (`files`, `tar`), for those who look at pictures and labels. */

import { createSha256, FormatError, toHex } from "@assay/merkle";
import type { Column } from "./batch.js";
import { textColumn } from "./digest-columns.js";
import { limitsOf } from "./limits.js";
import { sourceChanged } from "./range-stream.js";
import type { ByteSource, ReadOptions } from "./reader.js";

/** Extensions that WebDataset and its like take for a label, a number or a text. */
const TEXTS: ReadonlySet<string> = new Set([
  "cls",
  "cls2",
  "class",
  "label",
  "count",
  "id",
  "index",
  "inx",
  "text",
  "transcript",
  "txt",
]);

/** Whether the contents of a column are asked for. */
export function areWanted(name: string, { contents = "none" }: ReadOptions): boolean {
  return contents === "all" || (contents === "texts" && TEXTS.has(name));
}

/** The bytes of a file or member. Throws `source-changed` when they have another digest, `limit-exceeded` above `maxRecordBytes`. */
export async function readContent(
  source: ByteSource,
  { offset, size, sha256 }: { readonly offset: number; readonly size: number; readonly sha256: string },
  options: ReadOptions,
): Promise<Uint8Array> {
  const { maxRecordBytes } = limitsOf(options);
  if (size > maxRecordBytes) {
    throw new FormatError(
      "limit-exceeded",
      `${source.path}: a content of ${size} bytes is longer than maxRecordBytes (${maxRecordBytes}). Raise it, or do not look at contents`,
      { details: { path: source.path, limit: "maxRecordBytes", value: maxRecordBytes } },
    );
  }
  options.signal?.throwIfAborted();
  const bytes = await source.read(offset, offset + size);
  if (toHex(createSha256().update(bytes).digest()) !== sha256)
    throw sourceChanged(source.path, "its bytes are not those of the first pass");
  return bytes;
}

/** Contents that are texts, without white space around them; `null` when the name is not that of texts, or one is none. */
export function textOfLabel(name: string, contents: readonly (Uint8Array | null)[]): Column | null {
  if (!TEXTS.has(name)) return null;
  const decoder = new TextDecoder("utf-8", { fatal: true });
  try {
    return textColumn(
      name,
      contents.map((content) => (content === null ? null : decoder.decode(content).trim())),
    );
  } catch {
    return null;
  }
}
