/**
 * The records of a metadata file (`metadata-files.ts`): names become the digests of the files that they mean, or for whoever looks at
 * pictures their bytes.
 */

import { fromHex } from "@assay/merkle";
import { type Batch, type Column, isPresent, type TextColumn } from "./batch.js";
import { bytesColumn } from "./digest-columns.js";
import { readContent } from "./member-content.js";
import { withFile } from "./open-bytes.js";
import type { FilePart, NamedColumn, NamedFile, PlacedBatch, ReadOptions } from "./reader.js";
import { refusal } from "./record-place.js";
import { takeColumn } from "./take-column.js";

/** Contents that are held at once, bytes. */
const CONTENT_BYTES = 64 * 1024 * 1024;

/**
 * Path of the file that a name means, seen from the metadata file.
 *
 * @returns `null` when the name is none, or leads out of the data set.
 */
function pathOfName(metadata: string, name: string): string | null {
  const segments = metadata.split("/").slice(0, -1);
  if (name === "" || name.includes("\\")) return null;
  for (const segment of name.split("/")) {
    if (segment === "") return null;
    if (segment === ".") continue;
    if (segment !== "..") segments.push(segment);
    else if (segments.pop() === undefined) return null;
  }
  return segments.join("/");
}

/**
 * The files that a batch of names means, each once.
 *
 * @param files by path: those of the data set.
 * @param isWanted Whether the names of a record of the batch count. Default: all do.
 * @throws FormatError `bad-path` (no relative path, or one that leaves the data set), `bad-value` (no such file, or `file_name` without a
 * value), with file, line or record, column and value.
 */
export function filesOfNames<T>(
  path: string,
  named: readonly NamedColumn[],
  placed: PlacedBatch,
  files: ReadonlyMap<string, T>,
  isWanted: (row: number) => boolean = () => true,
): Map<string, T> {
  const found = new Map<string, T>();
  for (const { from } of named) {
    forEachName(placed.batch, from, (row, name) => {
      if (!isWanted(row)) return;
      const line = placed.lines?.[row];
      const where = { path, column: from, ...(line === undefined ? { record: placed.begin + row } : { line }) };
      if (name === null) {
        if (from !== "file_name") return;
        throw refusal("bad-value", where, "the record names no file. Name one, or take the record away");
      }
      const value = [...name.slice(0, 400)].slice(0, 200).join("");
      const file = pathOfName(path, name);
      if (file === null) {
        throw refusal(
          "bad-path",
          { ...where, value },
          "this is no path of a file in the data set. Name files from the folder of the metadata file, with / between folders",
        );
      }
      const meant = files.get(file);
      if (meant === undefined) {
        throw refusal(
          "bad-value",
          { ...where, value },
          `there is no file ${JSON.stringify(file.slice(0, 400))} in the data set. Add it, or take the record away`,
        );
      }
      found.set(file, meant);
    });
  }
  return found;
}

/** Calls back with every name in record order; `null` for a record without one. */
function forEachName(batch: Batch, column: string, onName: (row: number, name: string | null) => void): void {
  const names = batch.columns.find(({ name }) => name === column);
  for (let row = 0; row < batch.length; row++) {
    if (names === undefined || !isPresent(names, row)) onName(row, null);
    else if (names.type === "list") {
      for (let i = names.offsets[row] as number; i < (names.offsets[row + 1] as number); i++)
        if (isPresent(names.child, i)) onName(row, textAt(names.child as TextColumn, i));
    } else onName(row, textAt(names as TextColumn, row));
  }
}

function textAt({ data, offsets }: TextColumn, i: number): string {
  return new TextDecoder().decode(data.subarray(offsets[i], offsets[i + 1]));
}

/** Options for reading what is joined afterwards: the columns that are wanted, by the names that the file has. */
export function optionsBeforeJoin(named: readonly NamedColumn[], options: ReadOptions): ReadOptions {
  const { columns } = options;
  if (columns === undefined) return options;
  return { ...options, columns: columns.map((name) => named.find(({ to }) => to === name)?.from ?? name) };
}

