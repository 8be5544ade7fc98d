/** The last step of opening a source, wherever its files are: what was said of reading it, and paths that look alike. */

import { FormatError } from "@assay/merkle";
import { dialectWithoutDefaults } from "./csv-dialect.js";
import { compareText, findPathCollisions } from "./data-path.js";
import { parseSchema } from "./declared-schema.js";
import { KNOWN_FORMATS } from "./format-detection.js";
import { collisionWarning } from "./memory-source.js";
import type { Format } from "./reader.js";
import type { DeclaredSchema, Source, SourceFile } from "./source.js";

/** What is said of a source that does not depend on where its files are. */
export interface SourceOptions {
  /** Format of every file. Default: by name and content; pictures among nothing else that is read are `files`. */
  readonly format?: Format;
  /** Default: types are inferred or stored. */
  readonly schema?: DeclaredSchema;
  /** How CSV is written; defaults may be spelled out. */
  readonly dialect?: Parameters<typeof dialectWithoutDefaults>[0];
  /** More unquoted CSV fields that are null, behind those of the schema. Default none. */
  readonly nullValues?: readonly string[];
  /** Patterns of paths that are left out (`*` anything but `/`, `**` anything). Default none. */
  readonly ignore?: readonly string[];
  /** Whether paths that differ only in case or Unicode form are refused. Default false: a warning. */
  readonly strictPaths?: boolean;
}

/** Refuses a format that nobody knows. Throws FormatError `unknown-format`. */
export function checkFormat(format: Format | undefined): void {
  if (format === undefined || KNOWN_FORMATS.includes(format)) return;
  throw new FormatError(
    "unknown-format",
    `There is no format ${JSON.stringify(format)}. Known are ${KNOWN_FORMATS.join(", ")}`,
    {
      details: { format, known: KNOWN_FORMATS },
    },
  );
}

/**
 * The source of some files.
 *
 * @param files ascending by path.
 * @throws FormatError `path-collision` (with `strictPaths`), `bad-schema`, `bad-dialect`.
 */
export function sourceOfFiles(
  name: string,
  files: readonly SourceFile[],
  warnings: readonly string[],
  { schema = {}, dialect = {}, nullValues = [], ignore = [], strictPaths = false }: SourceOptions,
): Source {
  const collisions = findPathCollisions(files.map(({ path }) => path));
  const [first] = collisions;
  if (strictPaths && first !== undefined) {
    throw new FormatError("path-collision", `${collisionWarning(first)}. Rename one of them`, {
      details: { paths: first },
    });
  }
  const declared = parseSchema(schema);
  return {
    name,
    files,
    schema: { ...declared, nullValues: [...new Set([...(declared.nullValues ?? []), ...nullValues])] },
    dialect: dialectWithoutDefaults(dialect),
    ignored: [...new Set(ignore)].sort(compareText),
    warnings: [...warnings, ...collisions.map(collisionWarning)],
  };
}
