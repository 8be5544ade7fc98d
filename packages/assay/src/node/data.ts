/** Data on disk: opening what the user named, and finding the data of a folder again. */

import { existsSync, lstatSync } from "node:fs";
import { basename, dirname, join, relative, resolve, sep } from "node:path";
import type { FileEntry, ManifestHeader } from "@assay/manifest";
import { SourceError } from "@assay/merkle";
import {
  type Format,
  isHttpUrl,
  isS3Location,
  type Limits,
  openUrls,
  type Reading,
  type ScannedSource,
  type Source,
} from "@assay/records";
import { globRoot, type OpenSourceOptions, openSource } from "@assay/records/node";
import type { AssayConfig } from "../config.js";
import { UsageError } from "../usage-error.js";
import type { ReadingChoice, Work } from "./options.js";

/** The inputs: those that were named, else those of the config file, which are relative to it. A query needs none. */
export function inputsOf(
  inputs: readonly string[],
  config: AssayConfig | undefined,
  configPath: string | undefined,
  { query }: ReadingChoice,
): string[] {
  if (inputs.length > 0 || query !== undefined) return [...inputs];
  const named = config?.data ?? [];
  if (named.length === 0)
    throw new UsageError('Which data? Name files or folders, or list them under "data" in the config file');
  return named.map((path) => (isElsewhere(path) ? path : resolve(dirname(configPath ?? "."), path)));
}

/** Whether an input is in no folder here: a URL, or standard input. */
export function isElsewhere(input: string): boolean {
  return input === "-" || isHttpUrl(input) || isS3Location(input);
}

/** A location that is none is a matter of usage. */
async function openLocations(inputs: readonly string[], options: OpenSourceOptions): Promise<Source> {
  try {
    return await openSource(inputs, options);
  } catch (error) {
    if (error instanceof RangeError && inputs.some(isElsewhere)) throw new UsageError(error.message);
    throw error;
  }
}

/** Opens what the user named, with what they said of reading it. */
export async function openInputs(
  inputs: readonly string[],
  { format, schema, dialect, nullValues, path, query, ignore, strictPaths, limits }: ReadingChoice,
  work: Work,
): Promise<Source> {
  const elsewhere = inputs.filter(isElsewhere);
  const kinds = new Set(inputs.map((input) => /^(?:-$|https?:|s3:)/i.exec(input)?.[0].toLowerCase().slice(0, 2) ?? ""));
  if (kinds.size > 1 || (inputs.length > 1 && kinds.has("-")))
    throw new UsageError(
      "Name either local files and folders, or URLs, or s3:// locations, or - alone: together they are no data set",
    );
  if (query !== undefined && (inputs.length > 1 || elsewhere.length > 0 || format !== undefined))
    throw new UsageError("--query takes one database file or none, and its rows have no --format");
  if (path !== undefined && query === undefined && (elsewhere.length === 0 || inputs.length > 1))
    throw new UsageError("--path names what comes from one URL, standard input or a query; local files have a path");
  const source = await openLocations(inputs, {
    ...(path !== undefined && { path }),
    ...(query !== undefined && { query }),
    ...remoteOptions(work),
    ...(format !== undefined && { format }),
    ...(schema !== undefined && { schema }),
    ...(dialect !== undefined && { dialect }),
    ...(nullValues !== undefined && { nullValues }),
    ...(ignore !== undefined && { ignore }),
    ...(strictPaths === true && { strictPaths }),
  });
  for (const warning of source.warnings) work.onWarning?.(warning);
  if (source.files.length === 0)
    throw new SourceError("not-found", `There are no files in ${inputs.join(", ")}: nothing to read`, {
      details: { inputs: [...inputs] },
    });
  return withLimits(source, { ...limits, ...work.limits });
}

function withLimits(source: Source, limits: Partial<Limits> = {}): Source {
  return Object.keys(limits).length === 0 ? source : { ...source, limits };
}

/** How servers are read, and where to what can be read once goes. */
function remoteOptions({ stallMs, spool, signal }: Work): Pick<OpenSourceOptions, "stallMs" | "spool" | "signal"> {
  return {
    ...(stallMs !== undefined && { stallMs }),
    ...(spool !== undefined && { spool }),
    ...(signal !== undefined && { signal }),
  };
}

/**
 * Says which columns became text though nearly all their fields fit another type, which pictures are in no record though
 * metadata files name others, and which archives have links, which are in none.
 */