/**
 * The records of a part with digests in place of names; with `contents: "all"` the bytes of single files, in smaller batches.
 *
 * @param batches read with {@link optionsBeforeJoin}.
 * @throws SourceError `source-changed` when a file is not the one that was scanned; FormatError `limit-exceeded` (contents).
 */
export async function* joinNamedFiles(
  path: string,
  named: readonly NamedColumn[],
  part: FilePart,
  batches: AsyncIterable<PlacedBatch>,
  options: ReadOptions,
): AsyncGenerator<PlacedBatch> {
  const files = new Map((part.named ?? []).map((file) => [file.path, file]));
  const fileOf = (name: string): NamedFile => {
    const file = files.get(pathOfName(path, name) ?? "");
    if (file === undefined) throw new RangeError(`part: it does not hold the file ${JSON.stringify(name)}`);
    return file;
  };
  const digests = new Map([...files.values()].map(({ path: file, sha256 }) => [file, fromHex(sha256)]));
  const digestOf = (name: string): Uint8Array => digests.get(fileOf(name).path) as Uint8Array;
  for await (const placed of batches) {
    if (options.contents !== "all") yield withColumns(placed, named, (column) => digestsFor(column, digestOf));
    else yield* withContents(placed, named, fileOf, digestOf, options);
  }
}

function withColumns(
  placed: PlacedBatch,
  named: readonly NamedColumn[],
  columnFor: (column: Column) => Column,
): PlacedBatch {
  const columns = placed.batch.columns.map((column) => {
    const match = named.find(({ from }) => from === column.name);
    return match === undefined ? column : { ...columnFor(column), name: match.to };
  });
  return { ...placed, batch: { ...placed.batch, columns } };
}

function digestsFor(column: Column, digestOf: (name: string) => Uint8Array): Column {
  if (column.type === "list") {
    return { ...column, child: digestsFor(column.child, digestOf) };
  }
  if (column.type !== "text") return column;
  const digests = Array.from({ length: column.length }, (_, i) =>
    isPresent(column, i) ? digestOf(textAt(column, i)) : null,
  );
  return bytesColumn(column.name, digests);
}

async function* withContents(
  placed: PlacedBatch,
  named: readonly NamedColumn[],
  fileOf: (name: string) => NamedFile,
  digestOf: (name: string) => Uint8Array,
  options: ReadOptions,
): AsyncGenerator<PlacedBatch> {
  const { batch, begin, lines } = placed;
  const single = batch.columns.filter(
    (column) => column.type === "text" && named.some(({ from }) => from === column.name),
  );
  const fileAt = (column: Column, row: number): NamedFile | null =>
    isPresent(column, row) ? fileOf(textAt(column as TextColumn, row)) : null;
  for (let from = 0; from < batch.length; ) {
    let to = from;
    for (let bytes = 0; to < batch.length && (to === from || bytes < CONTENT_BYTES); to++)
      for (const column of single) bytes += fileAt(column, to)?.file.size ?? 0;
    const rows = Int32Array.from({ length: to - from }, (_, i) => from + i);
    const contents = new Map<string, Column>();
    for (const column of single) {
      const values: (Uint8Array | null)[] = [];
      for (const row of rows) {
        const named = fileAt(column, row);
        values.push(named === null ? null : await contentOf(named, options));
      }
      contents.set(column.name, bytesColumn(column.name, values));
    }
    const taken: PlacedBatch = {
      begin: begin + from,
      batch: { length: rows.length, columns: batch.columns.map((column) => takeColumn(column, rows)) },
      ...(lines === undefined ? {} : { lines: lines.slice(from, to) }),
    };
    yield withColumns(taken, named, (column) => contents.get(column.name) ?? digestsFor(column, digestOf));
    from = to;
  }
}

async function contentOf({ file, sha256 }: NamedFile, options: ReadOptions): Promise<Uint8Array> {
  return withFile(file, (bytes) => readContent(bytes, { offset: 0, size: file.size, sha256 }, options), options.signal);
}
