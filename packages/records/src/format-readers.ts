/**
 * The reader of each format, loaded when a file has it: whoever reads CSV loads no Parquet. A format is added here and in
 * `format-detection.ts`.
 */

import { FormatError } from "@assay/merkle";
import type { Format, FormatReader } from "./reader.js";

/**
 * Loads the reader of a format.
 *
 * @throws FormatError `unknown-format` for `other` and whatever has no reader.
 */
export async function loadReader(format: Format): Promise<FormatReader> {
  switch (format) {
    case "csv":
      return (await import("./csv.js")).csvReader;
    case "tsv":
      return (await import("./csv.js")).tsvReader;
    case "jsonl":
      return (await import("./jsonl.js")).jsonlReader;
    case "json":
      return (await import("./jsonl.js")).jsonReader;
    case "text":
      return (await import("./text.js")).textReader;
    case "files":
      return (await import("./files.js")).filesReader;
    case "tar":
      return (await import("./tar.js")).tarReader;
    case "npy":
      return (await import("./arrays.js")).npyReader;
    case "npz":
      return (await import("./arrays.js")).npzReader;
    case "safetensors":
      return (await import("./arrays.js")).safetensorsReader;
    case "arrow":
      return (await import("./arrow.js")).arrowReader;
    case "parquet":
      return (await import("./parquet.js")).parquetReader;
    default:
      throw new FormatError("unknown-format", `There is no reader for the format ${JSON.stringify(format)}`, {
        details: { format },
      });
  }
}
