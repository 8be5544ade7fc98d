/**
 * Files behind http(s) URLs as a source. A path inside the data set comes from the path of the URL and never from its query,
 * which may hold secrets; what a server answers while the files are read is checked in `remote-file.ts`.
 */

import { FormatError } from "@assay/merkle";
import { checkDataPath, compareText } from "./data-path.js";
import { formatByContent, formatByName } from "./format-detection.js";
import { type AskRemote, askUrl, isHttpUrl, type RemoteOptions, shownUrl } from "./http-request.js";
import { unknownFormat } from "./memory-source.js";
import { matchesPattern } from "./path-pattern.js";
import { cannotRead } from "./remote-answer.js";
import { lookAtRemote, type RemoteLook, readWhole } from "./remote-file.js";
import type { Source, SourceFile } from "./source.js";
import { type SourceOptions, sourceOfFiles } from "./source-of-files.js";

/** Where the whole of an object is copied to. */
export interface WholeCopies {
  add(
    path: string,
    fill: (sink: Parameters<typeof readWhole>[2]) => Promise<void>,
  ): Promise<Pick<SourceFile, "location" | "size" | "identity">>;
}

export interface OpenUrlsOptions extends SourceOptions, RemoteOptions {
  /** Where files of servers without range requests are copied to. Default: they are refused. */
  readonly spool?: WholeCopies;
  /** Paths inside the data set, one for each URL. Default: from the URLs. */
  readonly paths?: readonly string[];
  /** Whether a file of a format that nobody knows is refused, or has no records (`other`). Default `"refuse"`. */
  readonly unknownFormats?: "refuse" | "other";
  readonly signal?: AbortSignal;
}

/**
 * Opens files behind URLs. Each is asked for its first bytes: its size, its format, whether the server gives ranges.
 *
 * Paths: that of one URL is the last part of its path; those of several begin behind their deepest common folder, with the
 * host in front when they are on different ones. Percent-encoding is undone.
 *
 * @throws RangeError for what is no http(s) URL. FormatError `bad-path`, `duplicate-path`, `unknown-format`, `path-collision`; SourceError
 * `not-found`, `permission-denied`, `cannot-read`.
 * @example
 * const source = await openUrls(["https://example.org/data/train.csv"]);
 * source.files[0].path; // "train.csv"
 */
export async function openUrls(urls: readonly string[], options: OpenUrlsOptions = {}): Promise<Source> {
  const { ignore = [] } = options;
  const places = urls.map(parseUrl);
  const { name, paths } =
    options.paths === undefined ? pathsOfUrls(places) : { name: nameOf(options.paths), paths: options.paths };
  const listed = places
    .map((url, i) => ({ path: paths[i] as string, location: url.href }))
    .filter(({ path }) => !ignore.some((pattern) => matchesPattern(pattern, path)))
    .sort((a, b) => compareText(a.path, b.path));
  for (const [i, { path }] of listed.entries()) {
    checkDataPath(path);
    if (i === 0 || path !== listed[i - 1]?.path) continue;
    throw new FormatError("duplicate-path", `Two URLs have the path ${JSON.stringify(path)}`, { details: { path } });
  }
  const files: SourceFile[] = [];
  const warnings: string[] = [];
  for (const { path, location } of listed) {
    options.signal?.throwIfAborted();
    files.push(await openUrl(path, location, options, warnings));
  }
  return sourceOfFiles(name, files, warnings, options);
}

async function openUrl(
  path: string,
  location: string,
  options: OpenUrlsOptions,
  warnings: string[],
): Promise<SourceFile> {
  const { format, spool, stallMs, attempts, signal } = options;
  const remote = {
    ...(stallMs === undefined ? {} : { stallMs }),
    ...(attempts === undefined ? {} : { attempts }),
  };
  const patience = { ...remote, ...(signal === undefined ? {} : { signal }) };
  const ask = askUrl(location);
  const shown = shownUrl(location);
  const look = await lookAtRemote(ask, shown, patience);
  if (shownUrl(look.url) !== shown)
    warnings.push(`${shown} is at ${shownUrl(look.url)}, to which the server redirects`);
  if (look.ranges) {
    if (look.identity === "")
      warnings.push(
        `${shown}: the server gives neither ETag nor Last-Modified, so only digests tell whether it changes`,
      );
    const { size, identity } = look;
    return { path, format: format ?? (await formatOf(path, look, options)), size, location, identity, remote };
  }
  if (spool === undefined)
    throw cannotRead(shown, "the server gives no ranges of it, only the whole. Download the file first");
  const known = format ?? formatByName(path) ?? (options.unknownFormats === "other" ? "other" : null);
  if (known === null) throw unknownFormat(shown);
  const copy = await copyWhole(ask, shown, spool, patience);
  warnings.push(`${shown} was copied to a temporary file (${copy.size} bytes): the server gives no ranges of it`);
  return { path, format: known, ...copy };
}

function copyWhole(
  ask: AskRemote,
  shown: string,
  spool: WholeCopies,
  patience: Parameters<typeof readWhole>[3],
): ReturnType<WholeCopies["add"]> {
  return spool.add(shown, (sink) => readWhole(ask, shown, sink, patience).then(() => {}));
}

async function formatOf(
  path: string,
  { head }: Extract<RemoteLook, { ranges: true }>,
  { unknownFormats = "refuse" }: OpenUrlsOptions,
): Promise<SourceFile["format"]> {
  const found = formatByName(path) ?? (await formatByContent(head));
  if (found !== null) return found;
  if (unknownFormats === "other") return "other";
  throw unknownFormat(path);
}

function parseUrl(input: string): URL {
  if (!isHttpUrl(input)) throw new RangeError(`inputs must all be URLs or all be local, and ${input} is no URL`);
  try {
    return new URL(input);
  } catch {
    // Not quoted: a password may be what makes it none.
    throw new RangeError(
      "inputs must be URLs, such as https://example.org/train.csv, and one begins like one and is none",
    );
  }
}

/** The name of the data set and the path of each file in it, from the paths of URLs. */
export function pathsOfUrls(urls: readonly URL[]): { readonly name: string; readonly paths: readonly string[] } {
  const parts = urls.map((url) => [url.host, ...decodedPath(url)]);
  let common = (parts[0] as string[]).length - 1;
  for (const other of parts) {
    let same = 0;
    while (same < Math.min(common, other.length - 1) && other[same] === parts[0]?.[same]) same++;
    common = same;
  }
  const paths = parts.map((segments) => segments.slice(common).join("/"));
  const last = parts[0]?.[Math.max(0, common - 1)] as string;
  return { name: urls.length > 1 && common > 0 ? last : nameOf(paths), paths };
}

/** The name of a data set of these paths: of a single file its name without its ending. */
function nameOf(paths: readonly string[]): string {
  const [path] = paths;
  if (paths.length !== 1 || path === undefined) return "data";
  return path.slice(path.lastIndexOf("/") + 1).replace(/(?<=.)\.[^.]*$/, "");
}

function decodedPath(url: URL): string[] {
  const segments = url.pathname.slice(1).split("/");
  return segments.map((segment) => {
    let decoded: string;
    try {
      decoded = decodeURIComponent(segment);
    } catch {
      decoded = "/";
    }
    if (decoded !== "" && !decoded.includes("/")) return decoded;
    const shown = shownUrl(url.href);
    throw new FormatError(
      "bad-path",
      `${shown} cannot be a path in a data set: ${segments.at(-1) === "" ? "it names no file" : `a part of it is ${JSON.stringify(segment)}`}`,
      { details: { url: shown } },
    );
  });
}
