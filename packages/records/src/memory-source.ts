/** Sources that are not in a file system: bytes at hand, or files that a browser was given. They run anywhere. */

import { FormatError } from "@assay/merkle";
import { dialectWithoutDefaults } from "./csv-dialect.js";
import { checkDataPath, compareText, findPathCollisions } from "./data-path.js";
import { formatByContent, formatByName, HEAD_BYTES, KNOWN_FORMATS } from "./format-detection.js";
import { sourceChanged } from "./range-stream.js";
import type { ByteSource, Dialect, Format } from "./reader.js";
import type { DeclaredSchema, Source, SourceFile } from "./source.js";

/** A file at hand. */
export interface MemoryFile {
  /** Path inside the data set. */
  readonly path: string;
  /** Its bytes. A `Blob` (a `File` from a page) is read piece by piece. */
  readonly bytes: Uint8Array | Blob;
  /** Default: by name and content. */
  readonly format?: Format;
}

export interface MemorySourceOptions {
  readonly schema?: DeclaredSchema;
  readonly dialect?: Dialect;
}

/**
 * A source of files at hand. It can be read here and on worker threads, which get the bytes without a copy.
 *
 * @throws FormatError `bad-path`, `duplicate-path`, `unknown-format`, `bad-dialect`.
 * @example
 * const source = await sourceOfBytes("tiny", [{ path: "a.csv", bytes: new TextEncoder().encode("x\n1\n") }]);
 */
export async function sourceOfBytes(
  name: string,
  files: readonly MemoryFile[],
  { schema = {}, dialect = {} }: MemorySourceOptions = {},
): Promise<Source> {
  const sourceFiles: SourceFile[] = [];
  for (const { path, bytes, format } of files) {
    checkDataPath(path);
    const content = bytes instanceof Uint8Array ? new Blob([new Uint8Array(bytes)]) : bytes;
    const found = format ?? formatByName(path) ?? (await formatByContent(await headOf(content)));
    if (found === null) throw unknownFormat(path);
    sourceFiles.push({ path, format: found, size: content.size, location: "", content, identity: "" });
  }
  sourceFiles.sort((a, b) => compareText(a.path, b.path));
  const paths = sourceFiles.map(({ path }) => path);
  for (let i = 1; i < paths.length; i++) {
    if (paths[i] !== paths[i - 1]) continue;
    throw new FormatError("duplicate-path", `Two files have the path ${JSON.stringify(paths[i])}`, {
      details: { path: paths[i] },
    });
  }
  return {
    name,
    files: sourceFiles,
    schema,
    dialect: dialectWithoutDefaults(dialect),
    ignored: [],
    warnings: findPathCollisions(paths).map(collisionWarning),
  };
}

/** What people are told of two paths that many file systems take for one. */
export function collisionWarning([a, b]: readonly [string, string]): string {
  // In another Unicode form they look the same: then the characters are told by their numbers.
  const quoted = (path: string): string =>
    a.normalize() === b.normalize()
      ? JSON.stringify(path).replaceAll(/[^ -~]/gu, (one) => `\\u{${(one.codePointAt(0) as number).toString(16)}}`)
      : JSON.stringify(path);
  return `${quoted(a)} and ${quoted(b)} differ only in case or Unicode form: many file systems take them for one file`;
}

/** The refusal of a named file whose format nobody knows. */
export function unknownFormat(path: string): FormatError {
  return new FormatError(
    "unknown-format",
    `${path}: neither its name nor its content says what format it has. Name the format: ${KNOWN_FORMATS.join(", ")}`,
    { details: { path, known: KNOWN_FORMATS } },
  );
}

async function headOf(content: Blob): Promise<Uint8Array> {
  return new Uint8Array(await content.slice(0, HEAD_BYTES).arrayBuffer());
}

/** A file in memory as a file of random access. */
export function openContent(path: string, content: Blob): ByteSource {
  return {
    path,
    size: content.size,
    async read(begin, end) {
      try {
        return new Uint8Array(await content.slice(begin, end).arrayBuffer());
      } catch {
        // A page's `File` whose file on disk is another one by now.
        throw sourceChanged(path, "it cannot be read any more");
      }
    },
  };
}