export function warnOfScan(
  { files, warnings, unnamed = [] }: Pick<ScannedSource, "files" | "warnings" | "unnamed">,
  { onWarning }: Work,
): void {
  for (const { file, index } of files) {
    const { links = 0 } = index;
    if (links > 0)
      onWarning?.(
        `${file.path} holds ${links === 1 ? "a link" : `${links} links`}, in no record: pack files, not links`,
      );
  }
  if (unnamed.length > 0) {
    const shown = `${unnamed.slice(0, 3).join(", ")}${unnamed.length > 3 ? ", …" : ""}`;
    onWarning?.(
      `${unnamed.length} ${unnamed.length === 1 ? "file is" : "files are"} named in no metadata file (${shown}): in the data set, and in no record`,
    );
  }
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

/**
 * Where the folder of some inputs goes when nothing is said: `<name>.assay` beside the first, in the folder of a glob, or here when
 * that is elsewhere.
 */
export async function defaultFolder(inputs: readonly string[], name: string): Promise<string> {
  const first = inputs[0] === undefined || isElsewhere(inputs[0]) ? "here" : inputs[0];
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
 * Opens the data of a folder: at `data` when it is given (a path, a URL of a file, a URL with `/` at its end under which the
 * manifest's paths are, or `-`; with `dataQuery` the database), else beside the folder under the manifest's paths.
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
  work: Work,
): Promise<{ source: Source; root: string }> {
  const { source, root } = await findDataOf(folder, header, entries, data, work);
  return { source: withLimits(source, work.limits), root };
}

async function findDataOf(
  folder: string,
  header: ManifestHeader,
  entries: readonly FileEntry[],
  data: string | undefined,
  work: Work,
): Promise<{ source: Source; root: string }> {
  const stored = entries.filter((entry) => entry.format !== "stream");
  if (work.dataQuery !== undefined) return { source: await openRows(work.dataQuery, data, stored, work), root: "." };
  if (data !== undefined && isElsewhere(data))
    return { source: await openElsewhere(data, stored, header.reading, work), root: "." };
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
    `The data of ${basename(folder)} is not beside it: no ${(stored[0] as FileEntry).path} there. Say where it is with --data PATH (or URL); verify --no-data checks the folder alone`,
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

/** The rows of a query, for a data set that is the rows of one. */
async function openRows(
  query: string,
  database: string | undefined,
  entries: readonly FileEntry[],
  work: Work,
): Promise<Source> {
  const [entry] = entries;
  if (entry === undefined || entries.length > 1 || entry.format !== "parquet")
    throw new UsageError(
      "--query gives the rows of one Parquet file, and the manifest has other files: `assay compare` compares records however they are stored",
    );
  const source = await openSource(database === undefined ? [] : [database], {
    ...remoteOptions(work),
    query,
    path: entry.path,
  });
  for (const warning of source.warnings) work.onWarning?.(warning);
  return source;
}

/** The files of the manifest on a server, or its only file from standard input. */
async function openElsewhere(
  data: string,
  entries: readonly FileEntry[],
  reading: Reading,
  work: Work,
): Promise<Source> {
  // Not quoted: a password may be what makes it none.
  if (isHttpUrl(data) && !URL.canParse(data)) throw new UsageError("--data begins like a URL and is none");
  const isFolder = data !== "-" && /\/$/.test(isHttpUrl(data) ? new URL(data).pathname : data);
  const [entry] = entries;
  if (!isFolder && (entries.length !== 1 || entry === undefined))
    throw new UsageError(
      `--data names one file, and the manifest has ${entries.length}: give the URL under which they are, with a / at its end`,
    );
  const options = remoteOptions(work);
  if (isFolder && isS3Location(data)) return openLocations([data], { ...options, ...readingOptions(reading) });
  const source = isFolder
    ? await openUrls(
        entries.map(({ path }) => urlOf(data, path)),
        { ...options, paths: entries.map(({ path }) => path), unknownFormats: "other" },
      )
    : await openLocations([data], { ...options, ...formatOption(entry) });
  for (const warning of source.warnings) work.onWarning?.(warning);
  return isFolder
    ? source
    : { ...source, files: source.files.map((file) => ({ ...file, path: entry?.path as string })) };
}

/** Its name may not tell its format, and the manifest does. */
function formatOption(entry: FileEntry | undefined): { format?: Format } {
  return entry === undefined || entry.format === "other" ? {} : { format: entry.format as Format };
}

function urlOf(base: string, path: string): string {
  const url = new URL(base);
  url.pathname += path.split("/").map(encodeURIComponent).join("/");
  return url.href;
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
