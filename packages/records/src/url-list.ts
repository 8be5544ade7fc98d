/**
 * A corpus that is given as a list of URLs: records (CSV, JSONL, Parquet, …) of which one column holds a URL, as corpora of
 * images and texts are published. Columns with the size and the SHA-256 of what is behind it are taken for what they promise.
 */

import { FormatError } from "@assay/merkle";
import { columnToTexts } from "./column-values.js";
import { type ReadBatchesOptions, readBatches } from "./hash-source.js";
import type { ScannedSource } from "./source.js";

/** A URL of a list, and what the list promises of it. */
export interface ListedUrl {
  readonly url: string;
  /** Bytes. */
  readonly size?: number;
  /** SHA-256 of the bytes, 64 lower-case hex digits. */
  readonly sha256?: string;
}

export interface ReadUrlListOptions extends Omit<ReadBatchesOptions, "columns"> {
  /** Column that holds the URL. Default `"url"`. */
  readonly url?: string;
  /** Column that holds the size. Default `"size"`; a list without it promises none. */
  readonly size?: string;
  /** Column that holds the digest. Default `"sha256"`; a list without it promises none. */
  readonly sha256?: string;
}

/**
 * The URLs of a list, in record order. Records without a URL are left out; a digest may be in capitals.
 *
 * @throws FormatError `schema-mismatch` when no file has the column; `bad-value` for a size or digest that is none.
 * @example
 * const list = await scanSource(await openSource(["images.csv"]));
 * for await (const pin of pinUrls(readUrlList(list))) console.log(pin.url, pin.sha256);
 */
export async function* readUrlList(
  list: ScannedSource,
  { url = "url", size = "size", sha256 = "sha256", ...options }: ReadUrlListOptions = {},
): AsyncGenerator<ListedUrl> {
  let found = list.records === 0;
  for await (const { batch, begin, file } of readBatches(list, { ...options, columns: [url, size, sha256] })) {
    const texts = (name: string): readonly (string | null)[] => {
      const column = batch.columns.find((one) => one.name === name);
      return column === undefined ? [] : columnToTexts(column);
    };
    const [urls, sizes, digests] = [texts(url), texts(size), texts(sha256)];
    found ||= urls.length > 0;
    for (let i = 0; i < batch.length; i++) {
      const listed = urls[i] ?? null;
      if (listed === null || listed === "") continue;
      const path = list.files[file]?.file.path as string;
      const bytes = promised(sizes[i], /^(?:0|[1-9]\d{0,15})$/, { path, record: begin + i, column: size });
      const digest = promised(digests[i], /^[0-9a-fA-F]{64}$/, { path, record: begin + i, column: sha256 });
      yield {
        url: listed,
        ...(bytes === undefined ? {} : { size: Number(bytes) }),
        ...(digest === undefined ? {} : { sha256: digest.toLowerCase() }),
      };
    }
  }
  if (found) return;
  throw new FormatError("schema-mismatch", `No file of the list has the column ${JSON.stringify(url)} of URLs`, {
    details: { column: url },
  });
}

function promised(
  value: string | null | undefined,
  form: RegExp,
  place: { readonly path: string; readonly record: number; readonly column: string },
): string | undefined {
  if (value === null || value === undefined || value === "") return undefined;
  if (form.test(value)) return value;
  throw new FormatError(
    "bad-value",
    `${place.path}, record ${place.record}, column ${JSON.stringify(place.column)}: ${JSON.stringify(value.slice(0, 100))} is no ${form.source.includes("64") ? "SHA-256" : "size in bytes"}`,
    { details: place },
  );
}
