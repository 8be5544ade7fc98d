/** Data on disk: opening what the user named, and finding the data of a folder again. */

import { existsSync, lstatSync } from "node:fs";
import { basename, dirname, join, relative, resolve, sep } from "node:path";
import type { FileEntry, ManifestHeader } from "@assay/manifest";
import { SourceError } from "@assay/merkle";
import type { Reading, Source } from "@assay/records";
import { globRoot, openSource } from "@assay/records/node";
import type { AssayConfig } from "../config.js";
import { UsageError } from "../usage-error.js";
import type { ReadingChoice, Work } from "./options.js";

/** The inputs: those that were named, else those of the config file, which are relative to it. */
export function inputsOf(inputs: readonly string[], config?: AssayConfig, configPath?: string): string[] {
  if (inputs.length > 0) return [...inputs];
  const named = config?.data ?? [];
  if (named.length === 0)
    throw new UsageError('Which data? Name files or folders, or list them under "data" in the config file');
  return named.map((path) => resolve(dirname(configPath ?? "."), path));
}

/** Opens what the user named, with what they said of reading it. */
export async function openInputs(
  inputs: readonly string[],
  { format, schema, dialect, nullValues, ignore, strictPaths }: ReadingChoice,
  { onWarning }: Work,
): Promise<Source> {
  const source = await openSource(inputs, {
    ...(format !== undefined && { format }),
    ...(schema !== undefined && { schema }),
    ...(dialect !== undefined && { dialect }),
    ...(nullValues !== undefined && { nullValues }),
    ...(ignore !== undefined && { ignore }),
    ...(strictPaths === true && { strictPaths }),
  });
  for (const warning of source.warnings) onWarning?.(warning);
  if (source.files.length === 0)
    throw new SourceError("not-found", `There are no files in ${inputs.join(", ")}: nothing to read`, {
      details: { inputs: [...inputs] },
    });
  return source;
}

/** Says which columns became text though nearly all their fields fit another type. */
export function warnOfTypes(
  warnings: readonly {
    readonly column: string;
    readonly type: unknown;
    readonly misfits: number;
    readonly first: readonly { readonly path: string; readonly line: number; readonly value: string }[];
  }[],
  { onWarning }: Work,
): void {
  for (const { column, type, misfits, first } of warnings) {
    const place = first[0];
    const example =
      place === undefined ? "" : `, for example ${JSON.stringify(place.value)} in ${place.path} line ${place.line}`;
    const flag = place === undefined ? "" : `; if that means "no value", say --null ${place.value}`;
    onWarning?.(
      `column "${column}" is text because ${misfits} of its fields ${misfits === 1 ? "is" : "are"} no ${typeof type === "string" ? type : JSON.stringify(type)}${example}${flag}`,
    );
  }
}

/** Where the folder of some inputs goes when nothing is said: `<name>.assay` beside the first, or in the folder of a glob. */
export async function defaultFolder(inputs: readonly string[], name: string): Promise<string> {
  const first = inputs[0] as string;
  const glob = await globRoot(first);
  return join(glob?.folder ?? dirname(resolve(first)), `${name.replaceAll(/[/\\]/g, "-")}.assay`);
}

/** The folder of a folder or of its manifest.json. */
export function folderOf(target: string): string {
  const path = resolve(target);
  if (basename(path) !== "manifest.json") return path;
  try {
    return lstatSync(path).isDirectory() ? path : dirname(path);
  } catch {
    return dirname(path);
  }
}

/**
 * Opens the data of a folder: at `data` when it is given, else beside the folder under the manifest's paths.
 *
 * A folder of data is looked at as a whole, so that a file too many is seen; the file of a single-file data set, or files
 * that were named one by one, are looked at alone.
 *
 * @throws SourceError `data-missing` when no file of the manifest is found.
 */
export async function openDataOf(
  folder: string,
  header: ManifestHeader,
  entries: readonly FileEntry[],
  data: string | undefined,
): Promise<{ source: Source; root: string }> {
  const stored = entries.filter((entry) => entry.format !== "stream");
  if (data !== undefined) {
    const path = resolve(data);
    if (!existsSync(path))
      throw new SourceError("data-missing", `--data ${data}: there is no such file or folder`, {
        details: { path: data },
      });
    if (!lstatSync(path).isDirectory()) return openSingle(path, stored, header.reading);
    return stored.length === 1 && !(stored[0] as FileEntry).path.includes("/")
      ? openNamed(path, stored, header.reading)
      : openWhole(path, header.reading);
  }
  const beside = dirname(folder);
  const named = join(beside, basename(folder).replace(/\.assay$/, ""));
  const isThere = (root: string): boolean => stored.some(({ path }) => existsSync(join(root, ...path.split("/"))));
  if (isDirectory(named) && isThere(named)) return openWhole(named, header.reading);
  // Several inputs: the root is their deepest common folder, at or above the folder's place.
  for (let root = beside; ; root = dirname(root)) {
    if (isThere(root)) return openNamed(root, stored, header.reading);
    if (root === dirname(root) || !stored.some(({ path }) => path.includes("/"))) break;
  }
  if (stored.length === 0) return openNone(header);
  throw new SourceError(
    "data-missing",
    `The data of ${basename(folder)} is not beside it: no ${(stored[0] as FileEntry).path} there. Say where it is with --data PATH, or --no-data to check the folder alone`,
    { details: { folder, path: (stored[0] as FileEntry).path } },
  );
}

function isDirectory(path: string): boolean {
  try {
    return lstatSync(path).isDirectory();
  } catch {
    return false;
  }
}

const readingOptions = ({ ignored }: Reading): { ignore?: readonly string[] } =>
  ignored === undefined ? {} : { ignore: ignored };

async function openWhole(root: string, reading: Reading): Promise<{ source: Source; root: string }> {
  return { source: await openSource([root], readingOptions(reading)), root };
}

/** The files of the manifest that are there, under the manifest's paths; the others are missing. */
async function openNamed(
  root: string,
  entries: readonly FileEntry[],
  reading: Reading,
): Promise<{ source: Source; root: string }> {
  const present = entries.map(({ path }) => join(root, ...path.split("/"))).filter((path) => existsSync(path));
  const source = await openSource(present, readingOptions(reading));
  return {
    source: {
      ...source,
      files: source.files.map((file) => ({ ...file, path: relative(root, file.location).split(sep).join("/") })),
    },
    root,
  };
}

/** One file under whatever name, for a data set of one file. */
async function openSingle(
  path: string,
  entries: readonly FileEntry[],
  reading: Reading,
): Promise<{ source: Source; root: string }> {
  const [entry] = entries;
  if (entries.length !== 1 || entry === undefined)
    throw new UsageError(`--data ${path} is one file, and the manifest has ${entries.length}: name their folder`);
  const source = await openSource([path], readingOptions(reading));
  return {
    source: { ...source, files: source.files.map((file) => ({ ...file, path: entry.path })) },
    root: dirname(path),
  };
}

function openNone(header: ManifestHeader): { source: Source; root: string } {
  return {
    source: { name: header.name, files: [], schema: {}, dialect: {}, ignored: [], warnings: [] },
    root: ".",
  };
}
