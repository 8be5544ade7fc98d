/**
 * Metadata files (`metadata.csv`, `.jsonl`, `.parquet`) whose records name pictures and other files beside them, as data set
 * hubs lay them out (Hugging Face's ImageFolder): a record holds the digests of the bytes that it names, so that two pictures
 * that change places are other records (`docs/spec/leaf-encoding.md`, "Metadata files"). Names are no part of a record.
 */

import { FormatError } from "@assay/merkle";
import type { ColumnType } from "./column-type.js";
import type { FileIndex, Format, NamedColumn } from "./reader.js";

const METADATA = /(?:^|\/)metadata\.(?:csv|jsonl|parquet)$/;
const FORMATS: ReadonlySet<Format> = new Set(["csv", "jsonl", "parquet"]);
/** What a metadata file is about: pictures, films, sound, documents. */
const MEDIA =
  /\.(?:jpe?g|png|webp|gif|bmp|tiff?|avif|heic|ppm|mp4|mkv|mov|avi|webm|mpe?g|wav|flac|mp3|ogg|opus|m4a|aiff?|pdf)$/i;

/** Whether a file is a metadata file by its name and format. */
export function isMetadataFile({ path, format }: { readonly path: string; readonly format: Format }): boolean {
  return FORMATS.has(format) && METADATA.test(path);
}

/** Whether a data set has metadata files with pictures or the like at or below their folders. */
export function hasMetadataFiles(files: readonly { readonly path: string; readonly format: Format }[]): boolean {
  const folders = files.filter(isMetadataFile).map(({ path }) => folderOf(path));
  if (folders.length === 0) return false;
  const isInside = (path: string): boolean => folders.some((folder) => folder === "" || path.startsWith(`${folder}/`));
  return files.some((file) => isMedia(file) && isInside(file.path));
}

/** Whether a file is a picture or the like, of which there is no record by itself. */
export function isMedia({ path, format }: { readonly path: string; readonly format: Format }): boolean {
  return format === "other" && MEDIA.test(path);
}

function folderOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf("/")));
}

/**
 * Which columns of a metadata file name files, and what they are called in its records: `file_name` is `file`, `x_file_name` is
 * `x`; lists (not in CSV) `file_names` `files`, `x_file_names` `x`.
 *
 * @param type of a column; JSONL has none, and its columns are then read as their names say.
 * @throws FormatError `duplicate-column` when a record would have two columns of one name.
 */
export function namedColumns(
  path: string,
  format: Format,
  columns: readonly { readonly name: string; readonly type: ColumnType | null }[],
): NamedColumn[] {
  const named: NamedColumn[] = [];
  for (const { name, type } of columns) {
    const [, before, many] = /^(?:(.+)_)?file_name(s?)$/s.exec(name) ?? [];
    if (many === undefined) continue;
    const list = many === "s";
    if (list && (format === "csv" || !(type === null || isListOfText(type)))) continue;
    if (!list && type !== null && type !== "text") continue;
    named.push({ from: name, to: before ?? (list ? "files" : "file"), list });
  }
  const taken = new Set(columns.map(({ name }) => name).filter((name) => !named.some(({ from }) => from === name)));
  for (const { from, to } of named) {
    if (taken.has(to)) {
      throw new FormatError(
        "duplicate-column",
        `${path}, column ${JSON.stringify(from)}: what it names becomes the column ${JSON.stringify(to)}, and there is one already. Rename one of them`,
        { details: { path, column: to } },
      );
    }
    taken.add(to);
  }
  return named;
}

function isListOfText(type: ColumnType): boolean {
  return typeof type === "object" && "list" in type && type.list === "text";
}

/** The type with which the names themselves are read. */
export function typeOfNames({ list }: NamedColumn): ColumnType {
  return list ? { list: "text" } : "text";
}

/** The columns of the records of a file: of those that name files, what they hold instead. */
export function columnsOf({ columns, named = [] }: Pick<FileIndex, "columns" | "named">): FileIndex["columns"] {
  if (named.length === 0) return columns;
  const held = named.map(({ to, list }) => ({
    name: to,
    type: list ? ({ list: "bytes" } as const) : ("bytes" as const),
  }));
  return [...columns.filter(({ name }) => !named.some(({ from }) => from === name)), ...held];
}
